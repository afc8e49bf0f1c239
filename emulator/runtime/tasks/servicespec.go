package tasks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// service is an ECS service as declared.
type service struct {
	Cluster, Name    string
	definition       string // ARN
	desired          int
	minimum, maximum int // percent
	grace            time.Duration
	breaker          bool
	rollback         bool
	balancers        []attachment
	Settings         string // hash of what makes a new deployment when it changes
}

type attachment struct {
	group, container string
	port             int
}

func (s service) key() string { return s.Cluster + "/" + s.Name }

func (s service) behindBalancer() string {
	if len(s.balancers) == 0 {
		return ""
	}
	return s.balancers[0].container
}

// ReadService reads a service and refuses what cannot be run here.
func ReadService(res account.Resource) (service, error) {
	v := res.Outputs
	s := service{
		Cluster: LastPart(v.Text("cluster")), Name: v.Text("name"), definition: v.Text("taskDefinition"), desired: machine.Number(v, "desiredCount", 0),
		minimum: machine.Number(v, "deploymentMinimumHealthyPercent", 100), maximum: machine.Number(v, "deploymentMaximumPercent", 200),
		grace:   time.Duration(machine.Number(v, "healthCheckGracePeriodSeconds", 0)) * time.Second,
		breaker: v.True("deploymentCircuitBreaker.enable"), rollback: v.True("deploymentCircuitBreaker.rollback"),
	}
	if s.Cluster == "" {
		s.Cluster = "default"
	}
	switch {
	case v.Text("launchType") == "FARGATE":
		return s, errors.New("launchType FARGATE: the emulator runs tasks as on EC2")
	case v.Text("schedulingStrategy") == "DAEMON":
		return s, errors.New("schedulingStrategy DAEMON: the emulator has REPLICA only")
	}
	if kind := v.Text("deploymentController.type"); kind != "" && kind != "ECS" {
		return s, fmt.Errorf("deploymentController %s: the emulator has rolling deployments by ECS only", kind)
	}
	for _, lb := range v.Blocks("loadBalancers") {
		if lb.Text("targetGroupArn") == "" {
			return s, errors.New("loadBalancers: the emulator needs a targetGroupArn (no classic load balancers)")
		}
		s.balancers = append(s.balancers, attachment{lb.Text("targetGroupArn"), lb.Text("containerName"), machine.Number(lb, "containerPort", 0)})
	}
	encoded, _ := json.Marshal([]any{s.definition, v["loadBalancers"], v["triggers"]}) // plain JSON values always encode
	sum := sha256.Sum256(encoded)
	s.Settings = hex.EncodeToString(sum[:8])
	return s, nil
}

// LastPart is what follows the last slash of an ARN; a plain name stays as it is.
func LastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
