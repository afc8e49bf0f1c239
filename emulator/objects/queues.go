package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/queues"
)

// longest is SQS's: a batch of messages of 1 MiB, and what is around them.
const longest = 2 << 20

// Measure has the queues measured for CloudWatch, again and again.
func (s *Server) Measure(every time.Duration) {
	for now := range time.Tick(every) {
		if err := s.queues.Measure(now); err != nil {
			log.Print(err)
		}
	}
}

// serveQueue answers a request of SQS. A batch needs the permission of its single operation.
func (s *Server) serveQueue(w http.ResponseWriter, r *http.Request, config Config, operation string) {
	out, err := s.askQueue(r, config, operation)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if err == nil {
		_ = json.NewEncoder(w).Encode(out) // a client that is gone needs no answer
		return
	}
	log.Print(err)
	var f *failure
	refused := &queues.Error{Code: "InternalFailure", Message: err.Error()}
	status := http.StatusInternalServerError
	switch {
	case errors.As(err, &f):
		refused, status = &queues.Error{Code: f.Code, Message: f.Message}, f.status
	case errors.As(err, &refused):
		status = http.StatusBadRequest
	}
	if refused.Query != "" { // https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
		w.Header().Set("X-Amzn-Query-Error", refused.Query+";Sender")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + refused.Code, "message": refused.Message})
}

func (s *Server) askQueue(r *http.Request, config Config, operation string) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, longest))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(body)
	role, err := authenticate(config, r, "sqs", hex.EncodeToString(hash[:]))
	if err != nil {
		return nil, err
	}
	name, err := queues.Named(body)
	if err != nil {
		return nil, err
	}
	action, arn := "sqs:"+strings.TrimSuffix(operation, "Batch"), s.queues.ARN(name)
	if arn != "" && !role.may(action, arn) {
		return nil, denied("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %[2]s action", role.ARN, action, arn)
	}
	if operation == "GetQueueUrl" && arn != "" {
		return map[string]string{"QueueUrl": "http://" + r.Host + "/" + strings.Split(arn, ":")[4] + "/" + name}, nil
	}
	return s.queues.Do(r.Context(), operation, body)
}
