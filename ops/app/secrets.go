package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/envfile"
)

// withOthers adds to a .env file the secrets that containers get and whose values the program does not know, such as the password of a cache
// that exists: the state has their ARNs only. references is the output secretArns.
func withOthers(ctx context.Context, s *session.Session, text string, references map[string]any) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(references)) {
		reference, _ := references[name].(string)
		if reference == "" || envfile.Has(text, name) {
			continue
		}
		configuration, err := s.AWS(ctx)
		if err != nil {
			return "", err
		}
		value, err := secretValue(ctx, secretsmanager.NewFromConfig(configuration), reference)
		if err != nil {
			return "", fmt.Errorf("reading %s from the secret %s: %w", name, reference, err)
		}
		text += envfile.Line(name, value)
	}
	return text, nil
}

// secretValue reads what a container gets from a valueFrom: the ARN of a secret, and behind it :KEY:STAGE:VERSION, of which the program uses the
// version (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html).
func secretValue(ctx context.Context, api *secretsmanager.Client, reference string) (string, error) {
	parts := strings.Split(reference, ":")
	in := &secretsmanager.GetSecretValueInput{SecretId: aws.String(strings.Join(parts[:min(len(parts), 7)], ":"))}
	if len(parts) == 10 && parts[9] != "" {
		in.VersionId = &parts[9]
	}
	out, err := api.GetSecretValue(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.SecretString), nil
}
