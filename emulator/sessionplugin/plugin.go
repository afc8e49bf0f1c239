// Package sessionplugin is what AWS's session-manager-plugin is on AWS: the program that holds a session which ECS
// ExecuteCommand or Systems Manager StartSession began. It is called with the same arguments. It enters the container
// with docker exec, or forwards a port of this machine.
package sessionplugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/laravel-ecs/laravel-ecs/emulator/front"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// session is what the emulator keeps at the stream URL: a command in a container, or a port to forward.
type session struct {
	Container string   // id
	Command   []string // in the container
	User      string

	Address string // HOST:PORT to which this machine forwards
	Local   int    `json:"localPort"` // port to listen on; 0 is a free one
}

// Main holds the session that the arguments name and returns the exit code. The arguments are those of AWS's plugin:
// the session as JSON, the region, the operation, the profile, the request as JSON, the endpoint. Only the session
// matters here.
func Main(ctx context.Context, args []string, out io.Writer) (int, error) {
	if len(args) == 0 {
		return 1, errors.New("session-manager-plugin is started by other programs, with the session as its first argument")
	}
	var started struct{ SessionID, StreamURL string }
	if err := json.Unmarshal([]byte(args[0]), &started); err != nil {
		return 1, fmt.Errorf("reading the session: %w", err)
	}
	s, err := look(ctx, started.StreamURL)
	if err != nil {
		return 1, fmt.Errorf("looking for session %s: %w", started.SessionID, err)
	}
	if s.Address != "" {
		return 0, forward(ctx, started.SessionID, s, out)
	}
	fmt.Fprintf(out, "\nStarting session with SessionId: %s\n", started.SessionID)
	return enter(ctx, s)
}

func look(ctx context.Context, url string) (s session, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return s, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return s, errors.New(response.Status)
	}
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// enter runs the command in the container as ECS Exec does: as root, with the capabilities of the task, which docker exec
// takes over. A Ctrl-C goes to the command in the container, by way of the terminal.
func enter(ctx context.Context, s session) (int, error) {
	args := []string{"exec", "--interactive"}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		args = append(args, "--tty")
	}
	if s.User != "" {
		args = append(args, "--user", s.User)
	}
	command := docker.Command(context.WithoutCancel(ctx), append(append(args, s.Container), s.Command...)...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return front.RunForeground(command)
}

// forward listens on a port of this machine and forwards connections until it is interrupted.
func forward(ctx context.Context, id string, s session, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", s.Local))
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	// In the words of AWS's plugin, which other programs wait for.
	fmt.Fprintf(out, "\nStarting session with SessionId: %s\nPort %s opened for sessionId %[1]s.\nWaiting for connections...\n", id, port)
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			fmt.Fprintf(out, "\n\nExiting session with sessionId: %s.\n", id)
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			if err := join(ctx, conn, s.Address); err != nil {
				fmt.Fprintln(out, "Connection to destination port failed, check SSM Agent logs:", err)
			}
		}()
	}
}

// join copies in both directions until both ends are closed.
func join(ctx context.Context, conn net.Conn, address string) error {
	defer conn.Close()
	target, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer target.Close()
	var both sync.WaitGroup
	both.Go(func() { pipe(target, conn) })
	both.Go(func() { pipe(conn, target) })
	both.Wait()
	return nil
}

func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from) // an end that is gone ends the connection
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}
