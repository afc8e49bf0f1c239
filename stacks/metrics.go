package stacks

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// reported is what the containers report. The image's roles do; a command of the stack file that is not one of them does not
// (docker/bin/entrypoint).
func (s *stack) reported(processes []process) infra.Reported {
	r := infra.Reported{MaxWaitSeconds: s.config.Worker.MaxWaitSeconds}
	for _, p := range processes {
		inRole := len(p.task.Main.Command) == 0 || p.task.Main.Command[0] == p.role
		r.Disk = r.Disk || inRole && !p.color.Idle()
		if inRole && p.role == "scheduler" && s.config.Worker.Count > 0 {
			r.Stack = s.prefix
		}
	}
	return r
}

// metricVariables make a container report, where there is an alarm: this stack's, or that of the environment whose instances it uses.
func (s *stack) metricVariables(app *application, p process) map[string]pulumi.StringInput {
	variables := map[string]pulumi.StringInput{}
	if s.config.Observability.Alarms || s.config.Environment.Shares != "" {
		variables[infra.MetricsClusterVariable] = app.cluster.Name
	}
	if r := s.reported([]process{p}); s.config.Observability.Alarms && r.Stack != "" {
		variables[infra.MetricsStackVariable] = pulumi.String(r.Stack)
		if queues := workedQueues(s.config.Worker.Command); queues != "" {
			variables[infra.MetricsQueuesVariable] = pulumi.String(queues)
		}
	}
	return variables
}

// workedQueues are the queues of worker.command, by the option of artisan queue:work; empty where it has none.
func workedQueues(command []string) string {
	for i, argument := range command {
		if queues, found := strings.CutPrefix(argument, "--queue="); found {
			return queues
		}
		if argument == "--queue" && i+1 < len(command) {
			return command[i+1]
		}
	}
	return ""
}
