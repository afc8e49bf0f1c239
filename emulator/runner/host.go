package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/front"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
)

// host has the stacks that the command works on: the one it was started for, and others of the project as soon as a
// pulumi in front asks for them.
type host struct {
	main *open
	cli  string // path of the real pulumi

	mu     sync.Mutex
	stacks map[string]*open
}

func newHost(s *local.Stack, cli string) *host {
	h := &host{cli: cli}
	h.main = &open{Stack: s, host: h}
	h.stacks = map[string]*open{s.Name: h.main}
	return h
}

// stack returns a stack of the project.
func (h *host) stack(ctx context.Context, name string) (*open, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o, ok := h.stacks[name]; ok {
		return o, nil
	}
	s := &local.Stack{Name: name, Root: h.main.Root, Program: h.main.Program, InMemory: h.main.InMemory, Out: local.NewLines(io.Discard)}
	if s.InMemory {
		s.SharedWith = h.main.held
	} else {
		found, err := local.Find(*s)
		if err != nil {
			return nil, err
		}
		if err := found.ChoosePorts(ctx); err != nil {
			return nil, err
		}
		s = found
	}
	h.stacks[name] = &open{Stack: s, host: h}
	return h.stacks[name], nil
}

// all are the stacks, that of the command first.
func (h *host) all() []*open {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []*open{h.main}
	for _, o := range h.stacks {
		if o != h.main {
			list = append(list, o)
		}
	}
	return list
}

// close closes all stacks, the one whose account the others may share last.
func (h *host) close() {
	for _, o := range slices.Backward(h.all()) {
		o.close()
	}
}

// listen answers the pulumi in front until stop is called.
func (h *host) listen(folder string) (socket string, stop func(), err error) {
	socket = filepath.Join(folder, "emulator")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return "", nil, fmt.Errorf("listening for pulumi: %w", err)
	}
	var calls sync.WaitGroup
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Go(func() { h.answer(conn) })
		}
	}()
	return socket, func() { listener.Close(); calls.Wait() }, nil
}

// call is one run of the pulumi in front.
type call struct {
	front.Request
	ctx     context.Context // ends with the front
	send    *json.Encoder
	receive *json.Decoder
	mu      sync.Mutex
}

// answer serves one run of the pulumi in front.
func (h *host) answer(conn net.Conn) {
	defer conn.Close()
	c := &call{ctx: context.Background(), send: json.NewEncoder(conn), receive: json.NewDecoder(conn)}
	if err := c.receive.Decode(&c.Request); err != nil {
		return
	}
	code, err := h.pulumi(c)
	if err != nil && !errors.Is(err, local.ErrReported) {
		c.reply(front.Reply{Err: "error: " + err.Error() + "\n"})
	}
	if err != nil {
		code = max(code, 1)
	}
	c.reply(front.Reply{Done: &code})
}

func (c *call) reply(r front.Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.send.Encode(r) // a front that is gone needs no answer
}

// Write writes progress to the standard error of the front.
func (c *call) Write(text []byte) (int, error) {
	c.reply(front.Reply{Err: string(text)})
	return len(text), nil
}

// run has the front run the real CLI and returns its exit code.
func (c *call) run(r front.Run) (int, error) {
	c.reply(front.Reply{Run: &r})
	var ended front.Ended
	if err := c.receive.Decode(&ended); err != nil {
		return 1, fmt.Errorf("pulumi was ended: %w", err)
	}
	return ended.Code, nil
}
