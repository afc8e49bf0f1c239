package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// container is one that serves.
type container struct {
	id    string
	name  string        // on the network
	url   string        // from this machine
	port  string        // on the network
	ready time.Duration // from start to the first well answer
}

// startServices starts the database and the cache that all containers share, on a network of their own.
func (b *bench) startServices() error {
	b.network = fmt.Sprintf("laravel-ecs-bench-%d", os.Getpid())
	if _, err := b.docker("network", "create", "--label", label, b.network); err != nil {
		return err
	}
	for _, service := range []struct{ image, alias, command string }{
		{"memcached", "cache", "exec memcached"},
		{"mariadb", "db", `mariadb-install-db --skip-test-db --auth-root-authentication-method=socket --auth-root-socket-user=mysql >/dev/null
			exec mariadbd --no-defaults --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid --innodb-flush-log-at-trx-commit=0`},
	} {
		tag := toolTag(service.image)
		if _, err := b.docker("build", "--build-arg", "BASE_IMAGE="+base, "--tag", tag, filepath.Join("emulator/runtime/images", service.image)); err != nil {
			return err
		}
		if _, err := b.docker("run", "--detach", "--label", label, "--name", b.network+"-"+service.alias, "--network", b.network,
			"--network-alias", service.alias, tag, "sh", "-ec", service.command); err != nil {
			return err
		}
	}
	sql := ""
	for _, name := range []string{"article", "ours"} {
		sql += fmt.Sprintf("CREATE DATABASE %s; GRANT ALL ON %s.* TO 'app'@'%%' IDENTIFIED BY 'secret'; ", name, name)
	}
	return b.until(time.Minute, func() error {
		_, err := b.docker("exec", b.network+"-db", "mariadb", "--socket=/run/mysqld/mysqld.sock", "--execute", sql)
		return err
	})
}

// flags are docker's for a container of an image, the same for both but for how they may run.
func (b *bench) flags(image *image) []string {
	flags := append([]string{"--label", label, "--network", b.network, "--memory", image.limit, "--memory-swap", image.limit}, image.runFlags...)
	for _, e := range []string{key, "APP_ENV=production", "APP_DEBUG=false", "APP_DIAGNOSTICS=true", "LOG_CHANNEL=stderr", "DB_CONNECTION=mysql",
		"DB_HOST=db", "DB_DATABASE=" + image.database, "DB_USERNAME=app", "DB_PASSWORD=secret", "SESSION_DRIVER=memcached",
		"CACHE_DRIVER=memcached", "MEMCACHED_HOST=cache", "QUEUE_CONNECTION=database"} {
		flags = append(flags, "--env", e)
	}
	return flags
}

// migrate brings the database up to date, and takes the time of a migration that finds nothing to do.
func (b *bench) migrate(image *image) error {
	if image.migrates {
		c, err := b.start(image)
		if err != nil {
			return err
		}
		return b.remove(c)
	}
	for range 2 {
		began := time.Now()
		if _, err := b.docker(slices.Concat([]string{"run", "--rm"}, b.flags(image), []string{image.tag, "migrate"})...); err != nil {
			return err
		}
		image.migration = time.Since(began)
	}
	return nil
}

// start starts a container and waits until it answers its health check.
func (b *bench) start(image *image) (*container, error) {
	name := fmt.Sprintf("%s-web-%d", b.network, time.Now().UnixNano())
	began := time.Now()
	id, err := b.docker(slices.Concat([]string{"run", "--detach", "--name", name, "--publish", "127.0.0.1::" + image.port}, b.flags(image), []string{image.tag})...)
	if err != nil {
		return nil, err
	}
	address, err := b.docker("port", id, image.port+"/tcp")
	if err != nil {
		return nil, err
	}
	c := &container{id: id, name: name, port: image.port, url: "http://" + address}
	client := &http.Client{Timeout: 5 * time.Second}
	err = b.until(2*time.Minute, func() error { return get(b.ctx, client, c.url+healthPage) })
	if err != nil {
		log, _ := b.docker("logs", id) // whatever there is
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	c.ready = time.Since(began)
	return c, nil
}

// fate returns "" for a running container, or else how it ended.
func (b *bench) fate(c *container) (string, error) {
	state, err := b.docker("inspect", "--format", "{{.State.Running}} {{.State.OOMKilled}}", c.id)
	switch {
	case err != nil || strings.HasPrefix(state, "true "):
		return "", err
	case strings.HasSuffix(state, " true"):
		return "out of memory", nil
	}
	return "ended", nil
}

// memory is what a container uses now, without the cache of files.
func (b *bench) memory(c *container) (int64, error) {
	text, err := b.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", c.id)
	if err != nil {
		return 0, err
	}
	var amount float64
	var unit string
	used, _, _ := strings.Cut(text, " / ")
	if _, err := fmt.Sscanf(used, "%f%s", &amount, &unit); err != nil {
		return 0, fmt.Errorf("docker stats says %q: %w", text, err)
	}
	shift, known := map[string]int{"B": 0, "KiB": 10, "MiB": 20, "GiB": 30}[unit]
	if !known {
		return 0, fmt.Errorf("docker stats says %q, in no known unit", text)
	}
	return int64(amount * float64(int64(1)<<shift)), nil
}

func (b *bench) remove(c *container) error {
	_, err := b.docker("rm", "--force", "--volumes", c.id)
	return err
}

// cleanUp removes what this run made; images stay, as the builder's cache does.
func (b *bench) cleanUp() error {
	b.ctx = context.WithoutCancel(b.ctx)
	err := os.RemoveAll(b.dir)
	ids, listErr := b.docker("ps", "--all", "--quiet", "--filter", "label="+label)
	err = errors.Join(err, listErr)
	for id := range strings.FieldsSeq(ids) {
		_, removeErr := b.docker("rm", "--force", "--volumes", id)
		err = errors.Join(err, removeErr)
	}
	if b.network != "" {
		_, removeErr := b.docker("network", "rm", b.network)
		err = errors.Join(err, removeErr)
	}
	return err
}

// machine describes the machine of the measurement.
func (b *bench) machine() (string, error) {
	return b.docker("info", "--format", "{{.NCPU}} CPUs, Linux {{.KernelVersion}}, Docker {{.ServerVersion}}")
}

// until retries until f succeeds.
func (b *bench) until(patience time.Duration, try func() error) error {
	for end := time.Now().Add(patience); ; {
		err := try()
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// get fetches a page whole; anything but 200 is an error.
func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is %d", url, resp.StatusCode)
	}
	return nil
}
