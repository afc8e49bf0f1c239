package stackfile

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
)

// elsewhere are the keys of what exists on AWS: network, cache and database. This machine has its own.
var elsewhere = []string{
	"network.vpcId", "network.publicSubnets", "network.privateSubnets", "network.dataSubnets",
	"cache.endpoint", "cache.port", "cache.securityGroupId", "cache.passwordSecretArn",
	"database.endpoint", "database.port", "database.securityGroupId", "database.passwordSecretArn", "database.import",
}

// seedNetwork puts the VPC of network.vpcId into an account in memory, as one that the program can use: a public subnet in each zone, with an
// internet gateway, and a NAT gateway for the private ones.
func seedNetwork(a *account.Account, s *config.File, add func(token, id, line string, outputs account.Values) error) error {
	vpc := s.Text("network.vpcId")
	if vpc == "" {
		return nil
	}
	id := func(kind string) string { return kind + "-0" + account.StableHex(vpc+kind, 16) }
	seeds := []account.Resource{
		{Type: account.RouteTableToken, ID: id("rtb"), Outputs: account.Values{"vpcId": vpc}},
		{Type: account.SecurityGroupToken, ID: id("sg"), Outputs: account.Values{"vpcId": vpc, "name": "default"}},
		{Type: account.InternetGatewayToken, ID: id("igw"), Outputs: account.Values{"vpcId": vpc}},
	}
	number := 0
	for _, tier := range []struct {
		key, target, gateway string
	}{{"publicSubnets", "gatewayId", id("igw")}, {"privateSubnets", "natGatewayId", id("nat")}, {"dataSubnets", "", ""}} {
		table := id("rtb") + tier.key
		if tier.target != "" {
			seeds = append(seeds, account.Resource{Type: account.RouteTableToken, ID: table, Outputs: account.Values{"vpcId": vpc}},
				account.Resource{Type: account.RouteToken, ID: "r-" + table, Outputs: account.Values{"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0", tier.target: tier.gateway}})
		}
		for i, subnet := range s.List("network." + tier.key) {
			if _, listed := a.Read(account.SubnetToken, subnet); listed { // the data may be in the private ones
				continue
			}
			if number == 0 {
				seeds = append(seeds, account.Resource{Type: account.NatGatewayToken, ID: id("nat"), Outputs: account.Values{"subnetId": subnet, "publicIp": "203.0.113.1", "privateIp": "10.250.0.4"}})
			}
			seeds = append(seeds, account.Resource{Type: account.SubnetToken, ID: subnet, Outputs: account.Values{
				"vpcId": vpc, "availabilityZone": a.Region() + string(rune('a'+i%3)), "cidrBlock": fmt.Sprintf("10.250.%d.0/24", number), "mapPublicIpOnLaunch": false,
			}})
			if tier.target != "" {
				seeds = append(seeds, account.Resource{Type: account.AssociationToken, ID: "rtbassoc-" + subnet, Outputs: account.Values{"routeTableId": table, "subnetId": subnet}})
			}
			number++
		}
	}
	for _, seed := range seeds {
		if err := a.Seed(seed.Type, seed.ID, seed.Outputs); err != nil {
			return fmt.Errorf("assuming %s of %s: %w", seed.ID, vpc, err)
		}
	}
	return add(account.VPCToken, vpc, "network "+vpc+", with subnets, routes and DNS as the program needs them", account.Values{
		"cidrBlock": "10.250.0.0/16", "enableDnsSupport": true, "enableDnsHostnames": true, "mainRouteTableId": id("rtb"), "defaultSecurityGroupId": id("sg"),
	})
}

// seedServers puts what a stack file says of a server that exists into the account: its security group, and the secret with its password.
func seedServers(s *config.File, add func(token, id, line string, outputs account.Values) error) error {
	for _, section := range []string{"cache", "database"} {
		if group := s.Text(section + ".securityGroupId"); group != "" {
			if err := add(account.SecurityGroupToken, group, "security group "+group+" in the environment's network", account.Values{
				"vpcId": s.Text("network.vpcId"), "name": section,
			}); err != nil {
				return err
			}
		}
		if arn := s.Text(section + ".passwordSecretArn"); arn != "" {
			if err := add(account.SecretToken, arn, "secret "+arn, account.Values{"arn": arn, "name": arn[strings.LastIndex(arn, ":")+1:]}); err != nil {
				return err
			}
			if err := add(account.SecretVersionToken, arn, "", account.Values{"arn": arn, "secretId": arn, "secretString": "assumed", "versionStages": []any{"AWSCURRENT"}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedInstance puts the instance of database.import into the account, as one that is as the stack file says.
func seedInstance(a *account.Account, s *config.File) ([]string, error) {
	name := s.Text("database.import")
	if name == "" {
		return nil, nil
	}
	line := []string{"RDS instance " + name + ", as the stack file describes it"}
	if _, there := a.Find(account.DatabaseToken, "identifier", name); there {
		return line, nil
	}
	number := func(key string, otherwise float64) float64 {
		if given, ok := s.Get(key).(int); ok {
			return float64(given)
		}
		return otherwise
	}
	engine, _ := engines.Of(cmp.Or(s.Text("database.engine"), engines.MySQL))
	group, err := a.Create(context.Background(), account.DatabaseSubnetGroupToken, name, account.Values{"name": name, "subnetIds": account.Texts(s.List("network.dataSubnets")...)})
	if err == nil {
		_, err = a.Create(context.Background(), account.DatabaseToken, name, account.Values{
			"identifier": name, "engine": engine.Name, "engineVersion": cmp.Or(s.Text("database.version"), engine.Usual),
			"instanceClass": cmp.Or(s.Text("database.instanceClass"), "db.t4g.micro"), "username": cmp.Or(s.Text("database.username"), "laravel"), "password": "assumed-by-nobody",
			"allocatedStorage": number("database.storageGb", 20), "backupRetentionPeriod": number("database.backupDays", 7), "port": number("database.port", float64(engine.Port)),
			"storageEncrypted": true, "kmsKeyId": s.Get("database.kmsKeyId"), "dbSubnetGroupName": group.ID, "vpcSecurityGroupIds": account.Texts(s.Text("database.securityGroupId")), "skipFinalSnapshot": true,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("assuming the RDS instance %s: %w", name, err)
	}
	return line, nil
}
