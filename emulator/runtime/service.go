package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// part is a long-lived service container (database, cache, registry, load balancer) that stands for a resource.
type part struct {
	role    string
	owner   string // the resource as type|id, or the role where a part serves several
	name    string // after the runtime's prefix
	image   string // of images/
	command []string
	aliases []string
	volume  string // mounted at folder; empty: none
	folder  string
	publish []string          // docker's HOST:PORT:PORT
	folders map[string][]file // files of the container by folder
	initial map[string][]file // the same, but written anew by other means later: a change makes no new container
}

// hash identifies what the container is made from. Files are part of it, so a changed password makes another hash.
func (p part) hash(imageTag string) string {
	var files []string
	for folder, list := range p.folders {
		for _, f := range list {
			files = append(files, fmt.Sprintf("%s/%s=%x", folder, f.name, sha256.Sum256(f.data)))
		}
	}
	slices.Sort(files)
	encoded, _ := json.Marshal([]any{imageTag, p.command, p.aliases, p.volume, p.publish, files}) // strings always encode
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:8])
}

// ensurePart starts the container, or leaves it alone when it runs as wanted. It says whether it made a new one.
func (r *Runtime) ensurePart(ctx context.Context, p part) (id string, made bool, err error) {
	name := r.name + "-" + p.name
	unlock := r.locks.lock("container " + name)
	defer unlock()
	tag, err := r.serviceImage(ctx, p.image)
	if err != nil {
		return "", false, err
	}
	hash := p.hash(tag)
	found, err := r.docker.inspect(ctx, name)
	if err != nil {
		return "", false, err
	}
	if len(found) == 1 {
		old := found[0]
		if old.Config.Labels[labelState] != r.stateDir {
			return "", false, fmt.Errorf("a container named %s belongs to somebody else: docker rm -f %[1]s", name)
		}
		if old.Config.Labels[labelHash] == hash && old.State.Running && !old.State.Restarting {
			return old.ID, false, nil
		}
		if err := r.stopAndRemove(ctx, old, 30*time.Second); err != nil {
			return "", false, err
		}
	}
	address, err := r.allocate(ctx)
	if err != nil {
		return "", false, err
	}
	defer r.release(address)
	args := []string{"create", "--name", name, "--network", r.name, "--ip", address.String(), "--restart", "unless-stopped",
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--log-opt", "max-size=10m", "--log-opt", "max-file=2",
		"--label", r.stateLabel(), "--label", labelRole + "=" + p.role, "--label", labelOwner + "=" + p.owner, "--label", labelHash + "=" + hash}
	for _, alias := range p.aliases {
		args = append(args, "--network-alias", alias)
	}
	if p.volume != "" {
		volume, err := r.ensureVolume(ctx, p.volume, p.owner)
		if err != nil {
			return "", false, err
		}
		args = append(args, "--volume", volume+":"+p.folder)
	}
	for _, publish := range p.publish {
		args = append(args, "--publish", publish)
	}
	args = append(append(args, tag), p.command...)
	if id, err = r.docker.run(ctx, args...); err != nil {
		return "", false, fmt.Errorf("creating container %s: %w", name, err)
	}
	for _, folders := range []map[string][]file{p.folders, p.initial} {
		for folder, files := range folders {
			if err := r.copyIn(ctx, id, folder, files...); err != nil {
				return "", false, err
			}
		}
	}
	if _, err := r.docker.run(ctx, "start", id); err != nil {
		return "", false, fmt.Errorf("starting container %s: %w", name, err)
	}
	return id, true, nil
}

func (r *Runtime) ensureVolume(ctx context.Context, name, owner string) (string, error) {
	volume := r.name + "-" + name
	if _, err := r.docker.run(ctx, "volume", "create", "--label", r.stateLabel(), "--label", labelOwner+"="+owner, volume); err != nil {
		return "", fmt.Errorf("creating volume %s: %w", volume, err)
	}
	return volume, nil
}

// stopAndRemove ends a container gently within the time it is given.
func (r *Runtime) stopAndRemove(ctx context.Context, c container, patience time.Duration) error {
	if c.State.Running {
		if _, err := r.docker.run(ctx, "stop", "--time", fmt.Sprint(int(patience.Seconds())), c.ID); err != nil && !isMissing(err) {
			return fmt.Errorf("stopping container %s: %w", c.name(), err)
		}
	}
	return r.docker.remove(ctx, c.ID)
}

// removeOwned removes the containers and volumes of one owner.
func (r *Runtime) removeOwned(ctx context.Context, owner string) error {
	owner = labelOwner + "=" + owner
	found, err := r.docker.containers(ctx, r.stateLabel(), owner)
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := r.stopAndRemove(ctx, c, 10*time.Second); err != nil {
			return err
		}
	}
	volumes, err := r.docker.run(ctx, "volume", "ls", "--quiet", "--filter", "label="+r.stateLabel(), "--filter", "label="+owner)
	if err != nil {
		return fmt.Errorf("listing volumes: %w", err)
	}
	for _, volume := range strings.Fields(volumes) {
		if _, err := r.docker.run(ctx, "volume", "rm", volume); err != nil && !isMissing(err) {
			return fmt.Errorf("removing volume %s: %w", volume, err)
		}
	}
	return nil
}

// waitFor polls until a part answers, or fails with its last log lines when it died or the time is up.
func (r *Runtime) waitFor(ctx context.Context, what, id string, limit time.Duration, ready func(ctx context.Context) error) error {
	deadline := time.Now().Add(limit)
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		found, inspectErr := r.docker.inspect(ctx, id)
		died := inspectErr == nil && (len(found) == 0 || found[0].RestartCount > 2)
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
		if died || time.Now().After(deadline) {
			return fmt.Errorf("waiting for %s: %w; its last lines:\n%s", what, err, strings.Join(r.docker.tail(ctx, id, 20), "\n"))
		}
		pause(ctx, 200*time.Millisecond)
	}
}

func ownerOf(res account.Resource) string { return res.Type + "|" + res.ID }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

var notInNames = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`)

// plainName makes a text fit for the name of a container or volume.
func plainName(s string) string { return notInNames.ReplaceAllString(s, "-") }
