// Package pricelist reads the prices of the instance classes of a stack from AWS's price list and keeps them in the repository.
package pricelist

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/savingsplans"
	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// apiRegion has the price list of all regions. The API is in a few regions only:
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-list-query-api-services.html.
const apiRegion = "us-east-1"

// Fetch reads the price of every instance class that the stack file uses, and writes them to cost.FetchedFile. Classes without a price are
// an error, after the others are written.
func Fetch(ctx context.Context, s *session.Session) error {
	planned, err := inmemory.Resources(ctx, s.Root, s.Stack)
	if err != nil {
		return err
	}
	_, resources := cost.Resources(planned)
	classes := slices.SortedFunc(maps.Keys(cost.Classes(resources)), func(a, b cost.Class) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Engine, b.Engine), cmp.Compare(a.Name, b.Name))
	})
	if len(classes) == 0 {
		fmt.Fprintf(s.Out, "%s uses no instance class: there is no price to read\n", s.File.Name())
		return nil
	}
	loaded, err := s.AWS(ctx)
	if err != nil {
		return err
	}
	api := pricing.NewFromConfig(loaded, func(o *pricing.Options) { o.Region = apiRegion })
	region := cost.Region(planned)
	prices := cost.Fetched{Date: time.Now().UTC().Format(time.DateOnly)}
	lines := map[line]cost.Class{}
	var missing []error
	for _, class := range classes {
		price, billed, err := hourly(ctx, api, region, class)
		switch {
		case errors.Is(err, errNoPrice):
			missing = append(missing, err)
		case err != nil:
			return err
		default:
			prices.ClassPrices, lines[billed] = prices.ClassPrices.With(cost.Priced(class, price)), class
			fmt.Fprintf(s.Out, "%-11s  %-10s %-20s %9.4f USD per hour\n", class.Service, class.Engine, class.Name, price)
		}
	}
	if prices.SavingsPlan, err = rates(ctx, savingsplans.NewFromConfig(loaded, func(o *savingsplans.Options) { o.Region = apiRegion }), lines); err != nil {
		fmt.Fprintln(s.Err, "make cost will show no savings plans:", err) // prices are of use without them
	}
	if len(missing) < len(classes) {
		if err := keep(s.Root, region, prices); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%s has the prices of %s as of %s, and of %d savings plans: commit it\n", cost.FetchedFile, region, prices.Date, prices.SavingsPlan.Len())
	}
	return errors.Join(missing...)
}

// keep writes the prices of one region. Those of other regions stay; so do the region's earlier ones of the same day, which another stack uses.
func keep(root, region string, prices cost.Fetched) error {
	path := filepath.Join(root, cost.FetchedFile)
	all := map[string]cost.Fetched{}
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading %s: %w", cost.FetchedFile, err)
	}
	if before := all[region]; before.Date == prices.Date {
		prices = before.With(prices)
	}
	all[region] = prices
	var out bytes.Buffer
	out.WriteString("# Written by `make prices`: USD per hour, Linux, before tax, from AWS's price list; savingsPlan is for a year without upfront payment.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(all), encoder.Close()); err != nil {
		return err
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", cost.FetchedFile, err)
	}
	return nil
}
