// Package infratest runs Pulumi programs with mocks and records what they register.
package infratest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Resource is one registration, with its inputs free of secret wrappers.
type Resource struct {
	Type, Name, Parent string
	Inputs             resource.PropertyMap
	Protect            bool
	RetainOnDelete     bool
	Import             string // id of what exists
	Provider           string // URN and id
	IgnoreChanges      []string
	Aliases            []string // earlier logical names
	DependsOn          []string
	Custom             bool
	CreateTimeout      string
	Hooks              []string // that run before or after it is created or updated
}

// Recorder is a mock of the engine that answers with made-up ids and ARNs.
type Recorder struct {
	// RolledBack makes every service run another revision than the registered one.
	RolledBack bool
	// Stacks are the outputs of other stacks, by name.
	Stacks map[string]map[string]any
	// Partition is the one of AWS that everything is in; empty: aws.
	Partition string
	// Lookups are other properties of a network or a database that exists, by the id of VPC, subnet, route table, instance or subnet group.
	Lookups map[string]map[string]any
	// Parameters are the values of parameters of Systems Manager, by name; one that is not among them is an image.
	Parameters map[string]string

	mu     sync.Mutex
	seen   []Resource
	called map[string]bool
}

// NewResource records a registration. It returns the inputs and the outputs that other resources need.
func (r *Recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if args.TypeToken == "pulumi:pulumi:StackReference" {
		return args.Name, r.reference(args.Inputs), nil
	}
	rpc := args.RegisterRPC
	var aliases []string
	for _, alias := range rpc.GetAliases() {
		aliases = append(aliases, alias.GetSpec().GetName())
	}
	r.seen = append(r.seen, Resource{
		Type: args.TypeToken, Name: args.Name, Parent: nameOf(rpc.GetParent()), Inputs: unwrap(resource.NewObjectProperty(args.Inputs)).ObjectValue(),
		Protect: rpc.GetProtect(), RetainOnDelete: rpc.GetRetainOnDelete(), Import: rpc.GetImportId(), Provider: rpc.GetProvider(), IgnoreChanges: rpc.GetIgnoreChanges(), Aliases: aliases, DependsOn: namesOf(rpc.GetDependencies()), Custom: args.Custom,
		CreateTimeout: rpc.GetCustomTimeouts().GetCreate(), Hooks: hooks(rpc.GetHooks()),
	})
	return r.id(args), r.outputs(args), nil
}

func (r *Recorder) partition() string { return cmp.Or(r.Partition, "aws") }

// arn begins all ARNs.
func (r *Recorder) arn() string { return "arn:" + r.partition() + ":" }

// id is NAME-id. For a service it is an ARN, from which the program takes the name.
func (r *Recorder) id(args pulumi.MockResourceArgs) string {
	if args.TypeToken == "aws:ecs/service:Service" {
		cluster := args.Inputs["cluster"].StringValue()
		return r.arn() + "ecs:eu-west-1:123456789012:service/" + cluster[strings.LastIndex(cluster, "/")+1:] + "/" + args.Name + "-name"
	}
	return args.Name + "-id"
}

// reference returns the outputs of another stack, none for one that is not in Stacks.
func (r *Recorder) reference(inputs resource.PropertyMap) resource.PropertyMap {
	name := inputs["name"].StringValue()
	found := inputs.Copy()
	found["outputs"] = resource.NewObjectProperty(resource.NewPropertyMapFromMap(r.Stacks[name[strings.LastIndex(name, "/")+1:]]))
	found["secretOutputNames"] = resource.NewArrayProperty(nil)
	return found
}

func hooks(binding *pulumirpc.RegisterResourceRequest_ResourceHooksBinding) (names []string) {
	for when, list := range map[string][]string{
		"before create": binding.GetBeforeCreate(), "after create": binding.GetAfterCreate(), "before update": binding.GetBeforeUpdate(), "after update": binding.GetAfterUpdate(),
	} {
		for _, name := range list {
			names = append(names, when+" "+name)
		}
	}
	slices.Sort(names)
	return names
}

// arns are the beginnings of ARNs that policies name; a policy must be one that AWS understands.
var arns = map[string]string{
	"aws:appautoscaling/target:Target":                    "application-autoscaling:eu-west-1:123456789012:scalable-target/",
	"aws:lb/listenerRule:ListenerRule":                    "elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/",
	"aws:rds/instance:Instance":                           "rds:eu-west-1:123456789012:db:",
	"aws:rds/cluster:Cluster":                             "rds:eu-west-1:123456789012:cluster:",
	"aws:cloudwatch/logGroup:LogGroup":                    "logs:eu-west-1:123456789012:log-group:",
	"aws:ecr/repository:Repository":                       "ecr:eu-west-1:123456789012:repository/",
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": "iam::123456789012:oidc-provider/",
	"aws:iam/policy:Policy":                               "iam::123456789012:policy/",
	"aws:kms/key:Key":                                     "kms:eu-west-1:123456789012:key/",
	"aws:s3/bucketV2:BucketV2":                            "s3:::",
	"aws:secretsmanager/secret:Secret":                    "secretsmanager:eu-west-1:123456789012:secret:",
	"aws:sqs/queue:Queue":                                 "sqs:eu-west-1:123456789012:",
}

func (r *Recorder) outputs(args pulumi.MockResourceArgs) resource.PropertyMap {
	out := args.Inputs.Copy()
	set := func(key string, value any) {
		if k := resource.PropertyKey(key); !out.HasValue(k) {
			out[k] = resource.NewPropertyValue(value)
		}
	}
	for _, key := range []string{"name", "bucket", "identifier", "fqdn", "versionId", "address", "endpoint", "readerEndpoint", "clusterAddress", "primaryEndpointAddress",
		"dnsName", "zoneId", "registryId", "repositoryUrl", "arnSuffix", "primaryNetworkInterfaceId", "hex", "base64", "result", "certificateArn"} {
		set(key, args.Name+"-"+key)
	}
	form, known := arns[args.TypeToken]
	if !known {
		form = "mock:eu-west-1:123456789012:" + args.TypeToken + "/"
	}
	if strings.Contains(form, "listener-rule") {
		set("arn", r.arn()+form+args.Name+"/0/1/2") // of load balancer, listener and rule
	}
	set("arn", r.arn()+form+args.Name)
	if name := args.Inputs["name"]; args.TypeToken == "aws:iam/policy:Policy" && name.IsString() {
		out["arn"] = resource.NewStringProperty(r.arn() + form + name.StringValue())
	}
	set("latestVersion", 1)
	set("url", "https://sqs.eu-west-1.amazonaws.com/123456789012/"+args.Name+"-name")
	if args.TypeToken == "aws:rds/instance:Instance" {
		set("kmsKeyId", r.arn()+"kms:eu-west-1:123456789012:key/managed-by-aws")
	}
	if out.HasValue("engineVersion") {
		set("engineVersionActual", out["engineVersion"])
	}
	set("repoDigest", "registry/app@sha256:"+strings.Repeat("0", 64))
	set("domainValidationOptions", proofs(args.Inputs))
	return out
}

// proofs are the validation records of a certificate's host names.
func proofs(inputs resource.PropertyMap) []any {
	var options []any
	for _, key := range []resource.PropertyKey{"domainName", "subjectAlternativeNames"} {
		hosts := []resource.PropertyValue{inputs[key]}
		if inputs[key].IsArray() {
			hosts = inputs[key].ArrayValue()
		}
		for _, host := range hosts {
			if host.IsString() {
				options = append(options, map[string]any{
					"domainName": host.StringValue(), "resourceRecordName": "_n", "resourceRecordType": "CNAME", "resourceRecordValue": "_v",
				})
			}
		}
	}
	return options
}

// Call returns the results of the functions that the program calls.
func (r *Recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	r.mu.Lock()
	if r.called == nil {
		r.called = map[string]bool{}
	}
	r.called[args.Token] = true
	r.mu.Unlock()
	if args.Token == "aws:ecs/getService:getService" {
		return r.service(args.Args["serviceName"].StringValue())
	}
	if value, ok := r.Parameters[nameIn(args.Args)]; ok && args.Token == "aws:ssm/getParameter:getParameter" {
		return resource.NewPropertyMapFromMap(map[string]any{"value": value, "insecureValue": value}), nil
	}
	if answer, ok := r.network(args); ok {
		if text, fails := answer["error"].(string); fails {
			return nil, errors.New(text)
		}
		return resource.NewPropertyMapFromMap(answer), nil
	}
	answers := map[string]map[string]any{
		"aws:index/getCallerIdentity:getCallerIdentity":       {"accountId": "123456789012"},
		"aws:index/getPartition:getPartition":                 {"partition": r.partition(), "dnsSuffix": map[bool]string{false: "amazonaws.com", true: "amazonaws.com.cn"}[r.partition() == "aws-cn"]},
		"aws:index/getAvailabilityZones:getAvailabilityZones": {"names": []any{"eu-west-1a", "eu-west-1b", "eu-west-1c"}, "id": "eu-west-1"},
		"aws:ssm/getParameter:getParameter":                   {"value": "ami-0123456789abcdef0"},
		"aws:route53/getZone:getZone":                         {"zoneId": "Z0123456789", "id": "Z0123456789"},
		"aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "token"},
		"aws:ec2/getManagedPrefixList:getManagedPrefixList":   {"id": "pl-0123456789abcdef0", "addressFamily": "IPv4", "entries": []any{map[string]any{"cidr": "198.51.100.0/24", "description": ""}}},
		"aws:ecr/getImage:getImage":                           {"imageDigest": "sha256:" + strings.Repeat("1", 64)},
	}
	answer, ok := answers[args.Token]
	if !ok {
		return nil, fmt.Errorf("the recorder has no answer for %s", args.Token)
	}
	return resource.NewPropertyMapFromMap(answer), nil
}

// service returns the revision that a service runs: the registered one, or another one with RolledBack.
func (r *Recorder) service(name string) (resource.PropertyMap, error) {
	for _, one := range r.OfType("aws:ecs/service:Service") {
		if one.Name+"-name" != name {
			continue
		}
		running := one.Inputs["taskDefinition"]
		if r.RolledBack {
			running = resource.NewStringProperty(r.arn() + "ecs:eu-west-1:123456789012:task-definition/before:1")
		}
		return resource.PropertyMap{"taskDefinition": running}, nil
	}
	return nil, fmt.Errorf("there is no service %s", name)
}

// All returns every registration, sorted by type and name.
func (r *Recorder) All() []Resource {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.seen)
	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.Type+" "+a.Name, b.Type+" "+b.Name) })
	return all
}

// Called returns the functions that were called, in order of their names.
func (r *Recorder) Called() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.called))
}

// OfType returns the registrations of a type, given as in aws:ec2/vpc:Vpc.
func (r *Recorder) OfType(token string) []Resource {
	return slices.DeleteFunc(r.All(), func(one Resource) bool { return one.Type != token })
}

// Run executes a program against a new recorder. Configuration is full keys (laravel-ecs:web) to values as Pulumi passes them.
func Run(program pulumi.RunFunc, project, stack string, configuration map[string]string) (*Recorder, error) {
	recorder := &Recorder{}
	return recorder, recorder.Run(program, project, stack, configuration)
}

// Run executes a program against this recorder.
func (r *Recorder) Run(program pulumi.RunFunc, project, stack string, configuration map[string]string) error {
	return pulumi.RunErr(program, pulumi.WithMocks(project, stack, r), func(info *pulumi.RunInfo) { info.Config = configuration })
}

func unwrap(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return unwrap(v.SecretValue().Element)
	case v.IsOutput():
		return unwrap(v.OutputValue().Element)
	case v.IsObject():
		plain := resource.PropertyMap{}
		for key, value := range v.ObjectValue() {
			plain[key] = unwrap(value)
		}
		return resource.NewObjectProperty(plain)
	case v.IsArray():
		list := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, value := range v.ArrayValue() {
			list[i] = unwrap(value)
		}
		return resource.NewArrayProperty(list)
	}
	return v
}
