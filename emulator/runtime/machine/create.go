package machine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// The client's flags cannot express all of a container definition (a health check without a shell) and would show
// secrets to `ps`. So tasks are created through the engine's API, over the connection that the client opens for others.

// CreateRequest is the body of the API's POST /containers/create.
type CreateRequest struct {
	Image            string
	User             string            `json:",omitempty"`
	Cmd              []string          `json:",omitempty"`
	Env              []string          `json:",omitempty"`
	Labels           map[string]string `json:",omitempty"`
	StopTimeout      int
	Healthcheck      *Healthcheck `json:",omitempty"`
	HostConfig       HostConfig
	NetworkingConfig struct{ EndpointsConfig map[string]Endpoint }
}

// Healthcheck is the health check of a request.
type Healthcheck struct {
	Test                           []string
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
}

// HostConfig is what a request asks of the host.
type HostConfig struct {
	NetworkMode       string
	Memory            int64             `json:",omitempty"`
	MemoryReservation int64             `json:",omitempty"`
	CPUShares         int               `json:"CpuShares,omitempty"`
	CapAdd, CapDrop   []string          `json:",omitempty"`
	SecurityOpt       []string          `json:",omitempty"`
	ReadonlyRootfs    bool              `json:",omitempty"`
	Init              bool              `json:",omitempty"`
	Tmpfs             map[string]string `json:",omitempty"`
	Mounts            []Mount           `json:",omitempty"`
	ExtraHosts        []string          `json:",omitempty"`
	RestartPolicy     *RestartPolicy    `json:",omitempty"`
	LogConfig         struct {
		Type   string
		Config map[string]string
	}
}

// Mount is a new volume of Docker's at a path of the container, which goes with it.
type Mount struct {
	Type, Target string
	ReadOnly     bool
}

// RestartPolicy says when Docker starts a container again that ended by itself.
type RestartPolicy struct{ Name string }

// Endpoint is the place of a container in a network.
type Endpoint struct {
	IPAMConfig struct {
		IPv4Address  string
		LinkLocalIPs []string `json:",omitempty"`
	}
}

// Create makes a container and returns its id.
func (e Engine) Create(ctx context.Context, name string, q CreateRequest) (string, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://docker/containers/create?name="+name, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Close = true
	var sent bytes.Buffer
	if err := request.Write(&sent); err != nil {
		return "", err
	}
	// The client copies its input to the engine and the engine's answer to its output.
	dial := exec.CommandContext(ctx, e.CLI, "system", "dial-stdio")
	in, err := dial.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := dial.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := dial.Start(); err != nil {
		return "", fmt.Errorf("docker create: %w", err)
	}
	defer func() {
		in.Close()          // ends the client
		dial.Process.Kill() //nolint:errcheck,gosec // in case it does not end by itself
		dial.Wait()         //nolint:errcheck,gosec // reaps it
	}()
	if _, err := sent.WriteTo(in); err != nil {
		return "", fmt.Errorf("docker create: %w", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(out), request)
	if err != nil {
		return "", fmt.Errorf("docker create: %w", err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("docker create: %w", err)
	}
	var made struct{ ID, Message string }
	if err := json.Unmarshal(data, &made); err != nil || answer.StatusCode != http.StatusCreated {
		return "", &EngineError{Command: "create", Text: strings.TrimSpace(made.Message + " (" + answer.Status + ")")}
	}
	return made.ID, nil
}
