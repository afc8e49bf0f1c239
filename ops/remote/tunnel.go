package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// forwarding is AWS's document for a port of another host, seen from a managed instance (Systems Manager user guide, "Start a session",
// "Starting a session (port forwarding to remote host)").
const forwarding = "AWS-StartPortForwardingSessionToRemoteHost"

// maxPort is the highest port of TCP (RFC 9293, 3.1: 16 bits).
const maxPort = 65535

// Tunnel forwards a local port to the database or the cache through an instance of the cluster, or on Fargate through a task, until the context
// ends or the plugin does. Port 0 takes the remote port plus 10000, or another free one. The instances may be reached because their role has
// AmazonSSMManagedInstanceCore (infra/iam.go) and the ECS-optimized image brings the SSM agent.
func Tunnel(ctx context.Context, s *session.Session, to string, port int) error {
	if port < 0 || port > maxPort {
		return fmt.Errorf("--port %d (PORT=) is outside 1-%d", port, maxPort)
	}
	p, err := findPlugin(ctx)
	if err != nil {
		return err
	}
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return err
	}
	far, err := destination(c.Outputs, to)
	if err != nil {
		return err
	}
	if port, err = localPort(port, far.port); err != nil {
		return err
	}
	instance, through, err := way(ctx, s, c)
	if err != nil {
		return err
	}
	client := ssm.NewFromConfig(c.Config)
	parameters := map[string][]string{"host": {far.host}, "portNumber": {strconv.Itoa(far.port)}, "localPortNumber": {strconv.Itoa(port)}}
	opened, err := client.StartSession(ctx, &ssm.StartSessionInput{Target: &instance, DocumentName: aws.String(forwarding), Parameters: parameters})
	if err != nil {
		return session.Explain(fmt.Errorf("opening a tunnel through the %s: %w", through, err))
	}
	defer terminate(ctx, client, opened.SessionId)
	fmt.Fprintf(s.Out, "127.0.0.1:%d leads to %s:%d through %s. Ctrl-C ends it.\n\n    %s\n\n", port, far.host, far.port, strings.TrimPrefix(through, "instance "), far.client(port))
	options := client.Options()
	asked := ssm.EndpointParameters{Region: &options.Region, Endpoint: options.BaseEndpoint}
	address, err := endpoint(options.EndpointResolverV2.ResolveEndpoint(ctx, asked))
	if err != nil {
		return err
	}
	code, err := p.run(ctx, conversation{
		session: map[string]string{
			"SessionId": aws.ToString(opened.SessionId), "StreamUrl": aws.ToString(opened.StreamUrl), "TokenValue": aws.ToString(opened.TokenValue),
		},
		request: map[string]any{"Target": instance, "DocumentName": forwarding, "Parameters": parameters},
		region:  c.Config.Region, profile: profile(s), endpoint: address,
	})
	if ctx.Err() != nil { // Ctrl-C is how a tunnel ends
		return nil
	}
	if err == nil && code != 0 {
		err = fmt.Errorf("the Session Manager plugin ended with exit code %d", code)
	}
	return err
}

// terminate ends the session, after an interrupt too. One that the plugin has ended already is an error that tells nothing new.
func terminate(ctx context.Context, client *ssm.Client, id *string) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	_, _ = client.TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: id})
}

// place is where a tunnel leads.
type place struct {
	host string
	port int
	// client is the command line that connects through a local port. It has no password in it: mysql and psql ask for it (make dotenv has it),
	// redis-cli gets it from Secrets Manager.
	client func(port int) string
}

// destination reads the endpoint and what a client must know from the outputs: appConfig is what the application itself gets.
func destination(o session.Outputs, to string) (place, error) {
	endpoint := map[string]string{"database": o.DatabaseEndpoint, "cache": o.CacheEndpoint}[to]
	if endpoint == "" && to == "cache" {
		return place{}, errors.New("TO=cache: the stack has no cache (cache.engine: none)")
	}
	if endpoint == "" {
		return place{}, fmt.Errorf("TO=%s: database or cache is expected", to)
	}
	host, text, err := net.SplitHostPort(endpoint)
	port, notNumber := strconv.Atoi(text)
	if err = cmp.Or(err, notNumber); err != nil {
		return place{}, fmt.Errorf("the endpoint of the %s: %w", to, err)
	}
	far := place{host: host, port: port}
	env := o.AppConfig
	far.client = func(port int) string {
		switch {
		case to == "database" && env["DB_CONNECTION"] == "pgsql":
			return fmt.Sprintf("psql --host=127.0.0.1 --port=%d --username=%s --dbname=%s", port, env["DB_USERNAME"], env["DB_DATABASE"])
		case to == "database":
			return fmt.Sprintf("mysql -h 127.0.0.1 -P %d -u %s -p %s", port, env["DB_USERNAME"], env["DB_DATABASE"])
		case env["MEMCACHED_HOST"] != "":
			return fmt.Sprintf("telnet 127.0.0.1 %d", port)
		}
		line := fmt.Sprintf("redis-cli -h 127.0.0.1 -p %d", port)
		if strings.HasPrefix(env["REDIS_HOST"], "tls://") {
			line += " --tls"
		}
		return redisPassword(o.SecretARNs["REDIS_PASSWORD"]) + line
	}
	return far, nil
}

// redisPassword is what a shell runs before redis-cli to give it the cache's password in a variable that it reads (redis-cli --help, -a), because
// an option would be in the list of processes. reference is what the containers get, ARN or ARN:::VERSION;
// the region is in it. The cache without a password has none.
func redisPassword(reference string) string {
	parts := strings.Split(reference, ":")
	if len(parts) < 7 { // arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
		return ""
	}
	return fmt.Sprintf(`REDISCLI_AUTH="$(aws secretsmanager get-secret-value --region %s --secret-id %s --query SecretString --output text)" `,
		parts[3], strings.Join(parts[:7], ":"))
}

// localPort is a port of this machine that nothing listens on: the one that was asked for, or one that is free.
func localPort(wanted, remote int) (int, error) {
	candidates := []int{remote + 10000, 0} // 0 is any
	if wanted != 0 {
		candidates = []int{wanted}
	}
	for _, candidate := range candidates {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(candidate)))
		if err == nil {
			defer listener.Close()
			return listener.Addr().(*net.TCPAddr).Port, nil
		}
	}
	if wanted != 0 {
		return 0, fmt.Errorf("port %d of this machine is taken: choose another one with --port (PORT=)", wanted)
	}
	return 0, errors.New("no port of this machine is free")
}

// way is what a tunnel leads through, for Systems Manager and in words. A service whose tasks have a network of their own is on Fargate, where
// there are no instances: the agent of ECS Exec in a task does what that of an instance does. Its target is
// ecs:CLUSTER_TASK_RUNTIME (aws-cli, awscli/customizations/ecs/executecommand.py), which the document for remote hosts takes
// as well (https://zenn.dev/quiver/articles/1458e453118254).
func way(ctx context.Context, s *session.Session, c *cluster.Cluster) (target, words string, err error) {
	process := c.Serving()
	service, err := c.Service(ctx, process)
	if err != nil {
		return "", "", err
	}
	if service.NetworkConfiguration == nil {
		instance, err := connected(ctx, c)
		return instance, "instance " + instance, err
	}
	tasks, err := c.Tasks(ctx, aws.ToString(service.ServiceName))
	if err != nil {
		return "", "", err
	}
	task, err := choose(tasks, process, s)
	if err != nil {
		return "", "", err
	}
	_, container, err := mainOf(ctx, c, task)
	if err != nil {
		return "", "", err
	}
	return targetOf(c, task, container), "task " + cluster.ID(task.TaskArn), nil
}

// connected is the EC2 id of an instance of the cluster.
func connected(ctx context.Context, c *cluster.Cluster) (string, error) {
	instances, err := c.Instances(ctx)
	if err != nil {
		return "", err
	}
	if len(instances) == 0 {
		return "", c.NoInstances()
	}
	slices.SortStableFunc(instances, func(a, b types.ContainerInstance) int { return usable(b) - usable(a) })
	for _, instance := range instances {
		if id := aws.ToString(instance.Ec2InstanceId); id != "" {
			return id, nil
		}
	}
	return "", errors.New("no instance of the cluster has an EC2 id: a tunnel needs EC2 instances")
}

// usable is 1 for an instance whose ECS agent is connected and takes tasks, else 0.
func usable(instance types.ContainerInstance) int {
	if instance.AgentConnected && aws.ToString(instance.Status) == "ACTIVE" {
		return 1
	}
	return 0
}
