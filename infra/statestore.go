package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// StateStoreArgs describes where Pulumi keeps the state of all stacks of the account.
type StateStoreArgs struct {
	Region, Project string
	// VersionDays is how long an earlier version of a state can be brought back.
	VersionDays int
	// Protected keeps bucket and key from being destroyed: without them no stack can be changed again.
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

// NewStateStore registers bucket, key and alias. The alias has a name that people know in advance: they type it.
func NewStateStore(ctx *pulumi.Context, name string, args StateStoreArgs, opts ...pulumi.ResourceOption) (*StateStore, error) {
	s := &StateStore{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:StateStore", name, s, opts...); err != nil {
		return nil, err
	}
	// Without a policy of its own the key has AWS's: the account decides, by way of IAM.
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
	bucket, err := newPrivateBucket(ctx, name, privateBucketArgs{
		ForceDestroy: !args.Protected, Protect: args.Protected, KeyARN: key.Arn, Days: args.VersionDays, Versioned: true,
	}, pulumi.Parent(s))
	if err != nil {
		return nil, fmt.Errorf("creating bucket: %w", err)
	}
	s.Bucket, s.BucketARN, s.KeyARN, s.Alias = bucket.Bucket, bucket.Arn, key.Arn, alias.Name
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"bucket": s.Bucket, "bucketArn": s.BucketARN, "keyArn": s.KeyARN, "alias": s.Alias})
}

// secretsContext is the name under which a stack's name is part of whatever the key encrypts for it. Only who names the stack can
// decrypt, and a role may name its own stacks only (https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html).
const secretsContext = "stack"

// Login is what to run before any other command of Pulumi.
func (s *StateStore) Login() pulumi.StringOutput {
	return pulumi.Sprintf("pulumi login 's3://%s?region=%s'", s.Bucket, s.args.Region)
}

// SecretsProvider is the option to make a stack with.
func (s *StateStore) SecretsProvider(stack string) pulumi.StringOutput {
	return pulumi.Sprintf("--secrets-provider 'awskms://%s?region=%s&context_%s=%s'", s.Alias, s.args.Region, secretsContext, stack)
}

// readStatements let a preview read the state of some stacks. It takes no lock and writes nothing.
func (s *StateStore) readStatements(reaches ...Reach) []Statement {
	return append(s.common("kms:Decrypt"), s.stateStatements(reaches...)...)
}

// stateStatements let a role that has a state of its own read that of others as well.
func (s *StateStore) stateStatements(reaches ...Reach) []Statement {
	var statements []Statement
	var objects []pulumi.StringInput
	for _, reach := range reaches {
		objects = append(objects, s.object("stacks/"+s.args.Project+"/"+reach.Stack+".*"))
		statements = append(statements, s.secretsOf(reach, "kms:Decrypt"))
	}
	return append(statements, Statement{Actions: []string{"s3:GetObject"}, Resources: objects})
}

// writeStatements let a deployment write the state of its stacks: not that of others, and no version of it can be destroyed.
func (s *StateStore) writeStatements(reach Reach) []Statement {
	project, stack := s.args.Project, reach.Stack
	return append(s.common("kms:Decrypt", "kms:GenerateDataKey"),
		s.secretsOf(reach, "kms:Decrypt", "kms:Encrypt"),
		Statement{
			Actions: []string{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
			Resources: []pulumi.StringInput{
				s.object("stacks/" + project + "/" + stack + ".*"),
				s.object("history/" + project + "/" + stack + "/*"),
				s.object("backups/" + project + "/" + stack + "/*"),
				s.object("locks/organization/" + project + "/" + stack + "/*"),
			},
		})
}

// common is what every command needs: the names of the states, the version of their format, and the key by way of S3.
func (s *StateStore) common(keyActions ...string) []Statement {
	return []Statement{
		{Actions: []string{"s3:ListBucket"}, Resources: []pulumi.StringInput{s.BucketARN}},
		{Actions: []string{"s3:GetObject"}, Resources: []pulumi.StringInput{s.object("meta.yaml")}},
		{
			Actions: keyActions, Resources: []pulumi.StringInput{s.KeyARN},
			Condition: map[string]any{"StringEquals": map[string]any{
				"kms:ViaService": "s3." + s.args.Region + ".amazonaws.com", "kms:EncryptionContext:aws:s3:arn": s.BucketARN,
			}},
		},
	}
}

func (s *StateStore) secretsOf(reach Reach, actions ...string) Statement {
	return Statement{Actions: actions, Resources: []pulumi.StringInput{s.KeyARN}, Condition: reach.stackCondition("kms:EncryptionContext:" + secretsContext)}
}

func (s *StateStore) object(path string) pulumi.StringInput {
	return pulumi.Sprintf("%s/.pulumi/%s", s.BucketARN, path)
}
