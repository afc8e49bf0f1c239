package infra

import (
	"strings"
	"testing"
)

func TestDigestOf(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	if got, err := digestOf("1.dkr.ecr.eu-west-1.amazonaws.com/app@" + digest); err != nil || got != digest {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"<none>@<none>", "app:tag", "app@sha256:abc", ""} {
		if got, err := digestOf(bad); err == nil {
			t.Errorf("%q gives %q", bad, got)
		}
	}
}

// TestContainerDefinitions compares the exact text, because every change of it makes a new revision and restarts all tasks.
func TestContainerDefinitions(t *testing.T) {
	got, err := containerDefinitions(Task{
		Main:   Container{Name: "web", CPU: 256, MemoryMiB: 512, ReservationMiB: 384, Port: 8080, StopSeconds: 60, StartSeconds: 30, TempMiB: 64, Environment: map[string]string{"DRAIN_SECONDS": "5"}},
		Before: []Container{{Name: "migrate", CPU: 64, MemoryMiB: 512, ReservationMiB: 64, StopSeconds: 60, TempMiB: 64}},
	}, taskSettings{
		Image: "r/app@sha256:0", LogGroup: "logs", Region: "eu-west-1",
		Environment: map[string]string{"B": "2", "A": "1", "APP_KEY": "a name is there once, and the secret wins"}, Secrets: map[string]string{"APP_KEY": "arn:k:::v"},
	})
	const shared = `"user":"33:33","readonlyRootFilesystem":true,"dockerSecurityOptions":["no-new-privileges"],"linuxParameters":{"capabilities":{"add":[],"drop":["ALL"]},"initProcessEnabled":false,` +
		`"tmpfs":[{"containerPath":"/tmp","size":64,"mountOptions":[]},{"containerPath":"/run","size":64,"mountOptions":[]}]},`
	const logs = `"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"logs","awslogs-region":"eu-west-1","awslogs-stream-prefix":"ecs"}}}`
	const secrets = `"secrets":[{"name":"APP_KEY","valueFrom":"arn:k:::v"}],`
	want := `[{"name":"migrate","image":"r/app@sha256:0","command":["migrate"],"essential":false,"cpu":64,"memory":512,"memoryReservation":64,` + shared +
		`"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}],` + secrets + `"stopTimeout":60,` + logs +
		`,{"name":"web","image":"r/app@sha256:0","command":["web"],"essential":true,"cpu":256,"memory":512,"memoryReservation":384,` + shared +
		`"portMappings":[{"containerPort":8080,"hostPort":0,"protocol":"tcp"}],` +
		`"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"DRAIN_SECONDS","value":"5"}],` + secrets +
		`"dependsOn":[{"containerName":"migrate","condition":"SUCCESS"}],` +
		`"healthCheck":{"command":["CMD","/usr/local/bin/healthcheck"],"interval":10,"timeout":5,"retries":3,"startPeriod":30},"stopTimeout":60,` + logs + `]`
	if err != nil || got != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

// TestLifecycleNeverCountsOverAny: a rule for tag status "any" can delete the image that runs.
func TestLifecycleNeverCountsOverAny(t *testing.T) {
	rules := lifecycleRules(RegistryArgs{UntaggedDays: 7, ReleasesKept: 30, ReviewDays: 14})["rules"].([]any)
	for _, rule := range rules {
		selection := rule.(map[string]any)["selection"].(map[string]any)
		if selection["tagStatus"] == "any" {
			t.Errorf("%v", rule)
		}
	}
	first := rules[0].(map[string]any)["selection"].(map[string]any)
	if first["tagStatus"] != "untagged" || first["countNumber"] != 7 || first["countType"] != "sinceImagePushed" {
		t.Errorf("the article's rule: %v", first)
	}
}
