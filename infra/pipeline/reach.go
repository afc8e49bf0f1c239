package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Reach is where the permissions of a pipeline are valid: one partition, account and region, one application, and one stack, or all stacks whose
// names begin alike (review-*).
type Reach struct {
	Partition, Account, Region string
	Application, Stack         string
	// HostNames may be published in Route 53, each with all names below it.
	HostNames []string
	// SharedStack is the stack whose load balancer, cluster, database and cache are shared; empty for none.
	SharedStack string
	// CopiesRegion is where copies of the database go to; empty where they do not leave the region.
	CopiesRegion string
	// TaskPolicies are policies that may be attached to roles, beside those of the program.
	TaskPolicies []string
	// Boundary is the ARN of the permissions boundary that all roles of the environment must have.
	Boundary pulumi.StringInput
}

// shared is the reach of the shared stack.
func (r Reach) shared() Reach {
	return Reach{Partition: r.Partition, Account: r.Account, Region: r.Region, Application: r.Application, Stack: r.SharedStack}
}

// names is the pattern of all physical names.
func (r Reach) names() string { return r.Application + "-" + strings.TrimSuffix(r.Stack, "-*") + "-*" }

// policyGroups are the policies of a role, by service; actions without a resource are in the policy "reading". A managed policy may have
// 6,144 characters, and a role ten of them (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). An update
// attaches new ones before it detaches old ones, so a new group is best an inline one (TestRolesOfEarlierVersionsCanBeUpdated).
var policyGroups = map[string]string{
	"ec2":                     "network",
	"application-autoscaling": "compute", "autoscaling": "compute", "ecs": "compute", "iam": "identity",
	"acm": "traffic", "route53": "traffic", "wafv2": "traffic", "elasticloadbalancing": "balancing", "cloudfront": edge,
	"ecr": "data", "s3": "data", "secretsmanager": "data", "elasticache": "cache", "rds": "database", "backup": "data", "kms": "data",
	"cloudwatch": "operations", "events": "operations", "logs": "operations", "sns": "operations", "scheduler": "operations", "sqs": "operations", "ssm": "operations",
}

// inlineGroups are in the role itself, where they do not count as attached; all of a role may have 10,240 characters (the same page).
var inlineGroups = []string{"balancing", "cache", "identity"}

// deployStatements are all permissions that the program needs in one environment, by policy.
func (r Reach) deployStatements() map[string][]infra.Statement {
	return r.statements(func(string) bool { return true })
}

// previewStatements are the permissions to preview some stacks: to read their settings, and no secrets.
func previewStatements(stacks []Reach) map[string][]infra.Statement {
	policies := map[string][]infra.Statement{}
	for _, stack := range stacks {
		for group, statements := range stack.statements(reads) {
			if policies[group] == nil {
				policies[group] = statements
				continue
			}
			for i := range statements { // the same actions, in the same order
				for _, arn := range statements[i].Resources {
					if !slices.Contains(policies[group][i].Resources, arn) {
						policies[group][i].Resources = append(policies[group][i].Resources, arn)
					}
				}
			}
		}
	}
	return policies
}

// statements merges the table into one statement per policy and scope: the text is short, and the same in every run.
func (r Reach) statements(wanted func(action string) bool) map[string][]infra.Statement {
	var list []permission
	for _, more := range permissions {
		for _, p := range more {
			var actions []string
			for _, action := range strings.Fields(p.actions) {
				if wanted(action) {
					actions = append(actions, action)
				}
			}
			list = append(list, permission{strings.Join(actions, " "), p.on}.byTags()...)
		}
	}
	return r.grant(list, func(p permission, service string) string {
		switch {
		case p.on == anything:
			return "reading"
		case strings.Contains(p.on.resources, ":us-east-1:"): // for CloudFront (cdn.go)
			return edge
		}
		return policyGroups[service]
	})
}

// grant makes the statements of permissions, by the policy that group names.
func (r Reach) grant(list []permission, group func(p permission, service string) string) map[string][]infra.Statement {
	actions := map[string]map[scope][]string{}
	for _, p := range list {
		if !r.has(p.on) {
			continue
		}
		for _, action := range strings.Fields(p.actions) {
			service, _, _ := strings.Cut(action, ":")
			policy := group(p, service)
			if actions[policy] == nil {
				actions[policy] = map[scope][]string{}
			}
			actions[policy][p.on] = append(actions[policy][p.on], action)
		}
	}
	policies := map[string][]infra.Statement{}
	for group, scopes := range actions {
		for _, on := range slices.SortedFunc(maps.Keys(scopes), func(a, b scope) int {
			return strings.Compare(a.resources+" "+string(a.when), b.resources+" "+string(b.when))
		}) {
			slices.Sort(scopes[on])
			policies[group] = append(policies[group], infra.Statement{
				Actions: slices.Compact(scopes[on]), Resources: r.resources(on), Condition: r.condition(on.when),
			})
		}
	}
	return policies
}

// has tells whether a scope is for this reach.
func (r Reach) has(on scope) bool {
	for part, is := range map[string]bool{
		string(whenResolving): len(r.HostNames) > 0, string(whenNaming): len(r.HostNames) > 0, "{published}": len(r.HostNames) > 0,
		"{shared}": r.SharedStack != "", "{sharing}": r.SharedStack != "", "{copies}": r.CopiesRegion != "", string(whenThere): r.CopiesRegion != "", "{permanent}": !strings.HasSuffix(r.Stack, "*"),
	} {
		if !is && strings.Contains(on.resources+" "+string(on.when), part) {
			return false
		}
	}
	return true
}

func (r Reach) resources(on scope) []pulumi.StringInput {
	fill := strings.NewReplacer("{region}", r.Region, "{account}", r.Account, "{name}", r.names(), "{shared}", r.shared().names(), "{published}", "*", "{permanent}", "*", "{sharing}", "", "{copies}", r.CopiesRegion)
	var arns []pulumi.StringInput
	for _, template := range strings.Fields(on.resources) {
		if template != "*" {
			template = "arn:" + r.Partition + ":" + fill.Replace(template)
		}
		arns = append(arns, pulumi.String(template))
	}
	return arns
}
