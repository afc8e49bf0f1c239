package why

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/logs"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

const (
	// linesShown is how many of the last lines of a container are worth reading.
	linesShown = 12
	// tasksRead is how many tasks' lines are shown: those of one release mostly end alike.
	tasksRead = 2
)

// written is what the tasks wrote.
type written struct {
	lines  []string
	health []string // how often the health check had which answer; good ones are not logged (docker/conf/apache.conf)
}

// logs reads what the containers of the last tasks wrote. ECS forgets stopped tasks after an hour or so; then all lines of the time are read.
func (a attempt) logs(ctx context.Context, c *cluster.Cluster, tasks []types.Task) (w written, err error) {
	client := cloudwatchlogs.NewFromConfig(c.Config)
	answers := map[string]int{}
	var last []logtypes.FilteredLogEvent
	for _, container := range a.definition.ContainerDefinitions {
		if container.LogConfiguration == nil || container.LogConfiguration.Options["awslogs-group"] == "" {
			continue
		}
		options := container.LogConfiguration.Options
		stream := options["awslogs-stream-prefix"] + "/" + aws.ToString(container.Name) + "/"
		streams := []string{stream}
		if len(tasks) > 0 {
			streams = nil
			for _, task := range tasks[:min(tasksRead, len(tasks))] {
				streams = append(streams, stream+cluster.ID(task.TaskArn))
			}
		}
		for _, prefix := range streams {
			input := &cloudwatchlogs.FilterLogEventsInput{
				LogGroupName: aws.String(options["awslogs-group"]), LogStreamNamePrefix: &prefix,
				StartTime: aws.Int64(aws.ToTime(a.CreatedAt).UnixMilli()), EndTime: aws.Int64(a.end().Add(time.Minute).UnixMilli()),
			}
			events, err := session.All(ctx, "reading the logs of "+options["awslogs-group"], cloudwatchlogs.NewFilterLogEventsPaginator(client, input),
				func(page *cloudwatchlogs.FilterLogEventsOutput) []logtypes.FilteredLogEvent { return page.Events })
			if err != nil {
				return w, err
			}
			last = append(last, worthReading(events, healthPath(container), answers)...)
		}
	}
	slices.SortStableFunc(last, func(a, b logtypes.FilteredLogEvent) int {
		return cmp.Compare(aws.ToInt64(a.Timestamp), aws.ToInt64(b.Timestamp))
	})
	for _, event := range last {
		w.lines = append(w.lines, logs.Line(event))
	}
	for _, status := range slices.Sorted(maps.Keys(answers)) {
		w.health = append(w.health, fmt.Sprintf("%s: %d times", status, answers[status]))
	}
	return w, nil
}

// worthReading are the last lines of a container. Answers of the health check are counted instead; metrics and empty lines are left out.
func worthReading(events []logtypes.FilteredLogEvent, health string, answers map[string]int) (last []logtypes.FilteredLogEvent) {
	for _, event := range events {
		text := strings.TrimSpace(aws.ToString(event.Message))
		var access struct {
			Type, Path string
			Status     int
		}
		isJSON := json.Unmarshal([]byte(text), &access) == nil
		switch {
		case text == "" || logs.IsMetric(text):
		case isJSON && access.Type == "access" && health != "" && access.Path == health:
			answers[fmt.Sprintf("GET %s answered %d", health, access.Status)]++
		default:
			last = append(last, event)
		}
	}
	return last[max(0, len(last)-linesShown):]
}

// healthPath is the page of a web container that its health check asks (stacks/processes.go).
func healthPath(container types.ContainerDefinition) string {
	for _, variable := range container.Environment {
		if aws.ToString(variable.Name) == "HEALTH_PATH" {
			return aws.ToString(variable.Value)
		}
	}
	return ""
}
