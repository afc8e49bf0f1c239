package ec2

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var pullsCached = regexp.MustCompile(`(?m)ECS_IMAGE_PULL_BEHAVIOR=["']?prefer-cached`)

// Ageing lists what months do to the instances of an account, which no call to AWS reports.
//
// An ECS agent with ECS_IMAGE_PULL_BEHAVIOR=prefer-cached does not start its image cleanup at all: every release that ran stays on the disk
// (amazon-ecs-agent, agent/engine/docker_image_manager.go, StartImageCleanupProcess; ECS developer guide, "Container image pull behavior").
//
// Instances without a maximum lifetime keep the AMI that they started from. An instance that is protected from scale-in is not replaced
// when its lifetime is over: the user guide names the protection as the way to keep an instance (EC2 Auto Scaling user guide, "Replace Auto
// Scaling instances based on maximum instance lifetime"). Without a maintenance policy an instance terminates before its successor is
// launched (the same page).
func Ageing(a *account.Account) (list []string) {
	say := func(group account.Resource, text string) {
		list = append(list, fmt.Sprintf("Auto Scaling group %s: %s", group.ID, text))
	}
	_ = a.Change(context.Background(), func(tx *account.Tx) error { // it reads only
		for _, group := range tx.List(account.GroupToken) {
			template, _ := tx.TemplateOf(group.Outputs)
			text, err := base64.StdEncoding.DecodeString(template.Outputs.Text("userData"))
			if err == nil && pullsCached.Match(text) {
				say(group, "the disks fill: ECS_IMAGE_PULL_BEHAVIOR=prefer-cached turns the agent's image cleanup off")
			}
			switch lifetime, _ := group.Outputs.Int("maxInstanceLifetime"); {
			case lifetime == 0:
				say(group, "instances live for ever: maxInstanceLifetime is not set")
			case group.Outputs.True("protectFromScaleIn"):
				say(group, "instances live for ever: maxInstanceLifetime does not replace what protectFromScaleIn protects")
			case !group.Outputs.Has("instanceMaintenancePolicy"):
				say(group, "an instance terminates before the next one is launched: there is no instanceMaintenancePolicy")
			}
		}
		return nil
	})
	return list
}

// Age is what months do to Auto Scaling groups: ECS asked for another instance. A program that sets desiredCapacity would take it back.
func Age(ctx context.Context, a *account.Account) error {
	return a.Change(ctx, func(tx *account.Tx) error {
		for _, group := range tx.List(account.GroupToken) {
			desired, _ := group.Outputs.Int("desiredCapacity")
			if most, _ := group.Outputs.Int("maxSize"); desired < most {
				tx.Patch(account.GroupToken, group.ID, account.Values{"desiredCapacity": float64(desired + 1)})
			}
		}
		return nil
	})
}
