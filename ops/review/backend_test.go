package review

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// cloud answers GetResources of AWS's tagging API, one resource a page, and keeps the notes of a merge request of GitLab.
type cloud struct {
	*httptest.Server
	tagged []cbor.Map
	asked  []cbor.Map // of GetResources
	denied bool
	notes  []posted
}

type posted struct {
	ID   int
	Body string
}

func newCloud(t *testing.T) *cloud {
	c := &cloud{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": c.URL, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "CI": "", "GITHUB_EVENT_NAME": "",
		"CI_MERGE_REQUEST_IID": "7", "CI_PROJECT_ID": "5", "CI_API_V4_URL": c.URL, "GITLAB_TOKEN": "token",
	} {
		t.Setenv(name, value)
	}
	return c
}

// ServeHTTP answers both.
func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	switch {
	case strings.HasSuffix(r.URL.Path, "/ResourceGroupsTaggingAPI_20170126/operation/GetResources"):
		c.resources(w, text)
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(slices.Concat([]posted{}, c.notes))
	default:
		var sent posted
		_ = json.Unmarshal(text, &sent)
		if sent.ID = len(c.notes) + 1; r.Method == http.MethodPut {
			sent.ID, _ = strconv.Atoi(path.Base(r.URL.Path))
			c.notes[sent.ID-1] = sent
		} else {
			c.notes = append(c.notes, sent)
		}
		fmt.Fprint(w, "{}")
	}
}

// resources speaks Smithy's RPC v2 CBOR, as the SDK does with this service.
func (c *cloud) resources(w http.ResponseWriter, text []byte) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("smithy-protocol", "rpc-v2-cbor")
	if c.denied {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(cbor.Encode(cbor.Map{"__type": cbor.String("AccessDeniedException"), "message": cbor.String("User: arn:aws:iam::1:user/x is not authorized to perform: tag:GetResources")}))
		return
	}
	decoded, _ := cbor.Decode(text)
	asked, _ := decoded.(cbor.Map)
	c.asked = append(c.asked, asked)
	token, _ := asked["PaginationToken"].(cbor.String)
	page, _ := strconv.Atoi(string(token))
	answer := cbor.Map{"PaginationToken": cbor.String(""), "ResourceTagMappingList": cbor.List{}}
	if page < len(c.tagged) {
		answer["ResourceTagMappingList"] = cbor.List{c.tagged[page]}
	}
	if page+1 < len(c.tagged) {
		answer["PaginationToken"] = cbor.String(strconv.Itoa(page + 1))
	}
	_, _ = w.Write(cbor.Encode(answer))
}

// resource is one of GetResources.
func resource(arn string, tags ...string) cbor.Map {
	list := cbor.List{}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		list = append(list, cbor.Map{"Key": cbor.String(key), "Value": cbor.String(value)})
	}
	return cbor.Map{"ResourceARN": cbor.String(arn), "Tags": list}
}

// opened are the environments of a project whose pulumi remembers one stack. asked returns how pulumi was called since the last time.
func opened(t *testing.T) (e *Environments, out *strings.Builder, asked func() string) {
	t.Helper()
	root, bin := project(t), t.TempDir()
	settings, err := template(root)
	if err != nil {
		t.Fatal(err)
	}
	settings.SetSecretsProvider("awskms://alias/k?context_stack=review-NAME")
	if err := settings.Save(root); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	script := `#!/bin/sh
case "$1 $2" in
"version "*) echo v` + session.CLIVersion + `; exit;;
"whoami "*) echo me; exit;;
"stack ls") if [ -e BIN/made ]; then echo '[{"name": "organization/laravel-ecs/review-login"}, {"name": "prod"}]'; else echo '[]'; fi;;
"stack init") touch BIN/made;;
"stack rm") rm BIN/made;;
"stack export") echo '{"deployment": {"resources": [{"type": "pulumi:pulumi:Stack", "outputs": {"class": "review", "branch": "login", "url": "http://login"}}]}}';;
esac
echo "$@" >> BIN/asked
`
	if err := os.WriteFile(filepath.Join(bin, "pulumi"), []byte(strings.ReplaceAll(script, "BIN", bin)), 0o700); err != nil {
		t.Fatal(err)
	}
	out = &strings.Builder{}
	if e, err = Open(root, out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return e, out, func() string {
		lines, _ := os.ReadFile(filepath.Join(bin, "asked"))
		_ = os.Remove(filepath.Join(bin, "asked"))
		return strings.TrimSpace(string(lines))
	}
}

// TestBackend: how pulumi is called, in which order, and what is posted on the merge request.
func TestBackend(t *testing.T) {
	forge.Wait = func(time.Duration) <-chan time.Time { return time.After(0) }
	aws := newCloud(t)
	aws.notes = []posted{{1, "<!-- laravel-ecs notes -->\n<!-- laravel-ecs part: tests -->\npass"}} // of another job
	e, out, asked := opened(t)
	check := func(name string, run func() error, want ...string) string {
		t.Helper()
		out.Reset()
		if err := run(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out.String())
		}
		if got := asked(); got != strings.Join(want, "\n") {
			t.Errorf("%s calls pulumi with:\n%s\nwant:\n%s", name, got, strings.Join(want, "\n"))
		}
		return out.String()
	}
	up := func() error { return e.Up(t.Context(), "login", 0) }
	down := func() error { return e.Down(t.Context(), "login") }
	const ls, read, deployed = "stack ls --json --non-interactive", "stack export --stack review-login --non-interactive", "up --stack review-login --yes"
	const schedule = "stack output --json --stack review-login" // is there one, before and after?
	if said := check("review-up", up, ls, "stack init review-login --no-select --non-interactive --secrets-provider awskms://alias/k?context_stack=review-login", schedule, deployed, schedule, read); !strings.HasSuffix(said, "\nhttp://login\n") {
		t.Errorf("the URL is not the last line:\n%s", said)
	}
	if len(aws.notes) != 1 || !strings.Contains(aws.notes[0].Body, "part: review -->\n### Review environment\n\n<http://login>, until ") || !strings.HasSuffix(aws.notes[0].Body, "part: tests -->\npass\n\n") {
		t.Errorf("the notes are %+v", aws.notes)
	}
	check("review-up", up, ls, read, schedule, deployed, schedule, read)
	if said := check("reviews", func() error { return e.List(t.Context()) }, ls, read); !strings.Contains(said, "review-login  login") || strings.Contains(said, "prod") {
		t.Errorf("%s", said)
	}
	check("review-down", down, ls, read, "destroy --yes --stack review-login", "stack rm --yes --stack review-login", ls)
	if len(aws.notes) != 1 || !strings.HasSuffix(aws.notes[0].Body, "part: review -->\n### The review environment is gone\n\n<!-- laravel-ecs part: tests -->\npass\n\n") {
		t.Errorf("the notes are %+v", aws.notes)
	}
	if _, err := os.Stat(file(e.root, "review-login")); err == nil {
		t.Error("the stack's file is still there")
	}
	if said := check("review-down", down, ls, ls); !strings.Contains(said, "login has no environment (review-login)") || !strings.Contains(said, "nothing is left of review-login") {
		t.Errorf("%s", said)
	}
	if said := check("reviews", func() error { return e.List(t.Context()) }, ls); said != "there are no review environments\n" {
		t.Errorf("%s", said)
	}
}

// TestLeftovers: pages of AWS's answer, stack files, and what a refusal says.
func TestLeftovers(t *testing.T) {
	aws := newCloud(t)
	aws.tagged = []cbor.Map{
		resource("arn:aws:s3:::mine", "Class=review", "Environment=review-here"),
		resource("arn:aws:s3:::lost", "Environment=review-gone"),
		resource("arn:aws:ecs:eu-west-1:123456789012:task-definition/x:1", "Environment=review-gone"),
	}
	e, _, _ := opened(t)
	for _, name := range []string{"review-here", "review-file"} {
		if _, err := writeFile(e.root, Stack{Name: name}, strings.TrimPrefix(name, "review-"), 0); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := e.stacks.Leftovers(t.Context(), []string{"review-here", "staging"})
	want := []string{"Pulumi.review-file.yaml has no stack: remove the file", "arn:aws:s3:::lost of review-gone, which has no stack"}
	if err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v", lines, err)
	}
	if len(aws.asked) != 3 || !reflect.DeepEqual(aws.asked[0]["TagFilters"], cbor.Value(cbor.List{cbor.Map{"Key": cbor.String("Class"), "Values": cbor.List{cbor.String("review")}}})) {
		t.Errorf("AWS is asked %v", aws.asked)
	}
	aws.denied = true
	if lines, err = e.stacks.Leftovers(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "an administrator must allow tag:GetResources") || len(lines) != 2 {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestWithoutATemplate(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte("name: laravel-ecs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(root, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "made of the template Pulumi.review.yaml") {
		t.Errorf("without a template: %v", err)
	}
	if err := os.WriteFile(filepath.Join(root, "Pulumi.review.yaml"), []byte("config:\n  laravel-ecs:environment: {class: staging}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open(root, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Up(t.Context(), "login", 0); err == nil || !strings.Contains(err.Error(), `environment.class is "staging"`) {
		t.Errorf("a template of another class: %v", err)
	}
}
