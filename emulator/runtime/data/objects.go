package data

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/objects"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// ObjectsOwner is the label of the server of all buckets.
const ObjectsOwner = "objects"

const objectsFolder = "/etc/s3"

// EnsureObjects runs the emulated S3, and tells it which buckets and roles there are. Without buckets there is none.
func (r *Servers) EnsureObjects(ctx context.Context) error {
	unlock := r.Locks.Lock(ObjectsOwner)
	defer unlock()
	config := r.objectsConfig()
	if len(config.Buckets) == 0 {
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
	// The first request makes the buckets.
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
	out, err := r.Docker.Run(ctx, "exec", id, "/opt/s3/server", bucket)
	return strings.TrimSpace(out), err
}

// objectsConfig is what the account has of buckets and roles.
func (r *Servers) objectsConfig() objects.Config {
	config := objects.Config{Region: r.Account.Region(), Buckets: map[string]objects.Bucket{}, Roles: map[string]objects.Role{}}
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
