package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Times depend on each other: otherwise a release loses requests or jobs. A stack file sets how long a request, a job and a scheduled
// command may take. The other times are derived from these, or checked:
//
//	request        web.requestSeconds. The image ends a request that takes longer.
//	delay          loadBalancer.deregistrationSeconds >= request. A stopping task gets no new requests, and the load
//	               balancer closes requests that are open after the delay (ALB guide, "Deregistration delay").
//	idle           loadBalancer.idleSeconds >= request. A request without a byte for longer is answered with 504.
//	keep-alive     idle + 5, in the container. The load balancer must close idle connections first. Otherwise it may
//	               send a request into a connection that is being closed (502).
//	drain          5 s in which a container still answers after its stop signal: load balancers stop sending requests later.
//	stop           drain + request + 5 for web, job + 10 for a worker, job + 15 for Horizon. ECS kills the container then.
//	retry          the longest job + 30: when a queue gives an unfinished job to another worker. Earlier, the job would run twice.
//	wait           five minutes, or twice the longest job: a job that waits longer for a worker is an alarm.
//	heartbeat      job + 90: a worker whose loop takes longer is considered stuck.
//	grace          start + two health checks: failing checks of a new task do not count (HealthCheckGracePeriod).
//	rollout        how long `pulumi up` waits for a steady service: four tasks one after the other, which is one more than
//	               the circuit breaker lets fail, and ten minutes for an instance to come.
//	end            delay + stop + ten minutes for ECS: how long a destroy waits for a deleted service. All tasks stop at once.
const (
	drainSeconds  = 5
	stopMargin    = 5
	workerMargin  = 10
	keepAlive     = 5
	retryMargin   = 30
	beatMargin    = 90
	leastWait     = 300
	minRolloutMin = 20 // the provider's own limit
)

// deriveTimes sets the stop times that the stack file does not set.
func (c *Config) deriveTimes() {
	if c.Web.StopSeconds == 0 {
		c.Web.StopSeconds = c.webStop()
	}
	if c.Worker.StopSeconds == 0 {
		c.Worker.StopSeconds = c.Worker.JobSeconds + workerMargin
	}
	if c.Worker.MaxWaitSeconds == 0 {
		c.Worker.MaxWaitSeconds = max(leastWait, 2*c.Worker.JobSeconds)
	}
	c.Worker.Scaling.derive(c.Worker.MaxWaitSeconds)
	for _, f := range c.Processes {
		if f.StopSeconds == 0 {
			f.StopSeconds = f.JobSeconds + f.stopMargin()
		}
		if f.MaxWaitSeconds == 0 && f.JobSeconds > 0 {
			f.MaxWaitSeconds = max(leastWait, 2*f.JobSeconds)
		}
		f.Scaling.derive(f.MaxWaitSeconds)
	}
}

// stopMargin is what a process takes to stop besides its longest job. Horizon's master waits for its supervisors, and each of them for its
// workers, and both look once a second (laravel/horizon, MasterSupervisor::terminate and Supervisor::terminate).
func (f Further) stopMargin() int {
	if f.Role == RoleHorizon {
		return workerMargin + 5
	}
	return workerMargin
}

func (c *Config) webStop() int { return drainSeconds + c.Web.RequestSeconds + stopMargin }

// GraceSeconds is how long failing health checks of a new task do not count.
func (c *Config) GraceSeconds(startSeconds int) int {
	return startSeconds + 2*c.LoadBalancer.HealthCheck.Interval
}

// RolloutMinutes is how long a deployment of a process may take.
func (c *Config) RolloutMinutes(size Process, startSeconds int, behindBalancer bool) int {
	return max(minRolloutMin, 10+4*(c.GraceSeconds(startSeconds)+c.endSeconds(size, behindBalancer))/60)
}

// DrainMinutes is how long a deleted service may take until its last task is stopped.
func (c *Config) DrainMinutes(size Process, behindBalancer bool) int {
	return max(minRolloutMin, 10+c.endSeconds(size, behindBalancer)/60)
}

// endSeconds is how long a task of a process may take to stop.
func (c *Config) endSeconds(size Process, behindBalancer bool) int {
	if behindBalancer {
		return size.StopSeconds + c.LoadBalancer.DeregistrationSeconds
	}
	return size.StopSeconds
}

// TimeVariables are the times of a process as environment variables of its containers.
func (c *Config) TimeVariables(role string, jobSeconds int) map[string]string {
	switch role {
	case RoleWeb:
		return map[string]string{
			"DRAIN_SECONDS":      fmt.Sprint(drainSeconds),
			"GRACE_SECONDS":      fmt.Sprint(c.Web.RequestSeconds),
			"REQUEST_SECONDS":    fmt.Sprint(c.Web.RequestSeconds),
			"KEEP_ALIVE_SECONDS": fmt.Sprint(c.LoadBalancer.IdleSeconds + keepAlive),
		}
	case RoleWorker:
		return map[string]string{"HEARTBEAT_SECONDS": fmt.Sprint(jobSeconds + beatMargin)}
	}
	return nil
}

// RetrySeconds is for every container, because each of them may add jobs to the queue or take them from it: the longest job of all processes
// decides.
func (c *Config) RetrySeconds() int {
	longest := c.Worker.JobSeconds
	for _, f := range c.Further() {
		longest = max(longest, f.JobSeconds)
	}
	return longest + retryMargin
}

// TimedCommand is the command of the worker, with its queues. It ends a job after jobSeconds, whatever else the stack file has in it.
func (w Worker) TimedCommand() []string {
	command := w.Command
	if len(command) == 0 {
		command = []string{RoleWorker}
	}
	if len(w.Queues) > 0 {
		command = append(slices.Clone(command), "--queue="+strings.Join(w.Queues, ","))
	}
	if _, given := w.option("--timeout"); given || !w.works() {
		return command
	}
	return append(slices.Clone(command), fmt.Sprintf("--timeout=%d", w.JobSeconds))
}

// WorkerArguments is for the migration, the first container of a release that starts the application: it refuses a queue that gives running
// jobs away, before the worker does and the web service has changed already. The arguments are JSON, of the worker with the longest jobs;
// there are none without a worker in the role of the image. It refuses a Horizon that would give jobs away, or run none, as well.
func (c *Config) WorkerArguments() map[string]string {
	variables := map[string]string{}
	for _, f := range c.Further() {
		if arguments := f.Arguments(); f.Role == RoleHorizon && arguments[0] == RoleHorizon {
			text, _ := json.Marshal(arguments[1:]) // strings
			variables["HORIZON_ARGUMENTS"] = string(text)
		}
	}
	var command []string
	longest := 0
	workers := c.Workers()
	for _, key := range sortedKeys(workers) {
		if one := workers[key].TimedCommand(); one[0] == RoleWorker && workers[key].JobSeconds > longest {
			command, longest = one, workers[key].JobSeconds
		}
	}
	if command != nil {
		arguments, _ := json.Marshal(command[1:]) // strings
		variables["WORKER_ARGUMENTS"] = string(arguments)
	}
	return variables
}

// works tells whether the command is Laravel's queue:work, by the image's role or by its name.
func (w Worker) works() bool {
	return len(w.Command) == 0 || w.Command[0] == "worker" || len(w.Command) > 1 && w.Command[1] == "queue:work"
}

// option is one of the command, such as --timeout, as Symfony's console reads it: the last one counts.
func (w Worker) option(name string) (value string, given bool) {
	for i, argument := range w.Command {
		if after, joined := strings.CutPrefix(argument, name+"="); joined {
			value, given = after, true
		} else if argument == name {
			value, given = strings.Join(w.Command[i+1:min(i+2, len(w.Command))], ""), true
		}
	}
	return value, given
}

// WorkedQueues are the names of its queues, the most urgent first; none stands for the connection's default queue.
func (w Worker) WorkedQueues() []string {
	if names, given := w.option("--queue"); given && names != "" {
		return strings.Split(names, ",")
	}
	return w.Queues
}

// queueName is one that queue:work can be given in its list.
var queueName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_:.{}-]{0,127}$`)

// validateWorker: the time in which a worker stops and the queue's retry_after are made from jobSeconds.
func (w Worker) validateWorker(p *problems, key string) {
	p.between(key+".jobSeconds", w.JobSeconds, 1, 6*3600)
	p.between(key+".maxWaitSeconds", w.MaxWaitSeconds, 60, 7*24*3600)
	value, given := w.option("--timeout")
	if seconds, err := strconv.Atoi(value); given && w.works() && (err != nil || seconds < 1 || seconds > w.JobSeconds) {
		p.add(key+".command", "--timeout is %q, not 1-%d, the seconds of %s.jobSeconds: set that key, and leave the option out", value, w.JobSeconds, key)
	}
	p.distinct(key+".queues", w.Queues)
	for _, name := range w.Queues {
		p.matches(key+".queues", name, queueName, "the name of a queue such as mails")
	}
	if _, given := w.option("--queue"); len(w.Queues) > 0 && (given || !w.works()) {
		p.add(key+".queues", "command has --queue, or is not queue:work: keep one of the two keys")
	}
}

// validateTimes checks the times against each other.
func (c *Config) validateTimes(p *problems) {
	w, lb := c.Web, c.LoadBalancer
	p.between("web.startSeconds", w.StartSeconds, 1, 300)
	p.between("web.requestSeconds", w.RequestSeconds, 1, 3600)
	if lb.DeregistrationSeconds < w.RequestSeconds {
		p.add("loadBalancer.deregistrationSeconds", "%d is less than web.requestSeconds, %d: a release would interrupt requests that may still run", lb.DeregistrationSeconds, w.RequestSeconds)
	}
	if lb.IdleSeconds < w.RequestSeconds {
		p.add("loadBalancer.idleSeconds", "%d is less than web.requestSeconds, %d: the load balancer would answer 504 to requests that may still run", lb.IdleSeconds, w.RequestSeconds)
	}
	if w.StopSeconds < c.webStop() {
		p.add("web.stopSeconds", "%d is less than the %d s that a drain (%d) and the longest request (web.requestSeconds, %d) take; remove the key", w.StopSeconds, c.webStop(), drainSeconds, w.RequestSeconds)
	}
	c.Worker.validateWorker(p, RoleWorker)
	if c.Worker.Count > 0 {
		c.Worker.validateScaling(p, RoleWorker, c)
	}
	validateStop(p, RoleWorker, c.Worker.StopSeconds, c.Worker.JobSeconds, workerMargin)
}

func validateStop(p *problems, key string, stop, job, margin int) {
	if least := job + margin; stop < least {
		p.add(key+".stopSeconds", "%d is less than the %d s that the longest job (%s.jobSeconds, %d) takes to finish; remove the key", stop, least, key, job)
	}
}

// defaultSteps are the default of release.steps with blueGreen.
var defaultSteps = []int{10, 50, 100}

// deriveSteps: a rolling release has no steps.
func (r *Release) deriveSteps() {
	if r.Strategy == BlueGreen && r.Steps == nil {
		r.Steps = slices.Clone(defaultSteps)
	}
}

// Bake is how long a step is watched.
func (r Release) Bake() time.Duration { return time.Duration(r.BakeMinutes) * time.Minute }

// alarmPattern is the name of an alarm (PutMetricAlarm: 1 to 255 characters), or of one of the stack's own.
var alarmPattern = regexp.MustCompile(`^[!-~]([ -~]{0,253}[!-~])?$`)

// maxBake is what ECS has for the bake time of a deployment (DeploymentConfiguration, bakeTimeInMinutes), in minutes.
const maxBake = 24 * 60

// validateSteps checks how a release is watched. Load balancers report once a minute
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html), so a part of one tells nothing.
func (r Release) validateSteps(p *problems) {
	usual := defaults().Release
	p.between("release.bakeMinutes", r.BakeMinutes, 1, maxBake)
	j := r.Judge
	if j.ErrorPercent < 0 || j.ErrorPercent > 100 {
		p.add("release.judge.errorPercent", "%v is outside 0-100", j.ErrorPercent)
	}
	if j.P95Factor < 1 || j.P95Factor > 100 {
		p.add("release.judge.p95Factor", "%v is outside 1-100: 1.5 lets the new release take half as long again", j.P95Factor)
	}
	p.between("release.judge.minRequests", j.MinRequests, 1, 1_000_000)
	p.distinct("release.judge.alarms", j.Alarms)
	for _, alarm := range j.Alarms {
		p.matches("release.judge.alarms", alarm, alarmPattern, "the name of an alarm: one of the stack's own such as no-answer, or any of CloudWatch")
	}
	if r.Strategy != BlueGreen {
		if len(r.Steps) > 0 {
			p.add("release.steps", "needs release.strategy blueGreen; rolling replaces the tasks one after the other")
		}
		if j.ErrorPercent != usual.Judge.ErrorPercent || j.P95Factor != usual.Judge.P95Factor || j.MinRequests != usual.Judge.MinRequests {
			p.add("release.judge", "errorPercent, p95Factor and minRequests need release.strategy blueGreen, which has two sets of tasks to compare; a rolling release is judged by alarms")
		}
		j.validateRolling(p)
		return
	}
	if len(r.Steps) == 0 || r.Steps[len(r.Steps)-1] != 100 {
		p.add("release.steps", "%v does not end with 100: the last step gives the new release all requests", r.Steps)
	}
	for i, step := range r.Steps {
		if step < 1 || step > 100 {
			p.add("release.steps", "%d is outside 1-100", step)
		}
		if i > 0 && step <= r.Steps[i-1] {
			p.add("release.steps", "%d comes after %d: each step is larger than the one before", step, r.Steps[i-1])
		}
	}
}
