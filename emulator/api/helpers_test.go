package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	accounts "github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
)

const (
	prefix     = "arn:aws:ecs:eu-central-1:123456789012:"
	imageOf1   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:"
	elbPrefix  = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:"
	balancer   = elbPrefix + "loadbalancer/app/shop/1111111111111111"
	listener   = elbPrefix + "listener/app/shop/1111111111111111/2222222222222222"
	group      = elbPrefix + "targetgroup/shop-web/3333333333333333"
	definition = prefix + "task-definition/shop-web:"
)

var _ Runtime = (*runtime.Runtime)(nil)

// world is the API of an account with a cluster that has one service.
type world struct {
	*Server
	t      *testing.T
	config aws.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, err := accounts.Open("", "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Account: a})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	w := &world{Server: s, t: t, config: aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
	}}
	w.seed(account.ClusterToken, prefix+"cluster/shop", account.Values{"name": "shop", "arn": prefix + "cluster/shop", "tagsAll": map[string]any{"stack": "prod"}})
	w.seed(account.GroupToken, "fleet", account.Values{"arn": "arn:aws:autoscaling:fleet", "minSize": 2.0, "desiredCapacity": 2.0})
	w.seed(account.CapacityProviderToken, "fleet", account.Values{"name": "fleet", "autoScalingGroupProvider": map[string]any{"autoScalingGroupArn": "arn:aws:autoscaling:fleet"}})
	w.seed(account.ClusterProvidersToken, "shop", account.Values{"capacityProviders": []any{"fleet"}})
	w.seed(account.BalancerToken, balancer, account.Values{"arn": balancer, "name": "shop", "dnsName": "shop.elb.amazonaws.com", "loadBalancerType": "application", "vpcId": "vpc-1"})
	w.seed(account.ListenerToken, listener, account.Values{"arn": listener, "loadBalancerArn": balancer, "port": 80.0, "protocol": "HTTP",
		"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": group}}})
	w.seed(account.TargetGroupToken, group, account.Values{"arn": group, "name": "shop-web", "port": 80.0, "protocol": "HTTP", "vpcId": "vpc-1", "targetType": "instance",
		"healthCheck": map[string]any{"enabled": true, "path": "/up", "port": "traffic-port", "interval": 10.0}})
	w.seed(account.LogGroupToken, "/shop/web", account.Values{"name": "/shop/web", "arn": "arn:aws:logs:eu-central-1:123456789012:log-group:/shop/web"})
	w.revision(1)
	w.deploy(1)
	return w
}

func (w *world) seed(token, id string, v account.Values) account.Resource {
	w.t.Helper()
	if err := w.account.Seed(token, id, v); err != nil {
		w.t.Fatal(err)
	}
	r, _ := w.account.Read(token, id)
	if plane, ok := w.runtime.(*controlPlane); ok {
		if err := plane.Ensure(context.Background(), r); err != nil {
			w.t.Fatal(err)
		}
	}
	return r
}

// revision registers a revision of the task definition: a migration that must succeed before the web server starts.
func (w *world) revision(n int) {
	w.t.Helper()
	container := func(name string, essential bool) map[string]any {
		return map[string]any{
			"name": name, "essential": essential, "image": imageOf1 + strings.Repeat("abcdef"[n:n+1], 64), "memory": 512,
			"environment":      []any{map[string]any{"name": "APP_RELEASE", "value": "r" + string(rune('0'+n))}},
			"logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]any{"awslogs-group": "/shop/web", "awslogs-stream-prefix": "web"}},
		}
	}
	migrate, web := container("migrate", false), container("web", true)
	web["dependsOn"] = []any{map[string]any{"containerName": "migrate", "condition": "SUCCESS"}}
	web["healthCheck"] = map[string]any{"command": []any{"CMD", "true"}, "interval": 10}
	text, _ := json.Marshal([]any{migrate, web}) // plain values always encode
	arn := definition + string(rune('0'+n))
	w.seed(account.RetiredTaskToken, arn, account.Values{"arn": arn, "family": "shop-web", "revision": float64(n), "status": "ACTIVE", "networkMode": "bridge", "containerDefinitions": string(text)})
	if err := w.runtime.(*controlPlane).store.Register(arn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) deploy(n int) {
	w.t.Helper()
	w.seed(account.ServiceToken, prefix+"service/shop/web", account.Values{
		"arn": prefix + "service/shop/web", "name": "web", "cluster": prefix + "cluster/shop", "desiredCount": 2.0, "taskDefinition": definition + string(rune('0'+n)),
		"enableExecuteCommand": true, "deploymentMaximumPercent": 200.0, "deploymentMinimumHealthyPercent": 100.0, "tagsAll": map[string]any{"stack": "prod"},
		"deploymentCircuitBreaker": map[string]any{"enable": true, "rollback": true}, "capacityProviderStrategies": []any{map[string]any{"capacityProvider": "fleet", "weight": 1.0}},
		"loadBalancers": []any{map[string]any{"targetGroupArn": group, "containerName": "web", "containerPort": 8080.0}},
	})
}

// code is the code of an AWS error.
func code(err error) string {
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func must[T any](out T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}
