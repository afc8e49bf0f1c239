package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// instanceMetadata is where an EC2 instance gets its credentials.
var instanceMetadata = "169.254.169.254:80"

// toAWS checks what `pulumi up` against AWS needs, says in one message what is missing, and then becomes pulumi.
func toAWS(ctx context.Context, o options) error {
	if len(o.args) == 0 {
		return fmt.Errorf("aws needs the arguments of pulumi, such as: up --stack staging")
	}
	path, err := readyForAWS(ctx, o.root, stackArgument(o.args))
	if err != nil {
		return err
	}
	if o.args[0] == "up" {
		return awsTarget{o}.run(ctx, path, o.args...)
	}
	args := append([]string{"pulumi"}, o.args...)
	if o.args[0] == "destroy" {
		args = append(args, unattended()...)
	}
	return syscall.Exec(path, args, os.Environ())
}

// readyForAWS returns the Pulumi CLI, or says everything that is missing.
func readyForAWS(ctx context.Context, root, stack string) (string, error) {
	path, missing := pulumiOnPath(ctx, root)
	// First: the state in S3 is read with the same token, and its refusal would be called a missing login.
	if problem := jobToken(os.Getenv, time.Now()); problem != "" {
		missing = append(missing, problem)
	} else if path != "" {
		if _, err := exec.CommandContext(ctx, path, "whoami", "--non-interactive").Output(); err != nil {
			missing = append(missing, "Pulumi is not logged in to a backend: pulumi login s3://BUCKET?region=REGION (or pulumi login)")
		}
	}
	if !awsCredentials(stack) {
		missing = append(missing, "no AWS credentials: aws sso login and AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws:profile in the stack file")
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("not ready for AWS:\n  - %s\n(make rehearse STACK=... needs none of this)", strings.Join(missing, "\n  - "))
	}
	return path, nil
}

// pulumiOnPath returns the CLI to run: the one on PATH, else bin/pulumi where it has been built.
func pulumiOnPath(ctx context.Context, root string) (path string, missing []string) {
	found, err := exec.LookPath("pulumi")
	if err != nil {
		if found, err = exec.LookPath(filepath.Join(root, "bin", "pulumi")); err != nil {
			return "", []string{"the Pulumi CLI v" + engine.CLIVersion + " or newer is not installed: https://www.pulumi.com/docs/install/"}
		}
	}
	out, err := exec.CommandContext(ctx, found, "version").Output()
	if err != nil {
		return "", []string{fmt.Sprintf("%s version: %v", found, err)}
	}
	version, err := semver.ParseTolerant(strings.TrimSpace(string(out)))
	if err != nil || version.LT(semver.MustParse(engine.CLIVersion)) || version.Major > 3 {
		return "", []string{fmt.Sprintf("%s is %s; v%s or a newer v3 is needed", found, strings.TrimSpace(string(out)), engine.CLIVersion)}
	}
	// bin/pulumi comes alone; installed ones come with the language plugin beside them.
	if _, err := exec.LookPath("pulumi-language-go"); err != nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(found), "pulumi-language-go")); err != nil {
			missing = append(missing, "the Go language plugin (pulumi-language-go) is not installed: it comes with Pulumi's installer, https://www.pulumi.com/docs/install/")
		}
	}
	return found, missing
}

// stackArgument finds the stack among the arguments of pulumi.
func stackArgument(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--stack="); ok {
			return value
		}
		if (arg == "--stack" || arg == "-s") && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// awsCredentials tells whether the AWS SDK has anywhere to look for credentials. Whether they are good is for AWS to say.
func awsCredentials(stack string) bool {
	for _, variable := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		if os.Getenv(variable) != "" {
			return true
		}
	}
	home, _ := os.UserHomeDir()
	for _, file := range []string{
		os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), os.Getenv("AWS_CONFIG_FILE"),
		filepath.Join(home, ".aws", "credentials"), filepath.Join(home, ".aws", "config"),
	} {
		if info, err := os.Stat(file); file != "" && err == nil && info.Size() > 0 {
			return true
		}
	}
	if text, err := os.ReadFile("Pulumi." + stack + ".yaml"); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			line = strings.TrimSpace(line)
			if slices.ContainsFunc([]string{"aws:profile:", "aws:accessKey:", "aws:assumeRoleWithWebIdentity:"}, func(key string) bool { return strings.HasPrefix(line, key) }) {
				return true
			}
		}
	}
	conn, err := net.DialTimeout("tcp", instanceMetadata, 300*time.Millisecond)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

func onPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
