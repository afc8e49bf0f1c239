package pipeline

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// StateStoreArgs describes where Pulumi keeps the state of all stacks of the account.
type StateStoreArgs struct {
	Region, Project string
	DNSSuffix       string // of the services of the partition, such as amazonaws.com
	// VersionDays is how long earlier versions of a state are kept.
	VersionDays int
	// Protected keeps bucket and key from being destroyed. Without them no stack can be changed any more.
	Protected bool
}

// StateStore is a bucket for `pulumi login s3://...` and a key for `--secrets-provider awskms://...`.
type StateStore struct {
	pulumi.ResourceState

	Bucket    pulumi.StringOutput `pulumi:"bucket"`
	BucketARN pulumi.StringOutput `pulumi:"bucketArn"`
	KeyARN    pulumi.StringOutput `pulumi:"keyArn"`
	Alias     pulumi.StringOutput `pulumi:"alias"`

	args StateStoreArgs
}

// NewStateStore registers bucket, key and alias. The alias has a fixed name, because people type it.
func NewStateStore(ctx *pulumi.Context, name string, args StateStoreArgs, opts ...pulumi.ResourceOption) (*StateStore, error) {
	s := &StateStore{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:StateStore", name, s, opts...); err != nil {
		return nil, err
	}
	// The key has AWS's default policy: IAM policies of the account decide who may use it.
	key, err := kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
		Description: pulumi.String("State of Pulumi, and the secrets in it"), EnableKeyRotation: pulumi.Bool(true), DeletionWindowInDays: pulumi.Int(30),
	}, pulumi.Parent(s), pulumi.Protect(args.Protected))
	if err != nil {
		return nil, fmt.Errorf("creating key: %w", err)
	}
	alias, err := kms.NewAlias(ctx, name+"-alias", &kms.AliasArgs{Name: pulumi.String("alias/" + name), TargetKeyId: key.KeyId}, pulumi.Parent(s))
	if err != nil {
		return nil, fmt.Errorf("creating alias of the key: %w", err)
	}
	bucket, err := infra.NewPrivateBucket(ctx, name, infra.PrivateBucketArgs{
		ForceDestroy: !args.Protected, Protect: args.Protected, KeyARN: key.Arn, Days: args.VersionDays, Versioned: true,
	}, pulumi.Parent(s))
	if err != nil {
		return nil, fmt.Errorf("creating bucket: %w", err)
	}
	s.Bucket, s.BucketARN, s.KeyARN, s.Alias = bucket.Bucket, bucket.Arn, key.Arn, alias.Name
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"bucket": s.Bucket, "bucketArn": s.BucketARN, "keyArn": s.KeyARN, "alias": s.Alias})
}

// secretsContext is the key of the encryption context that holds the stack's name. KMS decrypts only with the same context, and a role
// may use the names of its own stacks only (https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html).
const secretsContext = "stack"

// Login is the command to run before any other one of Pulumi.
func (s *StateStore) Login() pulumi.StringOutput {
	return pulumi.Sprintf("pulumi login 's3://%s?region=%s'", s.Bucket, s.args.Region)
}

// SecretsProvider is the option for pulumi stack init.
func (s *StateStore) SecretsProvider(stack string) pulumi.StringOutput {
	return pulumi.Sprintf("--secrets-provider 'awskms://%s?region=%s&context_%s=%s'", s.Alias, s.args.Region, secretsContext, stack)
}

// readStatements let a preview read the state of some stacks. A preview takes no lock.
func (s *StateStore) readStatements(reaches ...Reach) []infra.Statement {
	return append(s.common("kms:Decrypt"), s.stateStatements(reaches...)...)
}

// stateStatements let a role read the state of these stacks as well.
func (s *StateStore) stateStatements(reaches ...Reach) []infra.Statement {
	var statements []infra.Statement
	var objects []pulumi.StringInput
	for _, reach := range reaches {
		objects = append(objects, s.object("stacks/"+s.args.Project+"/"+reach.Stack+".*"))
		statements = append(statements, s.secretsOf(reach, "kms:Decrypt"))
	}
	if len(objects) == 0 {
		return nil
	}
	return append(statements, infra.Statement{Actions: []string{"s3:GetObject"}, Resources: objects})
}

// writeStatements let a deployment write the state of its own stacks. It cannot delete earlier versions of it.
func (s *StateStore) writeStatements(reach Reach) []infra.Statement {
	project, stack := s.args.Project, reach.Stack
	return append(s.common("kms:Decrypt", "kms:GenerateDataKey"),
		s.secretsOf(reach, "kms:Decrypt", "kms:Encrypt"),
		infra.Statement{
			Actions: []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
			Resources: []pulumi.StringInput{
				s.object("stacks/" + project + "/" + stack + ".*"),
				s.object("history/" + project + "/" + stack + "/*"),
				s.object("backups/" + project + "/" + stack + "/*"),
				s.object("locks/organization/" + project + "/" + stack + "/*"),
			},
		})
}

// common is what every command needs: the list of states, the version of their format, and the key, used by S3.
func (s *StateStore) common(keyActions ...string) []infra.Statement {
	return []infra.Statement{
		{Actions: []string{"s3:ListBucket"}, Resources: []pulumi.StringInput{s.BucketARN}},
		{Actions: []string{"s3:GetObject"}, Resources: []pulumi.StringInput{s.object("meta.yaml")}},
		{
			Actions: keyActions, Resources: []pulumi.StringInput{s.KeyARN},
			Condition: map[string]any{"StringEquals": map[string]any{
				"kms:ViaService": "s3." + s.args.Region + "." + s.args.DNSSuffix, "kms:EncryptionContext:aws:s3:arn": s.BucketARN,
			}},
		},
	}
}

func (s *StateStore) secretsOf(reach Reach, actions ...string) infra.Statement {
	return infra.Statement{Actions: actions, Resources: []pulumi.StringInput{s.KeyARN}, Condition: reach.stackCondition("kms:EncryptionContext:" + secretsContext)}
}

func (s *StateStore) object(path string) pulumi.StringInput {
	return pulumi.Sprintf("%s/.pulumi/%s", s.BucketARN, path)
}
