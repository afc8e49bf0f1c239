package runtime

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/objects"
)

// TestBucket takes a bucket through its life: a container gets the credentials of its role where ECS's agent has them, the AWS SDK uses them,
// files outlive the server, and a bucket with files is deleted only if the program says so. Beside it a queue reports what it holds.
func TestBucket(t *testing.T) {
	f, r, must := newServers(t)
	const role = "arn:aws:iam::123456789012:role/task"
	f.Put(account.RoleToken, "task", account.Values{"name": "task", "arn": role})
	f.Put(account.RolePolicyToken, "task:p", account.Values{"role": "task", "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::files","arn:aws:s3:::files/*"]}]}`})
	bucket := f.Put(account.BucketToken, "files", account.Values{"bucket": "files", "forceDestroy": false})
	must(r.Ensure(t.Context(), bucket))
	queue := f.Put(account.QueueToken, "jobs", account.Values{"name": "jobs", "arn": "arn:aws:sqs:eu-west-1:123456789012:jobs", "messageRetentionSeconds": 60.0})
	must(r.Ensure(t.Context(), queue))
	address, err := r.FixedAddress(t.Context())
	must(err)
	out, err := r.Docker.Run(t.Context(), "run", "--rm", "--network", r.Name, "--link-local-ip", "169.254.171.77", "--label", r.StateLabel(), "laravel-ecs/base:trixie", "bash", "-c",
		"exec 3<>/dev/tcp/"+objects.AgentAddress+"/80; printf 'GET "+objects.CredentialsPath+objects.ID(role)+" HTTP/1.0\r\n\r\n' >&3; cat <&3")
	must(err)
	var given struct {
		RoleARN         string `json:"RoleArn"`
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
	}
	_, object, _ := strings.Cut(out, "{")
	must(json.Unmarshal([]byte("{"+object), &given))
	if given.RoleARN != role {
		t.Fatalf("the agent answers %s", out)
	}
	client := s3.New(s3.Options{
		Region: f.Region(), BaseEndpoint: aws.String("http://" + address.String()), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(given.AccessKeyID, given.SecretAccessKey, given.Token),
	})
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("files"), Key: aws.String("a"), Body: strings.NewReader("kept")})
	must(err)
	must(r.Docker.Remove(t.Context(), r.Name+"-s3"))
	must(r.Reconcile(t.Context()))
	if got, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("files"), Key: aws.String("a")}); err != nil || aws.ToInt64(got.ContentLength) != 4 {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
	waiting := metrics.Metric{Namespace: "AWS/SQS", Name: "ApproximateNumberOfMessagesVisible", Dimensions: map[string]string{"QueueName": "jobs"}}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		points, known, err := r.Points(t.Context(), waiting, time.Now().Add(-time.Minute), time.Now())
		must(err)
		if len(points) > 0 {
			break
		}
		if !known || time.Now().After(deadline) {
			t.Fatalf("the queue reports nothing (known: %v)", known)
		}
	}
	must(r.Remove(t.Context(), queue))
	if err := r.Remove(t.Context(), bucket); err == nil || !strings.Contains(err.Error(), "BucketNotEmpty") {
		t.Errorf("a bucket with a file was deleted: %v", err)
	}
	bucket.Outputs["forceDestroy"] = true
	must(r.Remove(t.Context(), bucket))
	if left, err := r.Docker.Containers(t.Context(), r.StateLabel()); err != nil || len(left) != 0 {
		t.Errorf("%d containers are left, %v", len(left), err)
	}
}
