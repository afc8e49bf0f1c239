package runner

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	// notFound are AWS's error codes of the kind: ClusterNotFoundException, RepositoryNotFoundException, DBInstanceNotFound.
	notFound = regexp.MustCompile(`NotFound(Exception|Fault)?\b|DoesNotExist`)
	// changing are the operations that change the account or what runs.
	changing = regexp.MustCompile(`^(Create|Modify|Delete|AddTags|RunTask|StopTask|StartDB|StopDB|Update|RegisterScalableTarget)`)
	action   = regexp.MustCompile(`(?:^|&)Action=(\w+)`)
)

// gateway is the one endpoint of AWS's API and of the image registry. On this machine every stack has an account and a
// registry of its own, where on AWS the stacks of a project share one account: what the account of the command's stack
// does not have is looked for in the accounts of the other stacks that the command has opened.
type gateway struct{ h *host }

// serveAPI answers AWS's API until stop is called.
func (h *host) serveAPI() (endpoint string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serving the AWS API: %w", err)
	}
	server := &http.Server{Handler: gateway{h}, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with stop
	}()
	return "http://" + listener.Addr().String(), func() { server.Close(); <-done }, nil
}

// ServeHTTP answers one request.
func (g gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v2/") {
		registry(g).ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answers, err := g.ask(r, body)
	if err != nil {
		refuse(w, r, err)
		return
	}
	chosen := answers[0] // the account of the command's stack speaks for all if none has it
	if i := slices.IndexFunc(answers, func(a *answer) bool { return !a.missing() }); i >= 0 {
		chosen = answers[i]
	}
	chosen.copyTo(w)
}

// ask asks one account after the other until one has what the request is about.
func (g gateway) ask(r *http.Request, body []byte) ([]*answer, error) {
	var answers []*answer
	for _, o := range g.h.all() {
		var err error
		if changing.MatchString(operation(r, body)) {
			_, err = o.hold(r.Context())
		} else {
			err = o.look()
		}
		if err != nil {
			return nil, err
		}
		for _, server := range o.servers() {
			a := &answer{header: http.Header{}, status: http.StatusOK}
			again := r.Clone(r.Context())
			again.Body = io.NopCloser(bytes.NewReader(body))
			server.ServeHTTP(a, again)
			answers = append(answers, a)
			if !a.missing() {
				return answers, nil
			}
		}
	}
	return answers, nil
}

// operation is the name of what a request asks for, in each of AWS's protocols.
func operation(r *http.Request, body []byte) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndex(target, ".")+1:]
	}
	if action := action.FindSubmatch(body); action != nil {
		return string(action[1])
	}
	return path.Base(r.URL.Path)
}

// refuse answers in the form of AWS's errors.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var text []byte
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		text, _ = xml.Marshal(struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}{Code: "ConflictException", Message: err.Error()})
	} else {
		text, _ = json.Marshal(map[string]string{"__type": "ConflictException", "message": err.Error()})
	}
	w.Header().Set("X-Amzn-ErrorType", "ConflictException")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(text)
}

// answer is a response that is kept until it is clear that it is the right one.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the headers.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps a part of the body.
func (a *answer) Write(text []byte) (int, error) { return a.body.Write(text) }

// missing tells whether AWS says that what was asked for does not exist.
func (a *answer) missing() bool {
	return a.status == http.StatusNotFound || a.status == http.StatusBadRequest && notFound.Match(a.body.Bytes())
}

func (a *answer) copyTo(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a client that is gone needs no answer
}
