package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// base is what the plugins have in common.
type base struct {
	sdk.UnimplementedProvider

	name    tokens.Package
	version semver.Version // of the plugin whose place this one takes
	ctx     context.Context
	cancel  context.CancelFunc
}

func newBase(name, version string) base {
	ctx, cancel := context.WithCancel(context.Background())
	return base{name: tokens.Package(name), version: semver.MustParse(version), ctx: ctx, cancel: cancel}
}

// DiffConfig finds no difference; the aws plugin has settings that matter.
func (b *base) DiffConfig(context.Context, sdk.DiffConfigRequest) (sdk.DiffConfigResponse, error) {
	return sdk.DiffResult{Changes: sdk.DiffNone}, nil
}

// Configure takes nothing.
func (b *base) Configure(context.Context, sdk.ConfigureRequest) (sdk.ConfigureResponse, error) {
	return sdk.ConfigureResponse{}, nil
}

// Read returns what the engine knows: there is nothing else.
func (b *base) Read(_ context.Context, req sdk.ReadRequest) (sdk.ReadResponse, error) {
	return sdk.ReadResponse{ReadResult: sdk.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: req.State}}, nil
}

// Delete leaves what was made.
func (b *base) Delete(context.Context, sdk.DeleteRequest) (sdk.DeleteResponse, error) {
	return sdk.DeleteResponse{}, nil
}

// Pkg is the name of the package.
func (b *base) Pkg() tokens.Package { return b.name }

// Handshake agrees on the protocol.
func (b *base) Handshake(context.Context, sdk.ProviderHandshakeRequest) (*sdk.ProviderHandshakeResponse, error) {
	return &sdk.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true, AcceptOutputs: true}, nil
}

// Attach is called by an engine that did not start the plugin itself. The plugins need nothing from the engine.
func (b *base) Attach(string) error { return nil }

// GetPluginInfo returns the version of the plugin whose place this one takes.
func (b *base) GetPluginInfo(context.Context) (sdk.PluginInfo, error) {
	return sdk.PluginInfo{Version: &b.version}, nil
}

// SignalCancellation aborts what is under way: the user pressed Ctrl-C.
func (b *base) SignalCancellation(context.Context) error {
	b.cancel()
	return nil
}

// Close ends the plugin with its connection.
func (b *base) Close() error {
	b.cancel()
	return nil
}

// operation is the context of one create, update or delete: it ends with the request, with the plugin, on
// cancellation and after the resource's own timeout (seconds, 0 means none).
func (b *base) operation(ctx context.Context, timeout float64) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(b.ctx, cancel)
	if timeout > 0 {
		var cancelTimeout context.CancelFunc
		ctx, cancelTimeout = context.WithTimeout(ctx, time.Duration(timeout*float64(time.Second)))
		return ctx, func() { cancelTimeout(); stop(); cancel() }
	}
	return ctx, func() { stop(); cancel() }
}

// refused is the error of an operation that changed nothing. The code tells the engine so; with an unknown code it
// would have to assume that the resource may exist.
func refused(err error) error {
	var aws *account.Error
	if errors.As(err, &aws) {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	if errors.Is(err, context.Canceled) {
		return status.Error(codes.Canceled, err.Error())
	}
	return status.Error(codes.Aborted, err.Error())
}

// halfDone is the error of an operation after which the resource exists but does not work. The engine records the
// resource, marks it, and tries to repair it with the next deployment.
func halfDone(cause error, id string, inputs, outputs resource.PropertyMap) error {
	options := sdk.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}
	in, err := sdk.MarshalProperties(inputs, options)
	if err != nil {
		return errors.Join(cause, err)
	}
	out, err := sdk.MarshalProperties(outputs, options)
	if err != nil {
		return errors.Join(cause, err)
	}
	return rpcerror.WithDetails(rpcerror.New(codes.Unknown, cause.Error()), &pulumirpc.ErrorResourceInitFailed{
		Id: id, Inputs: in, Properties: out, Reasons: []string{cause.Error()},
	})
}
