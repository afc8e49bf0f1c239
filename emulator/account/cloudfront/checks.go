package cloudfront

import (
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// readQuota is the default quota of seconds that CloudFront waits for an origin
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html, "Response timeout per origin").
const readQuota = 120

// complete refuses what CloudFront does not take, and says what it adds.
func complete(tx *account.Tx, r *account.Resource) error {
	for _, check := range []func(*account.Tx, *account.Resource) error{checkOrigins, checkPolicies, checkNames, checkWebACL} {
		if err := check(tx, r); err != nil {
			return err
		}
	}
	r.Outputs["etag"], r.Outputs["status"] = "E"+strings.ToUpper(tx.Letters(12)), "Deployed"
	r.Outputs["lastModifiedTime"] = tx.Time().Format("2006-01-02 15:04:05.999 -0700 MST")
	return nil
}

func behaviors(out account.Values) []account.Values {
	return append([]account.Values{out.Map("defaultCacheBehavior")}, out.Blocks("orderedCacheBehaviors[*]")...)
}

func checkOrigins(tx *account.Tx, r *account.Resource) error {
	known := map[string]bool{}
	for _, origin := range r.Outputs.Blocks("origins[*]") {
		known[origin.Text("originId")] = true
		if seconds, ok := origin.Int("customOriginConfig.originReadTimeout"); ok && seconds > readQuota {
			return tx.Refuse("InvalidOriginReadTimeout", "The origin read timeout %d is above the quota of this account, %d", seconds, readQuota)
		}
	}
	groups := map[string]bool{}
	for _, group := range r.Outputs.Blocks("originGroups[*]") {
		groups[group.Text("originId")] = true
		for _, member := range group.Blocks("members[*]") {
			if id := member.Text("originId"); !known[id] {
				return tx.Refuse("NoSuchOrigin", "One or more of your origins or origin groups do not exist: %s, a member of %s", id, group.Text("originId"))
			}
		}
	}
	for _, behavior := range behaviors(r.Outputs) {
		if id := behavior.Text("targetOriginId"); !known[id] && !groups[id] {
			return tx.Refuse("NoSuchOrigin", "One or more of your origins or origin groups do not exist: %s", id)
		}
	}
	return nil
}

func checkPolicies(tx *account.Tx, r *account.Resource) error {
	for _, behavior := range behaviors(r.Outputs) {
		for _, input := range account.SortedKeys(policies) {
			if id := behavior.Text(input); id != "" && !slices.Contains(policies[input].ids, id) {
				return tx.Refuse(policies[input].missing, "The policy %s does not exist, or is none of the managed ones that the emulator knows, given as %s", id, input)
			}
		}
	}
	return nil
}

// checkNames: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html, "Requirements for using alternate domain names", and
// cnames-and-https-requirements.html beside it. The texts are those that the provider's comments and public logs quote.
func checkNames(tx *account.Tx, r *account.Resource) error {
	names := r.Outputs.Strings("aliases")
	if len(names) == 0 {
		return nil
	}
	arn := r.Outputs.Text("viewerCertificate.acmCertificateArn")
	if arn == "" {
		return tx.Refuse("InvalidViewerCertificate", "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name")
	}
	certificate, found := tx.Find(account.CertificateToken, "arn", arn)
	if parts := strings.Split(arn, ":"); len(parts) < 6 || parts[3] != "us-east-1" || !found || certificate.Outputs.Text("status") != "ISSUED" {
		return tx.Refuse("InvalidViewerCertificate", "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain: %s", arn)
	}
	covered := append(certificate.Outputs.Strings("subjectAlternativeNames"), certificate.Outputs.Text("domainName"))
	for _, name := range names {
		_, parent, _ := strings.Cut(name, ".")
		if !slices.Contains(covered, name) && !slices.Contains(covered, "*."+parent) {
			return tx.Refuse("InvalidViewerCertificate", "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that you're trying to add: %s", name)
		}
	}
	for _, other := range tx.List(account.DistributionToken) {
		for _, name := range other.Outputs.Strings("aliases") {
			if other.ID != r.ID && slices.Contains(names, name) {
				return tx.Refuse("CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource: %s belongs to %s", name, other.ID)
			}
		}
	}
	return nil
}

// checkWebACL: https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html, Scope.
func checkWebACL(tx *account.Tx, r *account.Resource) error {
	arn := r.Outputs.Text("webAclId")
	if acl, found := tx.Find(account.WebACLToken, "arn", arn); arn != "" && (!found || acl.Outputs.Text("scope") != "CLOUDFRONT") {
		return tx.Refuse("InvalidWebACLId", "Web ACL is not accessible by the requester: %s; a distribution needs one with the scope CLOUDFRONT", arn)
	}
	return nil
}
