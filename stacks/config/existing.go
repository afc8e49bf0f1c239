package config

import (
	"regexp"
	"strings"
)

var (
	endpointHost    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)
	securityGroupID = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
	// secretARN is the full ARN, which ECS wants (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html). It ends with the six characters that Secrets Manager adds: a role may read one secret, and not all whose names begin alike.
	secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
)

// validateExisting checks the keys of a cache that exists, and refuses what only a cache of the program can have.
func (c *Config) validateExisting(p *problems, stack string) {
	cache := c.Cache
	if !cache.Existing() {
		for key, given := range map[string]bool{
			"port": cache.Port != 0, "securityGroupId": cache.SecurityGroupID != "", "passwordSecretArn": cache.PasswordSecretARN != "",
		} {
			if given {
				p.add("cache."+key, "only for a cache that exists: set cache.endpoint to its host, or remove the key")
			}
		}
		return
	}
	if c.Environment.Shares != "" {
		p.add("cache.endpoint", "with environment.shares the cache is that of %s: remove it", c.Environment.Shares)
	}
	p.matches("cache.endpoint", cache.Endpoint, endpointHost, "a host name or address without scheme and port, such as master.NAME.abc123.euw1.cache.amazonaws.com")
	p.matches("cache.securityGroupId", cache.SecurityGroupID, securityGroupID, "the id of the security group of cache.endpoint, such as sg-0123456789abcdef0: it gets a rule that lets the application in")
	p.between("cache.port", cache.Port, 0, 65535)
	if cache.Engine == None {
		p.add("cache.engine", "none, and cache.endpoint is a server: set memcached, valkey or redis, or remove the endpoint")
	}
	if arn := cache.PasswordSecretARN; arn != "" {
		c.validatePasswordSecret(p, arn, c.App.Name+"-"+stack)
	}
	for key, given := range map[string]bool{
		"nodes": cache.Nodes != 1, "snapshotDays": cache.SnapshotDays != 0, "applyNow": cache.ApplyNow, "upgrade": cache.Upgrade, "auth": cache.Auth == AuthSet,
	} {
		if given {
			p.add("cache."+key, "the program does not change the server of cache.endpoint: remove the key")
		}
	}
}

func (c *Config) validatePasswordSecret(p *problems, arn, prefix string) {
	const key = "cache.passwordSecretArn"
	p.matches(key, arn, secretARN, "the whole ARN of a secret, which ends with :secret:NAME- and six characters")
	// The boundary that the account stack makes has only secrets of this beginning (infra/pipeline/boundary.go).
	if boundary := c.Environment.PermissionsBoundary; boundary != "" && !strings.Contains(arn, ":secret:"+prefix+"-") {
		p.add(key, "%q is not readable with environment.permissionsBoundary, which allows secrets that begin with %s-: store the password in one with such a name", arn, prefix)
	}
	if !c.Cache.SpeaksRedis() {
		p.add(key, "%s has no password: remove it", c.Cache.Engine)
	}
	if _, both := c.Secrets[CachePassword]; both {
		p.add(key, "secrets.%s is the password, too: remove one of them", CachePassword)
	}
}
