package cluster

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

func opened(t *testing.T, c *awstest.Cloud) *Cluster {
	t.Helper()
	found, err := Open(t.Context(), c.Session)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestServing(t *testing.T) {
	for traffic, want := range map[string]string{"blue:100": "web", "blue:10 green:90": "web-green", "blue:100 green:0": "web", "": "web", "red:100": "web"} {
		c := &Cluster{Outputs: session.Outputs{ServiceNames: map[string]string{"worker": "w", "web": "a", "web-green": "b"}, Traffic: map[string]session.Share{}}}
		for _, share := range strings.Fields(traffic) {
			color, percent, _ := strings.Cut(share, ":")
			c.Outputs.Traffic[color] = session.Share{Percent: map[string]int{"0": 0, "10": 10, "90": 90, "100": 100}[percent]}
		}
		if got := c.Serving(); got != want {
			t.Errorf("%s: %s serves", traffic, got)
		}
	}
	c := &Cluster{Outputs: session.Outputs{ServiceNames: map[string]string{"scheduler": "s", "worker": "w"}}}
	if c.Serving() != "worker" || !slices.Equal(c.Processes(), []string{"worker", "scheduler"}) {
		t.Errorf("%s of %v", c.Serving(), c.Processes())
	}
}

func TestMainContainer(t *testing.T) {
	container := func(name string, essential *bool) types.ContainerDefinition {
		return types.ContainerDefinition{Name: &name, Essential: essential}
	}
	for want, list := range map[string][]types.ContainerDefinition{
		"web":  {container("migrate", aws.Bool(false)), container("web", aws.Bool(true))},
		"only": {container("only", nil)},
		"app":  {container("app", aws.Bool(true)), container("sidecar", aws.Bool(false))},
	} {
		c := Cluster{definitions: map[string]*types.TaskDefinition{"a": {ContainerDefinitions: list}}}
		if _, main, err := c.Main(t.Context(), "a"); err != nil || *main.Name != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	c := Cluster{definitions: map[string]*types.TaskDefinition{"a": {}}}
	if _, _, err := c.Main(t.Context(), "a"); err == nil {
		t.Error("a task definition without containers has a main one")
	}
}

func TestWrongAccount(t *testing.T) {
	outputs := strings.Replace(awstest.Outputs, `"url"`, `"taskDefinitionArns": {"web": "arn:aws:ecs:eu-west-1:111111111111:task-definition/prod-web:7"}, "url"`, 1)
	c := awstest.New(t, "", outputs, map[string]awstest.Operation{
		"DescribeServices": func(awstest.Map, url.Values) any {
			return awstest.Error{Code: "ClusterNotFoundException", Message: "Cluster not found."}
		},
		"GetCallerIdentity": func(awstest.Map, url.Values) any {
			return `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>222222222222</Account><Arn>arn:aws:iam::222222222222:user/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
		},
	})
	_, err := opened(t, c).Services(t.Context())
	awstest.Says(t, err, "reading the services: ECS DescribeServices: ClusterNotFoundException: Cluster not found.\nwrong account: the credentials are of account 222222222222", "user/ann", "the stack is in account 111111111111")
}

func TestTaskThatIsGone(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, map[string]awstest.Operation{
		"DescribeTasks": func(awstest.Map, url.Values) any { return awstest.Map{"failures": awstest.List{}} },
	})
	_, err := opened(t, c).Task(t.Context(), "arn:x/t-1")
	awstest.Says(t, err, ErrUnknownTask.Error(), "t-1")
}
