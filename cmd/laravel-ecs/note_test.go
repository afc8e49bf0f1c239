package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

var update = flag.Bool("update", false, "record the previews of ops/plan/note/testdata again")

// hiddenValue is a secret that no note may show.
const hiddenValue = "sk_live_nobody_sees_this"

// rehearsedChange is an edit of a stack file, and what a note must say of it.
type rehearsedChange struct {
	name     string
	set      map[string]any
	contains []string
	blocking int
	failed   bool
}

// rehearsals are previews by the real engine. Their recordings are what the tests of package note read.
var rehearsals = map[string]struct {
	stack string
	first map[string]any // before the first up
	then  []rehearsedChange
}{
	"prod": {"prod", map[string]any{"release.name": "a1b2c3", "secrets.STRIPE_KEY": "before"}, []rehearsedChange{
		{name: "prod-same", contains: []string{"prod: no changes", "unchanged"}},
		{
			name:     "prod-config",
			set:      map[string]any{"env.LOG_LEVEL": "debug", "loadBalancer.idleSeconds": 90, "web.memoryMib": 1536, "cluster.min": 3},
			contains: []string{"`LOG_LEVEL` added: `debug`", "`idleTimeout` `60` -> `90`", "`memory` `1024` -> `1536`", "EC2 m6i.large: 2 -> 3 (+78.11)"},
		},
		{
			name:     "prod-release",
			set:      map[string]any{"release.name": "d4e5f6", "env.LOG_LEVEL": "debug", "env.MAIL_PASSWORD": hiddenValue, "worker.jobSeconds": 120},
			contains: []string{"**Release** a1b2c3 -> d4e5f6 (scheduler, web, worker)", "`LOG_LEVEL` added: `debug`", "`MAIL_PASSWORD` added: (hidden)", "container worker `command`"},
		},
		{name: "prod-secret", set: map[string]any{"secrets.STRIPE_KEY": hiddenValue}, contains: []string{"`STRIPE_KEY` secret, new value", "**Restart**"}},
		{
			name: "prod-protected", set: map[string]any{"database.name": "shop"}, failed: true, blocking: 1,
			contains: []string{"the preview failed", "marked for protection", "**BLOCKING** replace `aws:rds:Instance`"},
		},
		{name: "prod-mistake", set: map[string]any{"database.backupDays": 99}, failed: true, contains: []string{"the preview failed", "database.backupDays"}},
	}},
	"staging": {"staging", map[string]any{"release.name": "a1b2c3", "aws:region": "us-east-1"}, []rehearsedChange{
		{
			name: "staging-replace", set: map[string]any{"database.name": "shop", "network.cidr": "10.30.0.0/16"}, blocking: 2,
			contains: []string{"**BLOCKING** replace `aws:rds:Instance` laravel-staging-db-instance because of `dbName` `laravel` -> `shop`", "**BLOCKING** replace `aws:ec2:Vpc`", "ALLOW_REPLACE=aws:rds:Instance"},
		},
		{
			name: "staging-delete", set: map[string]any{"cache.engine": "memcached", "cache.version": "1.6.22", "worker.count": 0}, blocking: 2,
			contains: []string{"**BLOCKING** delete `aws:elasticache:ReplicationGroup`", "loses sessions", "`REDIS_HOST` removed"},
		},
		{
			name: "staging-grow", set: map[string]any{
				"network.nat": "gatewayPerZone", "network.endpoints": []string{"ecr.api", "logs"}, "database.multiAz": true, "database.storageGb": 50,
				"cluster.min": 2, "cluster.onDemandBase": 1,
			},
			contains: []string{"NAT gateway: 0 -> 2 (+65.70)", "interface endpoint and zone: 0 -> 4 (+29.20)", "RDS gp3 GB: 20 -> 100 (+9.20)", "EC2 t3.small: 0 -> 1 (+15.18)"},
		},
	}},
}

func TestNotes(t *testing.T) {
	root := atRoot(t)
	for name, rehearsal := range rehearsals {
		t.Run(name, func(t *testing.T) {
			cli, err := engine.FindCLI(t.Context(), root, testLog{t})
			if err != nil {
				t.Fatal(err)
			}
			setAll := func(values map[string]any) func(*config.File) error {
				return func(s *config.File) error {
					for path, value := range values {
						if err := s.Set(path, value); err != nil {
							return err
						}
					}
					return nil
				}
			}
			e, err := engine.Open(t.Context(), engine.Config{
				Root: root, State: filepath.Join(t.TempDir(), "s"), Stack: rehearsal.stack, Program: stacks.Deploy, CLI: cli, Throwaway: true,
				Log: testLog{t}, Edit: setAll(rehearsal.first),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(e.Close)
			if _, err := seed(e.Account(), e.Settings()); err != nil {
				t.Fatal(err)
			}
			checkNote(t, e, rehearsedChange{name: rehearsal.stack + "-first", contains: []string{" to create", "**Release** a1b2c3", "**Cost** 0.00 -> "}})
			if _, err := e.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, change := range rehearsal.then {
				fresh, err := config.ReadFile(root, rehearsal.stack)
				if err != nil {
					t.Fatal(err)
				}
				if err := e.Rewrite(func(s *config.File) error {
					*s = *fresh
					return setAll(rehearsal.first)(s)
				}); err != nil {
					t.Fatal(err)
				}
				if err := e.Rewrite(setAll(change.set)); err != nil {
					t.Fatal(err)
				}
				t.Run(change.name, func(t *testing.T) { checkNote(t, e, change) })
			}
		})
	}
}

func checkNote(t *testing.T, e *engine.Engine, change rehearsedChange) {
	t.Helper()
	text, err := e.PreviewJSON(t.Context())
	if (err != nil) != change.failed {
		t.Fatalf("the preview says %v", err)
	}
	if *update {
		record(t, change.name, text)
	}
	prices, err := cost.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, err := preview.Parse(text)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	n, err := note.New(p, note.Options{Prices: prices})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + n.Markdown)
	for _, want := range change.contains {
		if !strings.Contains(n.Markdown, want) {
			t.Errorf("%q is not in the note", want)
		}
	}
	if len(n.Blocking) != change.blocking || n.Failed != change.failed {
		t.Errorf("failed: %v, blocking: %q", n.Failed, n.Blocking)
	}
	if strings.Contains(n.Markdown, hiddenValue) {
		t.Error("the note shows a secret")
	}
}

// record keeps a preview as a file, without the places in the source, which name folders of this machine.
func record(t *testing.T, name string, text []byte) {
	t.Helper()
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(withoutPlaces(document))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("ops", "plan", "note", "testdata", name+".json.gz"), packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func withoutPlaces(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range []string{"sourcePosition", "stackTrace"} {
			delete(value, key)
		}
		for key := range value {
			value[key] = withoutPlaces(value[key])
		}
	case []any:
		for i := range value {
			value[i] = withoutPlaces(value[i])
		}
	}
	return value
}

// TestNoteFromAFile: what a pipeline has recorded is judged without an engine, a stack or AWS.
func TestNoteFromAFile(t *testing.T) {
	root := atRoot(t)
	file := func(name string) string {
		packed, err := os.Open(filepath.Join(root, "ops", "plan", "note", "testdata", name+".json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer packed.Close()
		reader, err := gzip.NewReader(packed)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(reader); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name+".json")
		writeFile(t, path, text.String())
		return path
	}
	other := filepath.Join(t.TempDir(), "other.json")
	writeFile(t, other, `{"version": 3}`)
	for name, test := range map[string]struct {
		from, allow, says, refused string
	}{
		"fine":          {file("prod-config"), "", "### prod: ", ""},
		"destroys":      {file("staging-delete"), "", "### staging: ", "data would be destroyed: delete `aws:cloudwatch:LogGroup`"},
		"half allowed":  {file("staging-delete"), "aws:cloudwatch:LogGroup", "- allowed: delete", "delete `aws:elasticache:ReplicationGroup`"},
		"allowed":       {file("staging-delete"), "aws:cloudwatch:LogGroup,aws:elasticache/replicationGroup:ReplicationGroup", "- allowed: delete", ""},
		"allows a typo": {file("staging-delete"), "aws:elasticache:Replicationgroup", "", "is not a type that holds data; those are"},
		"failed":        {file("prod-protected"), "", "the preview failed", "failed"},
		"another file":  {other, "", "", "not what `pulumi preview --json` prints"},
		"no file":       {filepath.Join(root, "none.json"), "", "the preview failed", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ALLOW_REPLACE", test.allow)
			var out strings.Builder
			err := run(t.Context(), []string{"note", "--stack", "prod", "--from", test.from}, &out)
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the error is %v", err)
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("the note is\n%s", out.String())
			}
			code := exitCode(err)
			if blocked := slices.Contains([]string{"destroys", "half allowed"}, name); (code == 3) != blocked || (code == 0) != (test.refused == "") {
				t.Errorf("the command ends with %d", code)
			}
		})
	}
}
