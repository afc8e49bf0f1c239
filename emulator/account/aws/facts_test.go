package aws

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// providerFacts is testdata/provider.json, whose origin stands in it.
type providerFacts struct {
	About string
	Types map[string]struct {
		Required, Computed, Replaces []string
		Defaults                     map[string]any
		ExactlyOne                   [][]string  // one of them must be set, and only one
		Conflicts                    [][2]string // the two exclude each other
		Sets                         []string    // of what the program sets, the lists without an order
		DeleteBeforeReplace          bool
	}
}

// newer are differences on purpose, by type and property: pulumi-aws 6.83 follows provider 5.100, and some rules are in code. The files
// are those of hashicorp/terraform-provider-aws.
var newer = map[string][]string{
	// internal/service/elasticache/replication_group.go: no ForceNew, but ForceNewIf the engine version is below 7.0.5, which runs nowhere.
	"aws:elasticache/replicationGroup:ReplicationGroup": {"engine", "transitEncryptionEnabled"},
	// internal/service/iam/openid_connect_provider.go: resourceOpenIDConnectProviderUpdate adds and removes clients; thumbprints are computed.
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"clientIdLists", "thumbprintLists"},
	// internal/service/ec2/vpc_endpoint.go: optional, beside resource_configuration_arn and service_network_arn.
	"aws:ec2/vpcEndpoint:VpcEndpoint": {"serviceName"},
	// internal/service/ecs/capacity_provider.go: what is in the block and updated is without ForceNew; the ARN in it has one.
	"aws:ecs/capacityProvider:CapacityProvider": {"autoScalingGroupProvider"},
}

// ignored are properties that AWS returns, that no program must set, and that are not computed: the provider has a default, which is in the
// account's row, or ignores the difference. The files are those of hashicorp/terraform-provider-aws 5.
var ignored = map[string][]string{
	"aws:ec2/vpc:Vpc": {"instanceTenancy"}, // internal/service/ec2/vpc_.go: Default
	// internal/service/ecs/service.go: SuppressMissingOptionalConfigurationBlock, a DiffSuppressFunc for NONE, and a Default.
	"aws:ecs/service:Service":                           {"deploymentController", "propagateTags", "availabilityZoneRebalancing"},
	"aws:elasticache/replicationGroup:ReplicationGroup": {"port"}, // internal/service/elasticache/replication_group.go: Redis's port is suppressed
	// internal/service/elbv2/load_balancer.go: Default, and SuppressMissingOptionalConfigurationBlock.
	"aws:lb/loadBalancer:LoadBalancer":            {"clientKeepAlive", "connectionLogs"},
	"aws:rds/cluster:Cluster":                     {"deleteAutomatedBackups", "engineMode"}, // internal/service/rds/cluster.go: Defaults
	"aws:rds/clusterInstance:ClusterInstance":     {"autoMinorVersionUpgrade"},              // internal/service/rds/cluster_instance.go: Default
	"aws:rds/eventSubscription:EventSubscription": {"enabled"},                              // internal/service/rds/event_subscription.go: Default
}

var readFacts = sync.OnceValues(func() (known providerFacts, err error) {
	text, err := os.ReadFile("testdata/provider.json")
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	return known, err
})

func facts(t testing.TB) providerFacts {
	t.Helper()
	known, err := readFacts()
	if err != nil || len(known.Types) < 60 || known.About == "" {
		t.Fatalf("there are %d types, %v", len(known.Types), err)
	}
	return known
}

func TestReplaceKeysAreTheProviders(t *testing.T) {
	w := newWorld(t)
	for token, fact := range facts(t).Types {
		row, ok := w.Lookup(token)
		for _, property := range fact.Replaces {
			inBlock, _, _ := strings.Cut(property, ".")
			if ok && !slices.Contains(newer[token], inBlock) && !slices.ContainsFunc(row.ForceNew, func(one string) bool {
				return one == property || one == inBlock || strings.ReplaceAll(one, "[*]", "") == property
			}) {
				t.Errorf("a change of %s replaces a %s on AWS", property, token)
			}
		}
		if ok && fact.DeleteBeforeReplace && !row.DeleteBeforeReplace {
			t.Errorf("%s is deleted before it is replaced", token)
		}
	}
}

func TestRequiredInputsAreTheProviders(t *testing.T) {
	w := newWorld(t)
	compared := 0
	for token, fact := range facts(t).Types {
		row, ok := w.Lookup(token)
		if !ok {
			continue
		}
		inputs := account.FieldsOf(account.ArgsType(row.Args))
		for _, property := range fact.Required {
			kind, top := inputs[property]
			if !top || slices.Contains(newer[token], property) {
				continue // of a block, which the SDK's struct says
			}
			compared++
			if !account.Required(kind) && !slices.Contains(row.Required, property) && row.Name.Property != property {
				t.Errorf("%s of a %s is required", property, token)
			}
		}
	}
	if compared < 40 {
		t.Errorf("only %d inputs were compared", compared)
	}
}

func TestDefaultsAreTheProviders(t *testing.T) {
	w := newWorld(t)
	for token, fact := range facts(t).Types {
		row, ok := w.Lookup(token)
		for name, want := range fact.Defaults {
			if got, set := row.Defaults[name]; ok && set && !reflect.DeepEqual(got, want) {
				t.Errorf("the default of %s of a %s is %v on AWS, not %v", name, token, want, got)
			}
		}
	}
}

// Inputs that the program sets and that exclude each other are refused together. Their values do not matter, so they are not known yet.
func TestExclusionsAreTheProviders(t *testing.T) {
	w, source, compared := newWorld(t), program(t), 0
	for token, fact := range facts(t).Types {
		row, ok := w.Lookup(token)
		if !ok {
			continue
		}
		pairs := fact.Conflicts
		for _, group := range fact.ExactlyOne {
			for i, one := range group {
				for _, other := range group[i+1:] {
					pairs = append(pairs, [2]string{one, other})
				}
			}
		}
		inputs := account.FieldsOf(account.ArgsType(row.Args))
		for _, pair := range pairs {
			if inputs[pair[0]] == nil || inputs[pair[1]] == nil || !sets(source, row, pair[0]) || !sets(source, row, pair[1]) {
				continue
			}
			compared++
			both := account.Values{pair[0]: account.Unknown{}, pair[1]: account.Unknown{}}
			for name, kind := range inputs {
				if account.Required(kind) || slices.Contains(row.Required, name) {
					both[name] = account.Unknown{}
				}
			}
			_, problems, err := w.Check(token, "both", nil, both, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(problems, func(p account.Problem) bool { return p.Property == pair[0] || p.Property == pair[1] }) {
				t.Errorf("%s: %s and %s exclude each other", token, pair[0], pair[1])
			}
		}
	}
	if compared < 4 {
		t.Errorf("only %d pairs were compared", compared)
	}
}

// newerSets are sets of types that the provider's schema of 5.46 was not read for (cluster.go, cluster_parameter_group.go and event_subscription.go in internal/service/rds,
// internal/service/s3/bucket_cors_configuration.go, internal/service/cloudfront/distribution.go).
var newerSets = map[string][]string{
	"aws:cloudfront/distribution:Distribution": {
		"aliases", "customErrorResponses", "defaultCacheBehavior.allowedMethods", "defaultCacheBehavior.cachedMethods", "orderedCacheBehaviors[*].allowedMethods",
		"orderedCacheBehaviors[*].cachedMethods", "originGroups", "originGroups[*].failoverCriteria.statusCodes", "origins", "origins[*].customHeaders",
		"origins[*].customOriginConfig.originSslProtocols",
	},
	"aws:rds/cluster:Cluster":                                    {"enabledCloudwatchLogsExports", "vpcSecurityGroupIds"},
	"aws:rds/clusterParameterGroup:ClusterParameterGroup":        {"parameters"},
	"aws:rds/eventSubscription:EventSubscription":                {"eventCategories", "sourceIds"},
	"aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2": {"corsRules", "corsRules[*].allowedHeaders", "corsRules[*].allowedMethods", "corsRules[*].allowedOrigins", "corsRules[*].exposeHeaders"},
}

// TestSetsAreTheProviders: a list that is no set to the provider keeps its order, or differs for ever.
func TestSetsAreTheProviders(t *testing.T) {
	w, source, want := newWorld(t), program(t), maps.Clone(newerSets)
	for token, fact := range facts(t).Types {
		row, ok := w.Lookup(token)
		for _, path := range fact.Sets {
			if ok && sets(source, row, path) {
				want[token] = append(want[token], path)
			}
		}
	}
	if !reflect.DeepEqual(want, account.Sets) {
		t.Errorf("the sets are %v, not %v", want, account.Sets)
	}
}

// AWS changes the tenancy of a VPC in one case only.
func TestTenancyReplaces(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		old, next string
		replaces  bool
	}{{"default", "dedicated", true}, {"dedicated", "default", false}} {
		_, replace := w.Diff(account.VPCToken, "", account.Values{"instanceTenancy": test.old}, nil, account.Values{"instanceTenancy": test.next})
		if got := len(replace) > 0; got != test.replaces {
			t.Errorf("%s to %s replaces: %v", test.old, test.next, got)
		}
	}
	if !w.typeOf(account.AttachmentToken).DeleteBeforeReplace {
		t.Error("the provider deletes an attachment of a policy before it creates its replacement")
	}
}

// checkComputed: what the account returns of a resource beyond its inputs is what the provider calls computed, or its default. Anything
// else would be a difference between state and program at every deployment.
func checkComputed(t testing.TB, w *world, r account.Resource) {
	t.Helper()
	row, known := w.Lookup(r.Type)
	if !known {
		return
	}
	fact := facts(t).Types[r.Type]
	computed := account.StateFields(row)
	for name, value := range r.Outputs {
		want, hasDefault := fact.Defaults[name]
		zero := value == "" || value == false || value == 0.0
		if kind := reflect.ValueOf(value).Kind(); kind == reflect.Slice || kind == reflect.Map {
			zero = reflect.ValueOf(value).Len() == 0
		}
		ours := slices.Contains(ignored[r.Type], name) && reflect.DeepEqual(value, row.Defaults[name])
		if r.Inputs.Has(name) || !computed[name].Optional || hasDefault && reflect.DeepEqual(value, want) || zero || ours {
			continue
		}
		t.Errorf("%s returns %s = %v, which the program does not set and the provider does not call computed", r.Type, name, value)
	}
}
