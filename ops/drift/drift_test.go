package drift

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

func TestLines(t *testing.T) {
	step := func(op, token string, paths ...string) preview.Step {
		return preview.Step{Op: op, URN: "urn:pulumi:prod::laravel-ecs::" + token + "::thing", Old: &preview.State{Type: token, Custom: true}, Paths: paths}
	}
	for name, test := range map[string]struct {
		step preview.Step
		want string
	}{
		"nothing":                 {step("same", "aws:ec2/vpc:Vpc"), ""},
		"tasks by autoscaling":    {step("update", "aws:ecs/service:Service", "desiredCount"), ""},
		"a revision":              {step("update", "aws:ecs/service:Service", "desiredCount", "taskDefinition"), ""},
		"instances":               {step("update", "aws:autoscaling/group:Group", "desiredCapacity"), ""},
		"the image":               {step("delete", "docker:index/image:Image"), ""},
		"more than the count":     {step("update", "aws:ecs/service:Service", "desiredCount", "healthCheckGracePeriodSeconds"), "update aws:ecs:Service thing: healthCheckGracePeriodSeconds"},
		"the size of the group":   {step("update", "aws:autoscaling/group:Group", "desiredCapacity", "maxSize"), "update aws:autoscaling:Group thing: maxSize"},
		"another's count":         {step("update", "aws:rds/instance:Instance", "desiredCount"), "update aws:rds:Instance thing: desiredCount"},
		"a service that is gone":  {step("create", "aws:ecs/service:Service"), "create aws:ecs:Service thing"},
		"an update of no path":    {step("update", "aws:ecs/service:Service"), "update aws:ecs:Service thing"},
		"a rule that was changed": {step("replace", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "cidrIpv4"), "replace aws:vpc:SecurityGroupIngressRule thing: cidrIpv4"},
	} {
		if got := strings.Join(Lines(preview.Preview{Steps: []preview.Step{test.step}}), "\n"); got != test.want {
			t.Errorf("%s: %q, %q expected", name, got, test.want)
		}
	}
}

// TestCheck: how pulumi is called, and what becomes of its answers.
func TestCheck(t *testing.T) {
	bin, root := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("AWS_PROFILE", "some")
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\n")
	write(filepath.Join(root, "Pulumi.prod.yaml"), "config:\n  laravel-ecs:release: {strategy: rolling}\n")
	const service = `{"op":"update","urn":"urn:pulumi:prod::p::aws:ecs/service:Service::web","oldState":{"type":"aws:ecs/service:Service","custom":true},"diffReasons":["%s"]}`
	for name, test := range map[string]struct{ outputs, answer, prints, refused string }{
		"clean":        {`{"release":"a1","clusterName":"c"}`, `{"steps":[` + fmt.Sprintf(service, "desiredCount") + `]}`, "prod is as it was deployed (release a1)\n", ""},
		"drifted":      {`{"release":"a1","clusterName":"c"}`, `{"steps":[` + fmt.Sprintf(service, "launchType") + `]}`, "  update aws:ecs:Service web: launchType\n", "prod has drifted: 1 resources differ from Pulumi.prod.yaml; make up STACK=prod"},
		"failed":       {`{"release":"a1","clusterName":"c"}`, `{"diagnostics":[{"severity":"error","message":"error: it rains"}]}`, "", "the comparison of prod failed: it rains"},
		"broken off":   {`{"release":"a1","clusterName":"c"}`, `error`, "", "the comparison of prod failed: pulumi preview: exit status 1: some reason"},
		"not deployed": {`{}`, `{"steps":[]}`, "", "make up STACK=prod"},
	} {
		t.Run(name, func(t *testing.T) {
			write(filepath.Join(bin, "pulumi"), `#!/bin/sh
case "$1 $2" in
version*) echo v`+session.CLIVersion+`;;
whoami*) echo me;;
"stack output") echo '`+test.outputs+`';;
*) echo "$@" > `+bin+`/asked; cp "$7" `+bin+`/file
   [ '`+test.answer+`' = error ] && { echo some reason >&2; exit 1; }
   echo '`+test.answer+`';;
esac
`)
			var out strings.Builder
			s, err := session.Open(root, "prod", &out, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			err = Check(t.Context(), s)
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the error is %v", err)
			}
			if out.String() != test.prints {
				t.Errorf("printed is %q", out.String())
			}
			if name == "not deployed" {
				return
			}
			asked, _ := os.ReadFile(filepath.Join(bin, "asked"))
			want := regexp.MustCompile(`^preview --refresh --non-interactive --stack prod --config-file \S+ --exclude \*\*aws:secretsmanager/secretVersion:SecretVersion::\*\* --json --show-sames\n$`)
			if !want.Match(asked) {
				t.Errorf("pulumi is called with %s", asked)
			}
			file, _ := os.ReadFile(filepath.Join(bin, "file"))
			if !strings.Contains(string(file), "name: a1") || !strings.Contains(string(file), "build: false") {
				t.Errorf("the stack file is\n%s", file)
			}
		})
	}
}
