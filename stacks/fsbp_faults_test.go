package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// fault is a change of what a stack declares with which exactly one control fails, besides those that fail anyway.
type fault struct {
	control string
	// path is the property that gets the value, of one resource of the control's types at a time. Without a value it is removed. A value
	// of *strings.Replacer edits a text, such as a policy. Without a path, the value is one more resource; without both, there is none.
	path  string
	value any
	// stack has the resource; empty: prod.
	stack string
	// also are controls that ask for the same.
	also []string
}

func replace(pairs ...string) *strings.Replacer { return strings.NewReplacer(pairs...) }

type object = map[string]any

var faults = []fault{
	{control: "ACM.1", path: "validationMethod", value: "EMAIL"},
	{control: "ACM.2", path: "keyAlgorithm", value: "RSA_1024"},
	{control: "AutoScaling.2", path: "vpcZoneIdentifiers", value: []any{"subnet-1"}},
	{control: "AutoScaling.3", path: "metadataOptions.httpTokens", value: "optional"},
	{control: "AutoScaling.5", path: "networkInterfaces", value: []any{object{"deviceIndex": 0}, object{"associatePublicIpAddress": true}}},
	{control: "AutoScaling.6", path: "mixedInstancesPolicy.launchTemplate.overrides", value: []any{object{"instanceType": "m6i.large"}}},
	{control: "AutoScaling.9", path: "mixedInstancesPolicy", value: object{"launchTemplate": object{"overrides": []any{object{"instanceType": "m5.large"}, object{"instanceType": "m6i.large"}}}}},
	{control: "EC2.2", path: "ingress", value: []any{object{"fromPort": 0}}},
	{control: "EC2.2", path: "egress", value: []any{object{"fromPort": 0}}},
	{control: "EC2.3", path: "blockDeviceMappings[0].ebs.encrypted", value: "false"},
	{control: "EC2.3", path: "blockDeviceMappings", value: []any{object{"ebs": object{"encrypted": "true"}}, object{"ebs": object{"encrypted": "false"}}}},
	{control: "EC2.3", path: "rootBlockDevice.encrypted", value: false, stack: "staging"},
	{control: "EC2.6"},
	{control: "EC2.8", path: "metadataOptions.httpTokens", value: "optional", stack: "staging"},
	{control: "EC2.15", path: "mapPublicIpOnLaunch", value: true},
	{control: "EC2.18", path: "", value: object{"cidrIpv4": "0.0.0.0/0", "fromPort": 8000, "toPort": 8000, "ipProtocol": "tcp"}},
	{control: "EC2.18", path: "", value: object{"cidrIpv6": "::/0", "fromPort": 80, "toPort": 81, "ipProtocol": "tcp"}},
	{control: "EC2.19", path: "", value: object{"cidrIpv4": "0.0.0.0/0", "fromPort": 20, "toPort": 80, "ipProtocol": "tcp"}, also: []string{"EC2.18"}},
	{control: "EC2.19", path: "", value: object{"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1"}, also: []string{"EC2.18"}},
	{control: "EC2.180", path: "", value: object{"sourceDestCheck": false, "metadataOptions": object{"httpTokens": "required"}, "rootBlockDevice": object{"encrypted": true}}},
	{control: "ECR.1", path: "imageScanningConfiguration.scanOnPush", value: false},
	{control: "ECR.2", path: "imageTagMutability", value: "MUTABLE"},
	{control: "ECR.3"},
	{control: "ECS.2", path: "networkConfiguration", value: object{"assignPublicIp": true}},
	{control: "ECS.3", path: "pidMode", value: "host"},
	{control: "ECS.4", path: "containerDefinitions", value: replace(`"essential":true`, `"essential":true,"privileged":true`)},
	{control: "ECS.5", path: "containerDefinitions", value: replace(`"readonlyRootFilesystem":true`, `"readonlyRootFilesystem":false`)},
	{control: "ECS.8", path: "containerDefinitions", value: replace(`"name":"APP_ENV"`, `"name":"DB_PASSWORD"`)},
	{control: "ECS.9", path: "containerDefinitions", value: replace(`"logConfiguration"`, `"logs"`)},
	{control: "ECS.12", path: "settings[0].value", value: "disabled"},
	{control: "ECS.12", path: "settings", value: []any{}},
	{control: "ECS.17", path: "networkMode", value: "host"},
	{control: "ECS.20", path: "containerDefinitions", value: replace(`"user":"33:33"`, `"user":"root"`)},
	{control: "ElastiCache.1", path: "snapshotRetentionLimit", value: 0},
	{control: "ElastiCache.2", path: "autoMinorVersionUpgrade", value: false},
	{control: "ElastiCache.3", path: "automaticFailoverEnabled", value: false},
	{control: "ElastiCache.4", path: "atRestEncryptionEnabled", value: false},
	{control: "ElastiCache.5", path: "transitEncryptionEnabled", value: false},
	{control: "ElastiCache.7", path: "subnetGroupName", value: nil},
	{control: "ELB.1", path: "defaultActions[0]", value: object{"type": "forward", "targetGroupArn": "arn"}},
	{control: "ELB.1", path: "defaultActions[0].redirect.protocol", value: "HTTP"},
	{control: "ELB.4", path: "dropInvalidHeaderFields", value: false},
	{control: "ELB.5", path: "accessLogs.enabled", value: false},
	{control: "ELB.6", path: "enableDeletionProtection", value: false},
	{control: "ELB.12", path: "desyncMitigationMode", value: "monitor"},
	{control: "ELB.13", path: "subnets", value: []any{"subnet-1"}},
	{control: "ELB.17", path: "sslPolicy", value: "ELBSecurityPolicy-2016-08"},
	{control: "ELB.21", path: "healthCheck.protocol", value: "HTTP"},
	{control: "ELB.22", path: "protocol", value: "HTTP"},
	{control: "IAM.1", path: "policy", value: `{"Statement":[{"Effect":"Allow","Action":["logs:PutLogEvents"],"Resource":"arn"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
	{control: "IAM.21", path: "policy", value: `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":["s3:GetObject","sqs:*"],"Resource":"arn"}]}`},
	{control: "RDS.2", path: "publiclyAccessible", value: true},
	{control: "RDS.3", path: "storageEncrypted", value: false},
	{control: "RDS.5", path: "multiAz", value: false},
	{control: "RDS.6", path: "monitoringInterval", value: 0},
	{control: "RDS.8", path: "deletionProtection", value: false},
	{control: "RDS.9", path: "enabledCloudwatchLogsExports", value: []any{}},
	{control: "RDS.11", path: "backupRetentionPeriod", value: 6},
	{control: "RDS.13", path: "autoMinorVersionUpgrade", value: false},
	{control: "RDS.17", path: "copyTagsToSnapshot", value: false},
	{control: "RDS.20"},
	{control: "RDS.25", path: "username", value: "admin"},
	{control: "S3.1", path: "blockPublicPolicy", value: false},
	{control: "S3.5", path: "policy", value: replace(`"Deny"`, `"Allow"`)},
	{control: "S3.5", path: "policy", value: replace(`"aws:SecureTransport":"false"`, `"aws:SecureTransport":"true"`)},
	{control: "S3.8", path: "blockPublicAcls", value: false},
	{control: "S3.8", path: "ignorePublicAcls", value: false},
	{control: "S3.8", path: "restrictPublicBuckets", value: false},
	{control: "S3.12", path: "rule.objectOwnership", value: "ObjectWriter"},
	{control: "S3.13"},
	{control: "SNS.4", path: "policy", value: replace(`"Service":"cloudwatch.amazonaws.com"`, `"AWS":"*"`)},
	{control: "SNS.4", path: "policy", value: replace(`{"Service":"cloudwatch.amazonaws.com"}`, `"*"`)},
	{control: "SQS.1", value: object{"sqsManagedSseEnabled": false}},
	{control: "SQS.3", value: object{"policy": `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sqs:*","Resource":"arn"}]}`}},
	{control: "WAF.10", path: "rules", value: []any{}, also: []string{"WAF.12"}},
	{control: "WAF.12", path: "visibilityConfig.cloudwatchMetricsEnabled", value: false},
	{control: "WAF.12", path: "rules[3].visibilityConfig.cloudwatchMetricsEnabled", value: false},
}

// applied are the stacks with the fault: each resource of the control's types gets it in one of them.
func (f fault) applied(t *testing.T, c control, all []infratest.Resource) (variants [][]infratest.Resource) {
	t.Helper()
	if f.path == "" {
		others := slices.DeleteFunc(slices.Clone(all), func(r infratest.Resource) bool { return f.value == nil && r.Type == c.of })
		if f.value != nil {
			others = append(others, infratest.Resource{Type: c.of, Name: "one more", Inputs: resource.NewPropertyMapFromMap(f.value.(object))})
		}
		return [][]infratest.Resource{others}
	}
	path, err := resource.ParsePropertyPath(f.path)
	if err != nil {
		t.Fatal(err)
	}
	types := strings.Split(c.of, "|")
	for i, r := range all {
		if !slices.Contains(types, r.Type) {
			continue
		}
		value := resource.NewPropertyValue(f.value)
		if edit, isEdit := f.value.(*strings.Replacer); isEdit {
			value = resource.NewProperty(edit.Replace(text(r, f.path)))
		}
		changed := resource.NewProperty(resource.NewPropertyMapFromMap(r.Inputs.Mappable())) // a copy
		if f.value == nil {
			path.Delete(changed)
		} else if !path.Set(changed, value) { // a rule of another kind than the others
			continue
		}
		r.Inputs = changed.ObjectValue()
		variants = append(variants, slices.Concat(all[:i], []infratest.Resource{r}, all[i+1:]))
	}
	return variants
}

// TestFSBPFails: every control that passes fails with its fault, and no other one does. A control that is excepted in every stack fails
// there already.
func TestFSBPFails(t *testing.T) {
	failing := func(all []infratest.Resource) (ids []string) {
		for _, c := range controls {
			if len(c.failing(all)) > 0 {
				ids = append(ids, c.id)
			}
		}
		return ids
	}
	deployed, before := map[string][]infratest.Resource{}, map[string][]string{}
	for _, stack := range []string{"prod", "staging"} {
		deployed[stack] = deploy(t, stack, stackConfig(t, stack)).All()
		before[stack] = failing(deployed[stack])
	}
	tried := map[string]bool{}
	for _, f := range faults {
		i := slices.IndexFunc(controls, func(c control) bool { return c.id == f.control })
		if i < 0 {
			t.Errorf("there is no %s", f.control)
			continue
		}
		stack := f.stack
		if stack == "" {
			stack = "prod"
		}
		want := append([]string{f.control}, f.also...)
		slices.Sort(want)
		fails := false
		for _, variant := range f.applied(t, controls[i], deployed[stack]) {
			added := slices.DeleteFunc(failing(variant), func(id string) bool { return slices.Contains(before[stack], id) })
			slices.Sort(added)
			switch {
			case slices.Equal(added, want):
				fails = true
			case len(added) > 0:
				t.Errorf("%s: with %s = %v fail %q, not %q", f.control, f.path, f.value, added, want)
			}
		}
		if !fails {
			t.Errorf("%s passes with %s = %v", f.control, f.path, f.value)
		}
		tried[f.control] = true
	}
	for _, c := range controls {
		if c.except["*"] == "" && !tried[c.id] {
			t.Errorf("nothing makes %s fail", c.id)
		}
	}
}
