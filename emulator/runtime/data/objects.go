package data

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/objects"
	"github.com/laravel-ecs/laravel-ecs/emulator/queues"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// ObjectsOwner is the label of the server of all buckets and queues.
const ObjectsOwner = "objects"

const objectsFolder = "/etc/s3"

// EnsureObjects runs the emulated S3 and SQS, and tells it which buckets, queues and roles there are. Without buckets and queues there is none.
func (r *Servers) EnsureObjects(ctx context.Context) error {
	unlock := r.Locks.Lock(ObjectsOwner)
	defer unlock()
	config := r.objectsConfig()
	if len(config.Buckets)+len(config.Queues) == 0 {
		return r.RemoveOwned(ctx, ObjectsOwner)
	}
	program, err := r.objectsProgram(ctx)
	if err != nil {
		return fmt.Errorf("building the emulated S3: %w", err)
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	file := machine.File{Name: "config.json", Data: text}
	id, made, err := r.EnsurePart(ctx, machine.Part{
		Role: ObjectsOwner, Owner: ObjectsOwner, Name: "s3", Image: "s3", Volume: "s3", Folder: "/var/lib/s3", Fixed: true, Local: objects.AgentAddress,
		Folders: map[string][]machine.File{"/opt/s3": {{Name: "server", Data: program, Mode: 0o500}}},
		Initial: map[string][]machine.File{objectsFolder: {file}},
	})
	if err != nil {
		return fmt.Errorf("starting the emulated S3: %w", err)
	}
	if !made {
		if err := r.CopyIn(ctx, id, objectsFolder, file); err != nil {
			return err
		}
	}
	// The first request makes the buckets and the queues.
	return r.WaitFor(ctx, "the emulated S3", id, time.Minute, func(ctx context.Context) error {
		_, err := r.countObjects(ctx, id, "none")
		return err
	})
}

// RemoveBucket takes a bucket away: one that is not empty only if the program said so.
func (r *Servers) RemoveBucket(ctx context.Context, res account.Resource) error {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelOwner+"="+ObjectsOwner)
	if err != nil {
		return err
	}
	if len(found) > 0 && !res.Outputs.True("forceDestroy") {
		n, err := r.countObjects(ctx, found[0].ID, res.Outputs.Text("bucket"))
		if err != nil {
			return err
		}
		if n != "0" {
			return fmt.Errorf("BucketNotEmpty: The bucket you tried to delete is not empty: %s has %s objects; empty it, or set storage.keepFiles to false and deploy", res.Outputs.Text("bucket"), n)
		}
	}
	return r.EnsureObjects(ctx)
}

func (r *Servers) countObjects(ctx context.Context, id, bucket string) (string, error) {
	out, err := r.Docker.Run(ctx, "exec", id, "/opt/s3/server", "/-/objects?bucket="+url.QueryEscape(bucket))
	return strings.TrimSpace(out), err
}

// QueuePoints are what SQS reports to CloudWatch of its queues
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
func (r *Servers) QueuePoints(ctx context.Context, m metrics.Metric, from, to time.Time) (points metrics.Points, known bool, err error) {
	points = metrics.Points{}
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelOwner+"="+ObjectsOwner)
	if err != nil || len(found) == 0 {
		return points, true, err
	}
	out, err := r.Docker.Run(ctx, "exec", found[0].ID, "/opt/s3/server", "/-/queues?queue="+url.QueryEscape(m.Dimensions["QueueName"]))
	if err != nil {
		return nil, true, err
	}
	var samples []queues.Sample
	if err := json.Unmarshal([]byte(out), &samples); err != nil {
		return nil, true, err
	}
	for _, s := range samples {
		switch m.Name {
		case "ApproximateNumberOfMessagesVisible":
			points.Add(s.At, float64(s.Visible))
		case "ApproximateNumberOfMessagesNotVisible":
			points.Add(s.At, float64(s.NotVisible))
		case "ApproximateNumberOfMessagesDelayed":
			points.Add(s.At, float64(s.Delayed))
		case "ApproximateAgeOfOldestMessage":
			if s.Age != nil {
				points.Add(s.At, *s.Age)
			}
		default:
			return nil, false, nil
		}
	}
	return points.Within(from, to), true, nil
}

// objectsConfig is what the account has of buckets, queues and roles.
func (r *Servers) objectsConfig() objects.Config {
	config := objects.Config{Region: r.Account.Region(), Buckets: map[string]objects.Bucket{}, Queues: map[string]queues.Queue{}, Roles: map[string]objects.Role{}}
	for _, res := range r.List(account.QueueToken) {
		number := func(name string) int { n, _ := res.Outputs.Int(name); return n }
		q := queues.Queue{
			ARN: res.Outputs.Text("arn"), Visibility: number("visibilityTimeoutSeconds"), Wait: number("receiveWaitTimeSeconds"), Delay: number("delaySeconds"),
			Retention: number("messageRetentionSeconds"), MaxBytes: number("maxMessageSize"),
		}
		if policy, ok := account.ParseJSON(res.Outputs.Text("redrivePolicy")); ok {
			target := policy.Text("deadLetterTargetArn")
			q.DeadLetters = target[strings.LastIndex(target, ":")+1:]
			q.MaxReceives, _ = policy.Int("maxReceiveCount")
		}
		config.Queues[res.Outputs.Text("name")] = q
	}
	for _, res := range r.List(account.BucketToken) {
		config.Buckets[res.Outputs.Text("bucket")] = objects.Bucket{}
	}
	for _, res := range r.List(account.BucketCORSToken) {
		bucket, known := config.Buckets[res.Outputs.Text("bucket")]
		if !known {
			continue
		}
		for _, rule := range res.Outputs.Blocks("corsRules") {
			bucket.CORS = append(bucket.CORS, objects.CORSRule{
				AllowedOrigins: rule.Strings("allowedOrigins[*]"), AllowedMethods: rule.Strings("allowedMethods[*]"),
				ExposeHeaders: rule.Strings("exposeHeaders[*]"),
			})
		}
		config.Buckets[res.Outputs.Text("bucket")] = bucket
	}
	for _, res := range r.List(account.RoleToken) {
		role := objects.Role{ARN: res.Outputs.Text("arn")}
		for _, own := range r.List(account.RolePolicyToken) {
			if own.Outputs.Text("role") == res.Outputs.Text("name") {
				role.Policies = append(role.Policies, own.Outputs.Text("policy"))
			}
		}
		config.Roles[objects.ID(role.ARN)] = role
	}
	return config
}

// objectsProgram builds the server for the engine's machine. The same source makes the same program, and so no new container.
func (r *Servers) objectsProgram(ctx context.Context) ([]byte, error) {
	if r.program != nil {
		return r.program, nil
	}
	arch, err := r.Docker.Run(ctx, "version", "--format", "{{.Server.Arch}}")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	to := filepath.Join(folder, "server")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", to, "./emulator/objects/server")
	build.Dir, build.Env = r.Root, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, machine.LastLines(string(out), 5))
	}
	r.program, err = os.ReadFile(to)
	return r.program, err
}
