package aws

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Alarms that are taken out of the program stay on the service.
func TestServiceKeepsItsAlarms(t *testing.T) {
	w := fleeted(t)
	alarms := map[string]any{"alarmNames": []any{"errors"}, "enable": true, "rollback": true}
	service := w.make(account.ServiceToken, "service", with(goodService, account.Values{"alarms": alarms}))
	without := service.Inputs.Clone()
	delete(without, "alarms")
	after, err := w.Update(context.Background(), service.Type, service.ID, without)
	if err != nil || !after.Outputs.True("alarms.enable") {
		t.Errorf("the service has the alarms %v (%v)", after.Outputs["alarms"], err)
	}
	without["alarms"] = map[string]any{"alarmNames": []any{}, "enable": false, "rollback": false}
	if after, err = w.Update(context.Background(), service.Type, service.ID, without); err != nil || after.Outputs.True("alarms.enable") {
		t.Errorf("turned off, the service has the alarms %v (%v)", after.Outputs["alarms"], err)
	}
}

// An update to the inputs that a resource has already is accepted and changes nothing but what every update does.
func TestUpdateToTheSameChangesNothing(t *testing.T) {
	w := fleeted(t)
	w.make(account.DatabaseSubnetGroupToken, "data", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(account.DatabaseParameterGroupToken, "params", goodDatabaseParameters)
	w.make(account.DatabaseToken, "db", goodDatabase)
	w.make(account.CacheSubnetGroupToken, "cache", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(account.CacheClusterToken, "memcached", goodMemcached)
	w.make(account.CacheReplicationToken, "valkey", goodValkey)
	w.make(account.WebACLToken, "acl", goodACL)
	w.make(account.ServiceToken, "service", goodService)
	w.make(account.TopicToken, "topic", account.Values{"name": "alarms"})
	for _, before := range w.List("") {
		table, declared := w.Lookup(before.Type)
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
