package ec2

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var groupText = regexp.MustCompile(`^[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]*$`)

const groupTextSays = "AWS allows letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"

// description are the rules for the text of a group or of a rule.
var description = []account.Rule{
	account.Length("description", 0, 255),
	account.Matches("description", groupText, groupTextSays),
}

// securityGroup has no inline rules: the program declares each rule as a resource.
var securityGroup = account.Type{
	Token: account.SecurityGroupToken, Args: ec2.SecurityGroupArgs{}, State: ec2.SecurityGroup{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"description", "name", "namePrefix", "vpcId"},
	Defaults: account.Values{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
	Refs:     []account.Ref{inVPC("DependencyViolation")},
	Rules: append([]account.Rule{
		account.Length("name", 1, 255),
		account.Length("description", 1, 255),
		account.Matches("name", groupText, groupTextSays),
		account.Text("name", func(text string) string {
			if strings.HasPrefix(text, "sg-") {
				return "cannot begin with sg-"
			}
			return ""
		}),
	}, description...),
	Identity: identity("sg", "security-group", owned),
	Create: func(tx *account.Tx, r *account.Resource) error {
		in, name := r.Outputs.Text("vpcId"), r.Outputs.Text("name")
		if in == "" {
			return tx.Refuse("VPCIdNotSpecified", "No default VPC for this user: set vpcId")
		}
		for _, other := range tx.List(account.SecurityGroupToken) {
			if other.Outputs.Text("vpcId") == in && other.Outputs.Text("name") == name {
				return tx.Refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, in)
			}
		}
		return nil
	},
	Delete: deleteSecurityGroup,
}

// deleteSecurityGroup refuses while instances of an Auto Scaling group have it; AWS deletes the group's own rules with it.
func deleteSecurityGroup(tx *account.Tx, r *account.Resource) error {
	for _, fleet := range tx.List(account.GroupToken) {
		template, _ := tx.TemplateOf(fleet.Outputs)
		if capacity, _ := fleet.Outputs.Int("desiredCapacity"); capacity > 0 && slices.Contains(template.Outputs.Strings("vpcSecurityGroupIds"), r.ID) {
			return tx.Refuse("DependencyViolation", "resource %s has a dependent object: instances of %s", r.ID, fleet.ID)
		}
	}
	for _, token := range []string{account.IngressRuleToken, account.EgressRuleToken} {
		for _, rule := range tx.List(token) {
			if rule.Outputs.Text("securityGroupId") == r.ID {
				tx.Remove(rule)
			}
		}
	}
	return nil
}

// defaultSecurityGroup takes over the group that came with the VPC, as the provider does: the rules become the ones
// declared, and deleting the resource leaves the group.
var defaultSecurityGroup = account.Type{
	Token: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", Args: ec2.DefaultSecurityGroupArgs{}, State: ec2.DefaultSecurityGroup{},
	ForceNew: []string{"vpcId"},
	Defaults: account.Values{"revokeRulesOnDelete": false},
	Refs:     []account.Ref{inVPC("")},
	Create: func(tx *account.Tx, r *account.Resource) error {
		owner, ok := tx.Get(account.VPCToken, r.Outputs.Text("vpcId"))
		if !ok {
			return tx.Refuse("VPCIdNotSpecified", "No default VPC for this user: set vpcId")
		}
		group, _ := tx.Get(account.SecurityGroupToken, owner.Outputs.Text("defaultSecurityGroupId"))
		r.ID = group.ID
		for _, property := range []string{"arn", "description", "name", "ownerId"} {
			r.Outputs[property] = group.Outputs[property]
		}
		return nil
	},
}

var (
	ingressRule = rule(account.Type{Token: account.IngressRuleToken, Args: vpc.SecurityGroupIngressRuleArgs{}, State: vpc.SecurityGroupIngressRule{}})
	egressRule  = rule(account.Type{Token: account.EgressRuleToken, Args: vpc.SecurityGroupEgressRuleArgs{}, State: vpc.SecurityGroupEgressRule{}})
)

// rule completes the row of a rule of a security group.
func rule(t account.Type) account.Type {
	t.ForceNew = []string{"securityGroupId"}
	t.Refs = []account.Ref{
		{Path: "securityGroupId", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound"}, // rules go with their group
		{Path: "referencedSecurityGroupId", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
	}
	t.Rules = append([]account.Rule{
		account.ExactlyOne("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"),
		account.CIDR("cidrIpv4", 0, 32),
		account.OneOf("ipProtocol", "-1", "tcp", "udp", "icmp", "icmpv6"),
		account.Between("fromPort", -1, 65535),
		account.Between("toPort", -1, 65535),
	}, description...)
	t.Check = checkPorts
	t.Identity = identity("sgr", "security-group-rule", account.Values{"securityGroupRuleId": "{id}"})
	t.Complete = completeRule
	return t
}

// checkPorts applies the rules about a protocol and its ports.
func checkPorts(r *account.Rules) {
	protocol := r.In.Text("ipProtocol")
	for _, property := range []string{"fromPort", "toPort"} {
		port, known := r.In.Int(property)
		switch {
		case protocol == "-1" && r.In.Has(property):
			r.Refuse(property, `cannot be set with ipProtocol "-1", which means all protocols and ports`)
		case (protocol == "tcp" || protocol == "udp") && (!r.In.Has(property) || known && port < 0):
			r.Refuse(property, "a port is required with %s", protocol)
		}
	}
	from, hasFrom := r.In.Int("fromPort")
	if to, hasTo := r.In.Int("toPort"); hasFrom && hasTo && from > to {
		r.Refuse("fromPort", "%d is above toPort %d", from, to)
	}
}

// completeRule refuses a rule that the group has already, and a peer in another VPC. A group that is assumed (emulator/stackfile) may have no
// VPC yet: that of the program is not there before it.
func completeRule(tx *account.Tx, r *account.Resource) error {
	group, peer := r.Outputs.Text("securityGroupId"), r.Outputs.Text("referencedSecurityGroupId")
	in, of := tx.VPCOf(account.SecurityGroupToken, group), tx.VPCOf(account.SecurityGroupToken, peer)
	if in != "" && of != "" && in != of {
		return tx.Refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks: %s and %s.", group, peer)
	}
	if list := r.Outputs.Text("prefixListId"); list != "" && list != prefixListID(tx) {
		return tx.Refuse("InvalidPrefixListID.NotFound", "The prefix list ID '%s' does not exist", list)
	}
	if weight := weightOf(tx, r); weight > rulesQuota {
		return tx.Refuse("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached: %s would have %d, and the quota is %d", group, weight, rulesQuota)
	}
	for _, other := range tx.List(r.Type) {
		if other.ID != r.ID && permission(other.Outputs) == permission(r.Outputs) {
			return tx.Refuse("InvalidPermission.Duplicate", `the specified rule "%s" already exists in %s: %s`, permission(r.Outputs), group, other.ID)
		}
	}
	return nil
}

// permission is what makes a rule the same as another one: the group, the peer, the protocol and the ports.
func permission(rule account.Values) string {
	peer := rule.Text("cidrIpv4") + rule.Text("prefixListId") + rule.Text("referencedSecurityGroupId")
	text := fmt.Sprintf("group: %s, peer: %s, %s", rule.Text("securityGroupId"), peer, strings.ToUpper(rule.Text("ipProtocol")))
	if from, ok := rule.Int("fromPort"); ok {
		to, _ := rule.Int("toPort")
		text += fmt.Sprintf(", from port: %d, to port: %d", from, to)
	}
	return text + ", ALLOW"
}
