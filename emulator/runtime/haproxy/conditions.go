package haproxy

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// readConditions translates one conditions block of a listener rule. All of them must hold, each for one of its values.
func readConditions(v account.Values) ([]condition, error) {
	var found []condition
	add := func(sample, match string, patterns []string) {
		found = append(found, condition{sample, match, patterns})
	}
	if values := v.Strings("hostHeader.values"); len(values) > 0 {
		add("req.hdr(host),field(1,:)", "-m reg -i", wildcards(values, ".*"))
	}
	if values := v.Strings("pathPattern.values"); len(values) > 0 {
		add("path", "-m reg", wildcards(values, ".*"))
	}
	if header := v.Map("httpHeader"); len(header) > 0 {
		name := header.Text("httpHeaderName")
		if !headerName.MatchString(name) {
			return nil, fmt.Errorf("httpHeaderName %q is not the name of a header", name)
		}
		add("req.fhdr("+name+")", "-m reg -i", wildcards(header.Strings("values"), ".*"))
	}
	if values := v.Strings("httpRequestMethod.values"); len(values) > 0 {
		add("method", "-m str", values)
	}
	if pairs := v.Blocks("queryStrings"); len(pairs) > 0 {
		var patterns []string
		for _, pair := range pairs {
			key := `[^&=]*`
			if pair.Text("key") != "" {
				key = wildcard(pair.Text("key"), `[^&=]*`)
			}
			patterns = append(patterns, "(^|&)"+key+"="+wildcard(pair.Text("value"), `[^&]*`)+"(&|$)")
		}
		add("query", "-m reg -i", patterns)
	}
	if values := v.Strings("sourceIp.values"); len(values) > 0 {
		add("src", "", localToo(values))
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("a condition is empty")
	}
	return found, nil
}

// localToo adds the private networks to addresses of this machine: Docker passes what comes from it on as the network's gateway.
func localToo(cidrs []string) []string {
	for _, cidr := range cidrs {
		if prefix, err := netip.ParsePrefix(cidr); err == nil && prefix.Addr().IsLoopback() {
			return append(slices.Clone(cidrs), machine.PrivateRange.String())
		}
	}
	return cidrs
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.|~+-]{1,40}$`)

// wildcard turns a pattern of a listener rule into a regular expression: * is any text (any), ? one character.
func wildcard(pattern, any string) string {
	return strings.NewReplacer(`\*`, any, `\?`, ".").Replace(regexp.QuoteMeta(pattern))
}

func wildcards(patterns []string, any string) []string {
	var all []string
	for _, p := range patterns {
		all = append(all, "^"+wildcard(p, any)+"$")
	}
	return all
}
