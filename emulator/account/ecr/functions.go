package ecr

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// getImage answers for an image by digest, by tag, or for the newest one.
func getImage(tx *account.Tx, args account.Values) (account.Values, error) {
	repository := args.Text("repositoryName")
	if _, ok := tx.Get(account.RepositoryToken, repository); !ok {
		return nil, tx.Refuse("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", repository, tx.AccountID())
	}
	digest, tag := args.Text("imageDigest"), args.Text("imageTag")
	given := 0
	for _, set := range []bool{digest != "", tag != "", args.True("mostRecent")} {
		if set {
			given++
		}
	}
	if digest == "" && tag == "" && given != 1 || args.True("mostRecent") && given > 1 {
		return nil, fmt.Errorf("one of imageDigest, imageTag, mostRecent must be set")
	}
	for _, image := range tx.Images(repository) {
		out := image.Outputs
		if digest != "" && out.Text("imageDigest") != digest || tag != "" && !slices.Contains(out.Strings("imageTags"), tag) {
			continue
		}
		host := tx.RegistryHost()
		return account.Values{
			"id": out["imageDigest"], "imageDigest": out["imageDigest"], "imagePushedAt": out["imagePushedAt"],
			"imageSizeInBytes": out["imageSizeInBytes"], "imageTags": out["imageTags"], "registryId": tx.AccountID(),
			"repositoryName": repository, "imageUri": host + "/" + repository + "@" + out.Text("imageDigest"),
			"imageTag": account.Optional(args, "imageTag"), "mostRecent": account.Optional(args, "mostRecent"),
		}, nil
	}
	wanted := strings.Trim(tag+" "+digest, " ")
	return nil, tx.Refuse("ImageNotFoundException", "The image with imageId %s does not exist within the repository with name '%s' in the registry with id '%s'",
		wanted, repository, tx.AccountID())
}

var registryFunctions = []account.Function{
	{
		Token: "aws:ecr/getAuthorizationToken:getAuthorizationToken",
		Args:  ecr.GetAuthorizationTokenArgs{}, Result: ecr.GetAuthorizationTokenResult{},
		Run: getAuthorizationToken,
	},
	{
		Token: "aws:ecr/getImage:getImage",
		Args:  ecr.GetImageArgs{}, Result: ecr.GetImageResult{},
		Run: getImage,
	},
}

// getAuthorizationToken gives credentials for the account's registry, new ones every time as AWS does.
func getAuthorizationToken(tx *account.Tx, args account.Values) (account.Values, error) {
	if id := args.Text("registryId"); id != "" && id != tx.AccountID() {
		return nil, tx.Refuse("AccessDeniedException", "this account (%s) has no access to the registry of %s", tx.AccountID(), id)
	}
	password := base64.StdEncoding.EncodeToString([]byte(tx.Hex(64)))
	return account.Values{
		"id": tx.Region(), "registryId": account.Optional(args, "registryId"), "userName": "AWS", "password": password,
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + password)),
		"expiresAt":          tx.Time().Add(12 * time.Hour).Format(time.RFC3339),
		"proxyEndpoint":      "https://" + tx.RegistryHost(),
	}, nil
}
