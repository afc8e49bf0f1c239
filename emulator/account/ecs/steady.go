package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

// neverSteady says why a service would not come to its desired count, so that the provider's wait would run out. AWS
// creates such a service all the same, and its tasks fail one after the other.
func neverSteady(tx *account.Tx, r *account.Resource, task account.Resource, containers []Container, deploys bool) string {
	desired, _ := r.Outputs.Int("desiredCount")
	if desired == 0 {
		return ""
	}
	if least, most := percentages(r.Outputs); deploys && desired*most/100 <= desired && (desired*least+99)/100 >= desired {
		return fmt.Sprintf("with %d tasks, at least %d%% and at most %d%% of them, a deployment can neither start nor stop one", desired, least, most)
	}
	const unplaced = "the service was unable to place a task because no container instance met all of its requirements: "
	if fleet, found := tx.Fleet(account.AfterSlash(r.Outputs.Text("cluster"))); found {
		if why := tx.TasksAway(fleet); why != "" {
			return unplaced + why
		}
	} else if r.Outputs.Text("launchType") == "EC2" {
		return unplaced + "no Auto Scaling group joins the cluster"
	} else if runsOnFargate(tx, r.Outputs) {
		if why := tx.FargateAway(r.Outputs.Map("networkConfiguration")); why != "" {
			return "ResourceInitializationError: " + why
		}
	}
	if why := unreached(tx, r, task); why != "" {
		return why
	}
	for _, name := range []string{"executionRoleArn", "taskRoleArn"} {
		role, ok := tx.Find(account.RoleToken, "arn", task.Outputs.Text(name))
		if ok && !trusts(role.Outputs.Text("assumeRolePolicy"), "ecs-tasks.amazonaws.com", tx.AccountID()) {
			return fmt.Sprintf("ECS was unable to assume the role '%s': its trust policy does not name ecs-tasks.amazonaws.com for account %s", role.Outputs.Text("arn"), tx.AccountID())
		}
	}
	for _, c := range containers {
		if why := neverStarts(tx, c); why != "" {
			return why
		}
	}
	return ""
}

// neverStarts says what a container needs and does not find.
func neverStarts(tx *account.Tx, c Container) string {
	for _, secret := range c.Secrets {
		if why := unreadable(tx, secret.ValueFrom); why != "" {
			return fmt.Sprintf("ResourceInitializationError: unable to pull secrets for container %s: %s", c.Name, why)
		}
	}
	if l := c.LogConfiguration; l != nil && l.Options["awslogs-create-group"] != "true" && l.Options["awslogs-region"] == tx.Region() {
		if _, ok := tx.Get(account.LogGroupToken, l.Options["awslogs-group"]); !ok {
			return fmt.Sprintf("CannotStartContainerError: the log group %s of container %s does not exist", l.Options["awslogs-group"], c.Name)
		}
	}
	repository, ours := strings.CutPrefix(c.Image, tx.RegistryHost()+"/")
	repository, _, _ = strings.Cut(repository, "@")
	repository, _, _ = strings.Cut(repository, ":")
	if _, ok := tx.Get(account.RepositoryToken, repository); ours && !ok {
		return fmt.Sprintf("CannotPullContainerError: the repository %s of container %s does not exist", repository, c.Name)
	}
	return ""
}

var jsonKeyForm = regexp.MustCompile(`^[^:]*:[^:]*:[^:]*$`)

// unreadable says why ECS cannot read a secret of a container; empty when it can.
func unreadable(tx *account.Tx, valueFrom string) string {
	parts := strings.SplitN(valueFrom, ":", 8)
	if len(parts) < 7 || parts[2] != "secretsmanager" || parts[3] != tx.Region() || parts[4] != tx.AccountID() {
		return "" // a parameter of SSM, or a secret of another account
	}
	arn := strings.Join(parts[:7], ":")
	if _, ok := tx.Get(account.SecretToken, arn); !ok {
		return fmt.Sprintf("ResourceNotFoundException: Secrets Manager can't find the specified secret: %s", arn)
	}
	versions := tx.List(account.SecretVersionToken)
	current := slices.IndexFunc(versions, func(v account.Resource) bool {
		return v.Outputs.Text("arn") == arn && slices.Contains(v.Outputs.Strings("versionStages"), "AWSCURRENT")
	})
	if current < 0 {
		return fmt.Sprintf("ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label AWSCURRENT: %s has no version", arn)
	}
	if len(parts) < 8 {
		return ""
	}
	if !jsonKeyForm.MatchString(parts[7]) {
		return fmt.Sprintf("unexpected ARN format %s: json-key, version-stage and version-id are needed behind it, each may be empty (ARN:key::)", valueFrom)
	}
	key, _, _ := strings.Cut(parts[7], ":")
	if fields, _ := account.ParseJSON(versions[current].Outputs.Text("secretString")); key != "" && fields[key] == nil {
		return fmt.Sprintf("retrieved secret from Secrets Manager did not contain json key %s: %s", key, arn)
	}
	return ""
}

// trusts tells whether a trust policy lets a service of AWS assume the role, for resources of the account.
func trusts(policy, service, account string) bool {
	document, err := policydoc.Parse(policy)
	return err == nil && slices.ContainsFunc(document.Statement, func(s policydoc.Statement) bool {
		of := s.Condition["StringEquals"]["aws:SourceAccount"]
		return s.Allows("sts:AssumeRole", "", policydoc.Principal{"Service": {service}}) && (len(of) == 0 || of.Covers(account))
	})
}
