package plugin

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// dial connects to a plugin as the engine does.
func dial(t *testing.T, s *Servers, name string) pulumirpc.ResourceProviderClient {
	t.Helper()
	for one := range strings.SplitSeq(s.DebugProviders(), ",") {
		plugin, port, _ := strings.Cut(one, ":")
		if plugin != name {
			continue
		}
		conn, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return pulumirpc.NewResourceProviderClient(conn)
	}
	t.Fatalf("%s is not in %s", name, s.DebugProviders())
	return nil
}

func configure(t *testing.T, client pulumirpc.ResourceProviderClient, tag string) {
	t.Helper()
	args, err := sdk.MarshalProperties(props(map[string]any{
		"region": "eu-west-1", "defaultTags": fmt.Sprintf(`{"tags":{"Owner":%q}}`, tag),
	}), sdk.MarshalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Configure(context.Background(), &pulumirpc.ConfigureRequest{Args: args, AcceptSecrets: true}); err != nil {
		t.Fatal(err)
	}
}

func TestEveryConnectionHasItsOwnConfiguration(t *testing.T) {
	s, err := Serve(Config{Account: newAccount(t), Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, second := dial(t, s, "aws"), dial(t, s, "aws")
	configure(t, first, "one")
	configure(t, second, "two")
	news, err := sdk.MarshalProperties(props(map[string]any{"cidrBlock": "10.0.0.0/16"}), sdk.MarshalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for want, client := range map[string]pulumirpc.ResourceProviderClient{"one": first, "two": second} {
		response, err := client.Check(context.Background(), &pulumirpc.CheckRequest{Urn: string(urn(vpcToken, "vpc")), News: news})
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Inputs.Fields["tagsAll"].GetStructValue().Fields["Owner"].GetStringValue(); got != want {
			t.Errorf("the provider of %s tags with %q", want, got)
		}
	}
}

func TestPluginsTellTheirVersion(t *testing.T) {
	s, err := Serve(Config{Account: newAccount(t), Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, want := range map[string]string{"aws": "6.83.4", "docker": "4.10.0", "random": "4.18.3"} {
		info, err := dial(t, s, name).GetPluginInfo(context.Background(), &emptypb.Empty{})
		if err != nil || info.Version != want {
			t.Errorf("%s is %v, %v", name, info, err)
		}
	}
}

func TestCloseEndsConnections(t *testing.T) {
	s, err := Serve(Config{Account: newAccount(t), Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, s, "random")
	if _, err := client.GetPluginInfo(context.Background(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	port := strings.TrimPrefix(strings.Split(s.DebugProviders(), ",")[2], "random:")
	s.Close()
	if _, err := client.GetPluginInfo(context.Background(), &emptypb.Empty{}); err == nil {
		t.Error("a closed plugin answers")
	}
	if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}
