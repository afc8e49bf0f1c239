package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

var record = flag.Bool("record", false, "record the previews of ops/plan/note/testdata again")

// hiddenValue is a secret that no note may show.
const hiddenValue = "sk_live_nobody_sees_this"

// noteCase is an edit of a stack file, and what a note must say of it.
type noteCase struct {
	name     string
	set      map[string]any
	contains []string
	blocking int
	failed   bool
}

// noteCases are previews by the real engine. The tests of package note read their recordings.
var noteCases = map[string]struct {
	stack string
	first map[string]any // before the first up
	then  []noteCase
}{
	"prod": {"prod", map[string]any{"release.name": "a1b2c3", "secrets.STRIPE_KEY": "before"}, []noteCase{
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
	"staging": {"staging", map[string]any{"release.name": "a1b2c3", "aws:region": "us-east-1"}, []noteCase{
		{
			name: "staging-replace", set: map[string]any{"database.name": "shop", "network.cidr": "10.30.0.0/16"}, blocking: 2,
			contains: []string{"**BLOCKING** replace `aws:rds:Instance` laravel-staging-db-instance because of `dbName` `laravel` -> `shop`", "**BLOCKING** replace `aws:ec2:Vpc`", "ALLOW_REPLACE=aws:rds:Instance"},
		},
		{
			name: "staging-delete", set: map[string]any{"cache.engine": "memcached", "cache.version": "1.6.22", "worker.count": 0}, blocking: 3,
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

// TestNotes previews changes on the engine and reads the notes. The later previews are against what the first deployment made.
func TestNotes(t *testing.T) {
	t.Parallel()
	for name, stack := range noteCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, stack.stack, nil, func(f *config.File) error { return setAll(f, stack.first) })
			if name := l.Settings().Text("domain.zone"); name != "" {
				l.zone(name)
			}
			checkNote(t, l, noteCase{name: stack.stack + "-first", contains: []string{" to create", "**Release** a1b2c3", "**Cost** 0.00 -> "}})
			if _, err := l.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, change := range stack.then {
				fresh, err := config.ReadFile(repository(t), stack.stack)
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Rewrite(func(f *config.File) error {
					*f = *fresh
					return setAll(f, stack.first)
				}); err != nil {
					t.Fatal(err)
				}
				l.set(change.set)
				t.Run(change.name, func(t *testing.T) { checkNote(t, l, change) })
			}
		})
	}
}

func checkNote(t *testing.T, l *life, change noteCase) {
	t.Helper()
	text, err := l.PreviewJSON(t.Context())
	if (err != nil) != change.failed {
		t.Fatalf("the preview says %v", err)
	}
	if *record {
		keep(t, change.name, text)
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

// keep writes a preview to a file, without the positions in the source, which name folders of this machine.
func keep(t *testing.T, name string, text []byte) {
	t.Helper()
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(withoutPositions(document))
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

func withoutPositions(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range []string{"sourcePosition", "stackTrace"} {
			delete(value, key)
		}
		for key := range value {
			value[key] = withoutPositions(value[key])
		}
	case []any:
		for i := range value {
			value[i] = withoutPositions(value[i])
		}
	}
	return value
}
