package main_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestNewAliasMovesNoOtherProof adds a host name between others, and takes it away again: the validation records of the others stay as
// they are, and every name of the certificate has its record.
func TestNewAliasMovesNoOtherProof(t *testing.T) {
	t.Parallel()
	aliases := func(names ...string) map[string]any {
		return map[string]any{"domain": map[string]any{"name": "example.com", "zone": "example.com", "aliases": names}}
	}
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, aliases("*.example.com", "a.example.com", "z.example.com"))
	})
	l.zone("example.com")
	l.deploy("first")
	if proofs := l.proofs(); len(proofs) != 3 {
		t.Errorf("the apex and its wildcard share a record, and the account has %v", proofs)
	}
	for _, step := range []struct {
		name string
		set  map[string]any
		want string // what happens to records
	}{
		{"a name in the middle", aliases("*.example.com", "a.example.com", "m.example.com", "z.example.com"),
			"create laravel-staging-dns-m.example.com, create laravel-staging-tls-proof-m.example.com"},
		{"without it", aliases("*.example.com", "a.example.com", "z.example.com"),
			"delete laravel-staging-dns-m.example.com, delete laravel-staging-tls-proof-m.example.com"},
		{"without the wildcard", aliases("a.example.com", "z.example.com"), "delete laravel-staging-dns-*.example.com"},
	} {
		l.set(step.set)
		var records []string
		for _, change := range l.deploy(step.name).Changes {
			if change.Type == account.RecordToken {
				records = append(records, change.Op+" "+change.Name)
			}
		}
		slices.Sort(records)
		if got := strings.Join(records, ", "); got != step.want {
			t.Errorf("%s: %s; expected: %s", step.name, got, step.want)
		}
		l.proven(step.name)
	}
}

// proofs are the names of the account's validation records.
func (l *life) proofs() []string {
	var names []string
	for _, record := range l.Account().List(account.RecordToken) {
		if record.Outputs.Text("type") == "CNAME" {
			names = append(names, record.Outputs.Text("fqdn")+".")
		}
	}
	return names
}

// proven checks that the records of every certificate exist: without them AWS does not renew it.
func (l *life) proven(when string) {
	l.t.Helper()
	proofs := l.proofs()
	for _, certificate := range l.Account().List(account.CertificateToken) {
		for _, option := range certificate.Outputs.Blocks("domainValidationOptions[*]") {
			if !slices.Contains(proofs, option.Text("resourceRecordName")) {
				l.t.Errorf("%s: %s has no validation record", when, option.Text("domainName"))
			}
		}
	}
}

// TestProofsKeepTheirRecords deploys records that are named by their place in the set, as an earlier version of the program did, and then
// the present version: no record is made or deleted.
func TestProofsKeepTheirRecords(t *testing.T) {
	t.Parallel()
	hosts := []string{"z.example.com", "*.review.example.com", "a.example.com"}
	former := true
	program := func(ctx *pulumi.Context) error {
		zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: pulumi.StringRef("example.com")})
		if err != nil {
			return err
		}
		if former {
			return formerCertificate(ctx, "tls", hosts, zone.ZoneId)
		}
		_, err = infra.NewCertificate(ctx, "tls", infra.CertificateArgs{Name: hosts[0], Aliases: hosts[1:], ZoneID: zone.ZoneId})
		return err
	}
	root := t.TempDir()
	for name, text := range map[string]string{"Pulumi.yaml": "name: small\nruntime: go\n", "Pulumi.one.yaml": "config:\n  aws:region: eu-west-1\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cli, err := engine.FindCLI(t.Context(), repository(t), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{
		Root: root, State: filepath.Join(t.TempDir(), "s"), Stack: "one", Program: program, CLI: cli, Throwaway: true, Log: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	l := &life{e, t}
	l.zone("example.com")
	if _, err := l.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := l.proofs()
	if len(before) != len(hosts) {
		t.Fatalf("the earlier version makes %v", before)
	}
	former = false
	report, err := l.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range report.Changes {
		t.Errorf("unexpected: %v", change)
	}
	if after := l.proofs(); !slices.Equal(after, before) {
		t.Errorf("the records are %v, and were %v", after, before)
	}
}

// formerCertificate has the resources and the logical names of a certificate of an earlier version.
func formerCertificate(ctx *pulumi.Context, name string, hosts []string, zone string) error {
	var c pulumi.ResourceState
	if err := ctx.RegisterComponentResource("laravel:infra:Certificate", name, &c); err != nil {
		return err
	}
	certificate, err := acm.NewCertificate(ctx, name+"-cert", &acm.CertificateArgs{
		DomainName: pulumi.String(hosts[0]), SubjectAlternativeNames: pulumi.ToStringArray(hosts[1:]), ValidationMethod: pulumi.String("DNS"),
	}, pulumi.Parent(&c))
	if err != nil {
		return err
	}
	names := pulumi.StringArray{}
	for i := range hosts {
		challenge := certificate.DomainValidationOptions.Index(pulumi.Int(i))
		record, err := route53.NewRecord(ctx, fmt.Sprintf("%s-proof-%d", name, i+1), &route53.RecordArgs{
			ZoneId: pulumi.String(zone), Name: challenge.ResourceRecordName().Elem(), Type: challenge.ResourceRecordType().Elem(),
			Records: pulumi.StringArray{challenge.ResourceRecordValue().Elem()}, Ttl: pulumi.Int(300), AllowOverwrite: pulumi.Bool(true),
		}, pulumi.Parent(&c))
		if err != nil {
			return err
		}
		names = append(names, record.Fqdn)
	}
	_, err = acm.NewCertificateValidation(ctx, name+"-issued", &acm.CertificateValidationArgs{
		CertificateArn: certificate.Arn, ValidationRecordFqdns: names,
	}, pulumi.Parent(&c))
	return err
}
