package objects

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3bolt"

	"github.com/laravel-ecs/laravel-ecs/emulator/queues"
)

// Server answers requests of S3 and of SQS, and for the credentials of roles.
type Server struct {
	file    string // of the configuration
	queues  *queues.Server
	backend *s3bolt.Backend
	s3      http.Handler

	mu   sync.Mutex
	text []byte // of the file, when it was read last
	now  Config
}

// New opens the files with the objects and the jobs.
func New(config, objects, jobs string) (*Server, error) {
	backend, err := s3bolt.NewFile(objects)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", objects, err)
	}
	served, err := queues.Open(jobs)
	if err != nil {
		return nil, err
	}
	return &Server{file: config, backend: backend, s3: gofakes3.New(backend).Server(), queues: served}, nil
}

// Close closes the file of the jobs.
func (s *Server) Close() error { return s.queues.Close() }

// Count is how many objects a bucket has; at most a thousand are counted.
func (s *Server) Count(bucket string) (int, error) {
	list, err := s.backend.ListBucket(bucket, &gofakes3.Prefix{}, gofakes3.ListBucketPage{MaxKeys: 1000})
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return len(list.Contents), nil
}

// failure is an answer of S3 that is no success.
type failure struct {
	status  int
	Code    string
	Message string
}

func (f *failure) Error() string { return f.Code + ": " + f.Message }

func denied(format string, args ...any) error {
	return &failure{http.StatusForbidden, "AccessDenied", fmt.Sprintf(format, args...)}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	config, err := s.config()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if id, asked := strings.CutPrefix(r.URL.Path, CredentialsPath); asked {
		giveCredentials(w, id, config)
		return
	}
	if r.URL.Path == "/-/objects" { // the runtime asks from inside the container
		n, err := s.Count(r.URL.Query().Get("bucket"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, n)
		return
	}
	if r.URL.Path == "/-/queues" {
		_ = json.NewEncoder(w).Encode(s.queues.Samples(r.URL.Query().Get("queue"))) // the runtime asks again
		return
	}
	if operation, asked := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); asked {
		s.serveQueue(w, r, config, operation)
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if preflight(w, r, config.Buckets[bucket].CORS) {
		return
	}
	if err := s.check(config, r, bucket, key); err != nil {
		refuse(w, err)
		return
	}
	if r.URL.Query().Has("acl") {
		writeAccessList(w)
		return
	}
	s.s3.ServeHTTP(w, r)
}

// config reads the file with every request, because docker cp gives each version of it the same time. The buckets follow what it says.
func (s *Server) config() (Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := os.ReadFile(s.file)
	if err != nil || bytes.Equal(text, s.text) {
		return s.now, err
	}
	var read Config
	if err := json.Unmarshal(text, &read); err != nil {
		return Config{}, err
	}
	if err := s.apply(read); err != nil {
		return Config{}, err
	}
	if err := s.queues.Apply(read.Queues); err != nil {
		return Config{}, err
	}
	s.now, s.text = read, text
	return read, nil
}

// apply makes the buckets of the configuration, and deletes others with what is in them: whoever took them out has asked for it.
func (s *Server) apply(config Config) error {
	there, err := s.backend.ListBuckets()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, bucket := range there {
		known[bucket.Name] = true
		if _, wanted := config.Buckets[bucket.Name]; !wanted {
			if err := s.backend.ForceDeleteBucket(bucket.Name); err != nil {
				return err
			}
		}
	}
	for name := range config.Buckets {
		if !known[name] {
			if err := s.backend.CreateBucket(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// check authenticates a request and compares it with the policies of its role.
func (s *Server) check(config Config, r *http.Request, bucket, key string) error {
	role, err := authenticate(config, r, "s3", "UNSIGNED-PAYLOAD")
	if err != nil {
		return err
	}
	for _, one := range needed(r, bucket, key) {
		if !role.may(one.action, one.resource) {
			return denied("User: %s is not authorized to perform: %s on resource: %q because no identity-based policy allows the %[2]s action", role.ARN, one.action, one.resource)
		}
	}
	if _, known := config.Buckets[bucket]; !known && bucket != "" {
		return &failure{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist: " + bucket}
	}
	// Access lists are off (BucketOwnerEnforced). AWS documents bucket-owner-full-control as the only list that passes
	// (object-ownership-error-responses.html of the S3 user guide), and accepts private from the bucket's own account
	// (https://github.com/thephpleague/flysystem/issues/1580 and 1874), which Flysystem always sends.
	list := r.Header.Get("X-Amz-Acl")
	if r.Method == http.MethodPut && r.URL.Query().Has("acl") || list != "" && list != "private" && list != "bucket-owner-full-control" {
		return &failure{http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs"}
	}
	return nil
}

func giveCredentials(w http.ResponseWriter, id string, config Config) {
	role, known := config.Roles[id]
	w.Header().Set("Content-Type", "application/json")
	if !known {
		w.WriteHeader(http.StatusBadRequest) // as the agent: aws/amazon-ecs-agent, agent/handlers/task_server_setup_test.go
		_, _ = io.WriteString(w, `{"code":"InvalidIdInRequest","message":"CredentialsV2Request: Credentials not found","HTTPErrorCode":400}`)
		return
	}
	if err := json.NewEncoder(w).Encode(credentialsOf(id, role, time.Now())); err != nil {
		log.Print(err)
	}
}

func refuse(w http.ResponseWriter, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{http.StatusInternalServerError, "InternalError", err.Error()}
	}
	log.Print(f)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: f.Code, Message: f.Message})
}

// writeAccessList answers GetObjectAcl: with access lists off, it is always the owner's full control (the same page).
func writeAccessList(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(w, xml.Header+`<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" `+
		`xsi:type="CanonicalUser"><ID>owner</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`)
}
