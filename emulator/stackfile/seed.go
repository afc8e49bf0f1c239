package stackfile

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
)

// Seed puts into the account what a stack file names and the program does not make: a hosted zone, a certificate, a
// key pair. On AWS they must exist; here they are assumed, and the returned lines say so.
func Seed(a *account.Account, s *config.File) ([]string, error) {
	var assumed []string
	add := func(token, id, line string, outputs account.Values) error {
		if _, exists := a.Read(token, id); !exists {
			if err := a.Seed(token, id, outputs); err != nil {
				return fmt.Errorf("assuming %s: %w", line, err)
			}
		}
		if line != "" {
			assumed = append(assumed, line)
		}
		return nil
	}
	if zone := s.Text("domain.zone"); zone != "" {
		id := "Z" + strings.ToUpper(account.StableHex(zone, 20))
		if err := add("aws:route53/zone:Zone", id, "hosted zone "+zone, account.Values{
			"zoneId": id, "name": zone, "arn": "arn:aws:route53:::hostedzone/" + id, "privateZone": false,
		}); err != nil {
			return nil, err
		}
	}
	if arn := s.Text("domain.certificateArn"); arn != "" {
		if err := add("aws:acm/certificate:Certificate", arn, "certificate "+arn, account.Values{
			"arn": arn, "domainName": s.Text("domain.name"), "status": "ISSUED", "type": "IMPORTED",
		}); err != nil {
			return nil, err
		}
	}
	if key := s.Text("cluster.keyPair"); key != "" {
		if err := add("aws:ec2/keyPair:KeyPair", key, "key pair "+key, account.Values{
			"keyName": key, "keyPairId": "key-0" + account.StableHex(key, 16), "keyType": "ed25519",
			"arn": fmt.Sprintf("arn:aws:ec2:%s:%s:key-pair/%s", a.Region(), a.ID(), key),
		}); err != nil {
			return nil, err
		}
	}
	if err := seedNetwork(a, s, add); err != nil {
		return nil, err
	}
	if err := seedServers(s, add); err != nil {
		return nil, err
	}
	instance, err := seedInstance(a, s)
	if err != nil {
		return nil, err
	}
	assumed = append(assumed, instance...)
	if arn := s.Text("environment.permissionsBoundary"); arn != "" {
		if err := add("aws:iam/policy:Policy", arn, "permissions boundary "+arn, account.Values{"arn": arn, "name": arn[strings.LastIndex(arn, "/")+1:]}); err != nil {
			return nil, err
		}
	}
	for _, path := range []string{"account.github.providerArn", "account.gitlab.providerArn"} {
		arn := s.Text(path)
		if arn == "" {
			continue
		}
		_, host, _ := strings.Cut(arn, ":oidc-provider/")
		if err := add("aws:iam/openIdConnectProvider:OpenIdConnectProvider", arn, "OpenID Connect provider "+arn, account.Values{
			"arn": arn, "url": host, "clientIdLists": []any{"sts.amazonaws.com"},
		}); err != nil {
			return nil, err
		}
	}
	return assumed, nil
}

// SeedImages puts into an account in memory the images that a stack file names and the program does not build: the pinned release, and
// with a candidate both. On AWS they were pushed by an earlier deployment.
func SeedImages(a *account.Account, s *config.File) ([]string, error) {
	var assumed []string
	for _, release := range lookedUp(s) {
		tag := config.ReleaseTag(s.Text("environment.class"), release)
		if release == "" || a.HasImage(tag) { // without a name the program says what is missing
			continue
		}
		if err := a.AssumeImage(tag); err != nil {
			return nil, fmt.Errorf("assuming image %s: %w", tag, err)
		}
		assumed = append(assumed, "image "+tag+" in the registry")
	}
	return assumed, nil
}

// SeedSnapshot puts into an account in memory the snapshot of database.restore. The section stays in the stack file for as long as the
// restored instance lives, so each rehearsal and each note needs the snapshot.
func SeedSnapshot(a *account.Account, s *config.File) ([]string, error) {
	name := s.Text("database.restore.snapshot")
	if name == "" {
		return nil, nil
	}
	id := strings.ToLower(strings.TrimPrefix(name, fmt.Sprintf("arn:aws:rds:%s:%s:snapshot:", a.Region(), a.ID())))
	if _, exists := a.Read(account.DatabaseSnapshotToken, id); !exists {
		engine, _ := engines.Of(cmp.Or(s.Text("database.engine"), engines.MySQL))
		if err := a.Seed(account.DatabaseSnapshotToken, id, account.Values{
			"engine": engine.Name, "engineVersion": cmp.Or(s.Text("database.version"), engine.Usual),
			"username": cmp.Or(s.Text("database.username"), "laravel"), "dbName": cmp.Or(s.Text("database.name"), "laravel"),
			"allocatedStorage": 20.0, "storageEncrypted": true,
		}); err != nil {
			return nil, fmt.Errorf("assuming snapshot %s: %w", name, err)
		}
	}
	return []string{"snapshot " + name + ", of the same engine and version"}, nil
}

// lookedUp are the releases whose images the program does not build (stacks/images.go).
func lookedUp(s *config.File) []string {
	name, candidate := s.Text("release.name"), s.Text("release.candidate")
	if candidate == "" {
		if Builds(s) {
			return nil
		}
		return []string{name}
	}
	if tree, err := s.TreeRelease(); err == nil && tree == candidate {
		return []string{name}
	}
	return []string{name, candidate}
}

// Builds tells whether the program builds the image of release.name.
func Builds(s *config.File) bool {
	build, set := s.Get("release.build").(bool)
	return s.Text("release.candidate") == "" && (!set || build)
}
