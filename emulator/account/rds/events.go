package rds

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// sources are, by the type of an event's source, the type that it names and the categories of its events (USER_Events.Messages.html).
var sources = map[string]struct {
	tokens     []string
	property   string
	categories []string
}{
	// Those of a cluster: USER_Events.Messages.html in the Aurora user guide.
	"db-cluster": {[]string{account.DatabaseClusterToken}, "clusterIdentifier", []string{
		"configuration change", "creation", "deletion", "failover", "failure", "global failover", "maintenance", "migration", "notification",
	}},
	"db-instance": {[]string{account.DatabaseToken, account.DatabaseClusterInstanceToken}, "identifier", []string{
		"availability", "backup", "backtrack", "configuration change", "creation", "deletion", "failover", "failure", "low storage", "maintenance", "notification",
		"patch", "read replica", "recovery", "restoration", "security", "security patching",
	}},
	"db-parameter-group": {[]string{account.DatabaseParameterGroupToken}, "name", []string{"configuration change"}},
}

// events sends what happens to instances and parameter groups to a topic (CreateEventSubscription).
var events = account.Type{
	Token: account.DatabaseEventsToken, Args: rds.EventSubscriptionArgs{}, State: rds.EventSubscription{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"name", "namePrefix"},
	Defaults: account.Values{"enabled": true},
	Refs:     []account.Ref{{Path: "snsTopic", Type: account.TopicToken, By: "arn", Missing: "SNSTopicArnNotFound"}},
	Rules:    []account.Rule{account.ARN("snsTopic"), account.OneOf("sourceType", account.SortedKeys(sources)...)},
	Check: func(r *account.Rules) {
		source, known := sources[r.In.Text("sourceType")]
		if r.In.Has("sourceIds") && !r.In.Has("sourceType") {
			r.Refuse("sourceType", "is required with sourceIds")
		}
		r.Each("eventCategories[*]", func(place, category string) {
			if known && !slices.Contains(source.categories, category) {
				r.Refuse(place, "%q is not a category of %s: %s", category, r.In.Text("sourceType"), strings.Join(source.categories, ", "))
			}
		})
	},
	Identity: account.Identity{ID: "{name}", ARN: "rds:es:{name}", Taken: "SubscriptionAlreadyExist: {name}", Outputs: account.Values{"customerAwsId": "{account}"}},
	Complete: func(tx *account.Tx, r *account.Resource) error {
		// The policy that SNS gives a topic lets RDS of the account publish; another one has to say so (USER_Events.GrantingPermissions.html).
		if policy, own := tx.Get("aws:sns/topicPolicy:TopicPolicy", r.Outputs.Text("snsTopic")); own && !strings.Contains(policy.Outputs.Text("policy"), "events.rds.amazonaws.com") {
			return tx.Refuse("SNSNoAuthorization", "You do not have permission to publish to the SNS topic ARN %s: its policy must allow events.rds.amazonaws.com", policy.ID)
		}
		source := sources[r.Outputs.Text("sourceType")]
		for _, id := range r.Outputs.Strings("sourceIds") {
			if !slices.ContainsFunc(source.tokens, func(token string) bool { _, ok := tx.Find(token, source.property, id); return ok }) {
				return tx.Refuse("SourceNotFound", "The requested source could not be found: %s %s", r.Outputs.Text("sourceType"), id)
			}
		}
		return nil
	},
}
