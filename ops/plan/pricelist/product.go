package pricelist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// errNoPrice is the error of a class that the price list does not have in a region.
var errNoPrice = errors.New("AWS's price list has no price")

// query is how the price list knows a service: its code, what the usage of an instance is called there (a bill shows EU-BoxUsage:m5.large),
// and the attributes that tell one product of a class from its others.
type query struct {
	code, usage string
	attributes  func(engine string) map[string]string
}

// queries are by the service of a class. The attributes are those that
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-list-query-api.html lists for a service.
var queries = map[string]query{
	"EC2": {"AmazonEC2", "BoxUsage:", func(string) map[string]string {
		return map[string]string{"operatingSystem": "Linux", "preInstalledSw": "NA", "tenancy": "Shared", "capacitystatus": "Used"}
	}},
	"RDS": {"AmazonRDS", "InstanceUsage:", func(engine string) map[string]string {
		return map[string]string{"databaseEngine": engines[engine], "deploymentOption": "Single-AZ"}
	}},
	"ElastiCache": {"AmazonElastiCache", "NodeUsage:", func(engine string) map[string]string {
		return map[string]string{"cacheEngine": engines[engine]}
	}},
}

// engines are the price list's names of Pulumi's engines.
var engines = map[string]string{"mysql": "MySQL", "mariadb": "MariaDB", "postgres": "PostgreSQL", "memcached": "Memcached", "redis": "Redis", "valkey": "Valkey"}

// product is an entry of the price list, as far as it is read here.
type product struct {
	Product struct {
		Attributes map[string]string `json:"attributes"`
	} `json:"product"`
	Terms struct {
		OnDemand map[string]struct {
			PriceDimensions map[string]struct {
				Unit         string            `json:"unit"`
				PricePerUnit map[string]string `json:"pricePerUnit"`
			} `json:"priceDimensions"`
		}
	} `json:"terms"`
}

// line is how a bill names the use of a class.
type line struct{ usage, operation string }

// hourly is the price of a class in a region: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html.
func hourly(ctx context.Context, api *pricing.Client, region string, class cost.Class) (price float64, billed line, err error) {
	q := queries[class.Service]
	attributes := q.attributes(class.Engine)
	attributes["regionCode"], attributes["instanceType"] = region, class.Name
	input := &pricing.GetProductsInput{ServiceCode: &q.code}
	for field, value := range attributes {
		input.Filters = append(input.Filters, types.Filter{Type: types.FilterTypeTermMatch, Field: &field, Value: &value})
	}
	what := strings.Join(strings.Fields(class.Service+" "+class.Engine+" "+class.Name), " ")
	list, err := session.All(ctx, "reading the price of "+what, pricing.NewGetProductsPaginator(api, input),
		func(page *pricing.GetProductsOutput) []string { return page.PriceList })
	if err != nil {
		return 0, line{}, err
	}
	var found []float64
	for _, text := range list {
		var p product
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return 0, line{}, fmt.Errorf("reading the price of %s: %w", what, err)
		}
		if prices := p.prices(q.usage + class.Name); len(prices) > 0 {
			found, billed = append(found, prices...), line{p.Product.Attributes["usagetype"], p.Product.Attributes["operation"]}
		}
	}
	slices.Sort(found)
	switch found = slices.Compact(found); len(found) {
	case 0:
		return 0, line{}, fmt.Errorf("%w of %s in %s", errNoPrice, what, region)
	case 1:
		return found[0], billed, nil
	}
	return 0, line{}, fmt.Errorf("reading the price of %s: AWS's price list has several prices in %s: %v", what, region, found)
}

// prices are those per hour of a product with a usage. The usage has the region's short name before it, except in us-east-1.
func (p product) prices(usage string) (list []float64) {
	if name := p.Product.Attributes["usagetype"]; name != usage && !strings.HasSuffix(name, "-"+usage) {
		return nil
	}
	for _, term := range p.Terms.OnDemand {
		for _, dimension := range term.PriceDimensions {
			price, err := strconv.ParseFloat(dimension.PricePerUnit["USD"], 64)
			if err == nil && price > 0 && dimension.Unit == "Hrs" {
				list = append(list, price)
			}
		}
	}
	return list
}
