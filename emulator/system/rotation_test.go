package system_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
)

// TestRotation gives each generated secret a new value under load: nobody notices, and what ECS rolls back to still logs in.
func TestRotation(t *testing.T) {
	p := newProof(t)
	p.configure(t, p.now)
	p.finished(t, p.make(t, "up"))
	p.loggedInAs(t, "laravel_a")

	rotate := func(t *testing.T, secret string) {
		p.unharmed(t, "rotation of "+secret, func() {
			out := p.make(t, "rotate-secret", "NAME="+secret, "YES=1")
			if !strings.Contains(out, secret+" of local is rotated, and everything is steady.") {
				t.Errorf("the end is:\n%s", out)
			}
			if path := os.Getenv("ROTATION_OUTPUT"); path != "" { // for docs/rotation.md
				if err := os.WriteFile(path+"-"+secret, []byte(out), 0o644); err != nil {
					t.Error(err)
				}
			}
		})
	}
	rotate(t, "DB_PASSWORD")
	p.now["rotation.DB_PASSWORD"] = 2 // what the command wrote into the stack file
	p.loggedInAs(t, "laravel_b")

	t.Run("rolled back by ECS", p.rotationFails)
	rotate(t, "DB_PASSWORD")
	p.now["rotation.DB_PASSWORD"] = 3
	p.loggedInAs(t, "laravel_a")
	rotate(t, "DB_MASTER_PASSWORD")
	rotate(t, "APP_KEY")

	// What a change of the password that tasks use would do, as RDS's change of the master's does: the load notices it.
	database := docker(t, "ps", "--quiet", "--filter", "label=laravel-ecs.state="+p.state, "--filter", "label=laravel-ecs.role=database")
	if r := p.under(t, "a new password for the user that tasks use", func() {
		docker(t, "exec", strings.TrimSpace(database), "mariadb", "--execute", "ALTER USER laravel_a IDENTIFIED BY 'another'")
	}); len(r.failed) == 0 {
		t.Error("no request failed: the load does not need the database")
	}
	t.Log("\n" + table(p.results))
}

// rotationFails deploys a rotation with a release that never becomes healthy. ECS rolls the web tasks back to ones that log in as the user
// before, with the password before. Worker and scheduler stay with them.
func (p *proof) rotationFails(t *testing.T) {
	trial := maps.Clone(p.now)
	maps.Copy(trial, settings{"rotation.DB_PASSWORD": 3, "env.TROUBLE": "error"})
	p.unharmed(t, "a rotation that ECS rolls back", func() {
		p.configure(t, trial)
		if out := p.fails(t, "up"); !strings.Contains(out, "rolled the release back") && !strings.Contains(out, "GET /up answers 500") {
			t.Errorf("make up failed for another reason:\n%s", out)
		}
	})
	p.loggedInAs(t, "laravel_b")
	p.configure(t, p.now)
	p.unharmed(t, "the generation before it again", func() { p.finished(t, p.make(t, "up")) })
	p.loggedInAs(t, "laravel_b")
}

// loggedInAs wants all processes to use a user of the database that works, and none to know the master's password.
func (p *proof) loggedInAs(t *testing.T, user string) {
	t.Helper()
	for _, process := range allProcesses {
		for _, one := range p.tasks(t, process) {
			const ask = `$p = new PDO("mysql:host=".getenv("DB_HOST").";dbname=".getenv("DB_DATABASE"), getenv("DB_USERNAME"), getenv("DB_PASSWORD"));
				echo $p->query("select user()")->fetchColumn(), " ", getenv("DB_MASTER_PASSWORD") === false ? "no master" : "master";`
			out := strings.TrimSpace(docker(t, "exec", one.container, "php", "-r", ask))
			if !strings.HasPrefix(out, user+"@") || !strings.HasSuffix(out, " no master") {
				t.Errorf("%s is %s, wanted is %s: %s", process, out, user, fmt.Sprint(one.line))
			}
		}
	}
}
