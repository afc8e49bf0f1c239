package doctor

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestStandardWords: docker/Dockerfile has the same list, and PHP of the same version.
func TestStandardWords(t *testing.T) {
	text, err := os.ReadFile("../../docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `ARG PHP_EXTENSIONS="`+StandardWords+`"`) || !strings.Contains(string(text), "ARG PHP_VERSION="+config.DebianPHP+"\n") {
		t.Error("docker/Dockerfile has other extensions, or another PHP")
	}
	for _, word := range strings.Fields(StandardWords) {
		if wordFor(word) != word {
			t.Errorf("%s is the word for %q", word, wordFor(word))
		}
	}
}

func TestSatisfies(t *testing.T) {
	for _, test := range []struct {
		version, constraint string
		ok, known           bool
	}{
		{"8.4.99", "^8.2", true, true},
		{"8.4.99", ">=8.1 <8.4", false, true},
		{"8.4.99", "^7.3|^8.0", true, true},
		{"8.4.99", "~8.2.0 || ~8.3.0", false, true},
		{"8.4.99", "~8.2", true, true}, // below 9
		{"8.4.99", "8.*", true, true},
		{"8.4.99", "8.3.*", false, true},
		{"8.4.99", "*", true, true},
		{"8.4.99", "8.1 - 8.3", false, true},
		{"8.4.99", ">=8.2,<9", true, true},
		{"8.4.99", "^8.2@dev", false, false},
		{"v12.3.1", "^12.0", true, true},
		{"v4.0.0-beta5", "^4.0", true, true},
		{"v4.0.0-beta5", ">=4.0", true, true},
		{"v4.1.0-RC1", "~4.0", true, true},
		{"v4.0.0-beta5", "^3.0 || ^4.0", true, true},
		{"v4.0.0-beta5", "^3.0", false, true},
		{"v12.3.1", "^11.0 || ^13.0", false, true},
		{"dev-main", "^12.0", false, false},
		{"1.2.3", "dev-main", false, false},
	} {
		if ok, known := satisfies(test.version, test.constraint); ok != test.ok || known != test.known {
			t.Errorf("%s with %s: %v, %v", test.version, test.constraint, ok, known)
		}
	}
}

func TestPlatform(t *testing.T) {
	a := &Application{
		Composer: Project{Require: map[string]string{"php": "^8.2", "ext-imagick": "*", "ext-json": "*"}},
		Lock: Lock{Packages: []Project{
			{Name: "a/old", Version: "1.0.0", Require: map[string]string{"php": "~8.1.0", "ext-soap": "*", "ext-imagick": "^3"}},
			{Name: "a/rare", Version: "2.0.0", Require: map[string]string{"ext-swoole": "*", "ext-Zend-OPcache": "*", "ext-pdo_mysql": "*", "ext-mbstring": "*"}},
			{Name: "a/polyfill", Version: "3.0.0", Provide: map[string]string{"ext-sysvfoo": "*"}, Require: map[string]string{"ext-sysvfoo": "*", "ext-pdo_pgsql": "*"}},
		}},
	}
	wrong, words := a.platform("8.4", strings.Fields(StandardWords))
	want := []string{
		"php ~8.1.0 is asked for by a/old 1.0.0, and the image has 8.4",
		"ext-imagick is asked for by composer.json, a/old 1.0.0, and is not in the image",
		"ext-pdo_pgsql is asked for by a/polyfill 3.0.0, and is not in the image",
		"ext-soap is asked for by a/old 1.0.0, and is not in the image",
		"ext-swoole is asked for by a/rare 2.0.0, and is not in the image; Debian has no package of it",
	}
	if !slices.Equal(wrong, want) || !slices.Equal(words, []string{"imagick", "pgsql", "soap"}) {
		t.Errorf("%q\n%q", wrong, words)
	}
	if wrong, words = a.platform("8.4", []string{"mysql"}); !slices.Contains(words, "opcache") || !slices.Contains(words, "mbstring") {
		t.Errorf("image.extensions is the whole list: %q, %q", wrong, words)
	}
}

func TestUnlocked(t *testing.T) {
	a := &Application{
		Composer: Project{Require: map[string]string{"php": "^8.2", "a/there": "^1.0", "a/old": "^2.0", "a/none": "*", "a/part": "^1", "a/branch": "dev-main"}},
		Lock: Lock{Packages: []Project{
			{Name: "a/there", Version: "v1.4.0", Replace: map[string]string{"a/part": "self.version"}}, {Name: "a/old", Version: "1.9.0"}, {Name: "a/branch", Version: "dev-main"},
		}},
	}
	if got := strings.Join(a.unlocked(), "; "); got != "a/none is not in it; a/old is 1.9.0, and composer.json asks for ^2.0" {
		t.Error(got)
	}
}
