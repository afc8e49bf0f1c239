// Package plugin holds the provider plugins of the emulator: they take the place of pulumi-aws, pulumi-docker and
// pulumi-random and speak Pulumi's provider protocol from within this process. The engine attaches to them instead of
// downloading plugins when PULUMI_DEBUG_PROVIDERS names their ports.
package plugin

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// maxMessage is the size of message the engine itself allows.
const maxMessage = 400 << 20

// Config is what the plugins work with.
type Config struct {
	// Account is the AWS account behind the aws plugin.
	Account *account.Account
	// Root is the folder of Pulumi.yaml: relative paths of the program start there.
	Root string
	// Images builds and pushes images; nil makes the docker plugin compute a digest and build nothing.
	Images Images
}

// Images makes container images real.
type Images interface {
	// Build builds an image and tags it with b.Name.
	Build(ctx context.Context, b Build) error
	// Push pushes a local image to repository:tag and returns the digest the registry reports (sha256:...).
	Push(ctx context.Context, localImage, repository, tag string) (digest string, err error)
}

// Servers are the running plugins.
type Servers struct {
	servers map[string]*server
}

// Serve starts the plugins on free ports of the loopback interface.
func Serve(cfg Config) (*Servers, error) {
	s := &Servers{servers: map[string]*server{}}
	for name, provider := range map[string]func() sdk.Provider{
		"aws":    func() sdk.Provider { return newAWS(cfg.Account) },
		"docker": func() sdk.Provider { return newDocker(cfg) },
		"random": func() sdk.Provider { return newRandom() },
	} {
		one, err := listen(provider)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("starting the %s plugin: %w", name, err)
		}
		s.servers[name] = one
	}
	return s, nil
}

// DebugProviders is the value of PULUMI_DEBUG_PROVIDERS that makes the engine attach to these plugins.
func (s *Servers) DebugProviders() string {
	var list []string
	for name, one := range s.servers {
		list = append(list, fmt.Sprintf("%s:%d", name, one.listener.Addr().(*net.TCPAddr).Port))
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// Close stops the plugins and aborts what they are doing.
func (s *Servers) Close() {
	for _, one := range s.servers {
		one.close()
	}
}

// server gives every connection a provider of its own, because the engine opens one connection per provider resource
// (a default one, an explicit one) and configures each differently. With real plugins those are processes.
type server struct {
	listener net.Listener
	provider func() sdk.Provider

	mu    sync.Mutex
	conns map[*grpc.Server]sdk.Provider
	done  bool
}

func listen(provider func() sdk.Provider) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{listener: listener, provider: provider, conns: map[*grpc.Server]sdk.Provider{}}
	go s.accept()
	return s, nil
}

func (s *server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		provider := s.provider()
		grpcServer := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
		pulumirpc.RegisterResourceProviderServer(grpcServer, sdk.NewProviderServer(provider))
		s.mu.Lock()
		if s.done {
			s.mu.Unlock()
			conn.Close()
			return
		}
		s.conns[grpcServer] = provider
		s.mu.Unlock()
		go func() {
			// Serve ends when the connection does; the error only says so.
			_ = grpcServer.Serve(&oneConn{Conn: conn, closed: make(chan struct{})})
			s.forget(grpcServer)
		}()
	}
}

func (s *server) forget(grpcServer *grpc.Server) {
	s.mu.Lock()
	provider := s.conns[grpcServer]
	delete(s.conns, grpcServer)
	s.mu.Unlock()
	if provider != nil {
		_ = provider.Close()
	}
	grpcServer.Stop()
}

func (s *server) close() {
	s.listener.Close()
	s.mu.Lock()
	s.done = true
	var open []*grpc.Server
	for grpcServer := range s.conns {
		open = append(open, grpcServer)
	}
	s.mu.Unlock()
	for _, grpcServer := range open {
		s.forget(grpcServer)
	}
}

// oneConn is a connection, and the listener that hands it out once. Both end together.
type oneConn struct {
	net.Conn
	taken  bool
	once   sync.Once
	closed chan struct{}
}

// Accept returns the connection once, then waits for its end.
func (c *oneConn) Accept() (net.Conn, error) {
	if !c.taken {
		c.taken = true
		return c, nil
	}
	<-c.closed
	return nil, net.ErrClosed
}

// Close closes the connection.
func (c *oneConn) Close() error {
	defer c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// Addr is the address of the connection.
func (c *oneConn) Addr() net.Addr { return c.LocalAddr() }
