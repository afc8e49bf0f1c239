package release

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// day is a time of the story that fakeAWS tells.
func day(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }

// fakeAWS answers the operations that this package calls. Names of the data are those of the AWS API.
type fakeAWS struct {
	mu          sync.Mutex
	asked       []string
	images      [][]map[string]any          // pages
	deployments map[string][]map[string]any // by service; nil: the operation is unknown
	definitions []map[string]any            // oldest first
	running     map[string]string           // service -> task definition
	registry    string                      // proxyEndpoint
	// others answers the APIs with other protocols: the load balancer's (Query) and CloudWatch's (CBOR). Nil: they are not asked.
	others http.Handler
}

func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.others != nil && r.Header.Get("X-Amz-Target") == "" {
		f.others.ServeHTTP(w, r)
		return
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	f.asked = append(f.asked, operation)
	var in map[string]any
	_ = json.NewDecoder(r.Body).Decode(&in)
	answer := f.answer(operation, in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if answer == nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"UnknownOperationException","message":"no such operation"}`)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *fakeAWS) answer(operation string, in map[string]any) any {
	switch operation {
	case "DescribeImages":
		return page(f.images, in, "imageDetails")
	case "GetAuthorizationToken":
		return map[string]any{"authorizationData": []any{map[string]any{"authorizationToken": "QVdTOnNlY3JldA==", "proxyEndpoint": f.registry}}}
	case "ListServiceDeployments":
		if f.deployments == nil {
			return nil
		}
		var pages [][]map[string]any
		for _, d := range f.deployments[in["service"].(string)] { // one a page
			pages = append(pages, []map[string]any{d})
		}
		return page(pages, in, "serviceDeployments")
	case "DescribeServiceRevisions":
		var list []any
		for _, arn := range in["serviceRevisionArns"].([]any) {
			list = append(list, map[string]any{"serviceRevisionArn": arn, "taskDefinition": strings.TrimPrefix(arn.(string), "revision:")})
		}
		return map[string]any{"serviceRevisions": list}
	case "DescribeServices":
		var services []any
		for _, name := range in["services"].([]any) {
			running := f.running[name.(string)]
			services = append(services, map[string]any{
				"serviceName": name, "taskDefinition": running, "loadBalancers": []any{map[string]any{"targetGroupArn": targetGroup(name.(string))}},
				"deployments": []any{map[string]any{"status": "PRIMARY", "rolloutState": "COMPLETED", "taskDefinition": running, "runningCount": 2}},
				"events":      []any{map[string]any{"message": "tasks failed to start", "createdAt": float64(time.Now().Unix())}},
			})
		}
		return map[string]any{"services": services}
	case "ListTaskDefinitions":
		pages := [][]any{{}} // the first page is empty, as AWS may answer; then one a page
		for _, d := range slices.Backward(f.definitions) {
			pages = append(pages, []any{d["taskDefinitionArn"]})
		}
		return page(pages, in, "taskDefinitionArns")
	case "DescribeTaskDefinition":
		for _, d := range f.definitions {
			if d["taskDefinitionArn"] == in["taskDefinition"] {
				return map[string]any{"taskDefinition": d}
			}
		}
	case "ListTasks":
		return map[string]any{"taskArns": []any{}}
	}
	return nil
}

// page answers one page of several.
func page[Item any](pages [][]Item, in map[string]any, key string) any {
	n := 0
	if token, ok := in["nextToken"].(string); ok {
		n, _ = strconv.Atoi(strings.TrimPrefix(token, "page")) // a token of ours
	}
	answer := map[string]any{key: []Item{}}
	if n < len(pages) {
		answer[key] = pages[n]
	}
	if n+1 < len(pages) {
		answer["nextToken"] = fmt.Sprintf("page%d", n+1)
	}
	return answer
}

// define registers a task definition of a family that runs a release.
func (f *fakeAWS) define(family, release string, registered time.Time) string {
	arn := fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:task-definition/%s:%d", family, len(f.definitions)+1)
	f.definitions = append(f.definitions, map[string]any{
		"taskDefinitionArn": arn, "registeredAt": registered.Unix(),
		"containerDefinitions": []any{
			map[string]any{"name": "migrate", "environment": []any{}},
			map[string]any{"name": "web", "image": "r.example/app@" + digestOf(release), "environment": []any{
				map[string]any{"name": "APP_ENV", "value": "production"}, map[string]any{"name": "APP_RELEASE", "value": release},
			}},
		},
	})
	return arn
}

// deploys is a deployment of a release that ended.
func (f *fakeAWS) deploys(service, release, status string, at time.Time) {
	arn := f.define(service, release, at)
	if status == "SUCCESSFUL" {
		f.running[service] = arn
	}
	f.deployments[service] = append([]map[string]any{{ // the newest first
		"targetServiceRevisionArn": "revision:" + arn, "status": status, "statusReason": map[string]string{"ROLLBACK_SUCCESSFUL": "tasks failed to start."}[status],
		"createdAt": at.Unix(), "startedAt": at.Unix(), "finishedAt": at.Add(time.Minute).Unix(),
	}}, f.deployments[service]...)
}

// push puts the image of a release into the registry.
func (f *fakeAWS) push(release string, at time.Time) {
	f.images = append(f.images, []map[string]any{{ // one a page
		"imageDigest": digestOf(release), "imageTags": []any{"release-" + release, "cache"}, "imagePushedAt": at.Unix(),
	}})
}

func digestOf(release string) string {
	return "sha256:" + release + strings.Repeat("0", 64-len(release))
}

// project is a folder with a stack file, a pulumi that records how it is called, and a stack on fakeAWS.
type project struct {
	t    *testing.T
	root string
	out  strings.Builder
	err  strings.Builder
}

const pulumi = `#!/bin/sh
case "$1" in
version) echo v3.999.0 ;;
whoami) echo somebody ;;
stack) case "$2" in history) cat "$PROJECT/history.json" ;; *) cat "$PROJECT/outputs.json" ;; esac ;;
up|preview)
	echo "$@" >> "$PROJECT/calls"
	if [ "$1" = up ] && [ -f "$PROJECT/locked" ] && [ "$(grep -c ^up "$PROJECT/calls")" = "$(cat "$PROJECT/locked")" ]; then
		echo "error: the stack is currently locked by 1 lock(s)." >&2; exit 255; fi
	for word; do case "$previous" in --config-file) cat "$word" >> "$PROJECT/deployed" ;; esac; previous=$word; done
	if [ "$1" = up ] && [ -f "$PROJECT/fail" ] && [ "$(grep -c ^up "$PROJECT/calls")" -ge "$(cat "$PROJECT/fail")" ]; then
		echo "error: update failed" >&2; exit 255; fi ;;
esac
`

func newProject(t *testing.T, aws *fakeAWS, release string, stackFile string, outputs map[string]any) *project {
	t.Helper()
	server := httptest.NewServer(aws)
	t.Cleanup(server.Close)
	p := &project{t: t, root: t.TempDir()}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "PROJECT": p.root, "CI": "",
		"PATH": p.root + ":" + os.Getenv("PATH"),
	} {
		t.Setenv(name, value)
	}
	t.Setenv("AWS_PROFILE", "")
	all := map[string]any{
		"release": release, "repositoryUrl": "r.example/app", "imageDigest": digestOf(release), "clusterName": "c",
		"serviceNames": map[string]string{"web": "web", "worker": "worker"}, "traffic": map[string]any{"blue": map[string]any{"release": release, "percent": 100}},
		"taskDefinitionArns": map[string]string{"web": aws.running["web"]},
	}
	for key, value := range outputs {
		all[key] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	p.write("outputs.json", string(text), 0o600)
	p.write("history.json", "[]", 0o600)
	p.write("pulumi", pulumi, 0o755)
	p.write("Pulumi.yaml", "name: x\n", 0o644)
	p.write("Pulumi.s.yaml", stackFile, 0o644)
	return p
}

func (p *project) write(name, text string, mode os.FileMode) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.root, name), []byte(text), mode); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) read(name string) string {
	text, err := os.ReadFile(filepath.Join(p.root, name))
	if err != nil {
		return ""
	}
	return string(text)
}

func (p *project) session() *session.Session {
	p.t.Helper()
	s, err := session.Open(p.root, "s", &p.out, &p.err)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}
