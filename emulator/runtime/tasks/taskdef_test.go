package tasks

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

func definition(t *testing.T, containers string) (taskDefinition, error) {
	t.Helper()
	return ParseTaskDefinition(account.Resource{Outputs: account.Values{"arn": "arn:x:1", "family": "web", "containerDefinitions": containers}})
}

func TestDependencyOrder(t *testing.T) {
	def, err := definition(t, `[
		{"name":"web","image":"i","dependsOn":[{"containerName":"migrate","condition":"SUCCESS"},{"containerName":"proxy","condition":"START"}]},
		{"name":"migrate","image":"i","essential":false,"dependsOn":[{"containerName":"proxy","condition":"HEALTHY"}]},
		{"name":"proxy","image":"i","healthCheck":{"command":["CMD","x"]}}]`)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range def.Containers {
		order = append(order, c.Name)
	}
	if got := strings.Join(order, " "); got != "proxy migrate web" {
		t.Errorf("order %s", got)
	}
	if def.main("") != "proxy" || def.main("web") != "web" {
		t.Errorf("main containers: %s, %s", def.main(""), def.main("web"))
	}
}

// TestLinkedContainersComeFirst: an address in /etc/hosts is that of a container that is there.
func TestLinkedContainersComeFirst(t *testing.T) {
	def, err := definition(t, `[{"name":"web","links":["ssr:renderer"]},{"name":"ssr"}]`)
	if err != nil || def.Containers[0].Name != "ssr" {
		t.Errorf("the order is %v, %v", def.Containers, err)
	}
}

func TestTaskDefinitionRefusals(t *testing.T) {
	for containers, want := range map[string]string{
		`[{"name":"a","dependsOn":[{"containerName":"b","condition":"START"}]},{"name":"b","dependsOn":[{"containerName":"a","condition":"START"}]}]`: "waits for itself",
		`[{"name":"a","dependsOn":[{"containerName":"b","condition":"START"}]}]`:                                                                      "container b, which another one needs, is not in the task",
		`[{"name":"a","volumesFrom":[{"sourceContainer":"b"}]}]`:                                                                                      "container a: volumesFrom is not emulated",
		`[{"name":"a","links":["b"]}]`: "container b, which another one needs, is not in the task",
		`{"name":"a"}`:                 "containerDefinitions",
	} {
		if _, err := definition(t, containers); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", containers, err, want)
		}
	}
}

// TestRequest wants every property of a container definition to reach the engine.
func TestRequest(t *testing.T) {
	def, err := definition(t, `[{"name":"web","image":"i","cpu":256,"memory":512,"memoryReservation":128,"user":"33:33","readonlyRootFilesystem":true,
		"command":["web"],"stopTimeout":45,"dockerSecurityOptions":["no-new-privileges"],
		"linuxParameters":{"capabilities":{"drop":["ALL"]},"initProcessEnabled":true,"tmpfs":[{"containerPath":"/tmp","size":64,"mountOptions":["noexec"]}]},
		"healthCheck":{"command":["CMD","/check"],"interval":10,"timeout":3,"retries":4,"startPeriod":20},"systemControls":[],"links":null,"restartPolicy":{"enabled":true,"ignoredExitCodes":[143],"restartAttemptPeriod":60}}]`)
	if err != nil {
		t.Fatal(err)
	}
	q := def.Containers[0].request("image", "net", "10.0.0.5", []string{"A=1"}, map[string]string{"l": "v"})
	got, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Image":"image","User":"33:33","Cmd":["web"],"Env":["A=1"],"Labels":{"l":"v"},"StopTimeout":45,` +
		`"Healthcheck":{"Test":["CMD","/check"],"Interval":10000000000,"Timeout":3000000000,"StartPeriod":20000000000,"Retries":4},` +
		`"HostConfig":{"NetworkMode":"net","Memory":536870912,"MemoryReservation":134217728,"CpuShares":256,"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges"],"ReadonlyRootfs":true,"Init":true,` +
		`"Tmpfs":{"/tmp":"size=64m,noexec"},"RestartPolicy":{"Name":"on-failure"},"LogConfig":{"Type":"json-file","Config":{"max-file":"3","max-size":"10m"}}},` +
		`"NetworkingConfig":{"EndpointsConfig":{"net":{"IPAMConfig":{"IPv4Address":"10.0.0.5"}}}}}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	def, err = definition(t, `[{"name":"web","image":"i"}]`)
	if err != nil {
		t.Fatal(err)
	}
	q = def.Containers[0].request("image", "net", "10.0.0.5", nil, nil)
	if q.StopTimeout != 30 || q.HostConfig.CPUShares != 2 || q.Healthcheck.Test[0] != "NONE" {
		t.Errorf("defaults: %+v", q)
	}
	if seconds(nil, 30) != 30*time.Second {
		t.Error("a default is not used")
	}
}

func TestDependencyMet(t *testing.T) {
	exited := func(code int) (c machine.Container) {
		c.State.Status, c.State.ExitCode = "exited", code
		return c
	}
	var running machine.Container
	running.State.Status, running.State.Running = "running", true
	for _, c := range []struct {
		container       machine.Container
		condition       string
		met, impossible bool
	}{
		{exited(0), "SUCCESS", true, false}, {exited(3), "SUCCESS", false, true}, {exited(3), "COMPLETE", true, false},
		{running, "COMPLETE", false, false}, {running, "HEALTHY", false, false}, {exited(0), "HEALTHY", false, true},
	} {
		if met, impossible := dependencyMet(c.container, c.condition); met != c.met || impossible != c.impossible {
			t.Errorf("%s, %s: %v %v", c.container.State.Status, c.condition, met, impossible)
		}
	}
}
