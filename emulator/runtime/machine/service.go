package machine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Part is a long-lived service container (database, cache, registry, load balancer) that stands for a resource.
type Part struct {
	Role    string
	Owner   string // the resource as type|id, or the role where a part serves several
	Name    string // after the runtime's prefix
	Image   string // of images/
	Command []string
	Aliases []string
	Volume  string // mounted at folder; empty: none
	Folder  string
	Publish []string          // docker's HOST:PORT:PORT
	Fixed   bool              // it has the address FixedAddress
	Local   string            // a link-local address besides
	LogSize string            // of the two files that Docker keeps; empty: 10m
	Folders map[string][]File // files of the container by folder
	Initial map[string][]File // the same, but written anew by other means later: a change makes no new container
}

// hash identifies what the container is made from. Files are part of it, so a changed password makes another hash.
func (p Part) hash(imageTag string) string {
	var files []string
	for folder, list := range p.Folders {
		for _, f := range list {
			files = append(files, fmt.Sprintf("%s/%s=%x", folder, f.Name, sha256.Sum256(f.Data)))
		}
	}
	slices.Sort(files)
	encoded, _ := json.Marshal([]any{imageTag, p.Command, p.Aliases, p.Volume, p.Publish, files}) // strings always encode
	return account.StableHex(string(encoded), 16)
}

// EnsurePart starts the container, or leaves it alone when it runs as wanted. It says whether it made a new one.
func (r *Machine) EnsurePart(ctx context.Context, p Part) (id string, made bool, err error) {
	name := r.Name + "-" + p.Name
	unlock := r.Locks.Lock("container " + name)
	defer unlock()
	tag, err := r.ServiceImage(ctx, p.Image)
	if err != nil {
		return "", false, err
	}
	hash := p.hash(tag)
	found, err := r.Docker.Inspect(ctx, name)
	if err != nil {
		return "", false, err
	}
	if len(found) == 1 {
		old := found[0]
		if old.Config.Labels[LabelState] != r.StateDir {
			return "", false, fmt.Errorf("a container named %s belongs to somebody else: docker rm -f %[1]s", name)
		}
		if old.Config.Labels[labelHash] == hash && old.State.Running && !old.State.Restarting {
			return old.ID, false, nil
		}
		if err := r.stopAndRemove(ctx, old, 30*time.Second); err != nil {
			return "", false, err
		}
	}
	give := r.Allocate
	if p.Fixed {
		give = r.FixedAddress
	}
	address, err := give(ctx)
	if err != nil {
		return "", false, err
	}
	defer r.Release(address)
	args := []string{"create", "--name", name, "--network", r.Name, "--ip", address.String(), "--restart", "unless-stopped",
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--log-opt", "max-size=" + cmp.Or(p.LogSize, "10m"), "--log-opt", "max-file=2",
		"--label", r.StateLabel(), "--label", LabelRole + "=" + p.Role, "--label", LabelOwner + "=" + p.Owner, "--label", labelHash + "=" + hash}
	if p.Local != "" {
		args = append(args, "--link-local-ip", p.Local)
	}
	for _, alias := range p.Aliases {
		args = append(args, "--network-alias", alias)
	}
	if p.Volume != "" {
		volume, err := r.ensureVolume(ctx, p.Volume, p.Owner)
		if err != nil {
			return "", false, err
		}
		args = append(args, "--volume", volume+":"+p.Folder)
	}
	for _, publish := range p.Publish {
		args = append(args, "--publish", publish)
	}
	args = append(append(args, tag), p.Command...)
	if id, err = r.Docker.Run(ctx, args...); err != nil {
		return "", false, fmt.Errorf("creating container %s: %w", name, err)
	}
	for _, folders := range []map[string][]File{p.Folders, p.Initial} {
		for folder, files := range folders {
			if err := r.CopyIn(ctx, id, folder, files...); err != nil {
				return "", false, err
			}
		}
	}
	if _, err := r.Docker.Run(ctx, "start", id); err != nil {
		return "", false, fmt.Errorf("starting container %s: %w", name, err)
	}
	return id, true, nil
}

func (r *Machine) ensureVolume(ctx context.Context, name, owner string) (string, error) {
	volume := r.Name + "-" + name
	if _, err := r.Docker.Run(ctx, "volume", "create", "--label", r.StateLabel(), "--label", LabelOwner+"="+owner, volume); err != nil {
		return "", fmt.Errorf("creating volume %s: %w", volume, err)
	}
	return volume, nil
}

// stopAndRemove ends a container gently within the time it is given.
func (r *Machine) stopAndRemove(ctx context.Context, c Container, patience time.Duration) error {
	if c.State.Running {
		if _, err := r.Docker.Run(ctx, "stop", "--time", fmt.Sprint(int(patience.Seconds())), c.ID); err != nil && !IsMissing(err) {
			return fmt.Errorf("stopping container %s: %w", c.ShortName(), err)
		}
	}
	return r.Docker.Remove(ctx, c.ID)
}

// RemoveOwned removes the containers and volumes of one owner.
func (r *Machine) RemoveOwned(ctx context.Context, owner string) error {
	if err := r.StopOwned(ctx, owner); err != nil {
		return err
	}
	owner = LabelOwner + "=" + owner
	volumes, err := r.Docker.Run(ctx, "volume", "ls", "--quiet", "--filter", "label="+r.StateLabel(), "--filter", "label="+owner)
	if err != nil {
		return fmt.Errorf("listing volumes: %w", err)
	}
	for _, volume := range strings.Fields(volumes) {
		if _, err := r.Docker.Run(ctx, "volume", "rm", volume); err != nil && !IsMissing(err) {
			return fmt.Errorf("removing volume %s: %w", volume, err)
		}
	}
	return nil
}

// StopOwned removes the containers of a resource; their volumes stay.
func (r *Machine) StopOwned(ctx context.Context, owner string) error {
	found, err := r.Docker.Containers(ctx, r.StateLabel(), LabelOwner+"="+owner)
	for _, c := range found {
		err = errors.Join(err, r.stopAndRemove(ctx, c, 10*time.Second))
	}
	return err
}

// WaitFor polls until a part answers, or fails with its last log lines when it died or the time is up.
func (r *Machine) WaitFor(ctx context.Context, what, id string, limit time.Duration, ready func(ctx context.Context) error) error {
	deadline := time.Now().Add(limit)
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		found, inspectErr := r.Docker.Inspect(ctx, id)
		died := inspectErr == nil && (len(found) == 0 || found[0].RestartCount > 2)
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
		if died || time.Now().After(deadline) {
			return fmt.Errorf("waiting for %s: %w; its last lines:\n%s", what, err, strings.Join(r.Docker.Tail(ctx, id, 20), "\n"))
		}
		Pause(ctx, 200*time.Millisecond)
	}
}

// OwnerOf is the label of the containers that stand for a resource.
func OwnerOf(res account.Resource) string { return res.Type + "|" + res.ID }

// Pause waits, or ends with the context.
func Pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
