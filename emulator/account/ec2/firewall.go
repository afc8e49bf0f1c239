package ec2

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var firewallTypes = []account.Type{
	{
		Token: account.SecurityGroupToken, Args: ec2.SecurityGroupArgs{}, State: ec2.SecurityGroup{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"description", "name", "namePrefix", "vpcId"},
		Defaults: account.Values{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
		Refs: []account.Ref{
			inVPC("DependencyViolation"),
			{Path: "ingress[*].securityGroups", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
			{Path: "egress[*].securityGroups", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
		},
		Check: checkSecurityGroup, Create: createSecurityGroup, Delete: deleteSecurityGroup,
	},
	{
		Token: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", Args: ec2.DefaultSecurityGroupArgs{}, State: ec2.DefaultSecurityGroup{},
		ForceNew: []string{"vpcId"},
		Defaults: account.Values{"revokeRulesOnDelete": false},
		Refs: []account.Ref{
			inVPC(""),
			{Path: "ingress[*].securityGroups", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
			{Path: "egress[*].securityGroups", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
		},
		Check: checkInlineRules, Create: adoptDefaultSecurityGroup,
	},
	{
		Token: account.IngressRuleToken, Args: vpc.SecurityGroupIngressRuleArgs{}, State: vpc.SecurityGroupIngressRule{},
		ForceNew: []string{"securityGroupId"}, Refs: ruleRefs,
		Check: checkRule, Create: createRule, Update: func(tx *account.Tx, _, next *account.Resource) error { return placeRule(tx, next) },
	},
	{
		Token: account.EgressRuleToken, Args: vpc.SecurityGroupEgressRuleArgs{}, State: vpc.SecurityGroupEgressRule{},
		ForceNew: []string{"securityGroupId"}, Refs: ruleRefs,
		Check: checkRule, Create: createRule, Update: func(tx *account.Tx, _, next *account.Resource) error { return placeRule(tx, next) },
	},
}

var ruleRefs = []account.Ref{
	{Path: "securityGroupId", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound"}, // rules go with their group
	{Path: "referencedSecurityGroupId", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
}

var groupText = regexp.MustCompile(`^[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]*$`)

const groupTextSays = "AWS allows letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"

func checkSecurityGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("namePrefix", "name")
	r.Length("name", 1, 255)
	r.Length("namePrefix", 1, 100)
	r.Matches("name", groupText, groupTextSays)
	for _, property := range []string{"name", "namePrefix"} {
		if strings.HasPrefix(in.Text(property), "sg-") {
			r.Refuse(property, "%q cannot begin with sg-", in.Text(property))
		}
	}
	r.Length("description", 1, 255)
	r.Matches("description", groupText, groupTextSays)
	return append(r.Problems, checkInlineRules(in)...)
}

func checkInlineRules(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	for _, direction := range []string{"ingress", "egress"} {
		for i, rule := range in.Blocks(direction) {
			place := fmt.Sprintf("%s[%d]", direction, i)
			checkPorts(&r, place+".", "protocol", rule.Text("protocol"))
			r.CIDR(place+".cidrBlocks[*]", 0, 32)
			r.CIDR6(place + ".ipv6CidrBlocks[*]")
			sources := len(rule.List("cidrBlocks")) + len(rule.List("ipv6CidrBlocks")) + len(rule.List("prefixListIds")) + len(rule.List("securityGroups"))
			if sources == 0 && !rule.True("self") && !account.ContainsUnknown(rule) {
				r.Refuse(place, "names no source: cidrBlocks, ipv6CidrBlocks, prefixListIds, securityGroups or self")
			}
			r.Length(place+".description", 0, 255)
			r.Matches(place+".description", groupText, groupTextSays)
		}
	}
	return r.Problems
}

func createSecurityGroup(tx *account.Tx, r *account.Resource) error {
	in, name := r.Outputs.Text("vpcId"), r.Outputs.Text("name")
	if in == "" {
		return tx.Refuse("VPCIdNotSpecified", "No default VPC for this user: set vpcId")
	}
	if name == "default" {
		return tx.Refuse("InvalidParameterValue", "Cannot use reserved security group name: default")
	}
	for _, other := range tx.List(account.SecurityGroupToken) {
		if other.Outputs.Text("vpcId") == in && other.Outputs.Text("name") == name {
			return tx.Refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, in)
		}
	}
	r.ID = tx.HexID("sg")
	r.Outputs["arn"] = tx.ARN("ec2", "security-group/"+r.ID)
	r.Outputs["ownerId"] = tx.AccountID()
	return nil
}

// deleteSecurityGroup refuses while network interfaces of a fleet carry the group; AWS drops the group's own rules with it.
func deleteSecurityGroup(tx *account.Tx, r *account.Resource) error {
	for _, fleet := range tx.List(account.GroupToken) {
		template, _ := launchTemplateOf(tx, fleet.Outputs)
		if capacity, _ := fleet.Outputs.Int("desiredCapacity"); capacity > 0 && slices.Contains(templateGroups(template.Outputs), r.ID) {
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

// adoptDefaultSecurityGroup takes over the group that came with the VPC, as the provider does: the rules become the
// ones declared, and deleting the resource leaves the group.
func adoptDefaultSecurityGroup(tx *account.Tx, r *account.Resource) error {
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
}

func checkRule(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
	r.CIDR("cidrIpv4", 0, 32)
	r.CIDR6("cidrIpv6")
	checkPorts(&r, "", "ipProtocol", in.Text("ipProtocol"))
	if in.Text("ipProtocol") == "-1" {
		for _, property := range []string{"fromPort", "toPort"} {
			if in.Has(property) {
				r.Refuse(property, `cannot be set with ipProtocol "-1", which means all protocols and ports`)
			}
		}
	}
	r.Length("description", 0, 255)
	r.Matches("description", groupText, groupTextSays)
	return r.Problems
}

var protocols = []string{"-1", "tcp", "udp", "icmp", "icmpv6", "all"}

// ports judges the combination of a protocol and its ports.
func checkPorts(r *account.Rules, place, protocolName, protocol string) {
	if protocol == "" {
		return
	}
	if number, err := strconv.Atoi(protocol); !slices.Contains(protocols, protocol) && (err != nil || number < 0 || number > 255) {
		r.Refuse(place+protocolName, "%q is not tcp, udp, icmp, icmpv6, -1 or a protocol number", protocol)
		return
	}
	from, hasFrom := r.In.Int(place + "fromPort")
	to, hasTo := r.In.Int(place + "toPort")
	if protocol != "tcp" && protocol != "udp" {
		r.Between(place+"fromPort", -1, 255)
		r.Between(place+"toPort", -1, 255)
		return
	}
	for _, property := range []string{"fromPort", "toPort"} {
		if !r.In.Has(place + property) {
			r.Refuse(place+property, "is required with %s", protocol)
		}
		r.Between(place+property, 0, 65535)
	}
	if hasFrom && hasTo && from > to {
		r.Refuse(place+"fromPort", "%d is above toPort %d", from, to)
	}
}

func createRule(tx *account.Tx, r *account.Resource) error {
	r.ID = tx.HexID("sgr")
	r.Outputs["securityGroupRuleId"] = r.ID
	r.Outputs["arn"] = tx.ARN("ec2", "security-group-rule/"+r.ID)
	return placeRule(tx, r)
}

// placeRule refuses a rule that the group has already, and a peer in another VPC.
func placeRule(tx *account.Tx, r *account.Resource) error {
	group, peer := r.Outputs.Text("securityGroupId"), r.Outputs.Text("referencedSecurityGroupId")
	if peer != "" && tx.VPCOf(account.SecurityGroupToken, group) != tx.VPCOf(account.SecurityGroupToken, peer) {
		return tx.Refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks: %s and %s.", group, peer)
	}
	for _, other := range tx.List(r.Type) {
		if other.ID != r.ID && permission(other.Outputs) == permission(r.Outputs) {
			return tx.Refuse("InvalidPermission.Duplicate", `the specified rule "%s" already exists in %s: %s`, permission(r.Outputs), group, other.ID)
		}
	}
	direction := "ingress"
	if r.Type == account.EgressRuleToken {
		direction = "egress"
	}
	owner, _ := tx.Get(account.SecurityGroupToken, group)
	for _, rule := range owner.Outputs.Blocks(direction) {
		if inlinePermits(rule, r.Outputs) {
			return tx.Refuse("InvalidPermission.Duplicate", `the specified rule "%s" already exists in %s, among its inline rules`, permission(r.Outputs), group)
		}
	}
	return nil
}

// permission is what makes a rule the same as another one: the group, the peer, the protocol and the ports.
func permission(rule account.Values) string {
	peer := rule.Text("cidrIpv4") + rule.Text("cidrIpv6") + rule.Text("prefixListId") + rule.Text("referencedSecurityGroupId")
	text := fmt.Sprintf("group: %s, peer: %s, %s", rule.Text("securityGroupId"), peer, strings.ToUpper(rule.Text("ipProtocol")))
	if from, ok := rule.Int("fromPort"); ok {
		to, _ := rule.Int("toPort")
		text += fmt.Sprintf(", from port: %d, to port: %d", from, to)
	}
	return text + ", ALLOW"
}

func inlinePermits(inline, rule account.Values) bool {
	for _, property := range [][2]string{{"fromPort", "fromPort"}, {"toPort", "toPort"}} {
		a, _ := inline.Int(property[0])
		b, _ := rule.Int(property[1])
		if a != b {
			return false
		}
	}
	return inline.Text("protocol") == rule.Text("ipProtocol") &&
		(slices.Contains(inline.Strings("cidrBlocks"), rule.Text("cidrIpv4")) ||
			slices.Contains(inline.Strings("ipv6CidrBlocks"), rule.Text("cidrIpv6")) ||
			slices.Contains(inline.Strings("securityGroups"), rule.Text("referencedSecurityGroupId")))
}
