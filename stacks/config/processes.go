package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Roles of the image: the first argument of its entrypoint (docker/bin/entrypoint).
const (
	RoleWeb       = "web"
	RoleWorker    = "worker"
	RoleScheduler = "scheduler"
	RoleHorizon   = "horizon"
	RoleReverb    = "reverb"
	RoleSSR       = "ssr"
	RoleArtisan   = "artisan" // any other command of the application that runs until it is stopped
)

// Further is a process besides web, worker and scheduler, with a service of its own. Its role decides which of the keys it may have.
type Further struct {
	Process
	Name           string       `json:"-"`
	Role           string       `json:"role"`           // empty: its name, or the first word of the command
	Queues         []string     `json:"queues"`         // of a worker, the most urgent first
	JobSeconds     int          `json:"jobSeconds"`     // how long a job may take
	MaxWaitSeconds int          `json:"maxWaitSeconds"` // as of worker
	Scaling        QueueScaling `json:"scaling"`        // of a worker
	StartSeconds   int          `json:"startSeconds"`   // how long failing health checks of a new task do not count
	// Host and Path are whose requests the load balancer sends to this process; with neither it sends none.
	Host string `json:"host"` // ws.example.com
	Path string `json:"path"` // the beginning of paths: /ws
	Port int    `json:"port"` // on which it listens
}

// kinds are the roles of further processes: their defaults, and their keys besides those of every process.
var kinds = map[string]struct {
	usual Further
	keys  []string
}{
	RoleWorker:  {Further{Process: small, JobSeconds: 60, StartSeconds: 60, Scaling: QueueScaling{JobsPerTask: defaultJobsPerTask}}, []string{"queues", "jobSeconds", "maxWaitSeconds", "scaling"}},
	RoleHorizon: {Further{Process: medium, JobSeconds: 60, StartSeconds: 60}, []string{"jobSeconds", "maxWaitSeconds"}},
	RoleReverb:  {Further{Process: small.stopping(30), StartSeconds: 60, Port: 8080}, []string{"host", "path", "port"}},
	RoleSSR:     {Further{Process: small.stopping(30), StartSeconds: 60, Port: 13714}, nil}, // in each task of web
	RoleArtisan: {Further{Process: small.stopping(60), StartSeconds: 60, Port: 8080}, []string{"host", "path", "port"}},
}

var (
	small  = Process{Count: 1, CPU: 128, MemoryMiB: 256, ReservationMiB: 192, Limits: limits(0)}
	medium = Process{Count: 1, CPU: 256, MemoryMiB: 512, ReservationMiB: 384, Limits: limits(0)} // a master, a supervisor and some workers
	// commonKeys are the keys of every further process.
	commonKeys = []string{"role", "count", "cpu", "memoryMib", "reservationMib", "stopSeconds", "startSeconds", "limits", "command"}
)

func (s Process) stopping(seconds int) Process {
	s.StopSeconds = seconds
	return s
}

// sectioned are the processes that have a section of their own, too: processes.web is web.
func (c *Config) sectioned() map[string]any {
	return map[string]any{RoleWeb: &c.Web, RoleWorker: &c.Worker, RoleScheduler: &c.Scheduler}
}

// readProcesses decodes the section processes. One that cannot be read is not validated.
func (c *Config) readProcesses(source Source, unread map[string]bool) (problems []error) {
	c.Processes = map[string]*Further{}
	for _, name := range sortedKeys(c.stated) {
		key, raw := "processes."+name, string(c.stated[name])
		into, ok := c.sectioned()[name]
		if ok {
			if other, found, _ := source.Section(name); found && other != "{}" && other != "null" {
				problems = append(problems, fmt.Errorf("%s: there is a section %s, too, which means the same: keep one of them", key, name))
				unread[name] = true
				continue
			}
			size := map[string]*Process{RoleWeb: &c.Web.Process, RoleWorker: &c.Worker.Process, RoleScheduler: &c.Scheduler.Process}[name]
			size.Count = max(1, size.Count) // what is named runs
		} else {
			further, err := newFurther(key, name, c.stated[name])
			if err != nil {
				problems = append(problems, err)
				continue
			}
			if c.Cluster.Fargate() {
				further.Process = further.onFargate()
			}
			c.Processes[name], into = further, further
		}
		if err := decode(key, raw, into); err != nil {
			problems, unread[name] = append(problems, err), ok
			delete(c.Processes, name)
		}
	}
	return problems
}

// newFurther has the defaults of its role, and refuses keys that only other roles have.
func newFurther(key, name string, raw json.RawMessage) (*Further, error) {
	var given map[string]json.RawMessage
	var head struct {
		Role    string   `json:"role"`
		Command []string `json:"command"`
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, fmt.Errorf("%s: %q found, a section with keys below it expected", key, raw)
	}
	_ = json.Unmarshal(raw, &head) // decode reports it
	role := head.Role
	if role == "" {
		role = name
		if _, known := kinds[name]; !known && len(head.Command) > 0 {
			role = head.Command[0]
		}
	}
	kind, known := kinds[role]
	roles := strings.Join(sortedKeys(kinds), ", ")
	switch {
	case role == RoleWeb || role == RoleScheduler:
		return nil, fmt.Errorf("%s.role: only the process %s has the role %[2]s; a further one has %s", key, role, roles)
	case !known && head.Role == "" && len(head.Command) == 0:
		return nil, fmt.Errorf("%s.role: missing, and %s is no role: one of %s; with artisan, command says what runs: [artisan, pulse:check]", key, name, roles)
	case !known && head.Role == "":
		return nil, fmt.Errorf("%s.command: begins with %q, which is none of the image's roles %s; a command of the application is [artisan, NAME]", key, role, roles)
	case !known:
		return nil, fmt.Errorf("%s.role: %q is none of %s", key, role, roles)
	}
	if _, isRole := kinds[name]; isRole && name != role {
		return nil, fmt.Errorf("%s.role: %q, but %s is a role itself: rename the process", key, role, name)
	}
	for _, one := range sortedKeys(given) {
		if slices.Contains(commonKeys, one) || slices.Contains(kind.keys, one) {
			continue
		}
		if others := rolesWith(one); len(others) > 0 {
			return nil, fmt.Errorf("%s.%s: not with role %s, only with %s", key, one, role, strings.Join(others, ", "))
		}
	}
	further := kind.usual
	further.Name, further.Role = name, role
	return &further, nil
}

func rolesWith(key string) (roles []string) {
	for _, role := range sortedKeys(kinds) {
		if slices.Contains(kinds[role].keys, key) {
			roles = append(roles, role)
		}
	}
	return roles
}

// stateProcesses gives problems of a process the key that the stack file has it under, and drops those of processes that could not be read.
func (c *Config) stateProcesses(invalid []error, unread map[string]bool) (list []error) {
	for _, problem := range invalid {
		name, _, _ := strings.Cut(problem.Error(), ".")
		if _, sectioned := c.sectioned()[name]; sectioned && c.stated[name] != nil {
			if unread[name] {
				continue
			}
			problem = fmt.Errorf("processes.%w", problem)
		}
		list = append(list, problem)
	}
	return list
}

// SSR is the process that renders the pages of web, beside it in each of its tasks, so that both are of one release; nil without one.
func (c *Config) SSR() *Further {
	if f := c.Processes[RoleSSR]; f != nil && f.Count > 0 && c.Web.Count > 0 {
		return f
	}
	return nil
}

// Further are the further processes that run as services, by name.
func (c *Config) Further() (list []Further) {
	for _, name := range sortedKeys(c.Processes) {
		if p := c.Processes[name]; p.Count > 0 && p.Role != RoleSSR {
			list = append(list, *p)
		}
	}
	return list
}

// worker is a further process as a worker.
func (f Further) worker() Worker {
	return Worker{Process: f.Process, Queues: f.Queues, Scaling: f.Scaling, JobSeconds: f.JobSeconds, MaxWaitSeconds: f.MaxWaitSeconds}
}

// Arguments are those of the image.
func (f Further) Arguments() []string {
	switch {
	case f.Role == RoleWorker:
		return f.worker().TimedCommand()
	case len(f.Command) == 0:
		return []string{f.Role}
	}
	return f.Command
}

// Workers are the processes that run which work on Laravel's queues by themselves: the worker and the further ones with its role, by key.
func (c *Config) Workers() map[string]Worker {
	workers := map[string]Worker{}
	if c.Worker.Count > 0 {
		workers[RoleWorker] = c.Worker
	}
	for _, f := range c.Further() {
		if f.Role == RoleWorker {
			workers["processes."+f.Name] = f.worker()
		}
	}
	return workers
}

// Runs tells whether a further process has the role and runs.
func (c *Config) Runs(role string) bool {
	return slices.ContainsFunc(c.Further(), func(f Further) bool { return f.Role == role })
}

// WorksQueues tells whether a process takes jobs from Laravel's queues.
func (c *Config) WorksQueues() bool { return len(c.Workers()) > 0 || c.Runs(RoleHorizon) }

// WorkedQueues are the queues of all workers; none where no stack file names one, which stands for the connection's default queue.
func (c *Config) WorkedQueues() (names []string) {
	workers, unnamed := c.Workers(), c.Runs(RoleHorizon) // whose queues config/horizon.php has
	for _, key := range sortedKeys(workers) {
		queues := workers[key].WorkedQueues()
		names, unnamed = append(names, queues...), unnamed || len(queues) == 0
	}
	if unnamed && len(names) > 0 {
		names = append(names, cmp.Or(c.Env["REDIS_QUEUE"], "default")) // laravel/laravel, config/queue.php
	}
	var list []string
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// MaxWaitSeconds is how long a job may wait on any queue.
func (c *Config) MaxWaitSeconds() int {
	longest := 0
	for _, w := range c.Workers() {
		longest = max(longest, w.MaxWaitSeconds)
	}
	for _, f := range c.Further() {
		longest = max(longest, f.MaxWaitSeconds)
	}
	return cmp.Or(longest, c.Worker.MaxWaitSeconds)
}
