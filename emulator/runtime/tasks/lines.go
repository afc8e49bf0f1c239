package tasks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// keptLogs is how long the output of removed containers is kept.
const keptLogs = 7 * 24 * time.Hour

// logFolder holds what removed containers printed: a folder for each group, a file for each stream. Their names are
// written so that nothing in them separates folders.
func (r *Scheduler) logFolder(group string) string {
	return filepath.Join(r.Path("logs"), fileName(group))
}

func fileName(s string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F", string(filepath.Separator), "%2F").Replace(s)
}

func streamName(file string) string {
	return strings.NewReplacer("%2F", "/", "%25", "%").Replace(file)
}

// Lines returns what tasks printed to a log group since a time, oldest first. The engine's own logs stand for the awslogs driver's.
func (r *Scheduler) Lines(ctx context.Context, group string, since time.Time) ([]state.Line, error) {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelRole+"=task", labelLogGroup+"="+group)
	if err != nil {
		return nil, err
	}
	var all []state.Line
	streams := map[string]bool{}
	for _, c := range found {
		stream := c.Config.Labels[labelLogStream]
		printed, err := r.printed(ctx, c.ID, since)
		if err != nil && !machine.IsMissing(err) {
			return nil, err
		}
		streams[stream] = err == nil
		all = append(all, parseLines(stream, printed)...)
	}
	entries, err := os.ReadDir(r.logFolder(group))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		stream := streamName(entry.Name())
		if streams[stream] {
			continue // its container is just being removed
		}
		if info, err := entry.Info(); err == nil && info.ModTime().Before(since) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.logFolder(group), entry.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, parseLines(stream, data)...)
	}
	slices.SortStableFunc(all, func(a, b state.Line) int { return a.At.Compare(b.At) })
	return all, nil
}

// printed is a container's output since a time, with the time before each line.
func (r *Scheduler) printed(ctx context.Context, id string, since time.Time) ([]byte, error) {
	args := []string{"logs", "--timestamps", id}
	if !since.IsZero() {
		args = append(args, "--since", since.UTC().Format(time.RFC3339Nano))
	}
	out, err := exec.CommandContext(ctx, r.Docker.CLI, args...).CombinedOutput()
	if err != nil {
		return nil, &machine.EngineError{Command: "logs", Text: strings.TrimSpace(string(out))}
	}
	return out, nil
}

func parseLines(stream string, printed []byte) []state.Line {
	var all []state.Line
	scanner := bufio.NewScanner(bytes.NewReader(printed))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		stamp, text, _ := strings.Cut(scanner.Text(), " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			all = append(all, state.Line{Stream: stream, At: at, Text: text})
		}
	}
	return all
}

// keepLogs keeps what containers printed, before they are removed, and forgets what is old.
func (r *Scheduler) keepLogs(ctx context.Context, containers []machine.Container) error {
	for _, c := range containers {
		group, stream := c.Config.Labels[labelLogGroup], c.Config.Labels[labelLogStream]
		if group == "" {
			continue
		}
		printed, err := r.printed(ctx, c.ID, time.Time{})
		if err != nil && !machine.IsMissing(err) {
			return fmt.Errorf("keeping the logs of %s: %w", c.ShortName(), err)
		}
		folder := r.logFolder(group)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := renameio.WriteFile(filepath.Join(folder, fileName(stream)), printed, 0o600); err != nil {
			return err
		}
		r.forgetLogs(folder)
	}
	return nil
}

func (r *Scheduler) forgetLogs(folder string) {
	entries, _ := os.ReadDir(folder) // what cannot be read cannot be old
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > keptLogs {
			_ = os.Remove(filepath.Join(folder, entry.Name())) // the next time
		}
	}
}
