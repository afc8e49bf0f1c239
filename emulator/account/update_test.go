package account

import (
	"context"
	"reflect"
	"slices"
	"testing"
)

// An update to the inputs that a resource has already is accepted and changes nothing but what every update does.
func TestUpdateToTheSameChangesNothing(t *testing.T) {
	w := fleeted(t)
	w.make(databaseSubnetGroupToken, "data", Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(databaseParameterGroupToken, "params", goodDatabaseParameters)
	w.make(databaseToken, "db", goodDatabase)
	w.make(cacheSubnetGroupToken, "cache", Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(cacheClusterToken, "memcached", goodMemcached)
	w.make(cacheReplicationToken, "valkey", goodValkey)
	w.make(webACLToken, "acl", goodACL)
	w.make(serviceToken, "service", goodService)
	w.make(topicToken, "topic", Values{"name": "alarms"})
	for _, before := range w.List("") {
		table, declared := types[before.Type]
		if !declared || len(before.Inputs) == 0 {
			continue
		}
		after, err := w.Update(context.Background(), before.Type, before.ID, before.Inputs)
		if err != nil {
			t.Errorf("updating %s: %v", before.ID, err)
			continue
		}
		for name, value := range before.Outputs {
			if !slices.Contains(table.Recomputed, name) && !reflect.DeepEqual(value, after.Outputs[name]) {
				t.Errorf("updating %s turns %s from %v to %v", before.ID, name, value, after.Outputs[name])
			}
		}
	}
}
