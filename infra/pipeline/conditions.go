package pipeline

import (
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// making are the actions that make something, or put it in its place, with tags in the same call. Provider: getTagsIn in the Create
// function of each type (https://github.com/hashicorp/terraform-provider-aws, internal/service).
var making = []string{
	"application-autoscaling:RegisterScalableTarget", "cloudwatch:PutMetricAlarm", "ecs:RegisterTaskDefinition", "events:PutRule",
	"rds:RestoreDBInstanceFromDBSnapshot", "rds:RestoreDBInstanceToPointInTime",
}

// bornIn begins the condition that a tag is set by the call that creates the resource, on services that say so.
const bornIn = "born in "

var sayBorn = []string{"ec2", "ecs", "elasticloadbalancing"}

// byTags splits a permission that is whenOurs: what only reads needs the name; what makes something needs the tags of the environment in
// the request, and nothing there that has an Environment; what changes something needs the tags on it. A call that makes one thing of
// others (rds:CreateDBInstance names a subnet group, too) needs them in the request or on each. Which keys an action has is in the
// Service Authorization Reference; tests compare (TestConditionsAreOnesThatAWSKnows).
func (p permission) byTags() []permission {
	rest, ours := strings.CutSuffix(string(p.on.when), string(whenOurs))
	if !ours {
		return []permission{p}
	}
	rest = strings.TrimSuffix(rest, "+")
	var list []permission
	for _, action := range strings.Fields(p.actions) {
		service, verb, _ := strings.Cut(action, ":")
		tags := strings.HasPrefix(verb, "Tag") || strings.HasPrefix(verb, "AddTags") || verb == "CreateOrUpdateTags"
		on := func(when condition) permission {
			return permission{action, scope{p.on.resources, condition(rest).and(when)}}
		}
		if reads(action) {
			list = append(list, on(always))
			continue
		}
		list = append(list, on(whenOwned))
		switch {
		case tags && slices.Contains(sayBorn, service):
			list = append(list, on(whenMaking.and(condition(bornIn+service))))
		case tags, strings.HasPrefix(verb, "Create"), slices.Contains(making, action):
			list = append(list, on(whenAdopting))
		}
	}
	return list
}

// passedTo and linkedServices are all that the program passes roles to, and needs service-linked roles for.
var (
	passedTo       = infra.RoleServices
	linkedServices = []string{
		"autoscaling.amazonaws.com", "backup.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticache.amazonaws.com",
		"elasticloadbalancing.amazonaws.com", "rds.amazonaws.com", "spot.amazonaws.com",
	}
)

// condition renders a condition for this reach: operator -> key -> value. All parts of it must be true.
func (r Reach) condition(when condition) map[string]any {
	var all map[string]any
	for part := range strings.SplitSeq(string(when), "+") {
		for operator, entries := range r.part(condition(part)) {
			if all == nil {
				all = map[string]any{}
			}
			if all[operator] == nil {
				all[operator] = map[string]any{}
			}
			maps.Copy(all[operator].(map[string]any), entries.(map[string]any))
		}
	}
	return all
}

func (r Reach) part(when condition) map[string]any {
	type entries = map[string]any
	if service, is := strings.CutPrefix(string(when), bornIn); is {
		return entries{"Null": entries{service + ":CreateAction": "false"}}
	}
	switch when {
	case whenOwned:
		return r.tags("aws:ResourceTag/")
	case whenMaking:
		return r.tags("aws:RequestTag/")
	case whenUnclaimed:
		return entries{"Null": entries{"aws:ResourceTag/Environment": "true"}}
	case whenAdopting:
		return with(r.tags("aws:RequestTag/"), "Null", entries{"aws:ResourceTag/Environment": "true"})
	case whenBounded:
		return r.bounded()
	case whenAttaching:
		return with(r.bounded(), "ArnEquals", entries{"iam:PolicyARN": slices.Concat(infra.AttachedPolicies(r.Partition), r.TaskPolicies)})
	case whenPassing:
		return entries{"StringEquals": entries{"iam:PassedToService": passedTo}}
	case whenLinking:
		return entries{"StringEquals": entries{"iam:AWSServiceName": linkedServices}}
	case whenScaling:
		return entries{"StringEquals": entries{"application-autoscaling:service-namespace": "ecs"}}
	case whenThere:
		return entries{"StringEquals": entries{"aws:RequestedRegion": r.CopiesRegion}}
	case whenGranting:
		return entries{"Bool": entries{"kms:GrantIsForAWSResource": "true"}}
	case whenResolving:
		return r.hosts("route53:ChangeResourceRecordSetsNormalizedRecordNames")
	case whenNaming: // https://docs.aws.amazon.com/acm/latest/userguide/acm-conditions.html
		return r.hosts("acm:DomainNames")
	case whenInShared:
		return entries{"ArnLike": entries{"ecs:cluster": "arn:" + r.Partition + ":ecs:" + r.Region + ":" + r.Account + ":cluster/" + r.shared().names()}}
	}
	return nil
}

// hosts is a condition on a list of host names: all are the environment's, or below them.
func (r Reach) hosts(key string) map[string]any {
	var hosts []string
	for _, host := range r.HostNames {
		hosts = append(hosts, host, "*."+host)
	}
	return map[string]any{
		"ForAllValues:StringLike": map[string]any{key: hosts},
		"Null":                    map[string]any{key: "false"}, // ForAllValues is true for an empty list, too
	}
}

// bounded is a condition on the permissions boundary of a role, which a request creates or changes.
func (r Reach) bounded() map[string]any {
	return map[string]any{"StringEquals": map[string]any{"iam:PermissionsBoundary": r.Boundary}}
}

// tags is a condition on the default tags of the environment's provider.
func (r Reach) tags(prefix string) map[string]any {
	application, environment := prefix+"Application", prefix+"Environment"
	if strings.HasSuffix(r.Stack, "*") {
		return map[string]any{
			"StringEquals": map[string]any{application: r.Application},
			"StringLike":   map[string]any{environment: r.Stack},
		}
	}
	return map[string]any{"StringEquals": map[string]any{application: r.Application, environment: r.Stack}}
}

func with(conditions map[string]any, operator string, entries map[string]any) map[string]any {
	conditions[operator] = entries
	return conditions
}

// stackCondition compares a condition key with the stack: exactly, or with its beginning.
func (r Reach) stackCondition(key string) map[string]any {
	operator := "StringEquals"
	if strings.HasSuffix(r.Stack, "*") {
		operator = "StringLike"
	}
	return map[string]any{operator: map[string]any{key: r.Stack}}
}
