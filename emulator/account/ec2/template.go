package ec2

import (
	"maps"
	"reflect"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

var resolveImage = regexp.MustCompile(`^resolve:ssm:/?[\w./-]+(:[\w.-]+)?$`)

const ebs = "blockDeviceMappings[*].ebs."

var launchTemplate = account.Type{
	Token: account.LaunchTemplateToken, Args: ec2.LaunchTemplateArgs{}, State: ec2.LaunchTemplate{},
	Name:       account.Name{Property: "name", Max: 125},
	ForceNew:   []string{"name", "namePrefix"},
	Recomputed: []string{"latestVersion", "defaultVersion"},
	Refs: []account.Ref{
		{Path: "vpcSecurityGroupIds", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound"},
		{Path: "iamInstanceProfile.arn", Type: account.InstanceProfileToken, By: "arn", Missing: "InvalidParameterValue"},
		{Path: "keyName", Type: account.KeyPairToken, By: "keyName", Missing: "InvalidKeyPair.NotFound"},
	},
	Rules: append([]account.Rule{
		account.Length("name", 3, 125),
		account.Matches("name", regexp.MustCompile(`^[0-9A-Za-z()./_-]+$`), "AWS allows letters, digits and ().-/_"),
		account.Known("instanceType", known.EC2.Check),
		account.OneOf(ebs+"volumeType", "gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"),
		account.OneOf(ebs+"encrypted", "true", "false"),
		account.OneOf(ebs+"deleteOnTermination", "true", "false"),
		account.Between(ebs+"volumeSize", 1, 65536),
		account.OneOf("tagSpecifications[*].resourceType", "capacity-reservation", "elastic-gpu", "instance", "network-interface", "spot-instances-request", "volume"),
	}, metadata...),
	Identity: account.Identity{
		ID: "lt-0{hex:16}", ARN: "ec2:launch-template/{id}", Outputs: account.Values{"latestVersion": 1.0, "defaultVersion": 1.0},
		Taken: "InvalidLaunchTemplateName.AlreadyExistsException: Launch template name already in use: {name}",
	},
	Update: updateTemplate,
	Complete: func(tx *account.Tx, r *account.Resource) error {
		image := r.Outputs.Text("imageId")
		if resolveImage.MatchString(image) {
			image = "" // EC2 looks the image up at each launch
		}
		if err := checkLaunch(tx, image, r.Outputs.Text("userData")); err != nil {
			return err
		}
		_, err := tx.SameVPC("InvalidParameter", nil, r.Outputs.Strings("vpcSecurityGroupIds"))
		return err
	},
}

// updateTemplate makes a new version when anything but the tags and the choice of the default changed.
func updateTemplate(_ *account.Tx, old, next *account.Resource) error {
	data := func(inputs account.Values) account.Values {
		kept := maps.Clone(inputs)
		for _, property := range []string{"tags", "tagsAll", "updateDefaultVersion", "name"} {
			delete(kept, property)
		}
		return kept
	}
	latest, _ := old.Outputs.Int("latestVersion")
	if !reflect.DeepEqual(data(old.Inputs), data(next.Inputs)) {
		latest++
	}
	next.Outputs["latestVersion"], next.Outputs["defaultVersion"] = float64(latest), old.Outputs["defaultVersion"]
	if next.Inputs.True("updateDefaultVersion") {
		next.Outputs["defaultVersion"] = float64(latest)
	}
	return nil
}
