// Package maintenance answers for the application while people work on it: the load balancer itself returns a page with status 503, to all
// but given addresses.
//
// It is done with listener rules that are made past Pulumi, just before the rule that shares out the traffic. Pulumi knows only the rules
// in its state, so an update neither removes them nor reports them. Health checks go from the load balancer to the targets and pass no
// listener, so tasks stay healthy and a release works meanwhile.
//
// A fixed response has a status, a content type and a body of 1024 characters at most, and no header of one's own (Elastic Load
// Balancing API reference, FixedResponseActionConfig). The headers that an Application Load Balancer can add to responses are a closed
// list of listener attributes, and Retry-After is none of them (the same reference, ListenerAttribute, routing.http.response.*). So the
// page asks the browser to try again with <meta http-equiv="refresh">.
package maintenance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/cdn"
)

// Options say what visitors get and who is not a visitor.
type Options struct {
	// Allow are addresses or networks (203.0.113.7, 198.51.100.0/24) that reach the application.
	Allow []string
	// File is an HTML file in place of the short default page.
	File string
}

// maxBody is how long the body of a fixed response may be (FixedResponseActionConfig, MessageBody: maximum length of 1024).
const maxBody = 1024

// page is what visitors get unless there is a file.
const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="60">` +
	`<meta name="viewport" content="width=device-width"><title>Maintenance</title></head>` +
	`<body style="font:1.1em sans-serif;max-width:32em;margin:20vh auto;padding:0 1em">` +
	`<h1>Back soon</h1><p>This site is being worked on. This page tries again every minute.</p></body></html>`

// On puts the rules on every listener that forwards. When they are there already, it changes page and addresses, and renews where the
// allowed addresses are sent.
func On(ctx context.Context, s *session.Session, o Options) error {
	networks, err := parse(o.Allow)
	if err != nil {
		return err
	}
	body, err := read(o.File)
	if err != nil {
		return err
	}
	b, err := open(ctx, s)
	if err != nil {
		return err
	}
	if len(networks) > 0 && slices.Contains([]string{cdn.Live, cdn.Exclusive}, b.cdn) {
		return fmt.Errorf("--allow (ALLOW=): with cdn.state: %s the load balancer sees the addresses of CloudFront and not those of visitors: leave it out", b.cdn)
	}
	for _, l := range b.listeners {
		if err := b.apply(ctx, l, networks, body); err != nil {
			return fmt.Errorf("%w\nmaintenance may be half on: run the command again, or make maintenance OFF=1", err)
		}
	}
	fmt.Fprintf(s.Out, "maintenance is on: %s answers 503%s\n", b.url, except(networks))
	fmt.Fprintf(s.Out, "make maintenance OFF=1 STACK=%s ends it; do so before make down, or before release.strategy changes\n", s.Stack)
	return nil
}

// Off removes the rules. Without any it does nothing.
func Off(ctx context.Context, s *session.Session) error {
	b, err := open(ctx, s)
	if err != nil {
		return err
	}
	var rules []types.Rule
	for _, l := range b.listeners {
		rules = append(rules, append(l.own(rolePage), l.own(roleAllow)...)...) // the page goes first: allowed addresses lose nothing
	}
	if err := b.remove(ctx, rules); err != nil {
		return err
	}
	if len(rules) == 0 {
		fmt.Fprintln(s.Out, "maintenance was off already")
		return nil
	}
	fmt.Fprintf(s.Out, "maintenance is off: %s answers as before\n", b.url)
	return nil
}

// Status says whether maintenance is on, and for whom it is not.
func Status(ctx context.Context, s *session.Session) error {
	b, err := open(ctx, s)
	if err != nil {
		return err
	}
	on := 0
	for _, l := range b.listeners {
		if len(l.own(rolePage)) == 0 {
			continue
		}
		on++
		var networks []string
		for _, rule := range l.own(roleAllow) {
			networks = append(networks, sources(rule)...)
		}
		fmt.Fprintf(s.Out, "maintenance is on: %s port %d answers 503%s\n", l.Protocol, aws.ToInt32(l.Port), except(networks))
	}
	switch {
	case on == 0:
		fmt.Fprintln(s.Out, "maintenance is off")
	case on < len(b.listeners):
		return errors.New("maintenance is on at some listeners only: make maintenance ON=1, or OFF=1")
	}
	return nil
}

func except(networks []string) string {
	if len(networks) == 0 {
		return " to everybody"
	}
	return " to all but " + strings.Join(networks, ", ")
}

// maxNetworks keeps the rules of one listener few: there are 100 in a load balancer (ELB user guide, "Quotas for your Application Load
// Balancers").
const maxNetworks = 20

// mappedBits are the bits before the IPv4 address in an IPv6 address that maps one (RFC 4291, 2.5.5.2).
const mappedBits = 96

// parse checks addresses and turns each into a network, as a source-ip condition wants it.
func parse(allow []string) (networks []string, err error) {
	for _, text := range allow {
		text = strings.TrimSpace(text)
		if text == "" {
			return nil, errors.New("--allow (ALLOW=): an address or a network is missing, such as 203.0.113.7 or 198.51.100.0/24")
		}
		prefix, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if prefix.Addr().Is4In6() && prefix.Bits() >= mappedBits { // ::ffff:203.0.113.7 comes from IPv4
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mappedBits)
		}
		if err != nil {
			return nil, fmt.Errorf("ALLOW=%s: an address or a network is expected, such as 203.0.113.7 or 198.51.100.0/24", text)
		}
		if network := prefix.Masked().String(); !slices.Contains(networks, network) {
			networks = append(networks, network)
		}
	}
	if len(networks) > maxNetworks {
		return nil, fmt.Errorf("ALLOW has %d networks, %d are possible: give larger networks", len(networks), maxNetworks)
	}
	return networks, nil
}

// read returns the page.
func read(file string) (string, error) {
	if file == "" {
		return page, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the page: %w", err)
	}
	if len(text) == 0 || len(text) > maxBody {
		return "", fmt.Errorf("%s has %d bytes: the load balancer returns 1 to %d (FixedResponseActionConfig in AWS's API reference); put images and styles elsewhere, or leave them out", file, len(text), maxBody)
	}
	if !utf8.Valid(text) {
		return "", fmt.Errorf("%s is not UTF-8, and the load balancer takes text only: save it as UTF-8", file)
	}
	return string(text), nil
}

// sources are the networks of a rule's source-ip conditions.
func sources(rule types.Rule) (networks []string) {
	for _, condition := range rule.Conditions {
		if condition.SourceIpConfig != nil {
			networks = append(networks, condition.SourceIpConfig.Values...)
		}
	}
	return networks
}
