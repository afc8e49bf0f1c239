package pricelist

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/savingsplans"
	"github.com/aws/aws-sdk-go-v2/service/savingsplans/types"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// year is the shorter of the terms of savings plans: https://docs.aws.amazon.com/savingsplans/latest/userguide/what-is-savings-plans.html.
const year = 365 * 24 * 60 * 60

// rates are the hourly prices of classes in a savings plan with the smallest commitment: a year, without upfront payment, for instances of
// any type and region (Compute) or for databases and caches (Database, which has the newer classes only). A class that no plan covers has none.
// https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlansOfferingRates.html
func rates(ctx context.Context, api *savingsplans.Client, lines map[line]cost.Class) (all cost.ClassPrices, err error) {
	input := &savingsplans.DescribeSavingsPlansOfferingRatesInput{
		SavingsPlanTypes:          []types.SavingsPlanType{types.SavingsPlanTypeCompute, types.SavingsPlanTypeDatabase},
		SavingsPlanPaymentOptions: []types.SavingsPlanPaymentOption{types.SavingsPlanPaymentOptionNoUpfront},
	}
	for billed := range lines {
		input.UsageTypes = append(input.UsageTypes, billed.usage)
	}
	for more := len(lines) > 0; more; more = aws.ToString(input.NextToken) != "" {
		page, err := api.DescribeSavingsPlansOfferingRates(ctx, input)
		if err != nil {
			return all, session.Explain(fmt.Errorf("reading the rates of savings plans: %w", err))
		}
		for _, rate := range page.SearchResults {
			class, ours := lines[line{aws.ToString(rate.UsageType), aws.ToString(rate.Operation)}]
			offer, price := rate.SavingsPlanOffering, 0.0
			if ours && offer != nil && offer.DurationSeconds == year && offer.Currency == types.CurrencyCodeUsd && rate.Unit == types.SavingsPlanRateUnitHours {
				price, _ = strconv.ParseFloat(aws.ToString(rate.Rate), 64)
			}
			if price > all.Of(class) { // of several, the one that promises least
				all = all.With(cost.Priced(class, price))
			}
		}
		input.NextToken = page.NextToken
	}
	return all, nil
}
