package infra

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// SecretsArgs describes the secrets of the application.
type SecretsArgs struct {
	// Values are the secrets by environment variable. APP_KEY and DB_PASSWORD are made when they are not given.
	Values map[string]pulumi.StringInput
	// Shared are ARNs of another environment's secrets, by environment variable. Containers get the current version.
	Shared map[string]string
	// RecoveryDays is how long a deleted secret can be restored: 0, or 7 to 30.
	RecoveryDays int
	// Protected keeps a destroy from deleting APP_KEY, without which encrypted columns and cookies cannot be read any more.
	Protected bool
	// CachePassword makes the password of the cache, when it is not given.
	CachePassword bool
}

// Secrets are the entries in Secrets Manager. Containers get their ARNs, never their values.
type Secrets struct {
	pulumi.ResourceState

	// References are the valueFrom of a container, by environment variable: the ARN with the version, so that a changed secret
	// changes the task definition and restarts the tasks.
	References map[string]pulumi.StringOutput
	// ARNs are what the execution role may read.
	ARNs []pulumi.StringInput
	// SecretARNs are those of this environment's own secrets, by environment variable.
	SecretARNs map[string]pulumi.StringOutput
	// Values are the values, marked as secret, for the database and the output dotenv.
	Values map[string]pulumi.StringOutput
}

// NewSecrets registers one Secrets Manager secret per entry.
func NewSecrets(ctx *pulumi.Context, name string, args SecretsArgs, opts ...pulumi.ResourceOption) (*Secrets, error) {
	s := &Secrets{
		References: map[string]pulumi.StringOutput{}, Values: map[string]pulumi.StringOutput{}, SecretARNs: map[string]pulumi.StringOutput{},
	}
	if err := ctx.RegisterComponentResource("laravel:infra:Secrets", name, s, opts...); err != nil {
		return nil, err
	}
	values := maps.Clone(args.Values)
	if values == nil {
		values = map[string]pulumi.StringInput{}
	}
	if args.CachePassword && values[PasswordVariable] == nil {
		if err := s.cachePassword(ctx, name, values); err != nil {
			return nil, fmt.Errorf("generating %s: %w", PasswordVariable, err)
		}
	}
	if err := s.generate(ctx, name, values, args.Shared); err != nil {
		return nil, err
	}
	for _, variable := range slices.Sorted(maps.Keys(values)) {
		if err := s.store(ctx, name+"-"+variable, variable, values[variable], args); err != nil {
			return nil, fmt.Errorf("storing secret %s: %w", variable, err)
		}
	}
	for _, variable := range slices.Sorted(maps.Keys(args.Shared)) {
		s.References[variable] = pulumi.String(args.Shared[variable]).ToStringOutput()
		s.ARNs = append(s.ARNs, pulumi.String(args.Shared[variable]))
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

func (s *Secrets) generate(ctx *pulumi.Context, name string, values map[string]pulumi.StringInput, shared map[string]string) error {
	if values["APP_KEY"] == nil {
		// 32 bytes, as `artisan key:generate` makes for Laravel's AES-256-CBC.
		key, err := random.NewRandomBytes(ctx, name+"-app-key", &random.RandomBytesArgs{Length: pulumi.Int(32)}, pulumi.Parent(s))
		if err != nil {
			return fmt.Errorf("generating APP_KEY: %w", err)
		}
		values["APP_KEY"] = pulumi.Sprintf("base64:%s", key.Base64)
	}
	if values["DB_PASSWORD"] == nil && shared["DB_PASSWORD"] == "" {
		// Letters and digits only: RDS refuses / ' " @ and a .env file needs quotes for the rest. 40 of them are 238 bits.
		password, err := random.NewRandomPassword(ctx, name+"-db-password", &random.RandomPasswordArgs{
			Length: pulumi.Int(40), Special: pulumi.Bool(false),
		}, pulumi.Parent(s))
		if err != nil {
			return fmt.Errorf("generating DB_PASSWORD: %w", err)
		}
		values["DB_PASSWORD"] = password.Result
	}
	return nil
}

func (s *Secrets) store(ctx *pulumi.Context, logical, variable string, value pulumi.StringInput, args SecretsArgs) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(s)}
	if args.Protected && variable == "APP_KEY" {
		opts = append(opts, pulumi.Protect(true))
	}
	secret, err := secretsmanager.NewSecret(ctx, logical, &secretsmanager.SecretArgs{
		Description:          pulumi.String(variable + " of the Laravel application"),
		RecoveryWindowInDays: pulumi.Int(args.RecoveryDays),
	}, opts...)
	if err != nil {
		return err
	}
	plain := pulumi.ToSecret(value.ToStringOutput()).(pulumi.StringOutput)
	version, err := secretsmanager.NewSecretVersion(ctx, logical, &secretsmanager.SecretVersionArgs{
		SecretId: secret.ID(), SecretString: plain,
	}, opts...)
	if err != nil {
		return err
	}
	s.References[variable] = pulumi.Sprintf("%s:::%s", secret.Arn, version.VersionId)
	s.ARNs = append(s.ARNs, secret.Arn)
	s.SecretARNs[variable] = secret.Arn
	s.Values[variable] = plain
	return nil
}
