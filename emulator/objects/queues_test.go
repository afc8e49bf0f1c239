package objects

import (
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/queues"
)

const (
	arn       = "arn:aws:sqs:eu-west-1:123456789012:"
	ofQueues  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ChangeMessageVisibility","sqs:DeleteMessage","sqs:GetQueueAttributes","sqs:GetQueueUrl","sqs:PurgeQueue","sqs:ReceiveMessage","sqs:SendMessage"],"Resource":["` + arn + `jobs"]}]}`
	ofLetters = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"` + arn + `dead"}]}`
)

// jobs are the queues of an application, in a server and for the SDK of AWS with the credentials of a role.
type jobs struct {
	*world
	server *Server
	client *sqs.Client
	url    *string
	file   string
}

func queue(t *testing.T, visibility int) *jobs {
	t.Helper()
	j := &jobs{world: &world{t: t, config: filepath.Join(t.TempDir(), "config.json")}}
	j.put(Config{Region: "eu-west-1", Roles: map[string]Role{ID(role): {ARN: role, Policies: []string{ofQueues, ofLetters}}}, Queues: map[string]queues.Queue{
		"jobs":  {ARN: arn + "jobs", Visibility: visibility, Retention: 3600, MaxBytes: 1 << 18, DeadLetters: "dead", MaxReceives: 2},
		"dead":  {ARN: arn + "dead", Visibility: 30, Retention: 3600, MaxBytes: 1 << 18},
		"other": {ARN: arn + "other", Visibility: 30, Retention: 3600, MaxBytes: 1 << 18},
	}})
	j.start(filepath.Join(t.TempDir(), "objects"), filepath.Join(t.TempDir(), "jobs"))
	return j
}

func (j *jobs) start(objects, file string) {
	j.t.Helper()
	server, err := New(j.config, objects, file)
	if err != nil {
		j.t.Fatal(err)
	}
	listening := httptest.NewServer(server)
	j.t.Cleanup(func() { listening.Close(); _ = server.Close() })
	given := credentialsOf(ID(role), Role{}, time.Now())
	j.server, j.file, j.world.url, j.url = server, file, listening.URL, aws.String(listening.URL+"/123456789012/jobs")
	j.client = sqs.New(sqs.Options{Region: "eu-west-1", BaseEndpoint: &listening.URL, Credentials: credentials.NewStaticCredentialsProvider(given.AccessKeyID, given.SecretAccessKey, given.Token)})
}

func (j *jobs) send(body string, delay int32) string {
	j.t.Helper()
	out, err := j.client.SendMessage(j.t.Context(), &sqs.SendMessageInput{QueueUrl: j.url, MessageBody: &body, DelaySeconds: delay})
	if err != nil {
		j.t.Fatal(err)
	}
	return *out.MessageId
}

// receive is Illuminate\Queue\SqsQueue, pop; the wait is that of the queue in a program of ours.
func (j *jobs) receive(url *string, wait int32) *types.Message {
	j.t.Helper()
	out, err := j.client.ReceiveMessage(j.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: wait, AttributeNames: []types.QueueAttributeName{"ApproximateReceiveCount"}})
	if err != nil {
		j.t.Fatal(err)
	}
	if len(out.Messages) == 0 {
		return nil
	}
	return &out.Messages[0]
}

// counts are the jobs that wait, that a worker has, and that are delayed.
func (j *jobs) counts() string {
	j.t.Helper()
	out, err := j.client.GetQueueAttributes(j.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: j.url, AttributeNames: []types.QueueAttributeName{
		"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"}})
	if err != nil {
		j.t.Fatal(err)
	}
	a := out.Attributes
	return a["ApproximateNumberOfMessages"] + a["ApproximateNumberOfMessagesNotVisible"] + a["ApproximateNumberOfMessagesDelayed"]
}

// TestQueueOfSQS: what Laravel does with jobs: push, later, bulk, size, pop, release, delete and clear.
func TestQueueOfSQS(t *testing.T) {
	j := queue(t, 30)
	ctx := t.Context()
	id := j.send(`{"job":"one"}`, 0)
	j.send(`{"job":"later"}`, 900)
	got := j.receive(j.url, 0)
	if got == nil || *got.MessageId != id || *got.Body != `{"job":"one"}` || got.Attributes["ApproximateReceiveCount"] != "1" || j.counts() != "011" {
		t.Fatalf("got %+v, counts %s", got, j.counts())
	}
	if again := j.receive(j.url, 0); again != nil {
		t.Errorf("a job that a worker has was given to another: %+v", again)
	}
	if _, err := j.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: j.url, ReceiptHandle: got.ReceiptHandle}); err != nil {
		t.Error(err)
	}
	again := j.receive(j.url, 0)
	if again == nil || *again.MessageId != id || again.Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatalf("after its release: %+v", again)
	}
	for _, one := range []*types.Message{got, again} { // the first is not this worker's any more
		if _, err := j.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: j.url, ReceiptHandle: one.ReceiptHandle}); err != nil {
			t.Error(err)
		}
		if want := map[*types.Message]string{got: "011", again: "001"}[one]; j.counts() != want {
			t.Errorf("counts %s, want %s", j.counts(), want)
		}
	}
	batch, err := j.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: j.url, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("0"), MessageBody: aws.String("a")}, {Id: aws.String("1"), MessageBody: aws.String("b"), DelaySeconds: 901}, {Id: aws.String("2"), MessageBody: aws.String("c")},
	}})
	if err != nil || len(batch.Successful) != 2 || len(batch.Failed) != 1 || *batch.Failed[0].Id != "1" || *batch.Failed[0].Code != "InvalidParameterValue" || j.counts() != "201" {
		t.Errorf("a batch: %+v, %v, counts %s", batch, err, j.counts())
	}
	if _, err := j.client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: j.url}); err != nil || j.counts() != "000" {
		t.Errorf("after queue:clear: %s, %v", j.counts(), err)
	}
	if url, err := j.client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("jobs")}); err != nil || *url.QueueUrl != *j.url {
		t.Errorf("the address is %v, %v", url, err)
	}
}

// TestUnfinishedJob comes again after its time, and is a dead letter after the deliveries that the queue allows. A worker that asks first waits
// for it, and a server that starts again has it still.
func TestUnfinishedJob(t *testing.T) {
	j := queue(t, 1)
	id := j.send("a job that kills its worker", 0)
	for _, count := range []string{"1", "2"} {
		if got := j.receive(j.url, 20); got == nil || *got.MessageId != id || got.Attributes["ApproximateReceiveCount"] != count {
			t.Fatalf("delivery %s: %+v", count, got)
		}
	}
	if err := j.server.Close(); err != nil {
		t.Fatal(err)
	}
	j.start(filepath.Join(t.TempDir(), "objects"), j.file)
	if got := j.receive(j.url, 3); got != nil || j.counts() != "000" {
		t.Errorf("a third delivery: %+v, counts %s", got, j.counts())
	}
	dead := strings.Replace(*j.url, "jobs", "dead", 1)
	if got := j.receive(&dead, 0); got == nil || *got.MessageId != id || *got.Body != "a job that kills its worker" {
		t.Errorf("the dead letter is %+v", got)
	}
}

// TestRefusalsOfSQS: the queue of somebody else, none, and what SQS does not take.
func TestRefusalsOfSQS(t *testing.T) {
	j := queue(t, 30)
	send := func(name, body string, delay int32) error {
		_, err := j.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(j.world.url + "/123456789012/" + name), MessageBody: &body, DelaySeconds: delay})
		return err
	}
	_, release := j.client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: j.url, ReceiptHandle: aws.String("gone:1"), VisibilityTimeout: 43201})
	_, deleted := j.client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: j.url, ReceiptHandle: aws.String("nonsense")})
	_, finished := j.client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: j.url, ReceiptHandle: aws.String("gone:1")})
	j.client = sqs.New(j.client.Options(), func(o *sqs.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("AKIASOMEBODY", "x", "")
	})
	for what, test := range map[string]struct {
		err  error
		want string
	}{
		"a stranger": {send("jobs", "x", 0), "InvalidAccessKeyId"}, "a long release": {release, "InvalidParameterValue"},
		"no receipt": {deleted, "ReceiptHandleIsInvalid"}, "a finished job": {finished, "AWS.SimpleQueueService.MessageNotInflight"},
	} {
		if code(test.err) != test.want {
			t.Errorf("%s: %v, want %s", what, test.err, test.want)
		}
	}
	j = queue(t, 30)
	for what, test := range map[string]struct {
		err  error
		want string
	}{
		"another queue": {send("other", "x", 0), "AccessDenied"}, "no queue": {send("mail", "x", 0), "AWS.SimpleQueueService.NonExistentQueue"},
		"a long delay": {send("jobs", "x", 901), "InvalidParameterValue"}, "a large job": {send("jobs", strings.Repeat("x", 1<<18+1), 0), "InvalidParameterValue"},
	} {
		if code(test.err) != test.want {
			t.Errorf("%s: %v, want %s", what, test.err, test.want)
		}
	}
}

// TestMetricsOfSQS are what alarms and scaling read.
func TestMetricsOfSQS(t *testing.T) {
	j := queue(t, 300)
	begin := time.Now()
	j.send("one", 0)
	j.send("two", 0)
	j.send("later", 600)
	j.receive(j.url, 0)
	now := time.Now()
	for _, at := range []time.Duration{10 * time.Second, 20 * time.Second, 2 * time.Hour} { // the messages are over after an hour
		if err := j.server.queues.Measure(now.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	got := j.server.queues.Samples("jobs")
	if len(got) != 3 {
		t.Fatalf("%d samples", len(got))
	}
	if s := got[1]; s.Visible != 1 || s.NotVisible != 1 || s.Delayed != 1 || s.Age == nil || *s.Age < 19 || *s.Age > 21+now.Sub(begin).Seconds() {
		t.Errorf("sample %+v", s)
	}
	if s := got[2]; s.Visible+s.NotVisible+s.Delayed != 0 || s.Age != nil {
		t.Errorf("of an empty queue: %+v", s)
	}
	if other := j.server.queues.Samples("other"); len(other) != 3 || slices.ContainsFunc(other, func(s queues.Sample) bool { return s.Age != nil }) {
		t.Errorf("of another queue: %+v", other)
	}
}
