package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/logs"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Interrupted is the exit code of a command that was interrupted, as a shell has it: 128 and the number of SIGINT.
const Interrupted = 130

// consistent is how long ECS may take to show a task that it has started: its API is eventually consistent (ECS API reference, RunTask).
const consistent = 30 * time.Second

// placed is how long it takes to place a task that has room.
const placed = 10 * time.Second

// watcher follows one task to its end.
type watcher struct {
	c             *cluster.Cluster
	task          types.Task
	main          types.ContainerDefinition
	every         time.Duration
	out, progress io.Writer

	begun   time.Time
	tail    *logs.Tail // of the main container; nil where it writes elsewhere
	state   string     // that was told last
	waiting bool       // it was said that there is no room
}

func (w *watcher) id() string { return cluster.ID(w.task.TaskArn) }

// wait returns the exit code of the main container. When the context ends it stops the task, and waits until it has stopped.
func (w *watcher) wait(ctx context.Context) (int, error) {
	w.begun = time.Now()
	w.openLog()
	patient, interrupted := ctx, false
	for {
		if err := w.look(patient); err != nil && patient.Err() == nil {
			return 0, fmt.Errorf("%w\nthe task %s may still run: aws ecs stop-task --cluster %s --task %[2]s", err, w.id(), w.c.Name)
		}
		if aws.ToString(w.task.LastStatus) == "STOPPED" {
			w.rest(context.WithoutCancel(ctx))
			if interrupted {
				fmt.Fprintf(w.progress, "task %s: stopped\n", w.id())
				return Interrupted, nil
			}
			return w.exitCode()
		}
		select {
		case <-patient.Done():
			if interrupted {
				return Interrupted, fmt.Errorf("the task %s was told to stop and has not stopped yet: make status, or look at it in the ECS console", w.id())
			}
			interrupted = true
			var done context.CancelFunc
			patience := 30*time.Second + time.Duration(cmp.Or(aws.ToInt32(w.main.StopTimeout), 30))*time.Second
			patient, done = context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer done()
			why := "interrupted"
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				why = context.Cause(ctx).Error()
			}
			if err := w.stop(patient, why); err != nil {
				return Interrupted, err
			}
		case <-time.After(w.every):
		}
	}
}

// stop tells ECS to stop the task. It sends SIGTERM, and SIGKILL after the container's stop timeout (30 seconds by default; ECS API reference,
// StopTask).
func (w *watcher) stop(ctx context.Context, why string) error {
	fmt.Fprintf(w.progress, "task %s: %s, stopping it\n", w.id(), why)
	_, err := w.c.API.StopTask(ctx, &ecs.StopTaskInput{Cluster: &w.c.Name, Task: w.task.TaskArn, Reason: aws.String(why + ": laravel-ecs run")})
	if err != nil {
		return session.Explain(fmt.Errorf("stopping the task %s, which still runs: %w", w.id(), err))
	}
	return nil
}

// look reads the task and prints what is new.
func (w *watcher) look(ctx context.Context) error {
	task, err := w.c.Task(ctx, aws.ToString(w.task.TaskArn))
	if errors.Is(err, cluster.ErrUnknownTask) && time.Since(w.begun) < consistent {
		return nil
	}
	if err != nil {
		return err
	}
	w.task = task
	state := aws.ToString(task.LastStatus)
	if state != w.state && state != "STOPPED" {
		w.state = state
		fmt.Fprintf(w.progress, "task %s: %s\n", w.id(), strings.ToLower(state))
	}
	// With a capacity provider a task that has no room waits in this state (ECS developer guide, "Amazon ECS capacity providers for EC2").
	if state == "PROVISIONING" && !w.waiting && time.Since(w.begun) > placed {
		w.waiting = true
		fmt.Fprintf(w.progress, "task %s: no instance has room for it yet; the capacity provider adds one, up to cluster.max\n", w.id())
	}
	_, err = w.print(ctx)
	return err
}

// openLog finds the log stream of the main container: prefix/container/task (ECS developer guide, "Send Amazon ECS logs to CloudWatch").
func (w *watcher) openLog() {
	if w.main.LogConfiguration == nil {
		return
	}
	options := w.main.LogConfiguration.Options
	group, prefix := options["awslogs-group"], options["awslogs-stream-prefix"]
	if group == "" || prefix == "" {
		fmt.Fprintln(w.progress, "the main container does not write to CloudWatch Logs (log driver awslogs with a stream prefix): its output is not shown")
		return
	}
	stream := prefix + "/" + aws.ToString(w.main.Name) + "/" + w.id()
	w.tail = logs.NewTail(cloudwatchlogs.NewFromConfig(w.c.Config),
		cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, LogStreamNames: []string{stream}}, time.Now().Add(-time.Hour))
}

// print writes the new lines of the main container and counts them.
func (w *watcher) print(ctx context.Context) (int, error) {
	if w.tail == nil {
		return 0, nil
	}
	events, err := w.tail.Next(ctx)
	var none *logtypes.ResourceNotFoundException
	if errors.As(err, &none) { // the stream is there when the container writes its first line
		return 0, nil
	}
	for _, event := range events {
		fmt.Fprintln(w.out, logs.Readable(strings.TrimRight(aws.ToString(event.Message), "\r\n")))
	}
	return len(events), err
}

// rest prints what arrives after the end: CloudWatch Logs shows events a few seconds after they were written.
func (w *watcher) rest(ctx context.Context) {
	for quiet := 0; quiet < 3 && w.tail != nil; quiet++ {
		n, err := w.print(ctx)
		if err != nil {
			fmt.Fprintln(w.progress, err)
			return
		}
		if n > 0 {
			quiet = 0
		}
		time.Sleep(w.every)
	}
}

// exitCode is that of the main container. A task that never started it has a reason instead.
func (w *watcher) exitCode() (int, error) {
	var reasons []string
	if reason := aws.ToString(w.task.StoppedReason); reason != "" {
		reasons = append(reasons, reason)
	}
	for _, container := range w.task.Containers {
		name, reason := aws.ToString(container.Name), aws.ToString(container.Reason)
		if name == aws.ToString(w.main.Name) && container.ExitCode != nil {
			if reason != "" { // such as OutOfMemoryError
				fmt.Fprintf(w.progress, "task %s: %s: %s\n", w.id(), name, reason)
			}
			return int(*container.ExitCode), nil
		}
		switch {
		case reason != "":
			reasons = append(reasons, name+": "+reason)
		case container.ExitCode != nil && *container.ExitCode != 0:
			reasons = append(reasons, fmt.Sprintf("%s: exit code %d", name, *container.ExitCode))
		}
	}
	_, failed, _ := strings.Cut(aws.ToString(w.task.StoppedReason), "TaskFailedToStart: ")
	return 0, fmt.Errorf("the command was not started: %s%s", strings.Join(reasons, "; "), fix(failed))
}
