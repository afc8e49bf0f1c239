package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
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
	watch            *metrics.Watch // of a deployment; nil without alarms
	Resource         account.Resource
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
		Resource: res,
		Cluster:  account.AfterSlash(v.Text("cluster")), Name: v.Text("name"), definition: v.Text("taskDefinition"), desired: machine.Number(v, "desiredCount", 0),
		minimum: machine.Number(v, "deploymentMinimumHealthyPercent", 100), maximum: machine.Number(v, "deploymentMaximumPercent", 200),
		grace:   time.Duration(machine.Number(v, "healthCheckGracePeriodSeconds", 0)) * time.Second,
		breaker: v.True("deploymentCircuitBreaker.enable"), rollback: v.True("deploymentCircuitBreaker.rollback"),
	}
	if s.Cluster == "" {
		s.Cluster = "default"
	}
	if v.Text("launchType") == "FARGATE" {
		return s, errors.New("launchType FARGATE: the emulator runs tasks as on EC2")
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
	s.Settings = account.StableHex(string(encoded), 16)
	return s, nil
}
