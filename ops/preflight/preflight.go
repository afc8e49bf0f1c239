// Package preflight compares what a stack needs of an AWS account's quotas with what the account allows, before anything is made.
package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/aws/smithy-go"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// finding is what was found about one quota.
type finding struct {
	quota
	needed, allowed float64
	used            float64
	counted         bool // whether used is known
}

func (f finding) short() bool { return f.needed > 0 && f.needed+f.used > f.allowed }

// Check prints every quota that the stack needs, and fails if one is too low.
func Check(ctx context.Context, s *session.Session) error {
	planned, err := plannedFor(ctx, s)
	if err != nil {
		return err
	}
	loaded, err := s.AWS(ctx)
	if err != nil {
		return err
	}
	account := &account{quotas: servicequotas.NewFromConfig(loaded), resources: cloudcontrol.NewFromConfig(loaded)}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "QUOTA\tNEEDED\tIN USE\tALLOWED")
	var short []string
	for _, q := range quotas {
		f := finding{quota: q, needed: q.need(planned)}
		if f.needed == 0 {
			continue
		}
		if f.allowed, err = account.allowed(ctx, q); err != nil {
			return err
		}
		if f.used, f.counted, err = account.used(ctx, q); err != nil {
			return err
		}
		used, verdict := "-", ""
		if f.counted {
			used = fmt.Sprint(f.used)
		}
		if f.short() {
			verdict = "  too low"
			short = append(short, fmt.Sprintf("%s: aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %g --region %s",
				q.name, q.service, q.code, math.Ceil(f.needed+f.used), loaded.Region))
		}
		fmt.Fprintf(w, "%s\t%g\t%s\t%g%s\n", q.name, f.needed, used, f.allowed, verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if account.uncounted != "" {
		fmt.Fprintln(s.Out, "what the account has already is not counted everywhere:", account.uncounted)
	}
	if len(short) == 0 {
		fmt.Fprintf(s.Out, "the quotas of %s are enough for %s\n", loaded.Region, s.Stack)
		return nil
	}
	fmt.Fprintf(s.Out, "\nAsk for more, which AWS grants within minutes or days:\n%s\n", strings.Join(short, "\n"))
	return exit.AfterPrinting(errors.New("quotas are too low"))
}

// plannedFor is what a deployment would change: the stack's own preview where it is deployed already, else all that the stack file declares.
func plannedFor(ctx context.Context, s *session.Session) (planned, error) {
	p, err := previewOf(ctx, s)
	if err != nil {
		return planned{}, err
	}
	before, after := cost.Resources(p)
	return planned{before, after}, nil
}

func previewOf(ctx context.Context, s *session.Session) (preview.Preview, error) {
	if _, undeployed := s.Outputs(ctx); undeployed != nil {
		return inmemory.Resources(ctx, s.Root, s.Stack)
	}
	pulumi, err := s.Pulumi(ctx)
	if err != nil {
		return preview.Preview{}, err
	}
	text, err := pulumi.Output(ctx, append([]string{"preview", "--non-interactive", "--stack", s.Stack}, preview.Arguments...)...)
	if err != nil {
		return preview.Preview{}, err
	}
	return preview.Parse(text)
}

// account asks AWS, each thing once.
type account struct {
	quotas    *servicequotas.Client
	resources *cloudcontrol.Client
	uncounted string // why something is not counted
}

// allowed is the account's value of a quota, else AWS's default: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html.
func (a *account) allowed(ctx context.Context, q quota) (float64, error) {
	doing := "reading the quota " + q.name
	applied, err := a.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &q.service, QuotaCode: &q.code})
	var none *quotatypes.NoSuchResourceException
	if errors.As(err, &none) {
		fallback, err := a.quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &q.service, QuotaCode: &q.code})
		if err != nil {
			return 0, session.Explain(fmt.Errorf("%s: %w", doing, err))
		}
		return value(fallback.Quota, doing)
	}
	if err != nil {
		return 0, session.Explain(fmt.Errorf("%s: %w", doing, err))
	}
	return value(applied.Quota, doing)
}

func value(q *quotatypes.ServiceQuota, doing string) (float64, error) {
	if q == nil || q.Value == nil {
		return 0, fmt.Errorf("%s: AWS gives no value", doing)
	}
	return *q.Value, nil
}

// used counts the resources of a type in the region: https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ListResources.html. It
// needs the permission to describe them; without it, or where the API is not there, they are not counted, and the reason is kept.
func (a *account) used(ctx context.Context, q quota) (count float64, counted bool, err error) {
	if q.kind == "" {
		return 0, false, nil
	}
	pages := cloudcontrol.NewListResourcesPaginator(a.resources, &cloudcontrol.ListResourcesInput{TypeName: &q.kind})
	list, err := session.All(ctx, "counting "+q.kind, pages, func(page *cloudcontrol.ListResourcesOutput) []types.ResourceDescription {
		return page.ResourceDescriptions
	})
	var refused smithy.APIError
	if errors.As(err, &refused) {
		a.uncounted = fmt.Sprintf("%s (%s)", q.kind, cmp.Or(refused.ErrorMessage(), refused.ErrorCode()))
		return 0, false, nil
	}
	return float64(len(list)), err == nil, err
}
