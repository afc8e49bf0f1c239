package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestImages(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecr.NewFromConfig(w.config)
	w.seed(account.RepositoryToken, "shop", account.Values{"name": "shop", "arn": "arn:aws:ecr:x", "repositoryUrl": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"})
	pushed := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	if err := w.account.PutImage("shop", "r1", "sha256:"+strings.Repeat("a", 64), 42, pushed); err != nil {
		t.Fatal(err)
	}
	found := must(client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("shop")}))(t).ImageDetails
	if len(found) != 1 || found[0].ImageTags[0] != "r1" || !found[0].ImagePushedAt.Equal(pushed) || *found[0].ImageSizeInBytes != 42 {
		t.Errorf("images: %+v", found)
	}
	repositories := must(client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{}))(t).Repositories
	token := must(client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}))(t).AuthorizationData
	if len(repositories) != 1 || len(token) != 1 || !strings.HasPrefix(*token[0].ProxyEndpoint, "https://123456789012.dkr.ecr") {
		t.Errorf("repositories %+v, token %+v", repositories, token)
	}
	_, noRepository := client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("other")})
	_, noImage := client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("shop"), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String("r2")}}})
	if code(noRepository) != "RepositoryNotFoundException" || code(noImage) != "ImageNotFoundException" {
		t.Errorf("%v, %v", noRepository, noImage)
	}
}

func TestLogs(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	if err := w.SetOutcome(Outcome{Output: []string{"production.ERROR: no such table", "done in 3 ms"}}); err != nil {
		t.Fatal(err)
	}
	tasks := ecs.NewFromConfig(w.config)
	before := time.Now().Add(-time.Second).UnixMilli()
	task := must(tasks.RunTask(ctx, &ecs.RunTaskInput{Cluster: aws.String("shop"), TaskDefinition: aws.String("shop-web")}))(t).Tasks[0]
	must(tasks.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String("shop"), Tasks: []string{*task.TaskArn}}))(t)
	client := logs.NewFromConfig(w.config)
	for pattern, want := range map[string]int{"": 2, "done": 1, `"no such table"`: 1, "done production": 0, "?done ?ERROR": 2, "-done": 1, "Done": 0} {
		out, err := client.FilterLogEvents(ctx, &logs.FilterLogEventsInput{
			LogGroupName: aws.String("/shop/web"), FilterPattern: aws.String(pattern), StartTime: aws.Int64(before), LogStreamNamePrefix: aws.String("web/web/"),
		})
		if err != nil || len(out.Events) != want {
			t.Errorf("%q finds %+v (%v), want %d", pattern, out, err, want)
		} else if want > 0 && *out.Events[0].LogStreamName != "web/web/"+lastPart(*task.TaskArn) {
			t.Errorf("stream %q", *out.Events[0].LogStreamName)
		}
	}
	first := must(client.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: aws.String("/shop/web"), Limit: aws.Int32(1)}))(t)
	second := must(client.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: aws.String("/shop/web"), Limit: aws.Int32(1), NextToken: first.NextToken}))(t)
	if len(first.Events) != 1 || len(second.Events) != 1 || *second.Events[0].Message != "done in 3 ms" || second.NextToken != nil {
		t.Errorf("pages %+v, %+v", first, second)
	}
	groups := must(client.DescribeLogGroups(ctx, &logs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/shop/")}))(t).LogGroups
	if len(groups) != 1 || *groups[0].LogGroupName != "/shop/web" {
		t.Errorf("groups: %+v", groups)
	}
	_, noGroup := client.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: aws.String("/other")})
	_, noPattern := client.FilterLogEvents(ctx, &logs.FilterLogEventsInput{LogGroupName: aws.String("/shop/web"), FilterPattern: aws.String("a.b")})
	if code(noGroup) != "ResourceNotFoundException" || code(noPattern) != "InvalidParameterException" {
		t.Errorf("%v, %v", noGroup, noPattern)
	}
}

func TestDatabases(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := rds.NewFromConfig(w.config)
	w.seed(account.DatabaseToken, "db-1", account.Values{"identifier": "shop", "arn": "arn:aws:rds:x", "address": "shop.abc.rds.amazonaws.com", "port": 3306.0, "engine": "mysql", "username": "shop"})
	found := must(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("shop")}))(t).DBInstances
	if len(found) != 1 || *found[0].Endpoint.Address != "shop.abc.rds.amazonaws.com" || *found[0].Endpoint.Port != 3306 {
		t.Errorf("databases: %+v", found)
	}
	if _, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("other")}); code(err) != "DBInstanceNotFound" && code(err) != "DBInstanceNotFoundFault" {
		t.Errorf("another one gives %v", err)
	}
}

func TestTagged(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	out := must(tagging.NewFromConfig(w.config).GetResources(ctx, &tagging.GetResourcesInput{
		ResourceTypeFilters: []string{"ecs:service"}, TagFilters: []taggingtypes.TagFilter{{Key: aws.String("stack"), Values: []string{"prod", "staging"}}},
	}))(t).ResourceTagMappingList
	if len(out) != 1 || *out[0].ResourceARN != prefix+"service/shop/web" || *out[0].Tags[0].Value != "prod" {
		t.Errorf("resources: %+v", out)
	}
}

func TestSessions(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	tasks := ecs.NewFromConfig(w.config)
	arns := must(tasks.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("shop")}))(t).TaskArns
	in := &ecs.ExecuteCommandInput{Cluster: aws.String("shop"), Task: aws.String(arns[0]), Container: aws.String("web"), Command: aws.String(`sh -c "php artisan about"`), Interactive: true}
	out := must(tasks.ExecuteCommand(ctx, in))(t)
	answer, err := http.Get(*out.Session.StreamUrl) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var shell Shell
	if err := json.NewDecoder(answer.Body).Decode(&shell); err != nil || len(shell.Command) != 3 || shell.Command[2] != "php artisan about" || shell.User != "root" || len(shell.Container) != 64 {
		t.Errorf("session: %+v (%v)", shell, err)
	}
	in.Container = aws.String("migrate")
	if _, err := tasks.ExecuteCommand(ctx, in); code(err) != "TargetNotConnectedException" {
		t.Errorf("a container that ended gives %v", err)
	}
	if err := w.account.Tamper(account.ServiceToken, prefix+"service/shop/web", "enableExecuteCommand", false); err != nil {
		t.Fatal(err)
	}
	in.Container = aws.String("web")
	if _, err := tasks.ExecuteCommand(ctx, in); code(err) != "InvalidParameterException" || !strings.Contains(err.Error(), "execute command was not enabled") {
		t.Errorf("without ECS Exec: %v", err)
	}
	_, err = ssm.NewFromConfig(w.config).StartSession(ctx, &ssm.StartSessionInput{Target: aws.String("i-00000000000000000")})
	if code(err) != "TargetNotConnected" || !strings.Contains(err.Error(), "i-00000000000000000 is not connected.") {
		t.Errorf("an instance that is not there gives %v", err)
	}
}

func TestGetSecretValue(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/redis-AbCdEf"
	w.seed(account.SecretToken, arn, account.Values{"arn": arn, "name": "shop/redis"})
	for version, stage := range map[string]string{"one": "AWSPREVIOUS", "two": "AWSCURRENT"} {
		w.seed(account.SecretVersionToken, arn+"|"+version, account.Values{"arn": arn, "secretId": arn, "versionId": version, "secretString": "value " + version, "versionStages": account.Texts(stage)})
	}
	client := secretsmanager.NewFromConfig(w.config)
	for want, in := range map[string]secretsmanager.GetSecretValueInput{
		"value two": {SecretId: aws.String(arn)}, "value one": {SecretId: aws.String("shop/redis"), VersionId: aws.String("one")},
	} {
		if got := must(client.GetSecretValue(ctx, &in))(t); *got.SecretString != want || *got.ARN != arn {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
	for _, in := range []secretsmanager.GetSecretValueInput{{SecretId: aws.String("other")}, {SecretId: aws.String(arn), VersionId: aws.String("three")}} {
		if _, err := client.GetSecretValue(ctx, &in); code(err) != "ResourceNotFoundException" {
			t.Errorf("%v", err)
		}
	}
}
