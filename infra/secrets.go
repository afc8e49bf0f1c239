package infra

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

// SecretsArgs describes the secrets of the application.
type SecretsArgs struct {
	// Values are the secrets by environment variable. APP_KEY and DB_MASTER_PASSWORD are made when they are not given.
	Values map[string]pulumi.StringInput
	// Shared are ARNs of another environment's secrets, by environment variable. Containers get the current version. DB_MASTER_PASSWORD
	// is for those that prepare the database.
	Shared map[string]string
	// RecoveryDays is how long a deleted secret can be restored: 0, or 7 to 30.
	RecoveryDays int
	// Protected keeps a destroy from deleting APP_KEY, without which encrypted columns and cookies cannot be read any more.
	Protected bool
	// Guest leaves out the passwords of the database, whose server and users are another environment's.
	Guest bool
	// CachePassword makes the password of the cache, when it is not given.
	CachePassword bool
	Generations
}

// Generations count the rotations of the generated secrets. A secret of a generation is the same in every deployment.
type Generations struct {
	// AppKey is the key that the application encrypts with, KnownAppKeys the last one that it accepts.
	AppKey, KnownAppKeys int
	// Database is that of the application's password, from 1 on; Master is that of the database's master user, Cache the cache's.
	Database, Master, Cache int
}

// Secrets are the entries in Secrets Manager. Containers get their ARNs, never their values.
type Secrets struct {
	pulumi.ResourceState

	// References are the valueFrom of a container, by environment variable: the ARN with the version, so that a changed secret
	// changes the task definition and restarts the tasks.
	References map[string]pulumi.StringOutput
	// SetupReferences are for the containers that prepare the database, and for no other.
	SetupReferences map[string]pulumi.StringOutput
	// ARNs are what the execution role may read.
	ARNs []pulumi.StringInput
	// Values are those of References, marked as secret, for the output dotenv.
	Values map[string]pulumi.StringOutput
	// SecretARNs are those of this environment's own secrets, by environment variable.
	SecretARNs map[string]pulumi.StringOutput
	// MasterPassword is that of the database's master user.
	MasterPassword pulumi.StringOutput
}

// The environment variables with generated secrets.
const (
	appKey         = "APP_KEY"
	previousKeys   = "APP_PREVIOUS_KEYS"
	dbPassword     = "DB_PASSWORD"
	masterPassword = "DB_MASTER_PASSWORD"
)

// NewSecrets registers one Secrets Manager secret per entry.
func NewSecrets(ctx *pulumi.Context, name string, args SecretsArgs, opts ...pulumi.ResourceOption) (*Secrets, error) {
	s := &Secrets{
		References: map[string]pulumi.StringOutput{}, SetupReferences: map[string]pulumi.StringOutput{}, Values: map[string]pulumi.StringOutput{},
		SecretARNs: map[string]pulumi.StringOutput{},
	}
	if err := ctx.RegisterComponentResource("laravel:infra:Secrets", name, s, opts...); err != nil {
		return nil, err
	}
	values := map[string]pulumi.StringInput{}
	maps.Copy(values, args.Values)
	if args.CachePassword && values[PasswordVariable] == nil {
		if err := s.cachePassword(ctx, name, values, args.Cache); err != nil {
			return nil, fmt.Errorf("generating %s: %w", PasswordVariable, err)
		}
	}
	if values[appKey] == nil {
		if err := s.appKeys(ctx, name, values, args); err != nil {
			return nil, fmt.Errorf("generating APP_KEY: %w", err)
		}
	}
	given := values[masterPassword]
	delete(values, masterPassword)
	for _, variable := range slices.Sorted(maps.Keys(values)) {
		if err := s.share(ctx, name+"-"+variable, variable, values[variable], args); err != nil {
			return nil, fmt.Errorf("storing secret %s: %w", variable, err)
		}
	}
	if args.Guest {
		return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
	}
	if err := s.databasePasswords(ctx, name, args); err != nil {
		return nil, fmt.Errorf("generating DB_PASSWORD: %w", err)
	}
	if err := s.master(ctx, name, given, args); err != nil {
		return nil, fmt.Errorf("storing the master password: %w", err)
	}
	for _, variable := range slices.Sorted(maps.Keys(args.Shared)) {
		references := s.References
		if variable == masterPassword {
			references = s.SetupReferences
		}
		references[variable] = pulumi.String(args.Shared[variable]).ToStringOutput()
		s.ARNs = append(s.ARNs, pulumi.String(args.Shared[variable]))
	}
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{})
}

// appKeys makes the keys of all generations. None is ever dropped, because columns stay encrypted with an old key until they are written.
func (s *Secrets) appKeys(ctx *pulumi.Context, name string, values map[string]pulumi.StringInput, args SecretsArgs) error {
	var previous []pulumi.StringInput // the newest first: Laravel tries them in this order
	for generation := range args.KnownAppKeys + 1 {
		logical := name + "-app-key"
		if generation > 0 {
			logical = fmt.Sprintf("%s-%d", logical, generation)
		}
		// 32 bytes, as `artisan key:generate` makes for Laravel's AES-256-CBC.
		key, err := random.NewRandomBytes(ctx, logical, &random.RandomBytesArgs{Length: pulumi.Int(32)},
			pulumi.Parent(s), pulumi.Protect(args.Protected))
		if err != nil {
			return err
		}
		text := pulumi.Sprintf("base64:%s", key.Base64)
		if generation == args.AppKey {
			values[appKey] = text
		} else {
			previous = slices.Insert(previous, 0, pulumi.StringInput(text))
		}
	}
	if len(previous) > 0 {
		values[previousKeys] = pulumi.StringArray(previous).ToStringArrayOutput().ApplyT(func(keys []string) string {
			return strings.Join(keys, ",")
		}).(pulumi.StringOutput)
	}
	return nil
}

// databasePasswords makes the password of the generation's user, and keeps that of the user before: tasks that still run use it. Each
// user has a secret of its own, so that a version of the one never takes the label AWSPREVIOUS from the other, with which the provider
// could not delete it (terraform-provider-aws, internal/service/secretsmanager/secret_version.go, resourceSecretVersionDelete).
func (s *Secrets) databasePasswords(ctx *pulumi.Context, name string, args SecretsArgs) error {
	for _, generation := range []int{args.Database - 1, args.Database} {
		if generation < 1 {
			continue
		}
		logical, user := name+"-"+dbPassword, "a"
		if generation%2 == 0 {
			logical, user = logical+"-B", "b"
		}
		password, err := s.password(ctx, name+"-db-password-"+user, generation)
		if err != nil {
			return err
		}
		stored, err := s.store(ctx, logical, dbPassword, password, args)
		if err != nil {
			return err
		}
		if generation == args.Database {
			s.References[dbPassword], s.Values[dbPassword] = stored.reference, stored.plain
		}
	}
	return nil
}

// master stores the master user's password, unless the database is shared. Its logical name is from the
// time when the application was the master user, so databases of that time keep their password.
func (s *Secrets) master(ctx *pulumi.Context, name string, given pulumi.StringInput, args SecretsArgs) (err error) {
	if args.Shared[masterPassword] != "" {
		return nil
	}
	if given == nil {
		if given, err = s.password(ctx, name+"-db-password", args.Master); err != nil {
			return err
		}
	}
	stored, err := s.store(ctx, name+"-"+masterPassword, masterPassword, given, args)
	if err != nil {
		return err
	}
	s.SetupReferences[masterPassword], s.MasterPassword = stored.reference, stored.plain
	return nil
}

// password makes one that is the same for a generation. Generation 0 has no keepers, like passwords of the time before there were
// generations.
func (s *Secrets) password(ctx *pulumi.Context, logical string, generation int) (pulumi.StringInput, error) {
	// Letters and digits only: RDS refuses / ' " @ and a .env file needs quotes for the rest. 40 of them are 238 bits.
	args := &random.RandomPasswordArgs{Length: pulumi.Int(40), Special: pulumi.Bool(false)}
	if generation > 0 {
		args.Keepers = pulumi.StringMap{"generation": pulumi.Sprintf("%d", generation)}
	}
	password, err := random.NewRandomPassword(ctx, logical, args, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	return password.Result, nil
}

// share stores a secret that all containers get.
func (s *Secrets) share(ctx *pulumi.Context, logical, variable string, value pulumi.StringInput, args SecretsArgs) error {
	stored, err := s.store(ctx, logical, variable, value, args)
	s.References[variable], s.Values[variable] = stored.reference, stored.plain
	return err
}

// stored is a secret in Secrets Manager.
type stored struct{ reference, plain pulumi.StringOutput }

func (s *Secrets) store(ctx *pulumi.Context, logical, variable string, value pulumi.StringInput, args SecretsArgs) (stored, error) {
	secret, err := secretsmanager.NewSecret(ctx, logical, &secretsmanager.SecretArgs{
		Description:          pulumi.String(variable + " of the Laravel application"),
		RecoveryWindowInDays: pulumi.Int(args.RecoveryDays),
	}, pulumi.Parent(s), pulumi.Protect(args.Protected && variable == appKey))
	if err != nil {
		return stored{}, err
	}
	plain := pulumi.ToSecret(value.ToStringOutput()).(pulumi.StringOutput)
	// A version is never protected: a new value replaces it, which Pulumi refuses for what is protected. AWS keeps the old one, as AWSPREVIOUS.
	version, err := secretsmanager.NewSecretVersion(ctx, logical, &secretsmanager.SecretVersionArgs{
		SecretId: secret.ID(), SecretString: plain,
	}, pulumi.Parent(s))
	if err != nil {
		return stored{}, err
	}
	s.ARNs = append(s.ARNs, secret.Arn)
	s.SecretARNs[variable] = secret.Arn
	return stored{pulumi.Sprintf("%s:::%s", secret.Arn, version.VersionId), plain}, nil
}

// Share adds another environment's secret: what containers get of it, a version, so that a new one replaces the tasks, and the ARNs of this
// one and the one before, which ECS reads for tasks that it starts again until they are replaced.
func (s *Secrets) Share(variable, reference string, arns ...string) {
	s.References[variable] = pulumi.String(reference).ToStringOutput()
	for _, arn := range arns {
		s.ARNs = append(s.ARNs, pulumi.String(arn))
	}
}

// AddSetup adds a secret for the containers that prepare the database, with the ARNs of this one and the one before, as Share.
func (s *Secrets) AddSetup(variable string, reference pulumi.StringOutput, arns []pulumi.StringInput) {
	s.SetupReferences[variable] = reference
	s.ARNs = append(s.ARNs, arns...)
}

// Reference is what containers get a secret from, for another environment; empty where there is none.
func (s *Secrets) Reference(variable string) pulumi.StringOutput {
	if reference, exists := s.References[variable]; exists {
		return reference
	}
	return pulumi.String("").ToStringOutput()
}

// ARN is that of a secret without its version, for another environment; empty where there is none.
func (s *Secrets) ARN(variable string) pulumi.StringOutput {
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply(s.Reference(variable), unversioned))
}

// MasterARN is that of the master user's password, the environment's own or one that it was given.
func (s *Secrets) MasterARN() pulumi.StringOutput {
	if own, exists := s.SecretARNs[masterPassword]; exists {
		return own
	}
	return s.SetupReferences[masterPassword]
}

// unversioned takes KEY:STAGE:VERSION from a container's valueFrom.
func unversioned(reference string) string {
	parts := strings.Split(reference, ":")
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

// cachePassword makes the AUTH token of the cache, and keeps that of the generation before: tasks that run use it, and a deployment that goes back
// to it must not bring a third one, because ElastiCache accepts the last two (user guide, "Rotating the AUTH token"). Tokens are letters and
// digits, which ElastiCache and a .env file both take as they are.
func (s *Secrets) cachePassword(ctx *pulumi.Context, name string, values map[string]pulumi.StringInput, current int) error {
	for generation := max(current-1, 0); generation <= current; generation++ {
		logical := name + "-redis-password"
		if generation > 0 {
			logical = fmt.Sprintf("%s-%d", logical, generation)
		}
		password, err := s.password(ctx, logical, generation)
		if err != nil {
			return err
		}
		values[PasswordVariable] = password // the last one is the current one
	}
	return nil
}
