// Package known lists names that AWS and the databases have: types of machines, regions, services with endpoints, reserved words. A name
// that is wrong is refused before anything is created. Each list has its source, and a team adds to it what AWS has by now.
package known

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed *.txt
var files embed.FS

// Folder is where the lists are.
const Folder = "stacks/config/known/"

// Words is a list of names.
type Words struct {
	File  string
	words []string
}

// The lists of names.
var (
	Regions   = words("regions.txt")
	Endpoints = words("endpoints.txt")
	Reserved  = words("words.txt") // of MySQL and MariaDB

	ReservedPostgres = words("words-postgres.txt")
)

// Has tells whether the list has the name.
func (w Words) Has(name string) bool { return slices.Contains(w.words, name) }

// Sizes is a list of types of machines, FAMILY.SIZE.
type Sizes struct {
	file, what string
	families   map[string][]string // and the sizes of each
}

// The lists of machines.
var (
	EC2   = sizes("ec2.txt", "a type of EC2 instances (of the families t, c, m and r)")
	RDS   = sizes("rds.txt", "a class of RDS for MySQL, MariaDB and PostgreSQL")
	Cache = sizes("cache.txt", "a node type of ElastiCache")
)

// Check refuses a type that AWS does not have, and tells what it has.
func (s Sizes) Check(name string) error {
	family, size := "", ""
	if end := strings.LastIndex(name, "."); end >= 0 {
		family, size = name[:end], name[end+1:]
	}
	switch known, found := s.families[family]; {
	case !found:
		return fmt.Errorf("%q is not %s: the families are %s; add a newer one to %s", name, s.what, strings.Join(s.like(family), ", "), s.file)
	case !slices.Contains(known, size):
		return fmt.Errorf("%q is not %s: %s comes as %s", name, s.what, family, strings.Join(known, ", "))
	}
	return nil
}

// like are the families with the letters of this one, or all.
func (s Sizes) like(family string) []string {
	letters := strings.TrimRight(strings.TrimRight(family, "abcdefghijklmnopqrstuvwxyz-"), "0123456789")
	all := slices.Sorted(maps.Keys(s.families))
	alike := slices.DeleteFunc(slices.Clone(all), func(one string) bool { return !strings.HasPrefix(one, letters) })
	if len(alike) == 0 {
		return all
	}
	return alike
}

// PHP is what stands for a package where an extension is in every PHP.
const PHP = "PHP"

// ExtensionsFile lists PHP's extensions in Debian 13.
const ExtensionsFile = Folder + "extensions.txt"

var extensions = sizes("extensions.txt", "")

// Extension finds the package of an extension, without php8.4-, by PHP's name (pdo_pgsql), Composer's (zend-opcache) or Debian's (pgsql).
func Extension(name string) (word string, ok bool) {
	name = strings.ToLower(name)
	for _, one := range []string{name, strings.ReplaceAll(name, "-", "_")} {
		if _, ok := extensions.families[one]; ok {
			return one, true
		}
		for word, names := range extensions.families {
			if slices.Contains(names, one) {
				return word, true
			}
		}
	}
	return "", false
}

// ExtensionsOf are the extensions that a package brings.
func ExtensionsOf(word string) []string {
	if word == PHP {
		return extensions.families[word]
	}
	return append([]string{word}, extensions.families[word]...)
}

// lines are the lines of a list without its comments.
func lines(file string) []string {
	text, err := files.ReadFile(file)
	if err != nil {
		panic(err)
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return line == "" || line[0] == '#' })
}

func words(file string) Words {
	return Words{Folder + file, strings.Fields(strings.Join(lines(file), " "))}
}

func sizes(file, what string) Sizes {
	s := Sizes{file: Folder + file, what: what, families: map[string][]string{}}
	for _, line := range lines(file) {
		fields := strings.Fields(line)
		s.families[fields[0]] = fields[1:]
	}
	return s
}
