package note

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// dataTypes are the types that hold data or a public address, with what is lost when one is deleted.
var dataTypes = map[string]string{
	"aws:cloudwatch/logGroup:LogGroup":                  "its logs",
	"aws:ec2/vpc:Vpc":                                   "the network, and everything in it",
	"aws:ecr/repository:Repository":                     "the images, also those to roll back to",
	"aws:elasticache/cluster:Cluster":                   "sessions, cached values and queued jobs",
	"aws:elasticache/replicationGroup:ReplicationGroup": "sessions, cached values and queued jobs",
	"aws:kms/key:Key":                                   "everything that is encrypted with it",
	"aws:lb/loadBalancer:LoadBalancer":                  "the address that DNS points to",
	"aws:rds/instance:Instance":                         "the database",
	"aws:s3/bucketV2:BucketV2":                          "the objects in it",
	"aws:secretsmanager/secret:Secret":                  "the secret, under the name that tasks and people know",
	"random:index/randomBytes:RandomBytes":              "APP_KEY: nothing encrypted before can be read after",
}

// AllowedTypes are the types that may be named in ALLOW_REPLACE.
func AllowedTypes() []string {
	var list []string
	for token := range maps.Keys(dataTypes) {
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

// assess lists the steps that destroy data. A resource with retainOnDelete stays in AWS.
func assess(p preview.Preview, allow []string) []risk {
	var list []risk
	for _, step := range p.Steps {
		token := step.State().Type
		lost, holds := dataTypes[token]
		if !holds || step.Op != "replace" && step.Op != "delete" || step.Old != nil && step.Old.RetainOnDelete {
			continue
		}
		r := risk{token: preview.ShortType(token)}
		r.allowed = slices.ContainsFunc(allow, func(name string) bool { return preview.ShortType(name) == r.token })
		r.what = fmt.Sprintf("%s `%s` %s", step.Op, r.token, step.Name())
		if why := forced(step); why != "" {
			r.what += " because of " + why
		}
		r.what += ": loses " + lost
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b risk) int { return strings.Compare(a.what, b.what) })
	return list
}

// forced lists the properties that make a replacement necessary.
func forced(step preview.Step) string {
	forcing := step.Forcing
	if step.Op == "replace" && len(forcing) == 0 {
		forcing = step.Paths
	}
	return differences(step, forcing)
}
