// Package haproxy is the load balancer of the emulated account: HAProxy with the listeners, rules, target groups and targets that
// the account and its services declare, at loopback ports of this machine.
package haproxy

import (
	"cmp"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// Balancer is the load balancer of one state folder.
type Balancer struct {
	*machine.Machine
	Ports   map[int]int // of this machine, by the port of the listener
	console *console
	traffic traffic
}

// New prepares a load balancer. The ports are for HTTP and HTTPS; 0 means 8080 and 8443.
func New(m *machine.Machine, httpPort, httpsPort int) *Balancer {
	return &Balancer{
		Machine: m, Ports: map[int]int{80: cmp.Or(httpPort, 8080), 443: cmp.Or(httpsPort, 8443)},
		console: &console{docker: m.Docker, container: m.Name + "-balancer"},
	}
}

// HangUp ends the conversation with HAProxy, which is about to go.
func (r *Balancer) HangUp() { r.console.hangUp() }
