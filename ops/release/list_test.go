package release

import (
	"strings"
	"testing"
	"time"
)

func listed(t *testing.T, f *fakeAWS, release string, outputs map[string]any) string {
	t.Helper()
	t.Setenv("TZ", "UTC")
	p := newProject(t, f, release, rollingFile, outputs)
	if err := List(t.Context(), p.session()); err != nil {
		t.Fatal(err)
	}
	return p.out.String()
}

// expect compares the lines of a list, whatever their columns are wide.
func expect(t *testing.T, got string, want ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != len(want) {
		t.Errorf("%d lines, %d expected:\n%s", len(lines), len(want), got)
		return
	}
	for i, line := range lines {
		if line = strings.Join(strings.Fields(line), " "); line != want[i] {
			t.Errorf("line %d is\n%s\n%s expected", i, line, want[i])
		}
	}
}

func at(t time.Time) string { return t.Local().Format(timeFormat) }

func TestList(t *testing.T) {
	minute := time.Minute
	expect(t, listed(t, story(), "four", nil),
		"RELEASE PUSHED DIGEST RAN",
		"four "+at(day(4).Add(-time.Hour))+" "+digestOf("four")[:19]+" runs; since "+at(day(4).Add(minute)),
		"three "+at(day(3).Add(-time.Hour))+" "+digestOf("three")[:19]+" never, as far as is known",
		"two "+at(day(2).Add(-time.Hour))+" "+digestOf("two")[:19]+" taken back "+at(day(2).Add(minute))+" (tasks failed to start)",
		"one "+at(day(1).Add(-time.Hour))+" "+digestOf("one")[:19]+" "+at(day(1).Add(minute))+" to "+at(day(4).Add(minute)),
		"RAN is from ECS service deployments, which ECS keeps for 90 days.", "make why STACK=s RELEASE=two shows the evidence of two.")
	f, outputs := coloured()
	f.images = f.images[1:]
	expect(t, listed(t, f, "three", outputs),
		"RELEASE PUSHED DIGEST RAN",
		"four "+at(day(4).Add(-time.Hour))+" "+digestOf("four")[:19]+" never, as far as is known",
		"three "+at(day(3).Add(-time.Hour))+" "+digestOf("three")[:19]+" runs; since "+at(day(3).Add(minute)),
		"two "+at(day(2).Add(-time.Hour))+" "+digestOf("two")[:19]+" "+at(day(2).Add(minute))+" to "+at(day(3).Add(minute)),
		"one not in the registry "+at(day(1).Add(minute))+" to "+at(day(3).Add(time.Hour+minute)),
		"RAN is from ECS service deployments, which ECS keeps for 90 days.")
}

// TestWhoDeployed: the author of the commit and the job are those of the update in which the deployment began.
func TestWhoDeployed(t *testing.T) {
	t.Setenv("TZ", "UTC")
	p := newProject(t, story(), "four", rollingFile, nil)
	p.write("history.json", `[
		{"kind": "update", "result": "succeeded", "startTime": "2026-11-04T12:30:00.000Z", "endTime": "2026-11-04T12:40:00.000Z", "environment": {"git.author": "Later"}},
		{"kind": "update", "result": "succeeded", "startTime": "2026-11-04T11:58:00.000Z", "endTime": "2026-11-04T12:02:00.000Z", "environment": {"git.author": "Ann", "ci.build.url": "https://ci/7"}},
		{"kind": "update", "result": "failed", "startTime": "2026-11-02T12:00:00.000Z", "endTime": "2026-11-02T12:02:00.000Z", "environment": {"git.author": "Bob"}}
	]`, 0o600)
	if err := List(t.Context(), p.session()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"runs; since 2026-11-04 12:01:00, by Ann, job https://ci/7\n", "taken back 2026-11-02 12:01:00, by Bob (tasks failed to start)\n", "2026-11-01 12:01:00 to 2026-11-04 12:01:00\n",
	} {
		if !strings.Contains(p.out.String(), want) {
			t.Errorf("no %q in\n%s", want, p.out.String())
		}
	}
	p.write("history.json", "a message of a backend", 0o600)
	if err := List(t.Context(), p.session()); err != nil || !strings.Contains(p.err.String(), "who deployed what is not known: pulumi stack history") {
		t.Errorf("%v, %s", err, p.err.String())
	}
}

// TestTakenBack: the stack was to run two, and ECS runs one.
func TestTakenBack(t *testing.T) {
	f := story()
	f.deployments["web"] = f.deployments["web"][1:] // without four
	f.running["web"] = f.definitions[0]["taskDefinitionArn"].(string)
	text := listed(t, f, "two", nil)
	if !strings.Contains(text, "Pulumi's last successful deployment is of release two; ECS runs one.") {
		t.Errorf("%s", text)
	}
}

// TestOtherServer: where ListServiceDeployments is not known, the task definitions tell, and the list says so.
func TestOtherServer(t *testing.T) {
	f := story()
	f.deployments = nil
	text := listed(t, f, "four", nil)
	if !strings.Contains(text, "RAN is from task definition revisions, which do not tell whether a release got through (this endpoint does not answer ListServiceDeployments).") ||
		!strings.Contains(text, "registered "+at(day(2))) {
		t.Errorf("%s", text)
	}
	p := newProject(t, f, "four", rollingFile, nil)
	if err := Rollback(t.Context(), p.session(), RollbackOptions{Yes: true}); err != nil || !strings.Contains(p.err.String(), "to          two (its task definition was registered on") ||
		!strings.Contains(p.err.String(), "whether it served is not on record") {
		t.Errorf("%v\n%s", err, p.err.String())
	}
}

// TestOlderThanDeployments: what ECS no longer keeps is known from the task definitions.
func TestOlderThanDeployments(t *testing.T) {
	f := story()
	f.deployments["web"] = f.deployments["web"][:2] // one has gone
	text := listed(t, f, "four", nil)
	if !strings.Contains(text, "registered "+at(day(1))) || strings.Contains(text, "registered "+at(day(2))) {
		t.Errorf("%s", text)
	}
}

// TestTakenBackInSteps: the last release in steps that was taken back is told with its figures, until one has got through.
func TestTakenBackInSteps(t *testing.T) {
	t.Setenv("TZ", "UTC")
	back := `{"kind": "update", "result": "succeeded", "endTime": "2026-11-04T12:40:00.000Z", "message": "release five was taken back at 10 %: 60 of 1200 requests failed"}`
	through := `{"kind": "update", "result": "succeeded", "endTime": "2026-11-04T12:50:00.000Z", "message": "release six gets 100 % of the visitors"}`
	for history, told := range map[string]bool{"[" + back + "]": true, "[" + through + ", " + back + "]": false, "[" + back + ", " + through + "]": true} {
		p := newProject(t, story(), "four", rollingFile, nil)
		p.write("history.json", history, 0o600)
		if err := List(t.Context(), p.session()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(p.out.String(), "2026-11-04 12:40:00: release five was taken back at 10 %: 60 of 1200 requests failed\n"); got != told {
			t.Errorf("%s:\n%s", history, p.out.String())
		}
	}
}
