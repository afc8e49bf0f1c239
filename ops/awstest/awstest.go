// Package awstest answers AWS's API in tests of the operator's commands: a server on loopback with one function for each operation,
// and a session that uses it. The whole commands are tested on the emulator, in cmd/emulator.
package awstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Error is an answer that is one of AWS's errors.
type Error struct{ Code, Message string }

// Operation answers a request. JSON protocols pass the body, the Query protocol the form. The answer is encoded as JSON; a string is sent
// as it is (XML).
type Operation func(body map[string]any, form url.Values) any

// Cloud is the server and what was asked of it.
type Cloud struct {
	Session *session.Session
	Out     *Buffer // what the command printed
	Err     *Buffer

	mu         sync.Mutex
	operations map[string]Operation
	calls      []string // operation and request
}

// Buffer is a bytes.Buffer that a command may write to while a test reads it.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is everything so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// New opens a session on a stack whose outputs are given as JSON, over an account that answers these operations and no others.
func New(t *testing.T, stackFile, outputs string, operations map[string]Operation) *Cloud {
	t.Helper()
	c := &Cloud{Out: &Buffer{}, Err: &Buffer{}, operations: operations}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	root, bin := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		filepath.Join(root, "Pulumi.yaml"):      "name: laravel-ecs\nruntime: go\n",
		filepath.Join(root, "Pulumi.prod.yaml"): "config:\n  aws:region: eu-west-1\n" + stackFile,
		filepath.Join(root, "outputs"):          outputs,
		filepath.Join(bin, "pulumi"): "#!/bin/sh\ncase \"$1\" in version) echo v" + session.CLIVersion +
			" ;; stack) cat " + filepath.Join(root, "outputs") + " ;; esac\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_WEB_IDENTITY_TOKEN_FILE": "",
		"LARAVEL_ECS_SESSION_PLUGIN": "",
	} {
		t.Setenv(name, value)
	}
	s, err := session.Open(root, "prod", c.Out, c.Err)
	if err != nil {
		t.Fatal(err)
	}
	c.Session = s
	return c
}

// SetOutputs changes the outputs of the stack. They are read once in a session.
func (c *Cloud) SetOutputs(t *testing.T, outputs string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Session.Root, "outputs"), []byte(outputs), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Set changes what an operation answers.
func (c *Cloud) Set(operation string, answer Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.operations[operation] = answer
}

// Calls are the requests of an operation, as JSON or as a form.
func (c *Cloud) Calls(operation string) (requests []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.calls {
		if name, request, _ := strings.Cut(call, " "); name == operation {
			requests = append(requests, request)
		}
	}
	return requests
}

// ServeHTTP answers in the protocol that the request is in: JSON 1.1 (X-Amz-Target), REST with JSON, whose path is taken for the operation, or
// Query (Action).
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var body map[string]any
	form := url.Values{}
	name, isJSON := r.Header.Get("X-Amz-Target"), true
	name = name[strings.LastIndex(name, ".")+1:]
	if r.Header.Get("Content-Type") == "application/json" {
		name = strings.TrimPrefix(r.URL.Path, "/")
	}
	if name == "" {
		form, _ = url.ParseQuery(string(raw))
		name, isJSON = form.Get("Action"), false
	} else {
		_ = json.Unmarshal(raw, &body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, name+" "+string(raw))
	answer := any(Error{"UnknownOperationException", "the test does not answer " + name})
	if operation := c.operations[name]; operation != nil {
		answer = operation(body, form)
	}
	switch answer := answer.(type) {
	case Error:
		w.Header().Set("X-Amzn-Errortype", answer.Code) // of REST
		w.WriteHeader(http.StatusBadRequest)
		if isJSON {
			fmt.Fprintf(w, `{"__type": %q, "message": %q}`, answer.Code, answer.Message)
			return
		}
		fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, answer.Code, answer.Message)
	case string:
		fmt.Fprint(w, answer)
	default:
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// Says fails the test unless the error has every text in it.
func Says(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in the error: %v", text, err)
		}
	}
}

// Prints fails the test unless the text has every part in it.
func Prints(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
