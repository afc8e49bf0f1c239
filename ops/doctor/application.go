package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Application is what a folder says about itself, without PHP, Composer or Node.
type Application struct {
	Root   string // of the repository
	Folder string // of the application, below it
	Stack  *config.File
	Name   string // of the stack
	Local  bool   // it runs on the emulator

	Example   []Line
	noExample bool
	reads     map[string][]Read // by the variable's name
	vendor    bool              // the packages are installed, so what they read is known
	Composer  Project
	Lock      Lock
	lockError error // fs.ErrNotExist without a lock
}

// Project is the part of composer.json, or of a package in composer.lock, that is looked at.
type Project struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Require map[string]string `json:"require"`
	Provide map[string]string `json:"provide"`
	Replace map[string]string `json:"replace"`
}

// Lock is composer.lock.
type Lock struct {
	Packages    []Project `json:"packages"`
	PackagesDev []Project `json:"packages-dev"`
}

// Open reads the application of a stack. What is missing in the folder is for the checks to say.
func Open(root, stack string) (*Application, error) {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return nil, err
	}
	folder, _ := config.ImageSources(settings.Text("image.app"), "")
	a := &Application{Root: root, Folder: filepath.ToSlash(folder), Stack: settings, Name: stack, reads: map[string][]Read{}}
	text, err := os.ReadFile(a.path(".env.example"))
	a.noExample = err != nil
	a.Example = Dotenv(string(text))
	_ = a.json("composer.json", &a.Composer) // a check says so
	a.lockError = a.json("composer.lock", &a.Lock)
	a.vendor = isDir(a.path("vendor", "composer"))
	return a, a.readPHP()
}

// path is a file of the application.
func (a *Application) path(name ...string) string {
	return filepath.Join(append([]string{a.Root, filepath.FromSlash(a.Folder)}, name...)...)
}

// name is a file of the application as messages name it.
func (a *Application) name(file string) string { return path.Join(a.Folder, file) }

func (a *Application) text(name string) string {
	text, _ := os.ReadFile(a.path(filepath.FromSlash(name))) // nothing where there is no such file
	return string(text)
}

func (a *Application) has(name string) bool {
	_, err := os.Stat(a.path(filepath.FromSlash(name)))
	return err == nil
}

func (a *Application) json(name string, into any) error {
	text, err := os.ReadFile(a.path(name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s is not valid JSON: %w", a.name(name), err)
	}
	return nil
}

// elsewhere are folders whose PHP does not run in a container, or is read apart.
var elsewhere = []string{"vendor", "node_modules", "storage", "tests", ".git", "bootstrap/cache"}

// readPHP finds every variable that the application reads, and, where they are installed, the configuration of its packages.
func (a *Application) readPHP() error {
	for _, pattern := range []string{"vendor/*/*/config/*.php", "vendor/*/*/config/*/*.php", "vendor/*/*/src/config/*.php"} {
		files, _ := filepath.Glob(a.path(filepath.FromSlash(pattern))) // the pattern is well formed
		for _, file := range files {
			if err := a.readFile(file); err != nil {
				return err
			}
		}
	}
	err := filepath.WalkDir(a.path(), func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(a.path(), file)
		switch {
		case entry.IsDir() && slices.Contains(elsewhere, filepath.ToSlash(name)):
			return filepath.SkipDir
		case entry.Type().IsRegular() && strings.HasSuffix(name, ".php"):
			return a.readFile(file)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a check says so
	}
	return err
}

func (a *Application) readFile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(strings.ToLower(string(text)), "env") && !strings.Contains(string(text), "$_SERVER") {
		return err
	}
	name, err := filepath.Rel(a.path(), file)
	if err != nil {
		return err
	}
	for _, read := range Reads(filepath.ToSlash(name), string(text)) {
		a.reads[read.Name] = append(a.reads[read.Name], read)
	}
	return nil
}

// creates tells whether a migration of the application, or a dump of its tables, creates a table. An application without either has them
// elsewhere, as packages may.
func (a *Application) creates(table string) bool {
	migrations, _ := filepath.Glob(a.path("database", "migrations", "*.php")) // the patterns are well formed
	dumps, _ := filepath.Glob(a.path("database", "schema", "*.sql"))
	create := regexp.MustCompile(`(?i)create(\(\s*| table (if not exists )?)["'` + "`]" + regexp.QuoteMeta(table) + "[\"'`]")
	return len(migrations) == 0 || slices.ContainsFunc(append(migrations, dumps...), func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && create.Match(text)
	})
}

// locked is the version of a package that is installed in the image; empty without it.
func (a *Application) locked(name string) string {
	for _, p := range a.Lock.Packages {
		if p.Name == name {
			return strings.TrimPrefix(p.Version, "v")
		}
	}
	return ""
}

// laravel is the major version of the framework; 0 where composer.lock does not say.
func (a *Application) laravel() int {
	major, _, _ := strings.Cut(a.locked("laravel/framework"), ".")
	number, _ := strconv.Atoi(major)
	return number
}

// standard is the value of a variable that the stack does not set, where it is one literal; false where nothing of the application reads it.
func (a *Application) standard(name string) (value string, known bool) {
	reads := a.reads[name]
	if len(reads) == 0 {
		return "", false
	}
	read := reads[max(0, slices.IndexFunc(reads, inConfig))]
	return read.Value, read.Literal
}

// inConfig tells whether the application's own configuration reads a variable.
func inConfig(read Read) bool { return strings.HasPrefix(read.File, "config/") }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
