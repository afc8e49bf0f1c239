// Package note turns a preview into a short Markdown note for a merge request: what changes by component, what would destroy data,
// which release and which environment variables, and what it costs.
package note

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// Options says how to judge a preview.
type Options struct {
	// Stack names the environment; empty: as the preview says.
	Stack string
	// Allow are the types of AllowedTypes that may be replaced or deleted.
	Allow []string
	// Prices is the table of prices.
	Prices cost.Table
	// Keys are what changes in the stack file.
	Keys []Key
}

// Key is a key of the stack file that changes: nil is one that is not there.
type Key struct {
	Path          string
	Before, After any
}

// Note is the note of a preview.
type Note struct {
	Markdown string
	// Blocking are the replacements and deletions that destroy data and are not in Options.Allow.
	Blocking []string
	// Failed is whether the preview failed.
	Failed bool
}

// New writes the note of a preview.
func New(p preview.Preview, o Options) (Note, error) {
	for _, token := range o.Allow { // otherwise a typing mistake would have no effect and no message
		if !slices.Contains(AllowedTypes(), preview.ShortType(token)) {
			return Note{}, fmt.Errorf("ALLOW_REPLACE: %s is not a type that holds data; those are %s", token, strings.Join(AllowedTypes(), ", "))
		}
	}
	w := writer{stack: o.Stack, failed: len(p.Errors) > 0}
	if w.stack == "" && len(p.Steps) > 0 {
		w.stack = preview.StackOf(p.Steps[0].URN)
	}
	services := services(p)
	risks := assess(p, o.Allow)
	w.heading(p)
	w.reviewed(p)
	w.risks(risks)
	w.errors(p.Errors)
	w.keys(o.Keys)
	w.components(rows(p, services))
	w.releases(services)
	w.environment(services)
	if !w.failed { // a preview that broke off does not list everything
		w.cost(p, o.Prices)
	}
	n := Note{Markdown: w.text.String(), Failed: w.failed}
	for _, r := range risks {
		if !r.allowed {
			n.Blocking = append(n.Blocking, r.what)
		}
	}
	return n, nil
}

// Failure is the note of a preview that did not start.
func Failure(stack, reason string) Note {
	w := writer{stack: stack, failed: true}
	w.heading(preview.Preview{})
	w.errors([]string{reason})
	return Note{Markdown: w.text.String(), Failed: true}
}

// row is a row of the table: one operation on the resources of one component.
type row struct {
	component, op string
	what          []string
}

// rows makes the table. What every release changes gets one line of its own instead (releases), so that other changes are seen.
func rows(p preview.Preview, services []service) (list []row) {
	add := func(component, op, what string) {
		i := slices.IndexFunc(list, func(r row) bool { return r.component == component && r.op == op })
		if i < 0 {
			i, list = len(list), append(list, row{component: component, op: op})
		}
		list[i].what = append(list[i].what, what)
	}
	for _, step := range p.Steps {
		state := step.State()
		if !slices.Contains(order, step.Op) || !state.Custom {
			continue
		}
		if what, folded := fold(step, services); !folded {
			add(step.Component(), step.Op, what)
		}
	}
	for _, each := range services {
		for _, change := range each.settings {
			add(preview.Title("Service", each.name), "update", change)
		}
	}
	for _, r := range list { // resources come in no particular order
		slices.Sort(r.what)
	}
	slices.SortStableFunc(list, func(a, b row) int {
		return cmp.Or(strings.Compare(a.component, b.component), slices.Index(order, a.op)-slices.Index(order, b.op))
	})
	return list
}

// order are the operations that change something, in the order of Pulumi's summary.
var order = []string{"create", "import", "update", "replace", "delete"}

const databaseType = "aws:rds/instance:Instance"

// dataTypes are the types that hold data or a public address, with what is lost when one is deleted.
var dataTypes = map[string]string{
	"aws:cloudfront/distribution:Distribution":          "the answers to visitors whose DNS still leads to it, unless cdn.state was standby before",
	"aws:cloudwatch/logGroup:LogGroup":                  "its logs",
	"aws:ec2/vpc:Vpc":                                   "the network, and everything in it",
	"aws:ecr/repository:Repository":                     "the images, also those to roll back to",
	"aws:elasticache/cluster:Cluster":                   "sessions, cached values and queued jobs",
	"aws:elasticache/replicationGroup:ReplicationGroup": "sessions, cached values and queued jobs",
	"aws:kms/key:Key":                                   "everything that is encrypted with it",
	"aws:lb/loadBalancer:LoadBalancer":                  "the address that DNS points to",
	"aws:rds/cluster:Cluster":                           "the database",
	databaseType:                                        "the database",
	"aws:s3/bucketV2:BucketV2":                          "the objects in it",
	"aws:secretsmanager/secret:Secret":                  "the secret, under the name that tasks and people know",
	"aws:sqs/queue:Queue":                               "the jobs that wait in it",
	"random:index/randomBytes:RandomBytes":              "APP_KEY: nothing encrypted before can be read after",
}

// AllowedTypes are the types that may be named in ALLOW_REPLACE.
func AllowedTypes() (list []string) {
	for token := range dataTypes {
		list = append(list, preview.ShortType(token))
	}
	slices.Sort(list)
	return list
}

// risk is a step that destroys data.
type risk struct {
	what    string
	token   string
	allowed bool
}

// assess lists the steps that destroy data. A resource with retainOnDelete stays in AWS; a database is lost to its environment all the same.
func assess(p preview.Preview, allow []string) []risk {
	var list []risk
	for _, step := range p.Steps {
		token := step.State().Type
		lost, holds := dataTypes[token]
		if !holds || step.Op != "replace" && step.Op != "delete" {
			continue
		}
		if step.Old != nil && step.Old.RetainOnDelete {
			if token != databaseType {
				continue
			}
			lost += ", which stays on AWS with its data"
		}
		forcing := step.Forcing // the properties that make a replacement necessary
		if step.Op == "replace" && len(forcing) == 0 {
			forcing = step.Paths
		}
		r := risk{token: preview.ShortType(token)}
		r.allowed = slices.ContainsFunc(allow, func(name string) bool { return preview.ShortType(name) == r.token })
		r.what = fmt.Sprintf("%s `%s` %s", step.Op, r.token, step.Name())
		if why := differences(step, forcing); why != "" {
			r.what += " because of " + why
		}
		r.what += ": loses " + lost
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b risk) int { return strings.Compare(a.what, b.what) })
	return list
}

// reviewed is the URL of a review environment and its expiry, once it is deployed.
func (w *writer) reviewed(p preview.Preview) {
	for _, step := range p.Steps {
		if preview.TypeOf(step.URN) != "pulumi:pulumi:Stack" || step.Old == nil || step.Old.Outputs["class"] != "review" {
			continue
		}
		url, _ := step.Old.Outputs["url"].(string)
		expires, _ := step.Old.Outputs["expiresAt"].(string)
		if url != "" {
			w.line("\nReview environment: <%s>, until %s", url, expires)
		}
	}
}
