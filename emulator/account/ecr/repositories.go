package ecr

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var ecrTypes = []account.Type{
	{
		Token: account.RepositoryToken, Args: ecr.RepositoryArgs{}, State: ecr.Repository{},
		Name:     account.Name{Property: "name", Max: 256},
		ForceNew: []string{"name", "encryptionConfigurations"},
		Defaults: account.Values{"imageTagMutability": "MUTABLE"},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.Length("name", 2, 256)
			r.Matches("name", repositoryName, "it starts with a letter and has only lower case letters, digits, and single . _ - / between them")
			r.OneOf("imageTagMutability", "MUTABLE", "IMMUTABLE")
			r.OneOf("encryptionConfigurations[*].encryptionType", "AES256", "KMS", "KMS_DSSE")
			return r.Problems
		},
		Create: createRepository,
		Delete: deleteRepository,
	},
	{
		Token: account.LifecyclePolicyToken, Args: ecr.LifecyclePolicyArgs{}, State: ecr.LifecyclePolicy{},
		Required:            []string{"policy"},
		ForceNew:            []string{"policy", "repository"},
		DeleteBeforeReplace: true,
		Refs:                []account.Ref{{Path: "repository", Type: account.RepositoryToken, By: "id", Missing: "RepositoryNotFoundException"}},
		Check:               checkLifecyclePolicy,
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.ID = r.Outputs.Text("repository")
			r.Outputs["registryId"] = tx.AccountID()
			return nil
		},
	},
}

var repositoryName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func createRepository(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(account.RepositoryToken, name); taken {
		return tx.Refuse("RepositoryAlreadyExistsException",
			"The repository with name '%s' already exists in the registry with id '%s'; choose another name", name, tx.AccountID())
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("ecr", "repository/"+name)
	r.Outputs["registryId"] = tx.AccountID()
	r.Outputs["repositoryUrl"] = tx.RegistryHost() + "/" + name
	if len(r.Outputs.List("encryptionConfigurations")) == 0 {
		r.Outputs["encryptionConfigurations"] = []any{map[string]any{"encryptionType": "AES256", "kmsKey": ""}}
	}
	for _, encryption := range r.Outputs.Blocks("encryptionConfigurations[*]") {
		account.SetDefault(encryption, "encryptionType", "AES256")
		if encryption.Text("encryptionType") != "AES256" {
			account.SetDefault(encryption, "kmsKey", tx.DefaultKey("ecr"))
		}
	}
	return nil
}

func deleteRepository(tx *account.Tx, r *account.Resource) error {
	if images := tx.Images(r.ID); len(images) > 0 && !r.Outputs.True("forceDelete") {
		return tx.Refuse("RepositoryNotEmptyException",
			"The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains %d images: delete them, or deploy with forceDelete first",
			r.ID, tx.AccountID(), len(images))
	}
	for _, image := range tx.Images(r.ID) {
		tx.Remove(image)
	}
	return nil
}

type lifecycleRule struct {
	RulePriority *int    `json:"rulePriority"`
	Description  *string `json:"description"`
	Selection    *struct {
		TagStatus      string   `json:"tagStatus"`
		TagPrefixList  []string `json:"tagPrefixList"`
		TagPatternList []string `json:"tagPatternList"`
		CountType      string   `json:"countType"`
		CountUnit      string   `json:"countUnit"`
		CountNumber    int      `json:"countNumber"`
	} `json:"selection"`
	Action *struct {
		Type string `json:"type"`
	} `json:"action"`
}

func checkLifecyclePolicy(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	text, known := in.String("policy")
	if !known {
		return nil
	}
	var policy struct {
		Rules []lifecycleRule `json:"rules"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		r.Refuse("policy", "invalid parameter at 'LifecyclePolicyText': not a lifecycle policy: %v", err)
		return r.Problems
	}
	if len(policy.Rules) == 0 || len(policy.Rules) > 50 {
		r.Refuse("policy", "has %d rules; AWS allows 1 to 50", len(policy.Rules))
	}
	priorities := map[int]bool{}
	highest, general := 0, 0
	for i, rule := range policy.Rules {
		place := fmt.Sprintf("policy.rules[%d]", i)
		if rule.RulePriority == nil || *rule.RulePriority < 1 {
			r.Refuse(place, "needs a rulePriority of 1 or more")
			continue
		}
		if priorities[*rule.RulePriority] {
			r.Refuse(place, "rulePriority %d is there twice", *rule.RulePriority)
		}
		priorities[*rule.RulePriority] = true
		highest = max(highest, *rule.RulePriority)
		if rule.Selection != nil && rule.Selection.TagStatus == "any" {
			if general > 0 {
				r.Refuse(place, `only one rule can have tagStatus "any"`)
			}
			general = *rule.RulePriority
		}
		checkLifecycleRule(&r, place, rule)
	}
	if general > 0 && general < highest {
		r.Refuse("policy", `the rule with tagStatus "any" must have the highest rulePriority number, so that it is applied last`)
	}
	return r.Problems
}

func checkLifecycleRule(r *account.Rules, place string, rule lifecycleRule) {
	if rule.Action == nil || rule.Action.Type != "expire" {
		r.Refuse(place, `action.type must be "expire"`)
	}
	s := rule.Selection
	if s == nil {
		r.Refuse(place, "needs a selection")
		return
	}
	listed := len(s.TagPrefixList) + len(s.TagPatternList)
	switch {
	case !slices.Contains([]string{"tagged", "untagged", "any"}, s.TagStatus):
		r.Refuse(place, "tagStatus %q is not one of tagged, untagged, any", s.TagStatus)
	case s.TagStatus == "tagged" && listed == 0:
		r.Refuse(place, "tagStatus tagged needs tagPrefixList or tagPatternList")
	case s.TagStatus != "tagged" && listed > 0:
		r.Refuse(place, "tagPrefixList and tagPatternList are for tagStatus tagged")
	case len(s.TagPrefixList) > 0 && len(s.TagPatternList) > 0:
		r.Refuse(place, "only one of tagPrefixList, tagPatternList can be set")
	}
	if !slices.Contains([]string{"imageCountMoreThan", "sinceImagePushed"}, s.CountType) {
		r.Refuse(place, "countType %q is not one of imageCountMoreThan, sinceImagePushed", s.CountType)
	}
	if (s.CountType == "sinceImagePushed") != (s.CountUnit == "days") {
		r.Refuse(place, "countUnit must be days with countType sinceImagePushed, and be left out otherwise")
	}
	if s.CountNumber < 1 {
		r.Refuse(place, "countNumber must be 1 or more")
	}
}
