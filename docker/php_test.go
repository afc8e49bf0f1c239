package docker_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	client "github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// mirror is where the base image's Debian comes from, and signature the keys of Debian, as a file for docker/keys.
func mirror(t *testing.T) (url, signature string) {
	t.Helper()
	url = in(t, base, `awk '$1 == "URIs:" { print $2; exit }' /etc/apt/sources.list.d/debian.sources`)
	out, err := exec.Command(client.Client(), "run", "--rm", "--label", label, "--entrypoint", "cat", base, "/usr/share/keyrings/debian-archive-keyring.gpg").Output()
	if url == "" || err != nil {
		t.Fatalf("the mirror is %q, %v", url, err)
	}
	return url, string(out)
}

// TestAnotherPHP: Debian 12's PHP 8.2 on Debian 13, with extensions by the names that PHP has for them, serves an application. Its source is
// signed by a key of the repository.
func TestAnotherPHP(t *testing.T) {
	t.Parallel()
	dir := appTree(t, "laravel-10")
	url, signature := mirror(t)
	write(t, filepath.Join(dir, "docker/keys/debian.gpg"), signature)
	write(t, filepath.Join(dir, "app/public/build/assets/app-1.js"), "// of this release")
	write(t, filepath.Join(dir, "app/public/build/assets/app-1.js.map"), "{}")
	own := imageTag("php-8.2")
	args := []string{"--build-arg", "APP=app", "--build-arg", "PHP_VERSION=8.2", "--build-arg", "PHP_SOURCE=" + url + " bookworm",
		"--build-arg", "PHP_EXTENSIONS=bcmath dom Zend-OPcache exif gd intl mbstring pcntl pdo_mysql redis zip"}
	buildTree(t, dir, own, append(slices.Clone(args), "--build-arg", "PHP_KEY=debian.gpg")...)

	c := startWeb(t, options{image: own, env: []string{"SESSION_DRIVER=cookie", "PHP_MEMORY_LIMIT=200M"}})
	const limit = `php -r 'echo ini_get("memory_limit");'`
	if given, otherwise := c.exec(limit), in(t, own, limit); given != "200M" || otherwise != "128M" {
		t.Errorf("the limit of memory is %q, and %q without the variable", given, otherwise)
	}
	if status, body, _ := c.get("/"); status != 200 || !strings.HasPrefix(fact(body, "php"), "8.2.") || !strings.HasPrefix(fact(body, "version"), "10.") {
		t.Errorf("/ is %d, PHP is %q, Laravel is %q", status, fact(body, "php"), fact(body, "version"))
	}
	have := strings.Fields(strings.ToLower(in(t, own, "php -m")))
	for _, want := range strings.Fields("bcmath dom opcache exif gd intl mbstring pcntl pdo_mysql redis zip") {
		if !slices.Contains(have, want) {
			t.Errorf("extension %s is missing", want)
		}
	}
	if got := in(t, own, `dpkg-query -W -f '${Package} ${Version}\n' apache2-bin libc6 openssl | grep -c deb12; ls /etc/php; apt-mark showmanual | grep -c php8.4 || true`); got != "0\n8.2\nphp-fpm.conf\n0" {
		t.Errorf("packages of Debian 12 but PHP, versions of PHP, and packages of 8.4: %q", got)
	}
	checkAssets(t, own)
}

// TestPHPThatIsNotThere: a version, an extension and a key that do not exist end the build, with what there is.
func TestPHPThatIsNotThere(t *testing.T) {
	t.Parallel()
	url, _ := mirror(t)
	keys := t.TempDir()
	write(t, filepath.Join(keys, "other.gpg"), "not a key")
	script, err := filepath.Abs("build/php.sh")
	if err != nil {
		t.Fatal(err)
	}
	// The script by itself, as each of these ends before PHP is installed.
	id, err := docker("run", "--detach", "--label", label, "--volume", script+":/php.sh:ro", "--volume", keys+":/keys:ro", base, "sleep", "600")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = docker("rm", "--force", id) })
	if _, err := docker("exec", id, "sh", "-c", "mkdir -p /authorities /var/cache/debs/partial && apt-get update -qq"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ version, source, key, extensions, says string }{
		{"8.1", "", "", "gd", "image.php: there is no package php8.1-cli; there are: 8.4"},
		{"8.4", "", "", "gd pdo_mongo", "image.extensions: there is no pdo_mongo for PHP 8.4. There are: core date "},
		{"8.3", url + " bookworm", "", "gd", "there is no package php8.3-cli in " + url + " bookworm; there are: 8.2 8.4"},
		{"8.2", url + " nowhere", "", "gd", "image.phpSource: " + url + " nowhere does not answer, has no such suite"},
		{"8.2", url + " bookworm", "none.gpg", "gd", "image.phpSource.key: docker/keys/none.gpg does not reach the builder"},
		{"8.2", url + " bookworm", "other.gpg", "gd", "or is not signed by other.gpg: see apt's lines above"},
	} {
		out, err := docker("exec", id, "sh", "-c", `rm -f /etc/apt/sources.list.d/php.list; exec bash /php.sh "$@"`, "sh", test.version, test.source, test.key, test.extensions)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v; it does not say %q:\n%s", test, err, test.says, out)
		}
	}
	if got, err := docker("exec", id, "sh", "-c", "dpkg -l 'php*' 2>/dev/null | grep -c ^ii || true"); got != "0" {
		t.Errorf("%s packages of PHP are installed, %v", got, err)
	}
}
