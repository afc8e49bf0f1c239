package note_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// recorded reads a preview that the real engine made (go test ./cmd/emulator -run TestNotes -record).
func recorded(t *testing.T, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(reader); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func noteOf(t *testing.T, text []byte, allow ...string) note.Note {
	t.Helper()
	p, err := preview.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	prices, err := cost.Load()
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.New(p, note.Options{Allow: allow, Prices: prices})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestGolden compares the notes of all recordings with what people have read and found good.
func TestGolden(t *testing.T) {
	recordings, err := filepath.Glob(filepath.Join("testdata", "*.json.gz"))
	if err != nil || len(recordings) == 0 {
		t.Fatalf("%d recordings, %v", len(recordings), err)
	}
	for _, path := range recordings {
		name := strings.TrimSuffix(filepath.Base(path), ".json.gz")
		t.Run(name, func(t *testing.T) {
			got := noteOf(t, recorded(t, name)).Markdown
			golden := filepath.Join("testdata", name+".md")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the note is\n%s\nnot\n%s\n(go test ./ops/plan/note -update, if it is meant)", got, want)
			}
		})
	}
}

// TestOneScreen: what a change of the configuration means must be seen at a glance. The fold at the end is closed.
func TestOneScreen(t *testing.T) {
	for _, name := range []string{"prod-config", "prod-release", "prod-secret"} {
		open, _, _ := strings.Cut(noteOf(t, recorded(t, name)).Markdown, "<details>")
		if lines := strings.Count(open, "\n"); lines > 25 {
			t.Errorf("the note of %s has %d lines", name, lines)
		}
	}
}

// TestNoSecrets looks for the values that the recorded stack files keep secret.
func TestNoSecrets(t *testing.T) {
	const hidden = "sk_live_nobody_sees_this"
	for _, name := range []string{"prod-release", "prod-secret"} {
		text := recorded(t, name)
		if !bytes.Contains(text, []byte(hidden)) {
			t.Errorf("%s has no secret: this test proves nothing", name)
		}
		if n := noteOf(t, text); strings.Contains(n.Markdown, hidden) {
			t.Errorf("the note of %s shows a secret:\n%s", name, n.Markdown)
		}
	}
}

func TestBlocking(t *testing.T) {
	text := recorded(t, "staging-replace")
	if n := noteOf(t, text); len(n.Blocking) != 2 || n.Failed {
		t.Errorf("blocking are %q", n.Blocking)
	}
	n := noteOf(t, text, "aws:rds:Instance")
	if len(n.Blocking) != 1 || !strings.Contains(n.Blocking[0], "aws:ec2:Vpc") || !strings.Contains(n.Markdown, "- allowed: replace `aws:rds:Instance`") {
		t.Errorf("with RDS allowed, blocking are %q in\n%s", n.Blocking, n.Markdown)
	}
	if n := noteOf(t, text, "aws:rds/instance:Instance", "aws:ec2:Vpc"); len(n.Blocking) != 0 {
		t.Errorf("with both allowed, blocking are %q", n.Blocking)
	}
	if _, err := note.New(preview.Preview{}, note.Options{Allow: []string{"aws:ecs:Service"}}); err == nil || !strings.Contains(err.Error(), "aws:rds:Instance") {
		t.Errorf("a type that holds nothing: %v", err)
	}
}

// TestKeys: the keys of the stack file that change, with their values unless these may be secret.
func TestKeys(t *testing.T) {
	list := []note.Key{
		{Path: "cluster.min", Before: "2", After: "3"}, {Path: "env.LOG_LEVEL", After: "debug"}, {Path: "release.name", Before: "r1"}, {Path: "x.`\n# y", After: "z"},
		{Path: "secrets.STRIPE.secure", Before: "v1:b8Hx", After: "v1:qQ99"}, {Path: "secrets.PLAIN", Before: "swordfish", After: "hunter2"},
		{Path: "env.MAIL_PASSWORD", After: "hunter2"}, {Path: "registry.clientSecret", After: "hunter2"}, {Path: "env.MAIL_URL", Before: "smtp://me:hunter2@mail", After: "smtp://mail"},
		{Path: "aws:region", Before: "eu-west-1", After: "us-east-1"}, {Path: "web.command", Before: "x", After: strings.Repeat("long ", 20)},
	}
	p, err := preview.Parse(recorded(t, "prod-same"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.New(p, note.Options{Stack: "prod", Keys: list})
	want := "### prod: no changes\n\n**Stack file** Pulumi.prod.yaml\n\n- `cluster.min` `2` -> `3`\n- `env.LOG_LEVEL` none -> `debug`\n- `release.name` `r1` -> none\n- `x.' # y` none -> `z`\n" +
		"- `secrets.STRIPE` (secret)\n- `secrets.PLAIN` (secret)\n- `env.MAIL_PASSWORD` (secret)\n- `registry.clientSecret` (secret)\n- `env.MAIL_URL` (secret)\n" +
		"- `aws:region` `eu-west-1` -> `us-east-1`\n- `web.command`\n"
	if err != nil || !strings.HasPrefix(n.Markdown, want) {
		t.Errorf("%v\n%s", err, n.Markdown)
	}
	for range 20 {
		list = append(list, note.Key{Path: "env.MORE", After: "1"})
	}
	if n, err := note.New(p, note.Options{Stack: "prod", Keys: list}); err != nil || !strings.Contains(n.Markdown, "\n- and 11 more\n") {
		t.Errorf("%v\n%s", err, n.Markdown)
	}
}

// TestCostIsNoLess: a sum that lacks a price is "at least", before and after, and names what it lacks.
func TestCostIsNoLess(t *testing.T) {
	prices, err := cost.Load()
	if err != nil {
		t.Fatal(err)
	}
	resource := func(token string, inputs map[string]any) *preview.State {
		return &preview.State{Type: token, Custom: true, Inputs: inputs}
	}
	step := func(op, name string, before, after *preview.State) preview.Step {
		return preview.Step{Op: op, URN: "urn:pulumi:prod::p::" + (&preview.Step{Old: before, New: after}).State().Type + "::" + name, Old: before, New: after}
	}
	nat := resource("aws:ec2/natGateway:NatGateway", nil)
	node := func(class string) *preview.State {
		return resource("aws:elasticache/cluster:Cluster", map[string]any{"engine": "memcached", "nodeType": class})
	}
	old, search := node("cache.x9.large"), resource("aws:opensearch/domain:Domain", nil)
	for name, test := range map[string]struct {
		steps []preview.Step
		says  string
	}{
		"all priced":       {[]preview.Step{step("same", "nat", nat, nat), step("create", "cache", nil, node("cache.t3.micro"))}, "**Cost** 35.04 -> 48.18 USD per month (+13.14)\n"},
		"one is not":       {[]preview.Step{step("same", "nat", nat, nat), step("create", "cache", nil, old)}, "**Cost** 35.04 -> at least 35.04 USD per month (at least +0.00); 1 without a price: ElastiCache memcached cache.x9.large (cache)\n"},
		"nor before":       {[]preview.Step{step("same", "nat", nat, nat), step("same", "cache", old, old), step("create", "search", nil, search)}, "**Cost** at least 35.04 -> at least 35.04 USD per month; 2 without a price: ElastiCache memcached cache.x9.large (cache), aws:opensearch/domain:Domain (search)\n"},
		"not any more":     {[]preview.Step{step("same", "nat", nat, nat), step("delete", "cache", old, nil)}, "**Cost** at least 35.04 -> 35.04 USD per month\n"},
		"the same":         {[]preview.Step{step("same", "cache", old, old)}, "**Cost** at least 0.00 USD per month, unchanged; 1 without"},
		"nothing is known": {[]preview.Step{step("create", "cache", nil, old)}, "**Cost** 0.00 -> at least 0.00 USD per month (at least +0.00); 1 without"},
	} {
		p := preview.Preview{Complete: true, Config: map[string]string{"aws:region": "eu-west-1"}, Steps: test.steps}
		if n, err := note.New(p, note.Options{Prices: prices}); err != nil || !strings.Contains(n.Markdown, test.says) {
			t.Errorf("%s: %v\n%s", name, err, n.Markdown)
		}
	}
}

// TestEveryDataType: each type that holds data blocks when it is replaced and when it is deleted, and in no other case.
func TestEveryDataType(t *testing.T) {
	for _, token := range []string{
		"aws:rds/instance:Instance", "aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster", "aws:ecr/repository:Repository",
		"aws:kms/key:Key", "aws:secretsmanager/secret:Secret", "aws:ec2/vpc:Vpc", "aws:lb/loadBalancer:LoadBalancer", "aws:s3/bucketV2:BucketV2",
		"aws:cloudwatch/logGroup:LogGroup", "random:index/randomBytes:RandomBytes",
	} {
		for op, blocks := range map[string]bool{"same": false, "create": false, "update": false, "replace": true, "delete": true} {
			state := &preview.State{Type: token, Custom: true}
			p := preview.Preview{Steps: []preview.Step{{Op: op, URN: "urn:pulumi:x::p::" + token + "::thing", Old: state, New: state}}}
			n, err := note.New(p, note.Options{})
			if err != nil || (len(n.Blocking) == 1) != blocks {
				t.Errorf("%s %s: blocking are %q, %v", op, token, n.Blocking, err)
			}
		}
	}
	// What Pulumi only forgets does not block, but for a database: the environment has another one then.
	for token, blocks := range map[string]int{"aws:cloudwatch/logGroup:LogGroup": 0, "aws:rds/instance:Instance": 1} {
		kept := &preview.State{Type: token, Custom: true, RetainOnDelete: true}
		n, err := note.New(preview.Preview{Steps: []preview.Step{{Op: "delete", URN: "urn:pulumi:x::p::t::db", Old: kept}}}, note.Options{})
		if err != nil || len(n.Blocking) != blocks || blocks > 0 && !strings.Contains(n.Blocking[0], "stays on AWS") {
			t.Errorf("%s: %q, %v", token, n.Blocking, err)
		}
	}
}

// TestMarkup: a value cannot end its code span, its table row or its line.
func TestMarkup(t *testing.T) {
	before := &preview.State{Type: "aws:lb/targetGroup:TargetGroup", Custom: true, Inputs: map[string]any{"name": "a"}}
	after := &preview.State{Type: before.Type, Custom: true, Inputs: map[string]any{"name": "x` | <b>\n@everyone"}}
	n, err := note.New(preview.Preview{Steps: []preview.Step{{Op: "update", URN: "urn:pulumi:x::p::t::tg", Old: before, New: after, Paths: []string{"name"}}}}, note.Options{})
	if err != nil || !strings.Contains(n.Markdown, "| (stack) | update | aws:lb:TargetGroup `name` `a` -> `x' \\| <b> @everyone` |\n") {
		t.Errorf("the note is\n%s%v", n.Markdown, err)
	}
}

func TestCostNeedsTheWholePreview(t *testing.T) {
	p, err := preview.Parse([]byte(`{"config": {"aws:region": "eu-west-1"}, "steps": [], "changeSummary": {"same": 3}}`))
	if err != nil {
		t.Fatal(err)
	}
	prices, err := cost.Load()
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.New(p, note.Options{Stack: "x", Prices: prices})
	if err != nil || !strings.Contains(n.Markdown, "without --show-sames") {
		t.Errorf("the note is\n%s%v", n.Markdown, err)
	}
	p.Config["aws:region"] = "eu-north-1"
	if n, err := note.New(p, note.Options{Prices: prices}); err != nil || !strings.Contains(n.Markdown, "no prices of eu-north-1") {
		t.Errorf("the note is\n%s%v", n.Markdown, err)
	}
}

func TestFailure(t *testing.T) {
	n := note.Failure("prod", "not ready for AWS:\n  - no ``` credentials")
	if !n.Failed || n.Markdown != "### prod: the preview failed\n\n```\nnot ready for AWS:\n  - no ''' credentials\n```\n" {
		t.Errorf("the note is\n%s", n.Markdown)
	}
}
