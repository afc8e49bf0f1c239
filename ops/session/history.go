package session

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// updatesRead is how many updates of a stack are read: weeks of deployments in one answer.
const updatesRead = "100"

// Update is one run of pulumi up or destroy, as the state backend keeps it.
type Update struct {
	Kind        string            `json:"kind"`   // update, destroy, refresh ...
	Result      string            `json:"result"` // succeeded, failed, in-progress
	Message     string            `json:"message"`
	Start       time.Time         `json:"startTime"`
	End         time.Time         `json:"endTime"`
	Environment map[string]string `json:"environment"` // where it ran: git.author, ci.build.url ...
}

// Updates are the newest runs of the stack, newest first. One that was killed is not among them.
func (s *Session) Updates(ctx context.Context) ([]Update, error) {
	p, err := s.Pulumi(ctx)
	if err != nil {
		return nil, err
	}
	text, err := p.Output(ctx, "stack", "history", "--output", "json", "--page-size", updatesRead, "--stack", s.Stack)
	if err != nil {
		return nil, err
	}
	var list []Update
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("pulumi stack history: %w", err)
	}
	return list, nil
}

// UpdateAt is the run in which something began at a time.
func UpdateAt(list []Update, at time.Time) (Update, bool) {
	for _, u := range list {
		if !at.Before(u.Start) && !at.After(u.End.Add(time.Second)) { // both are whole seconds
			return u, true
		}
	}
	return Update{}, false
}

// By is who ran it as far as Pulumi records that: the author of the commit, and the pipeline's job
// (constants of pkg/backend/metadata.go in pulumi/pulumi). "" where it records neither.
func (u Update) By() string {
	parts := []string{u.Environment["git.author"]}
	if job := cmp.Or(u.Environment["ci.build.url"], u.Environment["ci.build.id"]); job != "" {
		parts = append(parts, "job "+job)
	}
	return strings.Trim(strings.Join(parts, ", "), ", ")
}

// Unfinished are the outputs that can be told from the resources of a stack whose first deployment did not come to its end: the cluster and
// the services.
func (s *Session) Unfinished(ctx context.Context) (o Outputs, err error) {
	p, err := s.Pulumi(ctx)
	if err != nil {
		return o, err
	}
	text, err := p.Output(ctx, "stack", "export", "--stack", s.Stack)
	if err != nil {
		return o, err
	}
	var state struct {
		Deployment struct {
			Resources []struct {
				URN     string `json:"urn"`
				Type    string `json:"type"`
				Outputs struct {
					Name    any `json:"name"`
					Cluster any `json:"cluster"` // ARN
				} `json:"outputs"`
			} `json:"resources"`
		} `json:"deployment"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return o, fmt.Errorf("pulumi stack export: %w", err)
	}
	o.ServiceNames = map[string]string{}
	for _, r := range state.Deployment.Resources {
		name, _ := r.Outputs.Name.(string)
		cluster, _ := r.Outputs.Cluster.(string)
		if r.Type != "aws:ecs/service:Service" || name == "" || cluster == "" {
			continue
		}
		_, process, _ := strings.Cut(r.URN[strings.LastIndex(r.URN, "::")+2:], "-"+s.Stack+"-") // laravel-prod-web-service
		o.ServiceNames[strings.TrimSuffix(process, "-service")] = name
		o.ClusterName = cluster[strings.LastIndex(cluster, "/")+1:]
	}
	return o, nil
}
