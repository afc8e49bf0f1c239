package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// variablesOf maps each container of a stack, as SERVICE/CONTAINER, to its variables; of a secret it has the reference.
func variablesOf(t testing.TB, r *infratest.Recorder) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		var containers []struct {
			Name                 string
			Environment, Secrets []struct{ Name, Value, ValueFrom string }
		}
		if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &containers); err != nil {
			t.Fatal(err)
		}
		for _, c := range containers {
			variables := map[string]string{}
			for _, v := range append(c.Environment, c.Secrets...) {
				variables[v.Name] = v.Value + v.ValueFrom
			}
			all[text(definition, "family")+"/"+c.Name] = variables
		}
	}
	return all
}

// named finds a resource that must be there.
func named(t testing.TB, r *infratest.Recorder, kind, name string) infratest.Resource {
	t.Helper()
	for _, one := range r.OfType(kind) {
		if one.Name == name {
			return one
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return infratest.Resource{}
}

const (
	randomPassword = "random:index/randomPassword:RandomPassword"
	randomBytes    = "random:index/randomBytes:RandomBytes"
	secretVersion  = "aws:secretsmanager/secretVersion:SecretVersion"
)

// TestTheApplicationIsNotTheMasterUser: only the container that runs before the main one gets the master password.
func TestTheApplicationIsNotTheMasterUser(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		master := text(one(t, r, "aws:rds/instance:Instance"), "username")
		prepares := 0
		for container, variables := range variablesOf(t, r) {
			_, password := variables["DB_MASTER_PASSWORD"]
			_, username := variables["DB_MASTER_USERNAME"]
			before := strings.HasSuffix(container, "/migrate")
			if password != before || username != before {
				t.Errorf("%s has the master's name (%v) or password (%v)", container, username, password)
			}
			if before {
				prepares++
				if variables["DB_MASTER_USERNAME"] != master {
					t.Errorf("%s: the master is %q", container, variables["DB_MASTER_USERNAME"])
				}
			}
			if variables["DB_USERNAME"] != "laravel_a" || !strings.Contains(variables["DB_PASSWORD"], "laravel-"+stack+"-secrets-DB_PASSWORD:::") {
				t.Errorf("%s logs in as %q with %q", container, variables["DB_USERNAME"], variables["DB_PASSWORD"])
			}
		}
		if prepares == 0 {
			t.Error("nothing makes the application's user")
		}
	})
}

// TestTheMasterOfAnOldStackStays: before there were two users, the application was the master. The first deployment must neither change
// its password, which running tasks use, nor replace the instance.
func TestTheMasterOfAnOldStackStays(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		instance := one(t, r, "aws:rds/instance:Instance")
		old := named(t, r, randomPassword, "laravel-"+stack+"-secrets-db-password")
		if _, kept := at(old, "keepers"); kept {
			t.Error("keepers replace the password of an old stack")
		}
		if text(instance, "username") != "laravel" || text(instance, "password") != old.Name+"-result" {
			t.Errorf("the master is %s with %s", text(instance, "username"), text(instance, "password"))
		}
		named(t, r, "aws:secretsmanager/secret:Secret", "laravel-"+stack+"-secrets-DB_PASSWORD") // whose old version is what old tasks refer to
	})
}

// TestGenerationsOfThePassword: the user of the generation before, its password and its secret stay as they are.
func TestGenerationsOfThePassword(t *testing.T) {
	generation := func(n int) *infratest.Recorder {
		return deploy(t, "staging", with(stackConfig(t, "staging"), "rotation", "DB_PASSWORD", n))
	}
	const prefix = "laravel-staging-secrets-"
	users := []struct{ name, password, version string }{
		{"laravel_b", prefix + "db-password-b", prefix + "DB_PASSWORD-B"}, {"laravel_a", prefix + "db-password-a", prefix + "DB_PASSWORD"},
	}
	before := generation(1)
	for n := 2; n < 6; n++ {
		r, now, old := generation(n), users[n%2], users[(n+1)%2]
		for container, variables := range variablesOf(t, r) {
			if variables["DB_USERNAME"] != now.name || !strings.Contains(variables["DB_PASSWORD"], now.version+":::") {
				t.Errorf("generation %d: %s is %q with %q", n, container, variables["DB_USERNAME"], variables["DB_PASSWORD"])
			}
		}
		if keeper := text(named(t, r, randomPassword, now.password), "keepers.generation"); keeper != fmt.Sprint(n) {
			t.Errorf("generation %d: its password is kept by %q", n, keeper)
		}
		for kind, name := range map[string]string{randomPassword: old.password, secretVersion: old.version} {
			if was, is := named(t, before, kind, name), named(t, r, kind, name); !reflect.DeepEqual(was.Inputs, is.Inputs) {
				t.Errorf("generation %d changes %s %s, which running tasks use:\n%v\n%v", n, kind, name, was.Inputs, is.Inputs)
			}
		}
		if was, is := one(t, before, "aws:rds/instance:Instance"), one(t, r, "aws:rds/instance:Instance"); !reflect.DeepEqual(was.Inputs, is.Inputs) {
			t.Errorf("generation %d changes the instance", n)
		}
		before = r
	}
	r := deploy(t, "staging", with(stackConfig(t, "staging"), "rotation", "DB_MASTER_PASSWORD", 3))
	if keeper := text(named(t, r, randomPassword, prefix+"db-password"), "keepers.generation"); keeper != "3" {
		t.Errorf("the master's password is kept by %q", keeper)
	}
}

// TestKeysOfTheApplication: a new key is known to all tasks before one of them encrypts with it, and old keys stay known.
func TestKeysOfTheApplication(t *testing.T) {
	keys := func(stack string, rotation map[string]any) (*infratest.Recorder, string, string) {
		config := stackConfig(t, stack)
		for name, n := range rotation {
			config = with(config, "rotation", name, n)
		}
		r := deploy(t, stack, config)
		value := func(variable string) string {
			for _, one := range r.OfType(secretVersion) {
				if one.Name == "laravel-"+stack+"-secrets-"+variable {
					return strings.NewReplacer("base64:laravel-"+stack+"-secrets-", "", "-base64", "").Replace(text(one, "secretString"))
				}
			}
			return ""
		}
		return r, value("APP_KEY"), value("APP_PREVIOUS_KEYS")
	}
	for _, test := range []struct {
		rotation      map[string]any
		key, previous string
	}{
		{nil, "app-key", ""},
		{map[string]any{"APP_PREVIOUS_KEYS": 1}, "app-key", "app-key-1"},
		{map[string]any{"APP_KEY": 1}, "app-key-1", "app-key"},
		{map[string]any{"APP_KEY": 1, "APP_PREVIOUS_KEYS": 2}, "app-key-1", "app-key-2,app-key"},
		{map[string]any{"APP_KEY": 2}, "app-key-2", "app-key-1,app-key"},
	} {
		r, key, previous := keys("prod", test.rotation)
		if key != test.key || previous != test.previous {
			t.Errorf("%v: the key is %s, and the previous ones are %s", test.rotation, key, previous)
		}
		for container, variables := range variablesOf(t, r) {
			if _, listed := variables["APP_PREVIOUS_KEYS"]; listed != (test.previous != "") {
				t.Errorf("%v: %s has previous keys: %v", test.rotation, container, listed)
			}
		}
		for _, one := range r.All() {
			keeps := one.Type == randomBytes || one.Type == "aws:secretsmanager/secret:Secret" && strings.HasSuffix(one.Name, "-APP_KEY")
			if keeps && !one.Protect || one.Type == secretVersion && one.Protect { // Pulumi replaces nothing that is protected
				t.Errorf("%s %s: protected: %v", one.Type, one.Name, one.Protect)
			}
		}
	}
}

// TestUsersWithoutMigrations: with release.migrate false the user is made all the same.
func TestUsersWithoutMigrations(t *testing.T) {
	r := deploy(t, "staging", with(stackConfig(t, "staging"), "release", "migrate", false))
	variables := variablesOf(t, r)
	if variables["laravel-staging-web/migrate"] != nil || variables["laravel-staging-web/users"]["DB_MASTER_PASSWORD"] == "" {
		t.Errorf("web has %v", slices.Sorted(maps.Keys(variables)))
	}
}

// TestTheDatabaseIsPreparedFirst: a worker that starts before the migration of the web task has neither user nor tables.
func TestTheDatabaseIsPreparedFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		for _, service := range each(t, r, "aws:ecs/service:Service") {
			web := slices.Contains(service.DependsOn, "laravel-"+stack+"-web-service")
			if is := service.Name == "laravel-"+stack+"-web-service"; web == is {
				t.Errorf("%s waits for the web service: %v, %v", service.Name, web, service.DependsOn)
			}
		}
	})
}

// TestNoErrorHasASecret: each refusal of a value in secrets is without it.
func TestNoErrorHasASecret(t *testing.T) {
	const value = "hunter2/"
	for name, want := range map[string]string{
		"DB_PASSWORD":        "secrets.DB_PASSWORD: the program generates it",
		"DB_MASTER_PASSWORD": "secrets.DB_MASTER_PASSWORD: has 8 characters; RDS takes 8 to 41",
		"APP_KEY":            "secrets.APP_KEY: not a key of Laravel",
		"APP_PREVIOUS_KEYS":  "secrets.APP_PREVIOUS_KEYS: not a key of Laravel",
		"DB_HOST":            "secrets.DB_HOST: the program sets this variable",
		"1TOKEN":             "secrets.1TOKEN: not a name of an environment variable",
	} {
		refused(t, name, value, want, with(stackConfig(t, "staging"), "secrets", name, value))
	}
	for section, want := range map[string]string{
		`"hunter2/"`:              "secrets: NAME: VALUE below it expected, with texts as values",
		`hunter2/`:                "secrets: NAME: VALUE below it expected, with texts as values",
		`["hunter2/"]`:            "secrets: NAME: VALUE below it expected, with texts as values",
		`{"A": {"B":"hunter2/"}}`: "secrets: NAME: VALUE below it expected, with texts as values",
		`{"A": "hunter2/"`:        "secrets: ",
	} {
		config := stackConfig(t, "staging")
		config["laravel-ecs:secrets"] = section
		refused(t, section, value, want, config)
	}
}

// TestNoErrorHasAnEncryptedValue: an encrypted value outside of secrets is refused, and not quoted for being none of those allowed.
func TestNoErrorHasAnEncryptedValue(t *testing.T) {
	for section, text := range map[string]string{
		"database": `{"engine": "hunter2/", "name": "hunter2/"}`, "domain": `"hunter2/"`, "app": `{"name": "hunter2/"}`, "tags": `{"aws:hunter2/": "x"}`,
	} {
		t.Setenv("PULUMI_CONFIG_SECRET_KEYS", `["laravel-ecs:`+section+`"]`)
		config := stackConfig(t, "staging")
		config["laravel-ecs:"+section] = text
		refused(t, section, "hunter2/", section+": holds an encrypted value; only values in secrets are kept secret", config)
	}
}

func refused(t *testing.T, name, value, want string, config map[string]string) {
	t.Helper()
	recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), value) || strings.Contains(err.Error(), value[:6]) {
		t.Errorf("%s: %v", name, err)
	}
	if n := len(recorder.All()); n != 0 {
		t.Errorf("%s: %d resources were registered before the refusal", name, n)
	}
}
