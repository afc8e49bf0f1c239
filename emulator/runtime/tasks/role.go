package tasks

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/objects"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// addRole gives a container what it needs to use the role of its task: the path that ECS's agent answers, and an address of the same network
// as the agent's. Where the application has a bucket, its disk and the AWS SDKs learn where S3 is: here it has no name and no certificate of
// Amazon's (AWS_ENDPOINT is of Laravel's config/filesystems.php, AWS_ENDPOINT_URL_S3 of the SDKs,
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). So it is with a queue; but the SDK for PHP sends a request to the
// address of the queue itself (aws/aws-sdk-php, src/Sqs/SqsClient.php, queueUrl), which Laravel makes of SQS_PREFIX.
func (r *Scheduler) addRole(ctx context.Context, c containerSpec, q *machine.CreateRequest) error {
	if c.TaskRole == "" || len(r.List(account.BucketToken))+len(r.List(account.QueueToken)) == 0 {
		return nil
	}
	address, err := r.FixedAddress(ctx)
	if err != nil {
		return err
	}
	attached := q.NetworkingConfig.EndpointsConfig[r.Name]
	own := attached.IPAMConfig.IPv4Address
	attached.IPAMConfig.LinkLocalIPs = []string{"169.254.171" + own[strings.LastIndex(own, "."):]}
	q.NetworkingConfig.EndpointsConfig[r.Name] = attached
	q.Env = append(q.Env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="+objects.CredentialsPath+objects.ID(c.TaskRole))
	endpoint := fmt.Sprintf("http://%s", address)
	for _, v := range c.Environment {
		switch v.Name {
		case "AWS_BUCKET":
			q.Env = append(q.Env, "AWS_ENDPOINT="+endpoint, "AWS_ENDPOINT_URL_S3="+endpoint, "AWS_USE_PATH_STYLE_ENDPOINT=true")
		case "SQS_PREFIX":
			if len(r.List(account.QueueToken)) == 0 {
				continue // the application's own, of another account
			}
			here := "SQS_PREFIX=" + endpoint + "/" + path.Base(v.Value)
			q.Env = append(slices.DeleteFunc(q.Env, func(one string) bool { return strings.HasPrefix(one, "SQS_PREFIX=") }), here, "AWS_ENDPOINT_URL_SQS="+endpoint)
		}
	}
	return nil
}
