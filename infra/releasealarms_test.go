package infra

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// TestBake: the wait ends when ECS takes the release back, and a service that keeps its task definition is not waited for.
func TestBake(t *testing.T) {
	for old, looks := range map[string]bool{"web:1": true, "web:2": false} {
		recorder := &infratest.Recorder{RolledBack: true}
		begin := time.Now()
		err := recorder.Run(func(ctx *pulumi.Context) error {
			service, err := ecs.NewService(ctx, "web", &ecs.ServiceArgs{Cluster: pulumi.String("cluster/c"), TaskDefinition: pulumi.String("web:2")})
			if err != nil {
				return err
			}
			done := make(chan error)
			service.ID().ApplyT(func(id pulumi.ID) pulumi.ID {
				done <- (&Service{}).bake(ctx, 1)(&pulumi.ResourceHookArgs{
					ID: id, OldInputs: resource.NewPropertyMapFromMap(map[string]any{"taskDefinition": old}),
					NewInputs: resource.NewPropertyMapFromMap(map[string]any{"taskDefinition": "web:2", "cluster": "cluster/c"}),
				})
				return id
			})
			return <-done
		}, "laravel-ecs", "prod", nil)
		if err != nil || time.Since(begin) > 30*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		if looked := slices.Contains(recorder.Called(), "aws:ecs/getService:getService"); looked != looks {
			t.Errorf("from %s: looked %t", old, looked)
		}
	}
}

// TestWaitWhile waits to the limit, ends early when what it waits for is over, and passes errors on.
func TestWaitWhile(t *testing.T) {
	looks := 0
	begin := time.Now()
	if err := waitWhile(30*time.Millisecond, 10*time.Millisecond, func() (bool, error) { looks++; return true, nil }); err != nil || looks == 0 || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("%d looks in %s: %v", looks, time.Since(begin), err)
	}
	looks = 0
	if err := waitWhile(time.Hour, time.Microsecond, func() (bool, error) { looks++; return looks < 3, nil }); err != nil || looks != 3 {
		t.Errorf("%d looks: %v", looks, err)
	}
	broken := errors.New("broken")
	if err := waitWhile(time.Hour, time.Hour, func() (bool, error) { return true, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
