package stacks_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestBadConfigurationIsRefused has for each rule a value that it refuses, and the message. TestInventory deploys the shipped files,
// which are accepted. A refused configuration registers no resource.
func TestBadConfigurationIsRefused(t *testing.T) {
	tests := []struct {
		stack, section, key string
		value               any
		want                string
	}{
		{"staging", "app", "name", "Laravel", `app.name: "Laravel" is not lower-case`},
		{"staging", "app", "name", "laravel-of-our-shop", `app.name: "laravel-of-our-shop-staging" is 27 characters long, at most 17 fit`},
		{"staging", "app", "name", "ecs-app", `app.name: "ecs-app" begins with a word that AWS reserves`},
		{"staging", "app", "name", "sg", `app.name: "sg" begins with a word that AWS reserves`},
		{"staging", "app", "url", "localhost", `app.url: "localhost" is not http(s)://host[:port]`},
		{"staging", "app", "nam", "x", "app.nam: no such key; Pulumi.yaml lists them"},
		{"staging", "environment", "permissionsBoundary", "boundary", `environment.permissionsBoundary: "boundary" is not the ARN of a policy`},
		{"staging", "environment", "class", "prod", `environment.class: "prod" is none of local, review, staging, production`},
		{"staging", "network", "cidr", "10.0.0.0/24", "network.cidr: /24 is outside /16-/23"},
		{"staging", "network", "cidr", "10.0.0.1/16", "network.cidr: 10.0.0.1/16 has host bits; the range is 10.0.0.0/16"},
		{"staging", "network", "cidr", "172.17.0.0/16", "network.cidr: 172.17.0.0/16 overlaps 172.17.0.0/16, the Docker bridge"},
		{"staging", "network", "cidr", "8.8.0.0/16", "network.cidr: 8.8.0.0/16 is not private"},
		{"staging", "network", "cidr", "ten", `network.cidr: "ten" is not an IPv4 range`},
		{"staging", "network", "zones", 1, "network.zones: 1 is outside 2-3"},
		{"staging", "network", "zones", "two", "network.zones: string found, int expected"},
		{"staging", "network", "zoneNames", []string{"eu-west-1a"}, "network.zoneNames: 1 names for 2 zones"},
		{"staging", "network", "zoneNames", []string{"eu-west-1a", "us-east-1a"}, `network.zoneNames: "us-east-1a" is not a zone of eu-west-1`},
		{"staging", "network", "nat", "big", `network.nat: "big" is none of none, instance, gateway, gatewayPerZone`},
		{"staging", "network", "nat", "none", "network.endpoints: ecr.api is missing: without it, and without NAT, no task starts"},
		{"staging", "network", "endpoints", []string{"s3"}, `network.endpoints: "s3" is listed twice, or is s3`},
		{"staging", "network", "flowLogDays", 8, "network.flowLogDays: CloudWatch Logs has no retention of 8 days; the next is 14"},
		{"staging", "access", "ssh", []string{"0.0.0.0/0"}, "access.ssh: 0.0.0.0/0 is the whole internet"},
		{"staging", "access", "ssh", []string{"203.0.113.0/24"}, "access.ssh: needs cluster.keyPair"},
		{"staging", "access", "web", []string{"10.0.0.0/8", "10.1.0.0/16"}, "access.web: 10.0.0.0/8 and 10.1.0.0/16 overlap"},
		{"staging", "access", "web", []string{"10.0.0.7"}, `access.web: "10.0.0.7" is not an IPv4 range`},
		{"staging", "access", "web", []string{}, "access.web: empty"},
		{"staging", "access", "egressPorts", []int{80}, "access.egressPorts: 443 is missing"},
		{"staging", "access", "egressPorts", []int{443, 70000}, "access.egressPorts: 70000 is outside 1-65535"},
		{"staging", "registry", "releasesKept", 3, "registry.releasesKept: 3 is outside 30-900"},
		{"staging", "image", "app", "nowhere", "image.app: nowhere has no artisan"},
		{"staging", "image", "app", "../app", "image.app: ../app is outside of this program's folder"},
		{"staging", "image", "dockerfile", "nowhere/Dockerfile", "image.dockerfile: nowhere/Dockerfile does not exist"},
		{"staging", "image", "rebuild", "November 2026", `image.rebuild: "November 2026" is not a month such as 2026-11`},
		{"staging", "image", "rebuild", "2026-13", `image.rebuild: "2026-13" is no month`},
		{"staging", "image", "rebuild", "x; touch y", `image.rebuild: "x; touch y" is not a month such as 2026-11`},
		{"staging", "worker", "command", []string{"worker", "--timeout", "300"}, `worker.command: --timeout is "300", not 1-60, the seconds of worker.jobSeconds`},
		{"staging", "worker", "command", []string{"worker", "--timeout=0"}, `worker.command: --timeout is "0", not 1-60`},
		{"staging", "worker", "command", []string{"worker", "--timeout"}, `worker.command: --timeout is "", not 1-60`},
		{"staging", "web", "limits", map[string]int{"uploadMib": 100}, "web.limits.tempMib: 64 is not more than the 100 MiB of a request"},
		{"staging", "web", "limits", map[string]int{"uploadMib": 20, "bodyMib": 20}, "web.limits.bodyMib: 20 is not more than uploadMib, 20"},
		{"staging", "web", "limits", map[string]int{"tempMib": 200}, "web.memoryMib: 512 is less than 656: /tmp and /run of web.limits.tempMib (200) each"},
		{"staging", "worker", "limits", map[string]int{"phpMemoryMib": 512}, "worker.memoryMib: 256 is less than 640"},
		{"staging", "scheduler", "limits", map[string]int{"uploadMib": 1}, "scheduler.limits: uploadMib and bodyMib are for web"},
		{"staging", "image", "caches", map[string]string{"config": "build"}, `image.caches.config: "build" is none of start, none`},
		{"staging", "image", "caches", map[string]string{"route": "never"}, `image.caches.route: "never" is none of build, start, none`},
		{"staging", "image", "assets.php", "yes", `image.assets.php: "yes" is none of auto, always, never`},
		{"staging", "image", "assets.script", "a b", `image.assets.script: "a b" is not the name of a script in package.json`},
		{"staging", "image", "buildEnv", map[string]any{"VITE APP": "x"}, "image.buildEnv.VITE APP: not a name of an environment variable"},
		{"staging", "image", "buildEnv", map[string]any{"SENTRY_AUTH_TOKEN": "x"}, "image.buildEnv.SENTRY_AUTH_TOKEN: the name is that of a secret"},
		{"staging", "image", "buildEnv", map[string]any{"VITE_REVERB_APP_SECRET": "x"}, "image.buildEnv.VITE_REVERB_APP_SECRET: the name is that of a secret"},
		{"staging", "image", "buildEnv", map[string]any{"API_KEY": "x"}, "image.buildEnv.API_KEY: the name is that of a secret"},
		{"staging", "image", "buildEnv", map[string]any{"VITE_A": "base64:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}, "image.buildEnv.VITE_A: the value is a key of Laravel"},
		{"staging", "release", "name", "a b", `release.name: "a b" is not letters`},
		{"staging", "release", "build", false, "release.build: false needs release.name"},
		{"staging", "release", "strategy", "canary", `release.strategy: "canary" is none of rolling, blueGreen`},
		{"staging", "release", "live", "red", `release.live: "red" is none of blue, green`},
		{"staging", "release", "live", "green", "release.live: green is live, and a rolling environment is blue"},
		{"staging", "release", "candidate", "r2", "release.candidate: needs release.strategy blueGreen"},
		{"staging", "release", "percent", 101, "release.percent: 101 is outside 0-100"},
		{"staging", "domain", "name", "app.example.com", "domain.name: app.example.com needs a certificate"},
		{"staging", "domain", "zone", "example.com", "domain.name: missing, but zone, certificateArn or aliases are set"},
		{"prod", "domain", "zone", "example.org", "domain.zone: app.example.com is not in the zone example.org"},
		{"prod", "domain", "name", "app_example", `domain: "app_example" is not a host name`},
		{"prod", "domain", "certificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/x", "domain.certificateArn: the certificate is in us-east-1, the load balancer in eu-west-1"},
		{"prod", "domain", "certificateArn", "mine", `domain.certificateArn: "mine" is not the ARN of an ACM certificate`},
		{"staging", "loadBalancer", "http", "drop", `loadBalancer.http: "drop" is none of redirect, forward`},
		{"staging", "loadBalancer", "healthCheck.path", "up", `loadBalancer.healthCheck.path: "up" is not a plain path of its own such as /up`},
		{"staging", "loadBalancer", "healthCheck.timeout", 10, "loadBalancer.healthCheck.timeout: 10 is not below the interval, 10"},
		{"staging", "loadBalancer", "healthCheck.interval", 4, "loadBalancer.healthCheck.interval: 4 is outside 5-300"},
		{"staging", "loadBalancer", "hstsDays", 731, "loadBalancer.hstsDays: 731 is outside 0-730"},
		{"prod", "loadBalancer", "rateLimit", 9, "loadBalancer.rateLimit: 9 is outside 10-2000000000, and not 0, which is no limit"},
		{"prod", "loadBalancer", "uploadPaths", []string{"/a", "/a"}, `loadBalancer.uploadPaths: "/a" is listed twice`},
		{"staging", "loadBalancer", "healthCheck", map[string]any{"pth": "/up"}, "loadBalancer.healthCheck.pth: no such key"},
		{"staging", "database", "restore", map[string]any{"name": "final"}, "database.restore.name: no such key"},
		{"prod", "loadBalancer", "uploadPaths", []string{"upload"}, `loadBalancer.uploadPaths: "upload" is not the beginning of a path such as /upload`},
		{"prod", "loadBalancer", "waf", false, "loadBalancer.uploadPaths: set, but loadBalancer.waf is false"},
		{"staging", "loadBalancer", "deregistrationSeconds", 3601, "loadBalancer.deregistrationSeconds: 3601 is outside 0-3600"},
		{"staging", "cluster", "instanceTypes", []string{"t3.huge"}, `cluster.instanceTypes: "t3.huge" is not a type of EC2 instances (of the families t, c, m and r): t3 comes as nano, micro`},
		{"staging", "cluster", "instanceTypes", []string{"t3.small", "t4g.small"}, "cluster.instanceTypes: t3.small and t4g.small are of different architectures"},
		{"staging", "cluster", "instanceTypes", []string{}, "cluster.instanceTypes: empty"},
		{"staging", "cluster", "min", 3, "cluster.min: 3 is outside 0-2 (cluster.max)"},
		{"staging", "cluster", "diskGb", 8, "cluster.diskGb: 8 is outside 30-16384"},
		{"staging", "cluster", "maxInstanceDays", 7, "cluster.maxInstanceDays: 7 is outside 14-30"},
		{"staging", "cluster", "maxInstanceDays", 31, "cluster.maxInstanceDays: 31 is outside 14-30"},
		{"prod", "cluster", "maxInstanceDays", 0, "cluster.maxInstanceDays: environment.class production requires 14-30"},
		{"staging", "cluster", "ami", "ubuntu", `cluster.ami: "ubuntu" is not an image id`},
		{"staging", "web", "memoryMib", 64, "web.memoryMib: 64 is not more than the 64 MiB that the migration reserves"},
		{"staging", "web", "memoryMib", 1024, "web.memoryMib: 1024 does not fit a t3.small twice (1840 MiB for tasks)"},
		{"staging", "web", "reservationMib", 512, "web.reservationMib: 512 is not between 6 and the hard limit, 512"},
		{"staging", "web", "count", -1, "web.count: -1 is outside 0-1000"},
		{"staging", "web", "maxPercent", 150, "web.maxPercent: 150% of 1 tasks leaves a rolling release no step"},
		{"staging", "web", "stopSeconds", 20, "web.stopSeconds: 20 is less than the 70 s that a drain (5) and the longest request (web.requestSeconds, 60) take"},
		{"staging", "web", "requestSeconds", 0, "web.requestSeconds: 0 is outside 1-3600"},
		{"staging", "web", "requestSeconds", 90, "loadBalancer.idleSeconds: 60 is less than web.requestSeconds, 90"},
		{"staging", "loadBalancer", "deregistrationSeconds", 30, "loadBalancer.deregistrationSeconds: 30 is less than web.requestSeconds, 60"},
		{"staging", "worker", "stopSeconds", 60, "worker.stopSeconds: 60 is less than the 70 s that the longest job (worker.jobSeconds, 60) takes"},
		{"staging", "worker", "maxWaitSeconds", 59, "worker.maxWaitSeconds: 59 is outside 60-604800"},
		{"staging", "env", "METRICS_STACK", "x", "env.METRICS_STACK: the program sets this variable"},
		{"staging", "worker", "jobSeconds", 0, "worker.jobSeconds: 0 is outside 1-21600"},
		{"staging", "web", "scaling.min", 2, "web.count: 1 is not web.scaling.min, 2: autoscaling sets the number of tasks"},
		{"staging", "worker", "count", 20, "cluster.max: 2 t3.small (2048 CPU units and 1840 MiB for tasks each) do not hold a release at its largest, " +
			"4 web x (320, 448 MiB), 40 worker x (128, 192 MiB), 1 scheduler x (128, 192 MiB); 6 do"},
		{"staging", "web", "cpu", 1024, "cluster.max: 2 t3.small (2048 CPU units and 1840 MiB for tasks each) do not hold a release at its largest, 4 web x (1088, 448 MiB)"},
		{"staging", "web", "cpu", 2000, "web.cpu: a task of 2064 CPU units and 448 MiB (reservationMib), with the migration's, does not fit a t3.small, which has 2048"},
		{"staging", "web", "scaling.max", 5, "cluster.max: 2 t3.small (2048 CPU units and 1840 MiB for tasks each) do not hold a release at its largest, 10 web x"},
		{"staging", "cluster", "instanceTypes", []string{"t3.medium", "t3.micro"}, "cluster.max: 2 t3.micro (2048 CPU units and 888 MiB for tasks each)"},
		{"prod", "web", "cpu", 1500, "cluster.max: 6 m6i.large (2048 CPU units and 7554 MiB for tasks each) do not hold a release at its largest, 12 web x (1564, 832 MiB)"},
		{"staging", "worker", "queue", "sqs", `worker.queue: "sqs" is none of database, redis`},
		{"local", "worker", "queue", "redis", "worker.queue: redis needs cache.engine valkey or redis, not memcached"},
		{"staging", "scheduler", "count", 2, "scheduler.count: 2 is outside 0-1"},
		{"staging", "database", "engine", "postgres", `database.engine: "postgres" is none of mysql, mariadb`},
		{"staging", "database", "version", "5.7", `database.version: "5.7" is none of 8.0, 8.4`},
		{"staging", "database", "version", "8.0", `database.version: "8.0" is past the end of its standard support, 2026-07-31: its Extended Support costs extra`},
		{"staging", "database", "upgradeFrom", "5.7", `database.upgradeFrom: "5.7": RDS upgrades mysql to 8.4 from 8.0`},
		{"staging", "database", "upgradeFrom", "8.4", `database.upgradeFrom: "8.4": RDS upgrades mysql to 8.4 from 8.0; remove the key after an upgrade`},
		{"staging", "database", "blueGreenUpdate", true, "database.blueGreenUpdate: true, but it is for an upgrade: set database.upgradeFrom"},
		{"staging", "database", "monitoringSeconds", 7, "database.monitoringSeconds: 7 is none of 0 (off), 1"},
		{"staging", "database", "restore.generation", 2, "database.restore: snapshot and pointInTime are missing"},
		{"staging", "database", "restore.snapshot", "a b", `database.restore.snapshot: "a b" is not the name or the ARN`},
		{"staging", "database", "restore.snapshot", "final", "database.restore.generation: 0 is not the number of a restored instance"},
		{"staging", "database", "restore.snapshot", "final", `database.restore.keepOldUntil: "" is not the day`},
		{"staging", "database", "restore", map[string]any{"snapshot": "final", "pointInTime": "latest"}, "database.restore: snapshot and pointInTime are both set"},
		{"staging", "database", "restore.pointInTime", "yesterday", `database.restore.pointInTime: "yesterday" is not latest, or a time in UTC`},
		{"staging", "database", "restore.pointInTime", "2999-01-01T00:00:00Z", "database.restore.pointInTime: 2999-01-01T00:00:00Z is in the future"},
		{"staging", "database", "restore", map[string]any{"snapshot": "final", "old": "drop"}, `database.restore.old: "drop" is none of keep, release, none`},
		{"staging", "database", "restore", map[string]any{"snapshot": "final", "generation": 2, "old": "none", "keepOldUntil": "2999-01-01"},
			"database.restore.old: none deletes the old instance, which is to be kept until 2999-01-01"},
		{"staging", "database", "backupDays", 0, "database.backupDays: 0 is outside 1-35"},
		{"staging", "database", "username", "admin", `database.username: "admin" is the first name that attackers try`},
		{"staging", "database", "name", "my-db", `database.name: "my-db" is not a letter and`},
		{"staging", "database", "storageGb", 5, "database.storageGb: 5 is outside 20-65536"},
		{"staging", "database", "maxStorageGb", 21, "database.maxStorageGb: 21 is not at least a tenth more than storageGb, 20"},
		{"staging", "database", "performanceInsights", true, "database.performanceInsights: not available for db.t4g.micro"},
		{"staging", "database", "logExports", []string{"binlog"}, `database.logExports: "binlog" is none of audit, error, general, slowquery`},
		{"staging", "cache", "version", "9", `cache.version: "9" is not a version of valkey: 7.2, 8.0, 8.1`},
		{"staging", "cache", "auth", "on", `cache.auth: "on" is none of rotate, set, none`},
		{"staging", "secrets", "REDIS_PASSWORD", "short", "secrets.REDIS_PASSWORD: not 16 to 128 letters, digits and !&#$^<>-"},
		{"staging", "env", "REDIS_PASSWORD", "x", "env.REDIS_PASSWORD: it is a secret: put it into secrets"},
		{"local", "cache", "auth", "set", "cache.auth: set needs valkey or redis with cache.encryptTransit"},
		{"prod", "cache", "auth", "none", "cache.auth: environment.class production requires rotate or set: a password"},
		{"local", "cache", "nodes", 2, "cache.engine: memcached has one node and no snapshots; use valkey"},
		{"staging", "observability", "emails", []string{"me"}, `observability.emails: "me" is not an email address`},
		{"staging", "env", "DB_HOST", "x", "env.DB_HOST: the program sets this variable"},
		{"staging", "env", "APP_KEY", "x", "env.APP_KEY: it is a secret: put it into secrets"},
		{"staging", "env", "AWS_SECRET_ACCESS_KEY", "x", "env.AWS_SECRET_ACCESS_KEY: tasks get temporary credentials from their role"},
		{"staging", "secrets", "1PASSWORD", "x", "secrets.1PASSWORD: not a name of an environment variable"},
		{"staging", "env", "DB_MASTER_PASSWORD", "x", "env.DB_MASTER_PASSWORD: it is a secret: put it into secrets"},
		{"staging", "rotation", "TOKEN", 1, "rotation.TOKEN: not a generated secret (APP_KEY, DB_PASSWORD, DB_MASTER_PASSWORD, REDIS_PASSWORD)"},
		{"local", "rotation", "REDIS_PASSWORD", 1, "rotation.REDIS_PASSWORD: this stack has no cache with a password of its own"},
		{"staging", "rotation", "DB_PASSWORD", 0, "rotation.DB_PASSWORD: 0 is outside 1-1000000"},
		{"staging", "rotation", "APP_KEY", -1, "rotation.APP_KEY: -1 is outside 0-50"},
		{"staging", "rotation", "APP_PREVIOUS_KEYS", 2, "rotation.APP_PREVIOUS_KEYS: 2 is not APP_KEY's generation or the next one, 0 or 1"},
		{"staging", "env", "PORTS", 1, `env.PORTS: number found, string expected; put numbers, true and false in quotes: "1"`},
		{"staging", "rotation", "APP_KEY", 1.5, "rotation.APP_KEY: number 1.5 found, int expected"},
		{"staging", "tags", "Environment", "x", "tags.Environment: the program sets this tag"},
		{"staging", "tags", "aws:x", "x", "tags.aws:x: AWS reserves the prefix aws:"},
		{"staging", "app", "url", "https://*.example.com", `app.url: "https://*.example.com" is not http(s)://host[:port]`},
		{"staging", "app", "env", "prod; id", `app.env: "prod; id" is not a word such as production`},
		{"staging", "network", "zoneNames", []string{"eu-west-1a", "eu-west-1-x"}, `network.zoneNames: "eu-west-1-x" is not a zone of eu-west-1`},
		{"staging", "network", "endpoints", []string{"ecr.apii"}, `network.endpoints: "ecr.apii" is no service with an interface endpoint; stacks/config/known/endpoints.txt lists them`},
		{"staging", "access", "egressPorts", []int{443, 443}, "access.egressPorts: 443 is listed twice"},
		{"staging", "image", "packages", []string{"ffmpeg", "x; rm -rf /"}, `image.packages[1]: "x; rm -rf /" is not the name of a Debian package`},
		{"staging", "image", "packages", []string{"ffmpeg=7:5", "-y"}, `image.packages[1]: "-y" is not the name of a Debian package`},
		{"staging", "image", "packages", []string{"php8.4-gmp"}, `image.packages[0]: "php8.4-gmp" is a package of PHP: image.extensions has those`},
		{"staging", "image", "packages", []string{"ffmpeg", "ffmpeg"}, `image.packages[1]: "ffmpeg" is listed twice`},
		{"staging", "image", "context", "docker", `image.context: "docker" is not a folder above image.app, examples/laravel`},
		{"staging", "image", "context", "..", `image.context: ".." is not a folder above image.app`},
		{"staging", "image", "context", ".", "image.context: this program's folder would be part of the application"},
		{"staging", "image", "extensions", "imagick; rm -rf /", `image.extensions: "imagick; rm -rf /" is not names of PHP extensions`},
		{"prod", "image", "baseImage", "debian:trixie-slim", "image.baseImage: environment.class production requires a digest"},
		{"prod", "observability", "emails", []string{}, "observability.emails: environment.class production requires an address"},
		{"staging", "image", "baseImage", "debian:trixie slim", `image.baseImage: "debian:trixie slim" is not the name of an image`},
		{"staging", "image", "dockerfile", "../Dockerfile", "image.dockerfile: ../Dockerfile is outside of this program's folder"},
		{"prod", "domain", "name", "*.example.com", `domain.name: "*.example.com" is a wildcard`},
		{"prod", "domain", "aliases", []string{"www.example.com", "app.example.com", "www.example.com"}, `domain.aliases: "app.example.com" is listed twice`},
		{"prod", "domain", "zone", "example.com.", `domain.zone: "example.com." is not the name of a zone`},
		{"staging", "cluster", "instanceTypes", []string{"m99.large"}, `"m99.large" is not a type of EC2 instances (of the families t, c, m and r): the families are m5,`},
		{"staging", "cluster", "instanceTypes", []string{"t3.small", "t3.small"}, `cluster.instanceTypes: "t3.small" is listed twice`},
		{"staging", "cluster", "keyPair", "ключ", `cluster.keyPair: "ключ" is not the name of a key pair`},
		{"prod", "web", "count", 3, "web.count: 3 is not web.scaling.min, 2: autoscaling sets the number of tasks"},
		{"staging", "web", "scaling.max", 0, "web.scaling.max: 0 turns scaling off, but web.scaling has other keys"},
		{"staging", "web", "scaling.requestsPerTask", -1, "web.scaling.requestsPerTask: -1 is outside 0-1000000"},
		{"staging", "database", "instanceClass", "db.m99.large", `database.instanceClass: "db.m99.large" is not a class of RDS for MySQL and MariaDB: the families are db.m5,`},
		{"staging", "database", "instanceClass", "db.t4g.nano", `database.instanceClass: "db.t4g.nano" is not a class of RDS for MySQL and MariaDB: db.t4g comes as micro, small, medium`},
		{"staging", "database", "name", "Select", `database.name: "Select" is a reserved word of MySQL or MariaDB`},
		{"staging", "database", "username", "key", `database.username: "key" is a reserved word of MySQL or MariaDB`},
		{"staging", "database", "logExports", []string{"error", "error"}, `database.logExports: "error" is listed twice`},
		{"staging", "cache", "nodeType", "cache.x.y", `cache.nodeType: "cache.x.y" is not a node type of ElastiCache: the families are cache.`},
		{"prod", "observability", "emails", []string{"a@example.com", "a@example.com"}, `observability.emails: "a@example.com" is listed twice`},
		{"staging", "secrets", "DB_PASSWORD", "short", "secrets.DB_PASSWORD: the program generates it"},
		{"staging", "secrets", "DB_MASTER_PASSWORD", "short", "secrets.DB_MASTER_PASSWORD: has 5 characters; RDS takes 8 to 41"},
		{"staging", "secrets", "TOKEN", strings.Repeat("x", 65537), "secrets.TOKEN: has 65537 bytes; Secrets Manager takes 65536"},
		{"staging", "secrets", "APP_KEY", "base64:c2hvcnQ=", "secrets.APP_KEY: not a key of Laravel"},
		{"staging", "secrets", "STRIPE_KEY", "", "secrets.STRIPE_KEY: empty"},
		{"staging", "tags", "team", "a|b", `tags.team: "a|b" is not up to 256 letters`},
		{"staging", "tags", "project", "x", "tags.project: differs from Project in upper and lower case only"},
		{"staging", "tags", "50%d", "x", "tags.50%d: a key has 1 to 128 letters"},
		{"prod", "environment", "protect", false, "environment.protect: environment.class production requires true"},
		{"prod", "app", "debug", true, "app.debug: environment.class production requires false"},
		{"prod", "web", "count", 1, "web.count: environment.class production requires 2 or more"},
		{"prod", "cluster", "min", 1, "cluster.min: environment.class production requires 2 or more"},
		{"prod", "database", "multiAz", false, "database.multiAz: environment.class production requires true"},
		{"prod", "database", "finalSnapshot", false, "database.finalSnapshot: environment.class production requires true"},
		{"prod", "database", "backupDays", 3, "database.backupDays: environment.class production requires 7 or more"},
		{"prod", "database", "copies", map[string]any{"region": "eu-west-1"}, "database.copies.region: eu-west-1 is the region of the stack"},
		{"prod", "database", "copies", map[string]any{"region": "mars-1"}, `database.copies.region: "mars-1" is not a region of AWS`},
		{"prod", "database", "copies", map[string]any{"vaultArn": otherVault}, "database.copies.vaultArn: needs database.kmsKeyId"},
		{"prod", "database", "copies", map[string]any{"vaultArn": "central"}, `database.copies.vaultArn: "central" is not the ARN of a backup vault`},
		{"prod", "database", "copies", map[string]any{"region": "eu-central-1", "retainDays": 0}, "database.copies.retainDays: 0 is outside 1-36500"},
		{"prod", "database", "copies", map[string]any{"retainDays": 90}, "database.copies: region and vaultArn are missing"},
		{"prod", "database", "kmsKeyId", "alias/db", `database.kmsKeyId: "alias/db" is not the ARN of a KMS key`},
		{"prod", "database", "kmsKeyId", strings.Replace(ownKey, "eu-west-1", "us-east-1", 1), "is not the ARN of a KMS key of the stack's region"},
		{"review", "database", "copies", map[string]any{"region": "eu-central-1"}, "database.copies: environment.class review requires none"},
		{"prod", "database", "requireTls", false, "database.requireTls: environment.class production requires true"},
		{"prod", "cache", "nodes", 1, "cache: environment.class production requires valkey or redis with 2 or more nodes"},
		{"prod", "loadBalancer", "http", "forward", "loadBalancer.http: environment.class production requires redirect"},
	}
	for _, test := range tests {
		t.Run(test.section+"."+test.key+" "+test.want, func(t *testing.T) {
			recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", test.stack, with(stackConfig(t, test.stack), test.section, test.key, test.value))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if value, _ := test.value.(string); test.section == "secrets" && value != "" && strings.Contains(err.Error(), value) {
				t.Errorf("the value of a secret is in the error: %v", err)
			}
			if n := len(recorder.All()); n != 0 {
				t.Errorf("%d resources were registered before the refusal", n)
			}
		})
	}
}

// TestBadCandidatesAreRefused covers rules about two keys.
func TestBadCandidatesAreRefused(t *testing.T) {
	tests := []struct {
		release map[string]any
		want    string
	}{
		{map[string]any{"candidate": "r2"}, "release.candidate: needs release.name"},
		{map[string]any{"percent": 10}, "release.percent: 10 without release.candidate"},
		{map[string]any{"name": "r1", "candidate": "r1"}, "release.candidate: r1 is live already"},
		{map[string]any{"name": "r1", "candidate": "r 2"}, `release.candidate: "r 2" is not letters`},
	}
	for _, test := range tests {
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", released(t, "staging", test.release))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v", test.release, err)
		}
	}
	config := with(with(with(stackConfig(t, "staging"), "web", "count", 0), "worker", "count", 0), "scheduler", "count", 0)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil || !strings.Contains(err.Error(), "nothing would run") {
		t.Errorf("nothing to run: got %v", err)
	}
}

// TestAllProblemsAtOnce: one run reports all mistakes.
func TestAllProblemsAtOnce(t *testing.T) {
	config := stackConfig(t, "staging")
	config = with(config, "network", "zones", 1)
	config = with(config, "database", "backupDays", 0)
	config = with(config, "registry", "releasesKept", 1)
	config = with(config, "cluster", "mim", 1)
	config = with(config, "cluster", "max", 0) // not reported: the section could not be read
	config["laravel-ecs:databse"] = "{}"
	t.Setenv("PULUMI_CONFIG", `{"laravel-ecs:databse": "{}"}`)
	delete(config, "aws:region")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"Pulumi.staging.yaml has 6 problem(s); nothing was changed", "aws:region: missing", "network.zones", "database.backupDays",
		"registry.releasesKept", "cluster.mim: no such key", "databse: no such key",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestUnknownSectionIsRefused(t *testing.T) {
	t.Setenv("PULUMI_CONFIG", `{"laravel-ecs:databse": "{}", "aws:region": "eu-west-1"}`)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", stackConfig(t, "staging"))
	if err == nil || !strings.Contains(err.Error(), "databse: no such key; Pulumi.yaml lists them") {
		t.Errorf("got %v", err)
	}
}

// TestSectionThatIsNoSection covers a forgotten indentation in YAML.
func TestSectionThatIsNoSection(t *testing.T) {
	config := stackConfig(t, "staging")
	config["laravel-ecs:web"] = "2"
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil || !strings.Contains(err.Error(), `web: "2" found, a section with keys below it expected`) {
		t.Errorf("got %v", err)
	}
}
