package queues

import (
	"context"
	"crypto/md5" //nolint:gosec // it is SQS's checksum
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Error is an answer of SQS that is no success. Query is the code of the protocol that SQS had before, which SDKs still tell.
type Error struct{ Code, Query, Message string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func invalid(format string, args ...any) error {
	return &Error{"InvalidParameterValueException", "InvalidParameterValue", fmt.Sprintf(format, args...)}
}

type entry struct {
	ID                string `json:"Id"`
	MessageBody       string
	DelaySeconds      *int
	MessageAttributes map[string]any
}

type request struct {
	entry
	QueueURL                                                string `json:"QueueUrl"`
	QueueName, ReceiptHandle                                string
	Entries                                                 []entry
	AttributeNames, MessageSystemAttributeNames             []string
	MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds *int
}

type object = map[string]any

// Named is the queue that a request is for.
func Named(body []byte) (string, error) {
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		return "", &Error{Code: "SerializationException", Message: err.Error()}
	}
	return in.QueueName + in.QueueURL[strings.LastIndex(in.QueueURL, "/")+1:], nil
}

// ARN of a queue; empty when there is none.
func (s *Server) ARN(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[name]; q != nil {
		return q.ARN
	}
	return ""
}

// Do answers an operation. The limits: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html.
func (s *Server) Do(ctx context.Context, operation string, body []byte) (any, error) {
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	name, err := Named(body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		return nil, &Error{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist: " + name}
	}
	switch operation {
	case "ReceiveMessage":
		return s.receive(ctx, name, q, in)
	case "SendMessage":
		return s.send(name, q, in.entry)
	case "SendMessageBatch":
		return s.sendBatch(name, q, in.Entries)
	case "GetQueueAttributes":
		return s.attributes(name, q, in.AttributeNames)
	case "PurgeQueue":
		ids := slices.Collect(func(yield func(string) bool) {
			for id := range q.messages {
				if !yield(id) {
					return
				}
			}
		})
		clear(q.messages)
		return object{}, s.save(name, ids...)
	case "DeleteMessage", "ChangeMessageVisibility":
	default:
		return nil, &Error{Code: "UnknownOperationException", Message: "the emulated SQS has no operation " + operation}
	}
	id, _, isReceipt := strings.Cut(in.ReceiptHandle, ":")
	if !isReceipt {
		return nil, &Error{Code: "ReceiptHandleIsInvalid", Query: "ReceiptHandleIsInvalid", Message: `The input receipt handle "` + in.ReceiptHandle + `" is not a valid receipt handle.`}
	}
	m := q.messages[id]
	current := m != nil && m.Receipt == in.ReceiptHandle
	if operation == "DeleteMessage" { // of a message that somebody else has, or nobody: "the request succeeds, but the message might not be deleted"
		if current {
			delete(q.messages, id)
		}
		return object{}, s.save(name, id)
	}
	switch seconds := in.VisibilityTimeout; {
	case seconds == nil || *seconds < 0 || *seconds > 43200:
		return nil, invalid("Value %v for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.", text(seconds))
	case !current || !m.Visible.After(time.Now()):
		return nil, &Error{"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", "The specified message isn't in flight."}
	default:
		m.Visible = time.Now().Add(time.Duration(*seconds) * time.Second)
		return object{}, s.save(name, id)
	}
}

func text(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func sum(body string) string {
	hash := md5.Sum([]byte(body)) //nolint:gosec // as above
	return hex.EncodeToString(hash[:])
}

func (s *Server) send(name string, q *Queue, in entry) (object, error) {
	delay := q.Delay
	if in.DelaySeconds != nil {
		delay = *in.DelaySeconds
	}
	switch {
	case delay < 0 || delay > 900:
		return nil, invalid("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", delay)
	case in.MessageBody == "":
		return nil, &Error{"MissingRequiredParameterException", "MissingParameter", "The request must contain the parameter MessageBody."}
	case len(in.MessageBody) > q.MaxBytes:
		return nil, invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.MaxBytes)
	case len(in.MessageAttributes) > 0:
		return nil, &Error{"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", "the emulated SQS has no message attributes, which Laravel does not send"}
	}
	id := strings.ToLower(rand.Text())
	now := time.Now()
	q.messages[id] = &message{ID: id, Body: in.MessageBody, Sent: now, Visible: now.Add(time.Duration(delay) * time.Second)}
	return object{"MessageId": id, "MD5OfMessageBody": sum(in.MessageBody)}, s.save(name, id)
}

func (s *Server) sendBatch(name string, q *Queue, entries []entry) (object, error) {
	if len(entries) == 0 || len(entries) > 10 {
		return nil, &Error{"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", fmt.Sprintf("A batch has 1 to 10 entries. You have sent %d.", len(entries))}
	}
	sent, failed := []object{}, []object{}
	for _, one := range entries {
		out, err := s.send(name, q, one)
		refused, known := err.(*Error) //nolint:errorlint // made in send
		switch {
		case known:
			failed = append(failed, object{"Id": one.ID, "SenderFault": true, "Code": refused.Query, "Message": refused.Message})
		case err != nil:
			return nil, err
		default:
			out["Id"] = one.ID
			sent = append(sent, out)
		}
	}
	return object{"Successful": sent, "Failed": failed}, nil
}

// receive waits for a message as long as the request or the queue says; others may use the server meanwhile.
func (s *Server) receive(ctx context.Context, name string, q *Queue, in request) (any, error) {
	wait, visibility, n := q.Wait, q.Visibility, 1
	for _, one := range []struct {
		given, to   *int
		name        string
		least, most int
	}{
		{in.WaitTimeSeconds, &wait, "WaitTimeSeconds", 0, 20}, {in.VisibilityTimeout, &visibility, "VisibilityTimeout", 0, 43200},
		{in.MaxNumberOfMessages, &n, "MaxNumberOfMessages", 1, 10},
	} {
		if one.given == nil {
			continue
		}
		if *one.to = *one.given; *one.to < one.least || *one.to > one.most {
			return nil, invalid("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.", *one.to, one.name, one.least, one.most)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(wait)*time.Second)
	defer cancel()
	for {
		if s.queues[name] == nil { // deleted meanwhile
			return object{}, nil
		}
		taken, err := s.take(name, n, visibility)
		if err != nil {
			return nil, err
		}
		if len(taken) > 0 {
			return object{"Messages": described(taken, append(in.AttributeNames, in.MessageSystemAttributeNames...))}, nil
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return object{}, nil
		}
	}
}

func described(taken []*message, names []string) (out []object) {
	for _, m := range taken {
		attributes := map[string]string{
			"ApproximateReceiveCount": strconv.Itoa(m.Receives), "SentTimestamp": strconv.FormatInt(m.Sent.UnixMilli(), 10),
			"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.First.UnixMilli(), 10),
		}
		out = append(out, object{"MessageId": m.ID, "ReceiptHandle": m.Receipt, "Body": m.Body, "MD5OfBody": sum(m.Body), "Attributes": asked(attributes, names)})
	}
	return out
}

func (s *Server) attributes(name string, q *Queue, names []string) (any, error) {
	if _, err := s.sort(name, time.Now()); err != nil {
		return nil, err
	}
	return object{"Attributes": asked(map[string]string{
		"ApproximateNumberOfMessages": strconv.Itoa(q.visible), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(q.notVisible),
		"ApproximateNumberOfMessagesDelayed": strconv.Itoa(q.delayed), "QueueArn": q.ARN, "VisibilityTimeout": strconv.Itoa(q.Visibility),
		"ReceiveMessageWaitTimeSeconds": strconv.Itoa(q.Wait), "MessageRetentionPeriod": strconv.Itoa(q.Retention), "DelaySeconds": strconv.Itoa(q.Delay),
		"MaximumMessageSize": strconv.Itoa(q.MaxBytes),
	}, names)}, nil
}

func asked(all map[string]string, names []string) map[string]string {
	if slices.Contains(names, "All") {
		return all
	}
	some := map[string]string{}
	for _, name := range names {
		if value, known := all[name]; known {
			some[name] = value
		}
	}
	return some
}
