package aws

import (
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestQueues is what SQS refuses.
func TestQueues(t *testing.T) {
	const policy = "aws:sqs/queuePolicy:QueuePolicy"
	base := func(t *testing.T) *world {
		w := newWorld(t)
		w.make(account.QueueToken, "dead", account.Values{"name": "dead"})
		return w
	}
	redrive := func(target, count string) account.Values {
		return account.Values{"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:` + target + `","maxReceiveCount":` + count + `}`}
	}
	queue, jobs := account.QueueToken, with(account.Values{"name": "jobs", "visibilityTimeoutSeconds": 43200, "receiveWaitTimeSeconds": 20, "messageRetentionSeconds": 1209600}, redrive("dead", "1000"))
	denied := account.Values{"queueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead", "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"arn:aws:sqs:eu-central-1:123456789012:dead"}]}`}
	testRefusals(t, base, []refusal{
		{"a dot in the name", queue, jobs, account.Values{"name": "jobs.fast"}, "name", ""},
		{"a long name", queue, jobs, account.Values{"name": "j0000000001111111111222222222233333333334444444444555555555566666666667777777777x"}, "name", ""},
		{"a name that is taken", queue, jobs, account.Values{"name": "dead"}, "", "QueueAlreadyExists"},
		{"jobs of more than twelve hours", queue, jobs, account.Values{"visibilityTimeoutSeconds": 43201}, "visibilityTimeoutSeconds", ""},
		{"a long poll", queue, jobs, account.Values{"receiveWaitTimeSeconds": 21}, "receiveWaitTimeSeconds", ""},
		{"three weeks", queue, jobs, account.Values{"messageRetentionSeconds": 1814400}, "messageRetentionSeconds", ""},
		{"redrive to nothing", queue, jobs, redrive("gone", "100"), "", "InvalidParameterValue"},
		{"redrive at once", queue, jobs, redrive("dead", "0"), "", "InvalidParameterValue"},
		{"redrive never", queue, jobs, account.Values{"redrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:123456789012:dead"}`}, "", "InvalidParameterValue"},
		{"a policy of no queue", policy, denied, account.Values{"queueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/gone"}, "", "AWS.SimpleQueueService.NonExistentQueue"},
		{"a policy for nobody", policy, denied, account.Values{"policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`}, "", "InvalidAttributeValue"},
	})
}
