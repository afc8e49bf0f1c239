package stacks

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// roleOf is the role of the image that runs in a process.
func roleOf(p process) string {
	if command := p.task.Main.Command; len(command) > 0 {
		return command[0]
	}
	return p.task.Main.Name
}

// reported is what the containers report. Web, worker and scheduler do; other roles of the image do not (docker/bin/entrypoint).
func (s *stack) reported(processes []process) infra.Reported {
	r := infra.Reported{MaxWaitSeconds: s.config.MaxWaitSeconds()}
	for _, p := range processes {
		switch role := roleOf(p); role {
		case config.RoleWeb, config.RoleWorker, config.RoleScheduler:
			r.Disk = r.Disk || !p.color.Idle() && !s.config.Cluster.Fargate()                                        // where each task has a disk of its own
			if role == config.RoleScheduler && s.config.WorksQueues() && s.config.Worker.Queue != config.DriverSQS { // which AWS reports
				r.Stack = s.prefix
			}
		}
	}
	return r
}

// metricVariables make a container report, where there is an alarm: this stack's, or that of the environment whose instances it uses.
func (s *stack) metricVariables(app *application, p process) map[string]pulumi.StringInput {
	variables := map[string]pulumi.StringInput{}
	if (s.config.Observability.Alarms || s.config.Environment.Shares != "") && !s.config.Cluster.Fargate() {
		variables[infra.MetricsClusterVariable] = app.cluster.Name
	}
	if r := s.reported([]process{p}); s.config.Observability.Alarms && r.Stack != "" {
		variables[infra.MetricsStackVariable] = pulumi.String(r.Stack)
		if queues := s.config.WorkedQueues(); len(queues) > 0 {
			variables[infra.MetricsQueuesVariable] = pulumi.String(strings.Join(queues, ","))
		}
	}
	return variables
}
