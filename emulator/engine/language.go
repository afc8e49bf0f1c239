package engine

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// languageHost runs the program in this process. The CLI attaches to it instead of starting pulumi-language-go, which
// would compile the program first: PULUMI_DEBUG_LANGUAGES names its port. Every command of the CLI that needs a
// language host (up, preview, refresh, destroy) honours that variable, so no argument of the command has to change.
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	program pulumi.RunFunc
	port    int
	cancel  chan bool
	done    <-chan error

	mu     sync.Mutex
	engine string // address that the CLI sent with its handshake
}

func serveLanguage(program pulumi.RunFunc) (*languageHost, error) {
	h := &languageHost{program: program, cancel: make(chan bool)}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: h.cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, h)
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("serving the program: %w", err)
	}
	h.port, h.done = handle.Port, handle.Done
	return h, nil
}

// DebugLanguages is the value of PULUMI_DEBUG_LANGUAGES that makes the CLI attach.
func (h *languageHost) debugLanguages() string { return "go:" + strconv.Itoa(h.port) }

func (h *languageHost) close() {
	close(h.cancel)
	<-h.done
}

// Handshake takes the address to which the program sends its log.
func (h *languageHost) Handshake(_ context.Context, req *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.engine = req.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// Run runs the program once.
func (h *languageHost) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	h.mu.Lock()
	engine := h.engine
	h.mu.Unlock()
	run, err := pulumi.NewContext(ctx, pulumi.RunInfo{
		EngineAddr: engine, MonitorAddr: req.GetMonitorAddress(), Config: req.GetConfig(), ConfigSecretKeys: req.GetConfigSecretKeys(),
		Project: req.GetProject(), Stack: req.GetStack(), Organization: req.GetOrganization(), Parallel: req.GetParallel(), DryRun: req.GetDryRun(),
	})
	if err != nil {
		return nil, err
	}
	defer run.Close()
	if err := h.guarded(run); err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// guarded turns a panic of the program into its error: this process has more to do.
func (h *languageHost) guarded(run *pulumi.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the program panicked: %v", r)
		}
	}()
	return pulumi.RunWithContext(run, h.program)
}

// GetRequiredPackages names none: the plugins are there.
func (h *languageHost) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// GetPluginInfo answers with a version, which nothing here depends on.
func (h *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

// About is asked for the stack's metadata.
func (h *languageHost) About(context.Context, *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	return &pulumirpc.AboutResponse{}, nil
}
