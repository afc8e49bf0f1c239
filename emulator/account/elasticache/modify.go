package elasticache

import (
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// tokensToken is the type of what a replication group accepts as AUTH token, the newest last. An empty one is a client without a token.
const tokensToken = "aws:elasticache/authTokens:AuthTokens"

// snapshotToken is the type of final snapshots.
const snapshotToken = "aws:elasticache/snapshot:Snapshot"

// authToken is what AUTH tokens may have: 16 to 128 printable characters, of which these are not letters and digits (ElastiCache user
// guide, "Authenticating with the Valkey and Redis OSS AUTH command").
var authToken = regexp.MustCompile(`^[A-Za-z0-9!&#$^<>-]{16,128}$`)

// windowed are the changes that wait for the maintenance window without applyImmediately (API reference, ModifyReplicationGroup). The
// provider reads what runs, so they are differences until then.
var windowed = []string{"engine", "engineVersion", "nodeType", "parameterGroupName"}

// modify is ModifyReplicationGroup, as the provider calls it (terraform-provider-aws, internal/service/elasticache/replication_group.go,
// resourceReplicationGroupUpdate).
func modify(tx *account.Tx, old, next *account.Resource) error {
	was, is := old.Outputs, next.Outputs
	if was.Text("engine") != is.Text("engine") && was.Text("engineVersion") == is.Text("engineVersion") {
		return tx.Refuse("InvalidParameter", "must explicitly set 'engine_version' attribute for Replication Group (%s) when updating engine to 'valkey'", old.ID)
	}
	// The request has the parameter group only when it changed. dify-self-hosted-on-aws#24 has the refusal.
	before := family(was.Text("engine"), was.Text("engineVersionActual"))
	after := family(is.Text("engine"), versions[is.Text("engine")][is.Text("engineVersion")])
	if after != before && was.Text("parameterGroupName") == is.Text("parameterGroupName") {
		return tx.Refuse("InvalidParameterCombination", "Expected a parameter group of family %s but found one of family %s: set parameterGroupName", after, before)
	}
	if !is.True("applyImmediately") {
		for _, name := range windowed {
			is[name] = was[name]
		}
	}
	return authenticate(tx, was, next)
}

// authenticate applies a changed AUTH token or strategy at once, whatever applyImmediately is. ROTATE adds a token to the last one that
// was accepted, which is none where there was no token; SET leaves the last token alone, and only after a ROTATE (ElastiCache user
// guide, "Modifying the AUTH token on an existing cluster"). DELETE is allowed only when users of RBAC take over (API reference,
// ModifyReplicationGroup, AuthTokenUpdateStrategy), and the provider sends it only together with user groups: without, the token stays.
func authenticate(tx *account.Tx, was account.Values, next *account.Resource) error {
	token, strategy := next.Outputs.Text("authToken"), next.Outputs.Text("authTokenUpdateStrategy")
	if strategy == "DELETE" || token == was.Text("authToken") && (token == "" || strategy == was.Text("authTokenUpdateStrategy")) {
		return nil
	}
	record, _ := tx.Get(tokensToken, next.ID)
	accepted := record.Outputs.Strings("tokens")
	last := accepted[len(accepted)-1]
	switch {
	case token == "":
		return tx.Refuse("InvalidParameterValue", "The AUTH token of %s cannot be taken away", next.ID)
	case strategy == "SET" && (token != last || len(accepted) < 2):
		return tx.Refuse("InvalidParameterCombination", "The SET strategy needs a group that accepts two tokens, or one that is optional, and the last of them: use ROTATE first")
	case strategy == "SET":
		accepted = []string{token}
	case token != last:
		accepted = []string{last, token}
	}
	accept(tx, next.ID, accepted)
	return nil
}

func accept(tx *account.Tx, group string, tokens []string) {
	tx.Put(group, account.Resource{Type: tokensToken, ID: group, Outputs: account.Values{"tokens": account.Texts(tokens...)}})
}

func checkAuth(r *account.Rules) {
	if r.In.Has("authToken") && !r.In.True("transitEncryptionEnabled") {
		r.Refuse("authToken", "needs transitEncryptionEnabled")
	}
	if r.In.Has("engine") && r.In.Has("parameterGroupName") && r.In.Has("engineVersion") {
		engine, name := r.In.Text("engine"), r.In.Text("parameterGroupName")
		if want := "default." + family(engine, r.In.Text("engineVersion")); strings.HasPrefix(name, "default.") && name != want {
			r.Refuse("parameterGroupName", "is %s, and %s %s needs %s", name, engine, r.In.Text("engineVersion"), want)
		}
	}
}

// remove takes the final snapshot.
func remove(tx *account.Tx, r *account.Resource) error {
	name := strings.ToLower(r.Outputs.Text("finalSnapshotIdentifier"))
	if name == "" {
		return nil
	}
	if slices.ContainsFunc(tx.List(snapshotToken), func(s account.Resource) bool { return s.ID == name }) {
		return tx.Refuse("SnapshotAlreadyExistsFault", "Snapshot with specified name already exists: %s; deploy with another finalSnapshotIdentifier first", name)
	}
	tx.Put("", account.Resource{Type: snapshotToken, ID: name, Inputs: account.Values{}, Outputs: account.Values{"replicationGroupId": r.ID}})
	return nil
}
