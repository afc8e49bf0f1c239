package machine

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/images"
)

// baseImage is what docker/base.sh makes; every image here starts from it.
const baseImage = "laravel-ecs/base:trixie"

// serviceUser owns the files that are copied into service containers; see the Dockerfiles.
const serviceUser = 900

// ServiceImage returns the tag of a service's image, which it builds when it is not there yet. The tag carries a hash
// of the image's files, so that an edit makes another image.
func (r *Machine) ServiceImage(ctx context.Context, name string) (string, error) {
	unlock := r.Locks.Lock("image " + name)
	defer unlock()
	if tag, known := r.images.Load(name); known { // this process has asked
		return tag.(string), nil
	}
	archive, sum, err := buildContext(images.Files, name)
	if err != nil {
		return "", fmt.Errorf("packing image %s: %w", name, err)
	}
	tag := "laravel-ecs/" + name + ":" + sum
	if _, err := r.Docker.Run(ctx, "image", "inspect", "--format", "{{.Id}}", tag); err == nil {
		r.images.Store(name, tag)
		return tag, nil
	} else if !IsMissing(err) {
		return "", err
	}
	if err := r.ensureBase(ctx); err != nil {
		return "", err
	}
	r.Logf("building image %s (once)", tag)
	if _, err := r.Docker.Feed(ctx, bytes.NewReader(archive), "build", "--quiet", "--tag", tag,
		"--build-arg", "BASE_IMAGE="+baseImage, "-"); err != nil {
		return "", fmt.Errorf("building image %s: %w", tag, err)
	}
	r.images.Store(name, tag)
	return tag, nil
}

func (r *Machine) ensureBase(ctx context.Context) error {
	unlock := r.Locks.Lock("image base")
	defer unlock()
	if _, err := r.Docker.Run(ctx, "image", "inspect", "--format", "{{.Id}}", baseImage); err == nil || !IsMissing(err) {
		return err
	}
	script := filepath.Join(r.Root, "docker", "base.sh")
	r.Logf("making %s with docker/base.sh (once)", baseImage)
	cmd := exec.CommandContext(ctx, "sh", script)
	cmd.Env = append(os.Environ(), "DOCKER="+r.Docker.CLI)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making %s: %w: %s", baseImage, err, LastLines(string(out), 10))
	}
	return nil
}

// buildContext packs a folder for docker build and returns the archive with a short hash of its contents.
func buildContext(files fs.FS, root string) (archive []byte, sum string, err error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	err = fs.WalkDir(files, root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root+"/")
		// Embedded files have no modes: all may be executed, none is secret.
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, "", err
	}
	return packed.Bytes(), account.StableHex(packed.String(), 12), nil
}

// File is something copied into a container, readable by the service's user only.
type File struct {
	Name string
	Data []byte
	Mode int64 // 0: readable
}

// CopyIn puts files into a folder of a container, running or not. Secrets travel this way: neither the container's
// configuration nor a command line shows them.
func (r *Machine) CopyIn(ctx context.Context, id, folder string, files ...File) error {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		header := &tar.Header{Name: f.Name, Mode: cmp.Or(f.Mode, 0o400), Size: int64(len(f.Data)), Uid: serviceUser, Gid: serviceUser}
		if err := w.WriteHeader(header); err != nil {
			return fmt.Errorf("packing %s: %w", f.Name, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return fmt.Errorf("packing %s: %w", f.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("packing files: %w", err)
	}
	if _, err := r.Docker.Feed(ctx, &packed, "cp", "-", id+":"+folder); err != nil {
		return fmt.Errorf("copying files into %s: %w", folder, err)
	}
	return nil
}

// LastLines cuts a text down to its last lines.
func LastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
