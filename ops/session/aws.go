package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// AWS is the SDK's configuration: region, profile, keys, role and endpoints as the stack file gives them to the AWS provider of
// Pulumi (aws:region, aws:profile, aws:accessKey, aws:assumeRole, aws:endpoints ...), else what the environment gives.
//
// Where the environment names another endpoint (AWS_ENDPOINT_URL), the stack file gives the region only, and the environment the
// credentials: the profile and the role of the stack file may mean nothing there. The account is checked all the same, except with a
// server on this machine, whose account is not AWS's.
func (s *Session) AWS(ctx context.Context) (aws.Config, error) {
	return s.awsOnce.get(func() (aws.Config, error) { return s.loadAWS(ctx) })
}

// onThisMachine tells whether a URL leads to this machine.
func onThisMachine(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(parsed.Hostname())
	return parsed.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

type loadOptions = []func(*awsconfig.LoadOptions) error

func (s *Session) loadAWS(ctx context.Context) (aws.Config, error) {
	region, err := s.File.Region()
	if err != nil {
		return aws.Config{}, err
	}
	if problem := jobToken(os.Getenv, time.Now()); problem != "" {
		return aws.Config{}, notReady([]string{problem})
	}
	options := loadOptions{
		awsconfig.WithRegion(region), awsconfig.WithRetryer(s.retryer),
	}
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	elsewhere := endpoint != ""
	if !elsewhere {
		if options, err = s.credentials(ctx, options); err != nil {
			return aws.Config{}, err
		}
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx, options...)
	var unknown awsconfig.SharedConfigProfileNotExistError
	if errors.As(err, &unknown) {
		return aws.Config{}, fmt.Errorf("the AWS profile %s is not configured on this machine: aws configure list-profiles lists those that are; AWS_PROFILE chooses one, or aws:profile in %s",
			unknown.Profile, s.File.Name())
	}
	if err != nil {
		return aws.Config{}, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if elsewhere {
		if onThisMachine(endpoint) {
			return loaded, nil
		}
		return loaded, s.checkAccount(ctx, loaded)
	}
	endpoints, err := s.endpoints()
	if err != nil {
		return aws.Config{}, err
	}
	// The SDK's clients ask the sources of the configuration for the endpoint of their service, first come first served.
	loaded.ConfigSources = append([]any{endpoints}, loaded.ConfigSources...)
	if loaded, err = s.assumeRoles(loaded); err != nil {
		return aws.Config{}, err
	}
	return loaded, s.checkAccount(ctx, loaded)
}

// credentials adds the profile or the keys of the stack file. Keys may be encrypted there; pulumi has the key to them.
func (s *Session) credentials(ctx context.Context, options loadOptions) (_ loadOptions, err error) {
	if profile := s.File.Text("aws:profile"); profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(profile))
	}
	if s.File.Get("aws:accessKey") == nil {
		return options, nil
	}
	var keys [3]string
	for i, name := range []string{"aws:accessKey", "aws:secretKey", "aws:token"} {
		if keys[i], err = s.secret(ctx, name); err != nil {
			return nil, err
		}
	}
	return append(options, awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(keys[0], keys[1], keys[2]))), nil
}

// secret is a text of the stack file that may be encrypted; "" where there is none.
func (s *Session) secret(ctx context.Context, name string) (string, error) {
	value := s.File.Get(name)
	if _, encrypted := value.(map[string]any); !encrypted {
		text, _ := value.(string)
		return text, nil
	}
	found, missing := findPulumi(ctx, s)
	if len(missing) > 0 {
		return "", notReady(missing)
	}
	text, err := found.Output(ctx, "config", "get", name, "--stack", s.Stack)
	return strings.TrimSpace(string(text)), err
}

// endpoints is aws:endpoints of the stack file, by the SDK's name of the service.
func (s *Session) endpoints() (endpoints, error) {
	var list []map[string]string
	if err := s.decode("aws:endpoints", &list); err != nil {
		return nil, err
	}
	byService := endpoints{}
	for _, entry := range list {
		for service, url := range entry {
			if id, ours := serviceIDs[strings.ToLower(service)]; ours && url != "" {
				byService[id] = url
			}
		}
	}
	return byService, nil
}

// endpoints are URLs by the service id of the SDK.
type endpoints map[string]string

// GetServiceBaseEndpoint is what the SDK asks a source of its configuration (internal/configsources.ServiceBaseEndpointProvider).
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, id string) (string, bool, error) {
	url, found := e[id]
	return url, found, nil
}

// serviceIDs translates the names of aws:endpoints to the service ids of the SDK, for the services that are asked here. The names
// and their aliases: "Available Endpoint Customizations", Custom Service Endpoint guide of terraform-provider-aws 5.
var serviceIDs = map[string]string{
	"ecs": "ECS", "ecr": "ECR", "sts": "STS", "rds": "RDS", "ssm": "SSM", "sso": "SSO",
	"elb": "Elastic Load Balancing", "elbv2": "Elastic Load Balancing v2", "elasticloadbalancingv2": "Elastic Load Balancing v2",
	"cloudwatch": "CloudWatch", "logs": "CloudWatch Logs", "cloudwatchlog": "CloudWatch Logs", "cloudwatchlogs": "CloudWatch Logs",
	"resourcegroupstaggingapi": "Resource Groups Tagging API", "resourcegroupstagging": "Resource Groups Tagging API",
}

// checkAccount refuses an account that the stack file does not allow, as the provider does (aws:allowedAccountIds).
func (s *Session) checkAccount(ctx context.Context, loaded aws.Config) error {
	var allowed, forbidden []string
	for name, into := range map[string]*[]string{"aws:allowedAccountIds": &allowed, "aws:forbiddenAccountIds": &forbidden} {
		if err := s.decode(name, into); err != nil {
			return err
		}
	}
	if len(allowed)+len(forbidden) == 0 {
		return nil
	}
	identity, err := sts.NewFromConfig(loaded).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Explain(fmt.Errorf("asking whose credentials these are: %w", err))
	}
	account := aws.ToString(identity.Account)
	if slices.Contains(forbidden, account) || len(allowed) > 0 && !slices.Contains(allowed, account) {
		return fmt.Errorf("wrong account: the credentials are of account %s (%s), and %s allows %s: choose another AWS_PROFILE, or change aws:allowedAccountIds",
			account, aws.ToString(identity.Arn), s.File.Name(), strings.Join(allowed, ", "))
	}
	return nil
}

// decode reads a structured value of the aws namespace. `pulumi config set` without --path leaves it as a text of JSON.
func (s *Session) decode(name string, into any) error {
	value := s.File.Get(name)
	if value == nil {
		return nil
	}
	text, isText := value.(string)
	if !isText {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.File.Name(), name, err)
		}
		text = string(encoded)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("%s: %s: %w", s.File.Name(), name, err)
	}
	return nil
}
