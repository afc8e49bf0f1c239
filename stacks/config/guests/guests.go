// Package guests reads environment.guests: the applications that run on the cluster, the load balancer and the database server of an
// environment, and what belongs to each of them (docs/adr/0029).
package guests

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
)

// Guest is another application's environment, by its app.name and stack: blog-prod.
type Guest struct {
	// Number is its place on the load balancer, 1 to MaxNumber. It stays with the guest: another one moves its rules.
	Number int `json:"number"`
	// Hosts are the host names that it may have: its domain.name and domain.aliases.
	Hosts []string `json:"hosts"`
	// Generation is that of its password of the database, from 1 on; 0, without the key, is 1.
	Generation int `json:"generation"`
}

// Named are the guests of an environment by their names.
type Named map[string]Guest

// Names are the guests in the order of the alphabet.
func (n Named) Names() []string { return slices.Sorted(maps.Keys(n)) }

// PasswordGeneration is the generation of the password, of which the first is 1.
func (g Guest) PasswordGeneration() int { return max(g.Generation, 1) }

// MaxNumber is how many guests an environment can have. A load balancer has 100 rules besides the default ones, on all listeners together
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html, "Rules per load balancer, not counting
// default rules"), and a guest has two on each listener that forwards.
const MaxNumber = 20

// A guest has BlockSize numbers of rules: its routes come first, and the rule for all its requests before the one that names all its target
// groups, which ECS asks for before there are tasks.
const (
	BlockSize   = 100
	hostRules   = 1  // of processes with a host
	pathRules   = 40 // of processes with a path
	routeRules  = 39 // of each kind
	trafficRule = 98
	baseRule    = 99
)

// LastPriority is the last number that a guest's rule can have. Rules of review environments come after it (infra/sharedbalancer.go).
const LastPriority = MaxNumber * BlockSize

// Priorities are the numbers of the rules of a guest.
type Priorities struct{ first int }

// PrioritiesOf are those of the guest with a number, from 1 to MaxNumber.
func PrioritiesOf(number int) Priorities { return Priorities{(number - 1) * BlockSize} }

// LastRoute is the highest number that Route gives. Between it and Traffic is room for a maintenance page.
func (p Priorities) LastRoute() int { return p.first + pathRules + routeRules - 1 }

// Traffic is the number of the rule for all requests, Base that of the rule behind it, and Route that of a process. Of routes it is made of
// host and path, as in an environment of its own.
func (p Priorities) Traffic() int { return p.first + trafficRule }

// Base is the number of the rule that names all target groups.
func (p Priorities) Base() int { return p.first + baseRule }

// Route is the number of the rule of a process with a host, a path, or both.
func (p Priorities) Route(host, path string) int {
	sum := fnv.New32a()
	sum.Write([]byte(host + path))
	kind := pathRules
	if host != "" {
		kind = hostRules
	}
	return p.first + kind + int(sum.Sum32()%routeRules)
}

// Parameter is the name of the parameter of Systems Manager with which an environment tells a guest where everything is. Both names stand at
// beginnings of its parts, by which the permissions of pipelines tell environments apart.
func Parameter(host, guest string) string { return "/" + host + "-guests/" + guest + "-access" }

// Schema is the name of a guest's database, with which the names of its users begin.
func Schema(guest string) string { return strings.ReplaceAll(guest, "-", "_") }

// PasswordVariable is the environment variable in which the container that makes a guest's user gets its password.
func PasswordVariable(guest string) string { return "DB_GUEST_" + strings.ToUpper(Schema(guest)) }

// Problem is what is wrong with a key below environment.guests.
type Problem struct{ Key, Text string }

// Problems are those of the guests of the environment whose own name is host, and whose database and host names are taken.
func (n Named) Problems(host, database string, taken []string) (problems []Problem) {
	add := func(key, format string, args ...any) {
		problems = append(problems, Problem{key, fmt.Sprintf(format, args...)})
	}
	numbers, hosts := map[int]string{}, map[string]string{}
	for _, name := range taken {
		hosts[name] = host
	}
	for _, guest := range n.Names() {
		g := n[guest]
		if guest == host || !isName(guest) {
			add(guest, "not the name of another environment: its app.name and stack, such as blog-prod")
		}
		if Schema(guest) == database {
			add(guest, "its database would be %s, which is database.name of this environment", database)
		}
		switch other := numbers[g.Number]; {
		case g.Number < 1 || g.Number > MaxNumber:
			add(guest+".number", "%d is outside 1-%d: each guest has a number of its own, which orders its rules at the load balancer", g.Number, MaxNumber)
		case other != "":
			add(guest+".number", "%d is that of %s: two rules cannot have one priority", g.Number, other)
		default:
			numbers[g.Number] = guest
		}
		if g.Generation < 0 {
			add(guest+".generation", "%d is below 1", g.Generation)
		}
		if len(g.Hosts) == 0 {
			add(guest+".hosts", "empty: the host names that the load balancer sends to %s, such as [blog.example.com]", guest)
		}
		for _, name := range g.Hosts {
			if strings.HasPrefix(name, "*.") { // its rule would come before those of the names that it covers
				add(guest+".hosts", "%s would take requests for names of %s and of other guests: write each name", name, host)
			}
			if other := hosts[name]; other != "" {
				add(guest+".hosts", "%s is a host name of %s", name, other)
			}
			hosts[name] = guest
		}
	}
	return problems
}

// isName tells whether a text is in the form of an application and a stack.
func isName(text string) bool {
	return strings.Contains(text, "-") && !strings.HasPrefix(text, "-") && !strings.HasSuffix(text, "-") &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
