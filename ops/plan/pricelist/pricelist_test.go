package pricelist_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/pricelist"
)

// planned is a preview with one resource of each kind that has classes.
const planned = `{"config": {"aws:region": "eu-west-1"}, "steps": [
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:ec2/instance:Instance::nat", "newState": {"type": "aws:ec2/instance:Instance", "inputs": {"instanceType": "t4g.nano"}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:rds/instance:Instance::db", "newState": {"type": "aws:rds/instance:Instance", "inputs": {"engine": "mysql", "instanceClass": "db.m9g.large"}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:elasticache/replicationGroup:ReplicationGroup::cache", "newState": {"type": "aws:elasticache/replicationGroup:ReplicationGroup", "inputs": {"engine": "valkey", "nodeType": "cache.t4g.small"}}}
]}`

// entry is an entry of the price list in the form of AWS's documentation, cut to a few of its attributes:
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-files.html.
func entry(usage, unit, price string) string {
	return `{"product": {"productFamily": "x", "attributes": {"regionCode": "eu-west-1", "usagetype": "` + usage + `", "operation": "Run"}, "sku": "ABC"}, "serviceCode": "x", "terms": {
		"OnDemand": {"ABC.JRTCKXETXF": {"sku": "ABC", "effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions": {"ABC.JRTCKXETXF.6YS6EN2CT7": {
			"unit": "` + unit + `", "rateCode": "x", "pricePerUnit": {"USD": "` + price + `"}}}}},
		"Reserved": {"ABC.4NA7Y494T4": {"priceDimensions": {"x": {"unit": "Hrs", "pricePerUnit": {"USD": "0.0010000000"}}}}}}}`
}

// list answers GetProducts with the entries of a class.
func list(entries map[string][]string) awstest.Operation {
	return func(body map[string]any, _ url.Values) any {
		filters, _ := body["Filters"].([]any)
		for _, one := range filters {
			filter, _ := one.(map[string]any)
			if filter["Field"] == "instanceType" {
				class, _ := filter["Value"].(string)
				return awstest.Map{"FormatVersion": "aws_v1", "PriceList": append([]string{}, entries[class]...)}
			}
		}
		return awstest.Error{Code: "InvalidParameterException", Message: "no instanceType"}
	}
}

// offer is a rate of a savings plan as SavingsPlanOfferingRate in
// https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlansOfferingRates.html.
func offer(usage, operation, rate string, seconds int) awstest.Map {
	return awstest.Map{
		"savingsPlanOffering": awstest.Map{"offeringId": "x", "planType": "Compute", "paymentOption": "No Upfront", "durationSeconds": seconds, "currency": "USD"},
		"rate":                rate, "unit": "Hrs", "productType": "EC2", "serviceCode": "AmazonEC2", "usageType": usage, "operation": operation,
	}
}

// offers answers in two pages: of a class the year and three of them, another operation on it, and what nobody asked for.
func offers(body map[string]any, _ url.Values) any {
	if body["nextToken"] == nil {
		return awstest.Map{"nextToken": "2", "searchResults": []any{
			offer("EU-BoxUsage:t4g.nano", "Run", "0.0035", 31536000), offer("EU-BoxUsage:t4g.nano", "Run", "0.0024", 94608000), offer("EU-BoxUsage:t4g.nano", "Run:0002", "0.0090", 31536000),
		}}
	}
	return awstest.Map{"searchResults": []any{offer("EU-BoxUsage:t4g.nano", "Run", "0.0034", 31536000), offer("BoxUsage:c5.large", "Run", "0.05", 31536000)}}
}

func opened(t *testing.T, entries map[string][]string) *awstest.Cloud {
	t.Helper()
	c := awstest.New(t, "", awstest.Outputs, map[string]awstest.Operation{"GetProducts": list(entries), "DescribeSavingsPlansOfferingRates": offers})
	for name, text := range map[string]string{
		"bin/emulator": "#!/bin/sh\ncat <<'END'\n" + planned + "\nEND\n", cost.FetchedFile: "us-east-1: {date: 2025-01-02, ec2: {t3.small: 0.02}}\n",
	} {
		path := filepath.Join(c.Session.Root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

var prices = map[string][]string{
	"t4g.nano":        {entry("EU-BoxUsage:t4g.nano", "Hrs", "0.0046000000"), entry("EU-UnusedBox:t4g.nano", "Hrs", "0.0046000001"), entry("EU-BoxUsage:t4g.nano", "Hrs", "0.0000000000")},
	"db.m9g.large":    {entry("EU-InstanceUsage:db.m9g.large", "Hrs", "0.2010000000"), entry("EU-RDS:ExtendedSupport", "vCPU-Hours", "0.1")},
	"cache.t4g.small": {entry("EU-NodeUsage:cache.t4g.small", "Hrs", "0.0280000000")},
}

// TestFetch: every class of the stack is priced, other regions stay, and what was asked tells the products apart.
func TestFetch(t *testing.T) {
	c := opened(t, prices)
	if err := pricelist.Fetch(t.Context(), c.Session); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(c.Session.Root, cost.FetchedFile))
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`date: "?202\d-\d\d-\d\d"?`).ReplaceAllString(string(text), "date: DAY")
	want := "eu-west-1:\n  date: DAY\n  ec2:\n    t4g.nano: 0.0046\n  rds:\n    db.m9g.large: 0.201\n  elasticache:\n    valkey:\n      cache.t4g.small: 0.028\n  savingsPlan:\n    ec2:\n      t4g.nano: 0.0035\n" +
		"us-east-1:\n  date: DAY\n  ec2:\n    t3.small: 0.02\n"
	if _, rest, _ := strings.Cut(got, "\n"); rest != want {
		t.Errorf("the file has\n%s", text)
	}
	calls := strings.Join(c.Calls("GetProducts"), "\n")
	for _, asked := range []string{`"AmazonEC2"`, `"AmazonRDS"`, `"AmazonElastiCache"`, `"MySQL"`, `"Single-AZ"`, `"Valkey"`, `"eu-west-1"`, `"Shared"`} {
		if !strings.Contains(calls, asked) {
			t.Errorf("%s was not asked for:\n%s", asked, calls)
		}
	}
	calls = strings.Join(c.Calls("DescribeSavingsPlansOfferingRates"), "\n")
	for _, asked := range []string{`"No Upfront"`, `"Compute"`, `"Database"`, `"EU-InstanceUsage:db.m9g.large"`, `"nextToken":"2"`} {
		if !strings.Contains(calls, asked) {
			t.Errorf("%s was not asked for:\n%s", asked, calls)
		}
	}
}

// TestWithoutSavingsPlans: prices are of use without them.
func TestWithoutSavingsPlans(t *testing.T) {
	c := opened(t, prices)
	c.Set("DescribeSavingsPlansOfferingRates", func(map[string]any, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "User: x is not authorized to perform: savingsplans:DescribeSavingsPlansOfferingRates"}
	})
	if err := pricelist.Fetch(t.Context(), c.Session); err != nil {
		t.Fatal(err)
	}
	if said := c.Err.String(); !strings.Contains(said, "make cost will show no savings plans: reading the rates of savings plans: ") || !strings.Contains(said, "savingsplans:DescribeSavingsPlansOfferingRates") {
		t.Errorf("%s", said)
	}
	if text, err := os.ReadFile(filepath.Join(c.Session.Root, cost.FetchedFile)); err != nil || !strings.Contains(string(text), "t4g.nano: 0.0046") || strings.Contains(string(text), "\n  savingsPlan:") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestFetchFails: what has no price is named after the others are kept; two prices, or no permission, are errors.
func TestFetchFails(t *testing.T) {
	without := map[string][]string{"t4g.nano": prices["t4g.nano"], "cache.t4g.small": prices["cache.t4g.small"]}
	c := opened(t, without)
	awstest.Says(t, pricelist.Fetch(t.Context(), c.Session), "AWS's price list has no price of RDS mysql db.m9g.large in eu-west-1")
	if text, err := os.ReadFile(filepath.Join(c.Session.Root, cost.FetchedFile)); err != nil || !strings.Contains(string(text), "t4g.nano: 0.0046") {
		t.Errorf("the others are not kept: %s, %v", text, err)
	}
	two := map[string][]string{"cache.t4g.small": {entry("EU-NodeUsage:cache.t4g.small", "Hrs", "0.02"), entry("EU-NodeUsage:cache.t4g.small", "Hrs", "0.03")}, "t4g.nano": prices["t4g.nano"]}
	awstest.Says(t, pricelist.Fetch(t.Context(), opened(t, two).Session), "several prices in eu-west-1: [0.02 0.03]")
	c.Set("GetProducts", func(map[string]any, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "User: x is not authorized to perform: pricing:GetProducts"}
	})
	awstest.Says(t, pricelist.Fetch(t.Context(), c.Session), "reading the price of EC2 t4g.nano", "pricing:GetProducts")
}
