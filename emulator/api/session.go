package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// A session is started here and held by the program that LARAVEL_ECS_SESSION_PLUGIN names, which is called as AWS's
// Session Manager plugin is. What it must do stands at the session's stream URL.

// Shell is a command in a container.
type Shell struct {
	Container string   `json:"container"` // id of the Docker container
	Command   []string `json:"command"`
	User      string   `json:"user"`
}

// Forward is a port of the private network.
type Forward struct {
	Host    string `json:"host"`
	Port    int    `json:"port"`
	Local   int    `json:"localPort,omitempty"` // the port that was asked for on this machine; 0 is a free one
	Address string `json:"address"`             // where this machine reaches it
}

type urlKey struct{}

// begin keeps a session and returns its id and stream URL.
func (s *Server) begin(ctx context.Context, session any) (id, streamURL, token string) {
	id = "ecs-execute-command-" + state.ID()[:17]
	if _, forwards := session.(Forward); forwards {
		id = "emulator-" + state.ID()[:17]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[id] = session
	url, _ := ctx.Value(urlKey{}).(string)
	return id, url + "/session/" + id, digest(id)
}

// serveOwn answers what is not AWS's: sessions, and what tests set.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request) bool {
	answer := func(value any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // a client that is gone needs no answer
	}
	if id, ok := strings.CutPrefix(r.URL.Path, "/session/"); ok {
		s.mu.Lock()
		session, known := s.sessions[id]
		s.mu.Unlock()
		if !known {
			http.Error(w, "no such session", http.StatusNotFound)
			return true
		}
		answer(session)
		return true
	}
	if r.URL.Path == "/test/asked" {
		fmt.Fprintln(w, strings.Join(s.forget(), "\n"))
		return true
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/test/"); ok {
		if err := s.set(name, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		return true
	}
	return false
}

// executeCommand answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html.
func (s *Server) executeCommand(ctx context.Context, in *ecs.ExecuteCommandInput) (*ecs.ExecuteCommandOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	t, err := s.task(ctx, cluster.Outputs.Text("name"), text(in.Task))
	if err != nil {
		return nil, err
	}
	switch {
	case !in.Interactive:
		return nil, refuse("InvalidParameterException", "Interactive is the only mode supported currently.")
	case !t.Exec:
		return nil, refuse("InvalidParameterException", "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. "+
			"Wait and try again or run a new task with execute command enabled and try again.")
	case in.Container == nil && len(t.Containers) > 1:
		return nil, refuse("InvalidParameterException", "Container name must be specified when the task has more than one container.")
	}
	i := slices.IndexFunc(t.Containers, func(c state.Container) bool { return in.Container == nil || c.Name == *in.Container })
	switch {
	case i < 0:
		return nil, refuse("InvalidParameterException", "The container %s was not found in the task.", text(in.Container))
	case t.Containers[i].LastStatus != "RUNNING":
		return nil, refuse("TargetNotConnectedException", "The execute command failed due to an internal error. Try again later.")
	}
	c := t.Containers[i]
	id, url, token := s.begin(ctx, Shell{Container: c.RuntimeID, Command: words(text(in.Command)), User: "root"})
	return &ecs.ExecuteCommandOutput{
		ClusterArn: ptr(cluster.ID), TaskArn: ptr(s.taskARN(t)), ContainerName: ptr(c.Name), Interactive: true,
		ContainerArn: s.describeTask(t).Containers[i].ContainerArn, Session: &ecstypes.Session{SessionId: ptr(id), StreamUrl: ptr(url), TokenValue: ptr(token)},
	}, nil
}

// words splits a command as the agent does: at spaces, with quotes.
func words(command string) []string {
	var all []string
	var word strings.Builder
	quote, inWord := rune(0), false
	escaped := false
	for _, r := range command {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if inWord {
				all = append(all, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		all = append(all, word.String())
	}
	return all
}

// startSession answers https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html for port forwarding.
func (s *Server) startSession(ctx context.Context, in *ssm.StartSessionInput) (*ssm.StartSessionOutput, error) {
	target, err := s.sessionTarget(ctx, text(in.Target))
	if err != nil {
		return nil, err
	}
	first := func(name string) string {
		if values := in.Parameters[name]; len(values) > 0 {
			return values[0]
		}
		return ""
	}
	port, err := strconv.Atoi(first("portNumber"))
	if err != nil {
		return nil, refuse("InvalidParameters", "Parameter portNumber must be a port")
	}
	local, _ := strconv.Atoi(first("localPortNumber")) // absent means any
	forward := Forward{Host: first("host"), Port: port, Local: local}
	switch text(in.DocumentName) {
	case "AWS-StartPortForwardingSessionToRemoteHost":
		if forward.Host == "" {
			return nil, refuse("InvalidParameters", "Parameter host is missing")
		}
	case "AWS-StartPortForwardingSession":
		forward.Host = target
	default:
		return nil, refuse("InvalidDocument", "Document with name %s does not exist.", text(in.DocumentName))
	}
	if forward.Address, err = s.runtime.Reach(ctx, forward.Host, port); err != nil {
		return nil, err
	}
	id, url, token := s.begin(ctx, forward)
	return &ssm.StartSessionOutput{SessionId: ptr(id), StreamUrl: ptr(url), TokenValue: ptr(token)}, nil
}

// sessionTarget checks that the target is a running container (ecs:CLUSTER_TASK_RUNTIMEID) or an instance, and returns its address.
func (s *Server) sessionTarget(ctx context.Context, target string) (address string, err error) {
	if parts := strings.Split(strings.TrimPrefix(target, "ecs:"), "_"); strings.HasPrefix(target, "ecs:") && len(parts) == 3 {
		t, err := s.task(ctx, parts[0], parts[1])
		for _, c := range t.Containers {
			if err == nil && t.Exec && c.RuntimeID == parts[2] && c.LastStatus == "RUNNING" {
				return c.Address, nil
			}
		}
	}
	for _, cluster := range s.account.List(account.ClusterToken) {
		for _, one := range s.instances(cluster.Outputs.Text("name")) {
			if target == "i-0"+one.id[:16] {
				return "127.0.0.1", nil
			}
		}
	}
	if _, ok := s.account.Read(account.InstanceToken, target); ok {
		return "127.0.0.1", nil
	}
	return "", refuse("TargetNotConnected", "%s is not connected.", target)
}

// terminateSession answers https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_TerminateSession.html.
func (s *Server) terminateSession(_ context.Context, in *ssm.TerminateSessionInput) (*ssm.TerminateSessionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.sessions[text(in.SessionId)]; !known {
		return nil, refuse("DoesNotExistException", "Session %s does not exist.", text(in.SessionId))
	}
	delete(s.sessions, text(in.SessionId))
	return &ssm.TerminateSessionOutput{SessionId: in.SessionId}, nil
}
