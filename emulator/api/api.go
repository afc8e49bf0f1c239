// Package api answers AWS's own APIs, in their own protocols, for an emulated account: what the operator's command asks
// of ECS, ECR, Elastic Load Balancing, CloudWatch and its logs, RDS, STS, Systems Manager and the Resource Groups Tagging API.
//
// Every operation is one row of a table and a function from the SDK's input type to the SDK's output type. Responses are
// written by the SDK's own serialisers; requests are read into the SDK's types by member name, and a member that the type
// does not have is an error. The tests call the operations through the SDK's clients.
package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/api/wire"
)

// The credentials that the emulated account accepts, unless Config names others.
const (
	AccessKey = "AKIAEMULATEDACCOUNT0"
	SecretKey = "emulated"
)

// Config says what the API answers for.
type Config struct {
	Account *account.Account
	// Runtime runs the tasks. Nil means a control plane only: the tasks of a service are reported as running and healthy.
	Runtime Runtime
	// StateDir keeps the deployments of a control plane; empty keeps them in memory. A Runtime keeps its own.
	StateDir string
	// Registry answers /v2/ at the API's own address, which GetAuthorizationToken then names. Nil: the runtime's registry has an address.
	Registry http.Handler
	// AccessKey is the access key id that requests must be signed with; empty means AccessKey.
	AccessKey string
	// Log receives what went wrong inside the emulator; nil means silence.
	Log io.Writer
}

// Server is the API of one account. It is an http.Handler.
type Server struct {
	account   *account.Account
	runtime   Runtime
	accessKey string
	registry  http.Handler
	log       io.Writer

	mu       sync.Mutex
	faults   []*Fault
	asked    map[string]bool // operations since the last look at /test/asked
	sessions map[string]any
}

// New prepares the API of an account. Without a runtime it becomes the account's backend, which records deployments.
func New(cfg Config) *Server {
	s := &Server{account: cfg.Account, runtime: cfg.Runtime, registry: cfg.Registry, accessKey: cfg.AccessKey, log: cfg.Log, sessions: map[string]any{}, asked: map[string]bool{}}
	if s.accessKey == "" {
		s.accessKey = AccessKey
	}
	if s.log == nil {
		s.log = io.Discard
	}
	if s.runtime == nil {
		plane := newControlPlane(cfg.Account, cfg.StateDir)
		cfg.Account.SetBackend(plane)
		s.runtime = plane
	}
	return s
}

// Serve answers on a free loopback port until stop is called. url is what AWS_ENDPOINT_URL must be.
func (s *Server) Serve() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serving the AWS API: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with stop
	}()
	return "http://" + listener.Addr().String(), func() { server.Close(); <-done }, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.registry != nil && strings.HasPrefix(r.URL.Path, "/v2/") {
		s.registry.ServeHTTP(w, r)
		return
	}
	if s.serveOwn(w, r) {
		return
	}
	q, err := wire.Read(r, services)
	if err == nil {
		err = s.authenticate(r, q)
	}
	if err == nil {
		err = s.fault(q.Service, q.Operation)
	}
	s.remember(q)
	if err != nil {
		q.Refuse(w, err)
		return
	}
	out, err := s.call(context.WithValue(r.Context(), urlKey{}, "http://"+r.Host), q)
	if err != nil {
		q.Refuse(w, s.explain(q, err))
		return
	}
	q.Answer(w, out)
}

// explain turns what is no answer of AWS into one, and logs it.
func (s *Server) explain(q wire.Request, err error) error {
	known := wire.AsError(err)
	if known.Code == wire.InternalFailure {
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintf(s.log, "%s %s: %v\n", q.Service, q.Operation, err) // for whoever looks for it
	}
	return known
}

// Fault makes operations fail, for tests of what a client does then.
type Fault struct {
	Operation     string // ecs:DescribeServices
	Code, Message string // AccessDeniedException, ThrottlingException; an empty message is AWS's usual one
	Times         int    // how many calls fail
}

// Fail has the next calls of an operation fail.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

func (s *Server) fault(service, operation string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Operation == service+":"+operation && f.Times > 0 {
			f.Times--
			return &account.Error{Code: f.Code, Message: f.message(s.account.ID(), service, operation)}
		}
	}
	return nil
}

// message is what AWS says with a code where the fault does not say it itself.
func (f *Fault) message(accountID, service, operation string) string {
	switch {
	case f.Message != "":
		return f.Message
	case f.Code == "AccessDeniedException" || f.Code == "AccessDenied":
		return fmt.Sprintf("User: %s is not authorized to perform: %s:%s on resource: * because no identity-based policy allows the %[2]s:%[3]s action",
			callerARN(accountID), iamPrefix(service), operation)
	case f.Code == "ThrottlingException" || f.Code == "Throttling":
		return "Rate exceeded"
	default:
		return f.Code
	}
}

func (s *Server) call(ctx context.Context, q wire.Request) (serializable, error) {
	op, ok := operations[q.Service+":"+q.Operation]
	if !ok {
		return nil, unknownOperation(q)
	}
	return op.do(ctx, s, q.Input)
}
