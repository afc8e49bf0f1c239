package infra

import (
	"fmt"
	"path"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

const day = 24 * 60 * 60

const (
	// jobDays is how long a job waits for a worker at most, and deadDays how long SQS keeps one that it gave up. Both count from the time at
	// which the job was sent, so the second is longer; 14 days is SQS's limit
	// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html).
	jobDays, deadDays = 7, 14
	// maxReceives is after how many deliveries SQS gives a job up. Laravel counts them, too, and fails a job after its tries; a job that it
	// releases often, as with a rate limit and retryUntil(), is delivered as often. So this is for jobs that no worker survives.
	maxReceives = 100
	// pollSeconds is how long a worker without a job waits in one request. Laravel asks without a time of its own (Illuminate\Queue\SqsQueue, pop),
	// and a request for each second costs more than it brings. It delays a stop, for which a worker has its margin.
	pollSeconds = 5
)

// What SQS reports of a queue.
const sqsMetrics, sqsAge, sqsWaiting = "AWS/SQS", "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"

// Queue is a queue of Amazon SQS for Laravel's jobs, and one for those that nobody could process.
type Queue struct {
	pulumi.ResourceState

	ARN  pulumi.StringOutput `pulumi:"arn"`
	URL  pulumi.StringOutput `pulumi:"url"`
	Name pulumi.StringOutput `pulumi:"queueName"`
	// DeadName is the name of the queue of dead letters.
	DeadName pulumi.StringOutput `pulumi:"deadLetterQueueName"`

	policies []pulumi.Resource
}

// NewQueue registers both. visibilitySeconds is when SQS gives an unfinished job to another worker. A protected queue cannot be deleted.
func NewQueue(ctx *pulumi.Context, name string, visibilitySeconds int, protected bool, opts ...pulumi.ResourceOption) (*Queue, error) {
	q := &Queue{}
	if err := ctx.RegisterComponentResource("laravel:infra:Queue", name, q, opts...); err != nil {
		return nil, err
	}
	dead, err := sqs.NewQueue(ctx, name+"-dead", &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(deadDays * day), SqsManagedSseEnabled: pulumi.Bool(true),
	}, pulumi.Parent(q), pulumi.Protect(protected))
	if err != nil {
		return nil, fmt.Errorf("creating the queue of dead letters: %w", err)
	}
	jobs, err := sqs.NewQueue(ctx, name+"-jobs", &sqs.QueueArgs{
		MessageRetentionSeconds: pulumi.Int(jobDays * day), SqsManagedSseEnabled: pulumi.Bool(true),
		VisibilityTimeoutSeconds: pulumi.Int(visibilitySeconds), ReceiveWaitTimeSeconds: pulumi.Int(pollSeconds),
		RedrivePolicy: pulumi.JSONMarshal(map[string]any{"deadLetterTargetArn": dead.Arn, "maxReceiveCount": maxReceives}),
	}, pulumi.Parent(q), pulumi.Protect(protected))
	if err != nil {
		return nil, fmt.Errorf("creating the queue: %w", err)
	}
	for _, one := range []struct {
		suffix string
		queue  *sqs.Queue
	}{{"-dead", dead}, {"-jobs", jobs}} {
		policy, err := sqs.NewQueuePolicy(ctx, name+one.suffix, &sqs.QueuePolicyArgs{
			QueueUrl: one.queue.Url, Policy: PolicyDocument(refuseWithoutTLS("sqs:*", one.queue.Arn)),
		}, pulumi.Parent(q))
		if err != nil {
			return nil, fmt.Errorf("creating the policy of a queue: %w", err)
		}
		q.policies = append(q.policies, policy)
	}
	q.ARN, q.URL, q.Name, q.DeadName = jobs.Arn, jobs.Url, jobs.Name, dead.Name
	return q, ctx.RegisterResourceOutputs(q, pulumi.Map{"arn": q.ARN, "url": q.URL, "queueName": q.Name, "deadLetterQueueName": q.DeadName})
}

// Env is what Laravel's stock config/queue.php reads: the address of a queue is the prefix and its name. Without a key in the environment, the
// SDK takes the credentials of the task's role (Illuminate\Queue\Connectors\SqsConnector).
func (q *Queue) Env(region string) map[string]pulumi.StringInput {
	return map[string]pulumi.StringInput{
		"AWS_DEFAULT_REGION": pulumi.String(region),
		"SQS_PREFIX":         pulumix.Cast[pulumi.StringOutput](pulumix.Apply(q.URL, withoutName)),
		"SQS_QUEUE":          q.Name,
	}
}

// withoutName takes the last part off the address of a queue.
func withoutName(url string) string { return strings.TrimSuffix(url, "/"+path.Base(url)) }

// statements are what Laravel does with a queue (Illuminate\Queue\SqsQueue and Jobs\SqsJob): push, size, pop, delete, release and clear. It puts
// the address of the queue together itself; GetQueueUrl is for code of the application that asks the SDK for it.
func (q *Queue) statements() []Statement {
	return []Statement{{
		Actions: []string{
			"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:PurgeQueue", "sqs:ReceiveMessage",
			"sqs:SendMessage",
		},
		Resources: []pulumi.StringInput{q.ARN},
	}}
}

// queueAlarms are on what SQS reports every minute, but for queues without a message and a request in six hours: no data is no fault
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html). The age is
// that of the oldest job that was not deleted, which may be one that is being processed. A job that was delivered three times does not count any
// more (sqs-available-cloudwatch-metrics.html of the same guide), so queue-dead is for those that fail.
func (o *Observability) queueAlarms() []alarm {
	q := o.args.Queue
	if q == nil {
		return nil
	}
	return []alarm{
		{"queue-age", "A job is older than worker.maxWaitSeconds: it waits, or is being processed", sqsMetrics, sqsAge, "Maximum", pulumi.StringMap{"QueueName": q.Name},
			true, float64(o.args.Reported.MaxWaitSeconds), 5, quiet, 0},
		{"queue-dead", "A job was delivered so often without success that SQS gave it up", sqsMetrics, sqsWaiting, "Maximum",
			pulumi.StringMap{"QueueName": q.DeadName}, true, 0, 1, quiet, 0},
	}
}
