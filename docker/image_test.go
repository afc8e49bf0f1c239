package docker_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/doctor"
)

// Tests of the image that do not run it.
func TestImageHoldsNoSecretsAndNoTools(t *testing.T) {
	t.Parallel()
	out, err := docker("image", "inspect", image)
	if err != nil {
		t.Fatal(err)
	}
	var inspected []struct {
		Config struct {
			User   string
			Env    []string
			Labels map[string]string
		}
	}
	if err := json.Unmarshal([]byte(out), &inspected); err != nil {
		t.Fatal(err)
	}
	config := inspected[0].Config
	if config.User != "33:33" {
		t.Errorf("runs as %q, want 33:33", config.User)
	}
	for _, e := range config.Env {
		if strings.HasPrefix(e, "APP_KEY") || strings.Contains(e, "PASSWORD") {
			t.Errorf("a secret in the environment of the image: %s", e)
		}
	}
	for name, want := range map[string]string{"title": "Laravel application", "version": "test", "revision": "test", "base.name": base} {
		if got := config.Labels["org.opencontainers.image."+name]; got != want {
			t.Errorf("label org.opencontainers.image.%s is %q, want %q", name, got, want)
		}
	}
	found := shell(t, `for tool in composer node npm a2enmod gcc make curl; do command -v $tool; done
		find / -xdev -type f -perm /6000 2>/dev/null
		ls -d /var/www/.env* /var/www/node_modules /var/www/tests /var/www/phpunit.xml /var/www/vendor/phpunit /var/www/vendor/mockery /usr/local/bin/run-tests 2>/dev/null
		find /var/lib/apt/lists /usr/local/share/ca-certificates -type f -size +0 2>/dev/null
		find /var/www /etc /usr -xdev -writable -not -type l 2>/dev/null; true`)
	if found != "" {
		t.Errorf("not wanted in the image:\n%s", found)
	}
}

func TestImageListsItsPackages(t *testing.T) {
	t.Parallel()
	var sbom struct {
		BomFormat  string
		Components []struct {
			Purl     string
			Licenses []struct{ License struct{ Name string } }
		}
	}
	if err := json.Unmarshal([]byte(shell(t, "cat /usr/share/laravel-ecs/sbom.cdx.json")), &sbom); err != nil {
		t.Fatal(err)
	}
	if sbom.BomFormat != "CycloneDX" {
		t.Errorf("bomFormat is %q", sbom.BomFormat)
	}
	for _, want := range []string{"pkg:deb/debian/apache2-bin@", "pkg:composer/laravel/framework@", "pkg:npm/vite@"} {
		found := false
		for _, c := range sbom.Components {
			if !strings.HasPrefix(c.Purl, want) {
				continue
			}
			if found = true; strings.HasPrefix(want, "pkg:composer/") && (len(c.Licenses) != 1 || c.Licenses[0].License.Name != "MIT") {
				t.Errorf("the licence of %s is %v", c.Purl, c.Licenses)
			}
		}
		if !found {
			t.Errorf("no %s... among %d components", want, len(sbom.Components))
		}
	}
}

// The image has the extensions of which `make doctor` knows that it has them, and no others.
func TestExtensions(t *testing.T) {
	t.Parallel()
	var have []string
	for line := range strings.Lines(strings.ToLower(shell(t, "php -m"))) {
		if line = strings.ReplaceAll(strings.TrimSpace(line), " ", "-"); line != "" && line[0] != '[' {
			have = append(have, line)
		}
	}
	slices.Sort(have)
	known := slices.Sorted(maps.Keys(doctor.Extensions(strings.Fields(doctor.StandardWords))))
	known = slices.DeleteFunc(known, func(name string) bool { return name == "mysql" || name == "opcache" }) // words, whose extensions have other names
	if have = slices.Compact(have); !slices.Equal(have, known) {
		t.Errorf("PHP has\n%q, and make doctor knows\n%q", have, known)
	}
}

// The image contains what can be computed before the environment is known, and nothing else.
func TestCachesOfTheBuild(t *testing.T) {
	t.Parallel()
	found := shell(t, `cd /var/www/bootstrap/cache && ls -d config.php events.php packages.php routes-v7.php services.php views 2>/dev/null; wc -l < preload.list`)
	lines := strings.Split(found, "\n")
	files, preloaded := strings.Join(lines[:len(lines)-1], " "), lines[len(lines)-1]
	if files != "events.php packages.php services.php views" {
		t.Errorf("caches in the image: %s", files)
	}
	if n, err := strconv.Atoi(preloaded); err != nil || n < 100 {
		t.Errorf("%s files are preloaded, want 100 or more", preloaded)
	}
}

// The size limits of the image. An instance pulls it before a task starts, so size is time.
func TestSize(t *testing.T) {
	t.Parallel()
	out, err := docker("image", "inspect", "--format", "{{.Size}}", image)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := strconv.Atoi(out); err != nil || size > 240<<20 {
		t.Errorf("the image has %s bytes, more than 240 MiB", out)
	}
}

// shell runs a shell command in a container of the image, without its entrypoint.
func shell(t *testing.T, script string) string {
	t.Helper()
	return in(t, image, script)
}

func TestStartNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  []string
		args []string
		want []string
	}{
		{"no key", []string{"APP_KEY="}, nil, []string{"APP_KEY is not set"}},
		{"bad previous key", []string{"APP_PREVIOUS_KEYS=" + key[len("APP_KEY="):] + ",base64:c2hvcnQ="}, nil, []string{"APP_PREVIOUS_KEYS is not a key"}},
		{"bad key", []string{"APP_KEY=base64:c2hvcnQ="}, []string{"worker"}, []string{"APP_KEY is not a key"}},
		{"everything at once", []string{"APP_KEY=", "DB_CONNECTION=mysql", "SESSION_DRIVER=memcached", "QUEUE_CONNECTION=redis", "DRAIN_SECONDS=x"}, nil,
			[]string{"APP_KEY", "DB_HOST", "DB_DATABASE", "DB_USERNAME", "DB_PASSWORD", "MEMCACHED_HOST", "REDIS_HOST", "DRAIN_SECONDS=x"}},
		{"jobs in a queue without an address", []string{"QUEUE_CONNECTION=sqs"}, []string{"worker"}, []string{"SQS_PREFIX is not set", "SQS_QUEUE is not set"}},
		{"bad limits", []string{"PHP_MEMORY_LIMIT=lots", "PHP_POST_MAX_SIZE=20971520", "TEMP_MIB=x"}, nil, []string{"PHP_MEMORY_LIMIT=lots", "PHP_POST_MAX_SIZE=20971520", "TEMP_MIB=x"}},
		{"bad proxies", []string{"TRUSTED_PROXIES=10.0.0.0/8,evil;"}, nil, []string{`TRUSTED_PROXIES: "evil;" is not an address`}},
		{"no authority", []string{"MYSQL_ATTR_SSL_CA=/nowhere.pem"}, nil, []string{"MYSQL_ATTR_SSL_CA=/nowhere.pem", "RDS_CA_URL"}},
		{"unknown role", nil, []string{"wbe"}, []string{`unknown role "wbe"`, "web, worker, scheduler, horizon"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log, status := runOnce(t, options{env: test.env, args: test.args})
			if status != 78 {
				t.Errorf("exits %d, want 78", status)
			}
			for _, want := range test.want {
				if !strings.Contains(log, want) {
					t.Errorf("does not mention %q:\n%s", want, log)
				}
			}
		})
	}
}

func TestStartNeedsSomewhereToWrite(t *testing.T) {
	t.Parallel()
	log, status := runOnce(t, options{tmpfs: []string{"/tmp", "/run:ro"}})
	if want := "mount a tmpfs or a volume on /run"; status != 78 || !strings.Contains(log, want) {
		t.Errorf("exits %d without %q:\n%s", status, want, log)
	}
}

// TestVolumes: on Fargate there is no tmpfs. A new volume has the owner and the mode of a place that the image declares as VOLUME.
func TestVolumes(t *testing.T) {
	t.Parallel()
	startWeb(t, options{tmpfs: []string{}, env: []string{"PHP_MAX_CHILDREN=2"}})
}

func TestForeignUser(t *testing.T) {
	t.Parallel()
	c := startWeb(t, options{user: "4711:4711", env: []string{"PHP_MAX_CHILDREN=2"}})
	c.runs(2)
	if status, body, _ := c.get("/up"); status != 200 {
		t.Errorf("/up is %d: %s", status, body)
	}
	if mode := c.exec("stat -c %a /run/app/config.php"); mode != "600" {
		t.Errorf("the cached config, with its secrets, has mode %s", mode)
	}
	if got := c.exec("healthcheck && echo well"); got != "well" {
		t.Errorf("health check says %q", got)
	}
}
