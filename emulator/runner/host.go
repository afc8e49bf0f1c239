package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"

	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/emulator/front"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
)

// host has the stacks open that the command works on: the one it was started for, and others of the project as soon as
// a pulumi in front asks for them.
type host struct {
	main *local.Opened

	mu     sync.Mutex
	opened map[string]*open
}

// open is an opened stack with the API of its account.
type open struct {
	*local.Opened
	api *api.Server
	mu  sync.Mutex // one run of pulumi at a time, as the lock of Pulumi's state has it
}

func newHost(main *local.Opened) *host {
	h := &host{main: main, opened: map[string]*open{}}
	h.opened[main.Stack.Name] = &open{Opened: main, api: h.newAPI(main)}
	return h
}

func (h *host) newAPI(o *local.Opened) *api.Server {
	cfg := api.Config{Account: o.Account()}
	if o.Machine != nil {
		cfg.Registry = registry{h}
		runtime, ok := any(o.Machine).(api.Runtime)
		if !ok {
			return nil
		}
		cfg.Runtime = runtime
	}
	return api.New(cfg)
}

// stack returns a stack of the project, which is opened unless it is open.
func (h *host) stack(ctx context.Context, name string) (*open, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o, ok := h.opened[name]; ok {
		return o, nil
	}
	main := h.main.Stack
	other := local.Stack{Name: name, Root: main.Root, Program: main.Program, InMemory: main.InMemory, Out: local.NewLines(io.Discard)}
	if main.InMemory {
		other.SharedWith = h.main
		return h.add(ctx, &other)
	}
	found, err := local.Find(other)
	if err != nil {
		return nil, err
	}
	if err := found.ChoosePorts(ctx); err != nil {
		return nil, err
	}
	return h.add(ctx, found)
}

func (h *host) add(ctx context.Context, s *local.Stack) (*open, error) {
	opened, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	o := &open{Opened: opened}
	if s.SharedWith != nil {
		o.api = h.opened[h.main.Stack.Name].api
	} else {
		o.api = h.newAPI(opened)
	}
	h.opened[s.Name] = o
	return o, nil
}

// forget closes a stack that was removed.
func (h *host) forget(o *open) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o.Opened == h.main { // its API goes on
		return
	}
	o.Close()
	delete(h.opened, o.Stack.Name)
}

// close closes all stacks, the one whose account the others may share last.
func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.opened {
		if o.Opened != h.main {
			_ = o.Discard()
		}
	}
	_ = h.main.Discard()
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
