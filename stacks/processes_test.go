package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// manyProcesses is staging with further processes.
func manyProcesses(t testing.TB) map[string]string {
	config := with(stackConfig(t, "staging"), "cluster", "max", 4)
	config = with(config, "worker", "queue", "redis")
	config["laravel-ecs:domain"] = `{"name": "staging.example.com", "zone": "example.com"}`
	config["laravel-ecs:env"] = `{"REVERB_APP_ID": "1", "REVERB_APP_KEY": "key"}`
	config["laravel-ecs:secrets"] = `{"REVERB_APP_SECRET": "secret"}`
	config["laravel-ecs:processes"] = `{
		"mails": {"role": "worker", "queues": ["mails", "slow-mails"], "count": 2, "jobSeconds": 300},
		"horizon": {"jobSeconds": 600},
		"pulse": {"command": ["artisan", "pulse:check"]},
		"ssr": {},
		"reverb": {"host": "ws.example.com", "count": 2},
		"feed": {"command": ["artisan", "feed:serve"], "path": "/feed", "port": 9000}
	}`
	return config
}

type container struct {
	Name, Image       string
	Secrets           []struct{ Name string }
	RestartPolicy     *struct{ Enabled bool }
	Command           []string
	Essential         bool
	StopTimeout       int
	MemoryReservation int
	Environment       []struct{ Name, Value string }
	HealthCheck       *struct{ Command []string }
	Links             []string
	DependsOn         []struct{ ContainerName, Condition string }
	PortMappings      []struct{ ContainerPort, HostPort int }
}

func (c container) variable(name string) string {
	for _, v := range c.Environment {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// containersOf are the containers of the task of a process.
func containersOf(t *testing.T, r *infratest.Recorder, process string) (list []container) {
	t.Helper()
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		if strings.HasSuffix(definition.Name, "staging-"+process+"-task") {
			if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &list); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(list) == 0 {
		t.Fatalf("%s has no task definition", process)
	}
	return list
}

func TestInventoryOfProcesses(t *testing.T) {
	checkInventory(t, "processes", deploy(t, "staging", manyProcesses(t)))
}

// TestProcessesRunTheirCommand: what each container runs, and the times that follow from its longest job.
func TestProcessesRunTheirCommand(t *testing.T) {
	r := deploy(t, "staging", manyProcesses(t))
	for _, test := range []struct {
		process, command string
		stop             int
		heartbeat        string
	}{
		{"mails", "worker --queue=mails,slow-mails --timeout=300", 310, "390"},
		{"horizon", "horizon", 615, ""},
		{"pulse", "artisan pulse:check", 60, ""},
		{"reverb", "reverb", 30, ""},
	} {
		list := containersOf(t, r, test.process)
		main := list[len(list)-1]
		if len(list) != 1 || main.Name != test.process || strings.Join(main.Command, " ") != test.command || main.StopTimeout != test.stop {
			t.Errorf("%s: %d containers, %s runs %q and stops in %d s", test.process, len(list), main.Name, main.Command, main.StopTimeout)
		}
		if got := main.variable("HEARTBEAT_SECONDS"); got != test.heartbeat {
			t.Errorf("%s: HEARTBEAT_SECONDS=%s", test.process, got)
		}
		if main.HealthCheck == nil || !slices.Equal(main.HealthCheck.Command, []string{"CMD", "/usr/local/bin/healthcheck"}) {
			t.Errorf("%s: its health check is %v", test.process, main.HealthCheck)
		}
		if got := main.variable("REDIS_QUEUE_RETRY_AFTER"); got != "630" { // the longest job of all is Horizon's
			t.Errorf("%s: REDIS_QUEUE_RETRY_AFTER=%s", test.process, got)
		}
	}
	scheduler := containersOf(t, r, "scheduler")
	if got := scheduler[0].variable("METRICS_QUEUES"); got != "mails,slow-mails,default" {
		t.Errorf("METRICS_QUEUES=%s", got)
	}
	if got := containersOf(t, r, "web")[0].variable("HORIZON_ARGUMENTS"); got != "[]" {
		t.Errorf("HORIZON_ARGUMENTS=%s", got)
	}
	if got := containersOf(t, r, "web")[0].variable("WORKER_ARGUMENTS"); got != `["--queue=mails,slow-mails","--timeout=300"]` {
		t.Errorf("WORKER_ARGUMENTS=%s", got)
	}
}

// TestFurtherProcessesPrepareTheDatabase where nothing else runs.
func TestFurtherProcessesPrepareTheDatabase(t *testing.T) {
	config := manyProcesses(t)
	config["laravel-ecs:processes"] = strings.Replace(config["laravel-ecs:processes"], `"ssr": {},`, "", 1) // it needs web
	for _, section := range []string{"web", "worker", "scheduler"} {
		config = with(config, section, "count", 0)
	}
	r := deploy(t, "staging", config)
	if list := containersOf(t, r, "feed"); len(list) != 2 || list[0].Name != "migrate" {
		t.Errorf("feed, the first by name, has %v", list)
	}
	if list := containersOf(t, r, "mails"); len(list) != 1 {
		t.Errorf("mails has %v", list)
	}
}

// TestSectionsAreProcesses: processes.worker is the section worker, and a process that is named runs.
func TestSectionsAreProcesses(t *testing.T) {
	config := stackConfig(t, "staging")
	delete(config, "laravel-ecs:worker")
	delete(config, "laravel-ecs:scheduler")
	config["laravel-ecs:processes"] = `{"worker": {"queues": ["a"]}, "scheduler": {}}`
	r := deploy(t, "staging", config)
	if got := containersOf(t, r, "worker")[0].Command; !slices.Equal(got, []string{"worker", "--queue=a", "--timeout=60"}) {
		t.Errorf("the worker runs %q", got)
	}
	containersOf(t, r, "scheduler")
}

// TestBadProcessesAreRefused has for each rule a section that it refuses, and the message.
func TestBadProcessesAreRefused(t *testing.T) {
	for _, test := range []struct{ processes, want string }{
		{`{"worker": {}}`, "processes.worker: there is a section worker, too, which means the same"},
		{`{"mails": {}}`, "processes.mails.role: missing, and mails is no role: one of artisan, horizon, reverb, ssr"},
		{`{"mails": {"role": "postman"}}`, `processes.mails.role: "postman" is none of artisan, horizon`},
		{`{"mails": {"command": ["php", "x"]}}`, `processes.mails.command: begins with "php", which is none of the image's roles`},
		{`{"mails": {"command": ["artisan"]}}`, `processes.mails.command: ["artisan"] is not artisan and a command`},
		{`{"mails": {"role": "worker", "command": ["horizon"]}}`, `processes.mails.command: begins with "horizon"`},
		{`{"admin": {"role": "web"}}`, "processes.admin.role: only the process web has the role web"},
		{`{"horizon": {"role": "worker"}}`, `processes.horizon.role: "worker", but horizon is a role itself`},
		{`{"mails": {"role": "artisan", "command": ["artisan", "x"], "queues": ["a"]}}`, "processes.mails.queues: not with role artisan, only with worker"},
		{`{"mails": {"role": "worker", "requestSeconds": 3}}`, "processes.mails.requestSeconds: no such key"},
		{`{"mails": {"role": "worker", "count": "two"}}`, "processes.mails.count: string found, int expected"},
		{`{"mails": 2}`, `processes.mails: "2" found, a section with keys below it expected`},
		{`{"mails": {"role": "worker", "memoryMib": 100}}`, "processes.mails.reservationMib: 192 is not between 6 and the hard limit, 100"},
		{`{"mails": {"role": "worker", "stopSeconds": 60}}`, "processes.mails.stopSeconds: 60 is less than the 70 s that the longest job (processes.mails.jobSeconds, 60)"},
		{`{"mails": {"role": "worker", "queues": ["a", "a"]}}`, `processes.mails.queues: "a" is listed twice`},
		{`{"mails": {"role": "worker", "queues": ["a,b"]}}`, `processes.mails.queues: "a,b" is not the name of a queue`},
		{`{"mails": {"role": "worker", "queues": ["a"], "command": ["worker", "--queue=b"]}}`, "processes.mails.queues: command has --queue"},
		{`{"mails": {"role": "worker", "command": ["worker", "--timeout=90"]}}`, `processes.mails.command: --timeout is "90", not 1-60`},
		{`{"mails": {"role": "worker", "limits": {"uploadMib": 1}}}`, "processes.mails.limits: uploadMib and bodyMib are for web"},
		{`{"mails": {"role": "worker", "count": 2000}}`, "processes.mails.count: 2000 is outside 0-1000"},
		{`{"mails": {"role": "worker", "count": 20}}`, "40 mails x (128, 192 MiB)"},
		{`{"Mails": {"role": "worker"}}`, "processes.Mails: the name is not 1 to 16 lower-case letters"},
		{`{"mails-for-everybody": {"role": "worker"}}`, "processes.mails-for-everybody: the name is not 1 to 16"},
		{`{"migrate": {"role": "worker"}}`, "processes.migrate: the program uses this name itself"},
		{`{"horizon": {}}`, `worker.queue: "database", but Horizon (processes.horizon) works on queues in redis only`},
		{`{"ssr": {"count": 2}}`, "processes.ssr.count: 2, but ssr runs once in each task of web"},
		{`{"pages": {"role": "ssr"}}`, "processes.pages: only the process ssr has the role ssr"},
		{`{"ssr": {"memoryMib": 600}}`, "web.memoryMib: 1112 does not fit a t3.small twice"},
		{`{"mails": {"role": "worker", "host": "mails.example.com"}}`, "processes.mails.host: not with role worker, only with artisan, reverb"},
		{`{"reverb": {}}`, "processes.reverb: host and path are missing, so no browser reaches it"},
		{`{"reverb": {"path": "/"}}`, "processes.reverb: REVERB_APP_KEY is missing in env and secrets"},
		{`{"reverb": {"path": "/"}}`, "access.egressPorts: 80 is missing: without domain.name"},
		{`{"reverb": {"host": "ws.example.com"}}`, "processes.reverb.host: ws.example.com needs domain.name"},
		{`{"reverb": {"path": "ws"}}`, `processes.reverb.path: "ws" is not the beginning of paths`},
		{`{"feed": {"command": ["artisan", "x"], "path": "/"}}`, `processes.feed.path: "/" is not the beginning of paths`},
		{`{"feed": {"command": ["artisan", "x"], "path": "/feed", "port": 80}}`, "processes.feed.port: 80 is outside 1024-65535"},
		{`{"feed": {"command": ["artisan", "x"], "path": "/feed"}, "other": {"command": ["artisan", "y"], "path": "/feed/old"}}`, `processes.other: host "" and path "/feed/old" get requests that processes.feed gets, too`},
	} {
		config := stackConfig(t, "staging")
		config["laravel-ecs:processes"] = test.processes
		recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\ngot  %v\nwant %s", test.processes, err, test.want)
		}
		if n := len(recorder.All()); n != 0 {
			t.Errorf("%s: %d resources were registered before the refusal", test.processes, n)
		}
	}
	local := stackConfig(t, "local")
	local["laravel-ecs:processes"] = `{"horizon": {}}`
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "local", local); err == nil || !strings.Contains(err.Error(), "processes.horizon: Horizon needs cache.engine valkey or redis") {
		t.Errorf("Horizon with memcached: %v", err)
	}
	stated := stackConfig(t, "staging")
	delete(stated, "laravel-ecs:worker")
	stated["laravel-ecs:processes"] = `{"worker": {"count": -1, "queue": "rabbit"}}`
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", stated)
	for _, want := range []string{"processes.worker.count: -1 is outside 0-1000", `processes.worker.queue: "rabbit" is none of`} {
		if err == nil || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// TestRoutedProcesses: the load balancer sends a host or a path to a process, and checks what that one answers.
func TestRoutedProcesses(t *testing.T) {
	r := deploy(t, "staging", manyProcesses(t))
	type route struct{ path, host, pattern, delay string }
	got := map[string]route{}
	for _, group := range each(t, r, "aws:lb/targetGroup:TargetGroup") {
		delay, _ := at(group, "deregistrationDelay")
		got[group.Name] = route{path: text(group, "healthCheck.path"), delay: fmt.Sprint(delay.NumberValue())}
	}
	numbers := map[float64]bool{}
	for _, rule := range each(t, r, "aws:lb/listenerRule:ListenerRule") {
		number, _ := at(rule, "priority")
		if numbers[number.NumberValue()] || number.NumberValue() > 50000 {
			t.Errorf("%s has the number %v", rule.Name, number)
		}
		numbers[number.NumberValue()] = true
		if strings.HasSuffix(rule.Name, "-https") && number.NumberValue() < 50000 {
			arn := text(rule, "actions[0].targetGroupArn")
			group := arn[strings.LastIndex(arn, "/")+1:]
			one := got[group]
			one.host = text(rule, "conditions[0].hostHeader.values[0]")
			one.pattern = text(rule, "conditions[0].pathPattern.values[1]")
			got[group] = one
		}
	}
	for name, want := range map[string]route{
		"laravel-staging-3kkub-tg": {path: "/up", host: "ws.example.com", delay: "10"},
		"laravel-staging-feed-tg":  {path: "/up", pattern: "/feed/*", delay: "60"},
		"laravel-staging-lb-tg":    {path: "/up", delay: "60"},
	} {
		if got[name] != want {
			t.Errorf("%s: %+v, want %+v of %v", name, got[name], want, got)
		}
	}
	reverb := containersOf(t, r, "reverb")[0]
	for name, want := range map[string]string{
		"PORT": "8080", "HEALTH_PATH": "/up", "REVERB_HOST": "ws.example.com", "REVERB_PORT": "443", "REVERB_SCHEME": "https", "BROADCAST_CONNECTION": "reverb",
		"REVERB_SCALING_ENABLED": "true", "REVERB_APP_KEY": "key",
	} {
		if got := reverb.variable(name); got != want {
			t.Errorf("%s=%s, want %s", name, got, want)
		}
	}
	if !strings.HasPrefix(reverb.variable("REDIS_URL"), "tls://") || len(reverb.PortMappings) != 1 || reverb.PortMappings[0].ContainerPort != 8080 {
		t.Errorf("REDIS_URL=%s, ports %v", reverb.variable("REDIS_URL"), reverb.PortMappings)
	}
	if web := containersOf(t, r, "web"); web[len(web)-1].variable("REVERB_HOST") != "ws.example.com" || web[len(web)-1].variable("REDIS_URL") != "" {
		t.Errorf("web has %v", web[len(web)-1].Environment)
	}
	certificate := one(t, r, "aws:acm/certificate:Certificate")
	if text(certificate, "subjectAlternativeNames[0]") != "ws.example.com" {
		t.Errorf("the certificate is for %v", certificate.Inputs["subjectAlternativeNames"])
	}
}
