// Package ecr holds image repositories.
package ecr

import (
	"encoding/base64"
	"regexp"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

// Service is ECR. Images are pushed with account.PutImage.
var Service = account.Service{
	Types: []account.Type{
		{
			Token: account.RepositoryToken, Args: ecr.RepositoryArgs{}, State: ecr.Repository{},
			Name:     account.Name{Property: "name", Max: 256},
			ForceNew: []string{"name", "encryptionConfigurations"},
			Defaults: account.Values{"imageTagMutability": "MUTABLE"},
			Rules: []account.Rule{
				account.Length("name", 2, 256),
				account.Matches("name", repositoryName, "it starts with a letter and has only lower case letters, digits, and single . _ - / between them"),
				account.OneOf("imageTagMutability", "MUTABLE", "IMMUTABLE"),
				account.OneOf("encryptionConfigurations[*].encryptionType", "AES256", "KMS", "KMS_DSSE"),
			},
			Identity: account.Identity{
				ID: "{name}", ARN: "ecr:repository/{name}",
				Taken: "RepositoryAlreadyExistsException: The repository with name '{name}' already exists in the registry with id '{account}'",
				Outputs: account.Values{
					"registryId": "{account}", "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
					"encryptionConfigurations": []any{map[string]any{"encryptionType": "AES256", "kmsKey": ""}},
				},
			},
			Create: func(tx *account.Tx, r *account.Resource) error {
				for _, encryption := range r.Outputs.Blocks("encryptionConfigurations[*]") {
					if encryption.Text("encryptionType") != "AES256" {
						account.SetDefault(encryption, "kmsKey", tx.DefaultKey("ecr"))
					}
				}
				return nil
			},
			Delete: deleteRepository,
		},
		{
			Token: account.LifecyclePolicyToken, Args: ecr.LifecyclePolicyArgs{}, State: ecr.LifecyclePolicy{},
			Required:            []string{"policy"},
			ForceNew:            []string{"policy", "repository"},
			DeleteBeforeReplace: true,
			Refs:                []account.Ref{{Path: "repository", Type: account.RepositoryToken, By: "id", Missing: "RepositoryNotFoundException"}},
			Rules:               []account.Rule{account.JSON("policy")},
			Check:               checkLifecyclePolicy,
			Identity:            account.Identity{ID: "{repository}", Outputs: account.Values{"registryId": "{account}"}},
		},
	},
	Functions: []account.Function{
		{
			Token: "aws:ecr/getAuthorizationToken:getAuthorizationToken",
			Args:  ecr.GetAuthorizationTokenArgs{}, Result: ecr.GetAuthorizationTokenResult{}, Run: getAuthorizationToken,
		},
		{Token: "aws:ecr/getImage:getImage", Args: ecr.GetImageArgs{}, Result: ecr.GetImageResult{}, Run: getImage},
	},
}

func deleteRepository(tx *account.Tx, r *account.Resource) error {
	images := tx.Images(r.ID)
	if len(images) > 0 && !r.Outputs.True("forceDelete") {
		return tx.Refuse("RepositoryNotEmptyException",
			"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains %d images: delete them, or deploy with forceDelete first",
			r.ID, tx.AccountID(), len(images))
	}
	for _, image := range images {
		tx.Remove(image)
	}
	return nil
}

// getAuthorizationToken gives credentials for the account's registry, new ones every time as AWS does.
func getAuthorizationToken(tx *account.Tx, args account.Values) (account.Values, error) {
	if id := args.Text("registryId"); id != "" && id != tx.AccountID() {
		return nil, tx.Refuse("AccessDeniedException", "this account (%s) has no access to the registry of %s", tx.AccountID(), id)
	}
	password := base64.StdEncoding.EncodeToString([]byte(tx.Hex(64)))
	return account.Values{
		"id": tx.Region(), "registryId": args["registryId"], "userName": "AWS", "password": password,
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + password)),
		"expiresAt":          tx.Time().Add(12 * time.Hour).Format(time.RFC3339),
		"proxyEndpoint":      "https://" + tx.RegistryHost(),
	}, nil
}

// getImage answers for an image by its tag.
func getImage(tx *account.Tx, args account.Values) (account.Values, error) {
	repository, tag := args.Text("repositoryName"), args.Text("imageTag")
	if _, ok := tx.Get(account.RepositoryToken, repository); !ok {
		return nil, tx.Refuse("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", repository, tx.AccountID())
	}
	if image, ok := tx.ImageOf(repository, tag); ok {
		out := image.Outputs
		return account.Values{
			"id": out["imageDigest"], "imageDigest": out["imageDigest"], "imagePushedAt": out["imagePushedAt"],
			"imageSizeInBytes": out["imageSizeInBytes"], "imageTags": out["imageTags"], "registryId": tx.AccountID(),
			"repositoryName": repository, "imageUri": tx.RegistryHost() + "/" + repository + "@" + out.Text("imageDigest"), "imageTag": tag,
		}, nil
	}
	return nil, tx.Refuse("ImageNotFoundException", "The image with imageId %s does not exist within the repository with name '%s' in the registry with id '%s'",
		tag, repository, tx.AccountID())
}
