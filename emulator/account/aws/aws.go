// Package aws puts the services of the account together.
package aws

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/acm"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/backup"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/cloudfront"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ec2"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ecr"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ecs"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/elasticache"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/iam"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/kms"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/lb"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/route53"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/s3"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/secrets"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/sqs"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ssm"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/waf"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/watch"
)

// Services are the services that the account has.
var Services = []account.Service{
	acm.Service, backup.Service, cloudfront.Service, ec2.Service, ecr.Service, ecs.Service, elasticache.Service, iam.Service, kms.Service, lb.Service, rds.Service, route53.Service,
	s3.Service, secrets.Service, sqs.Service, ssm.Service, waf.Service, watch.Service,
}

// Open opens an account with all services; see account.Open.
func Open(path, region string) (*account.Account, error) { return account.Open(path, region, Services) }
