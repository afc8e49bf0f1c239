package runner

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for args, want := range map[string]struct{ words, stack, file, passed string }{
		"up --yes --stack prod":                            {"up", "prod", "", "up --yes --stack prod"},
		"up -s prod --config-file=x.yaml":                  {"up", "prod", "x.yaml", "up --stack prod"},
		"up --config-file x.yaml":                          {"up", "", "x.yaml", "up --stack main"},
		"stack output --json --show-secrets":               {"stack output", "", "", "stack output --json --show-secrets --stack main"},
		"preview --exclude a --parallel 3 --json":          {"preview", "", "", "preview --exclude a --parallel 3 --json --stack main"},
		"stack init review-x --secrets-provider awskms://": {"stack init review-x", "", "", "stack init review-x --secrets-provider awskms:// --stack main"},
		"whoami":               {"whoami", "", "", "whoami"},
		"--non-interactive up": {"up", "", "", "--non-interactive up --stack main"},
	} {
		a := parse(strings.Fields(args))
		if got := strings.Join(a.words, " "); got != want.words || a.stack != want.stack || a.configFile != want.file {
			t.Errorf("%s is the command %q on %q with %q", args, got, a.stack, a.configFile)
		}
		if got := strings.Join(a.on("main"), " "); got != want.passed {
			t.Errorf("%s is passed on as %q", args, got)
		}
	}
}

func TestWhatChanges(t *testing.T) {
	target := func(operation string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+operation)
		return r
	}
	plain := httptest.NewRequest(http.MethodPost, "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", nil)
	for name, test := range map[string]struct {
		request *http.Request
		body    string
		want    string
		changes bool
	}{
		"JSON":                         {target("DescribeServices"), `{"Action=CreateRule":1}`, "DescribeServices", false},
		"JSON, changing":               {target("RunTask"), "{}", "RunTask", true},
		"Query":                        {httptest.NewRequest(http.MethodPost, "/", nil), "Action=DescribeRules&Version=2015-12-01", "DescribeRules", false},
		"JSON, UpdateService":          {target("UpdateService"), "{}", "UpdateService", true},
		"JSON, RegisterScalableTarget": {target("RegisterScalableTarget"), "{}", "RegisterScalableTarget", true},
		"Query, StartDBInstance":       {httptest.NewRequest(http.MethodPost, "/", nil), "Version=2014-10-31&Action=StartDBInstance", "StartDBInstance", true},
		"Query, StopDBInstance":        {httptest.NewRequest(http.MethodPost, "/", nil), "Version=2014-10-31&Action=StopDBInstance", "StopDBInstance", true},
		"JSON, a session":              {target("StartSession"), "{}", "StartSession", false},
		"Query, changing":              {httptest.NewRequest(http.MethodPost, "/", nil), "Version=2015-12-01&Action=CreateRule", "CreateRule", true},
		"CBOR":                         {plain, "", "DescribeAlarms", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := operation(test.request, []byte(test.body))
			if got != test.want || changing.MatchString(got) != test.changes {
				t.Errorf("it is %s, which changes something: %v", got, changing.MatchString(got))
			}
		})
	}
}

func TestMissing(t *testing.T) {
	for body, want := range map[string]bool{
		`{"__type":"ClusterNotFoundException","message":"Cluster not found."}`: true,
		`<Error><Code>DBInstanceNotFound</Code></Error>`:                       true,
		`{"__type":"AccessDeniedException","message":"no"}`:                    false,
	} {
		a := &answer{status: http.StatusBadRequest}
		a.body.WriteString(body)
		if a.missing() != want {
			t.Errorf("%s is missing: %v", body, !want)
		}
	}
	served := &answer{status: http.StatusOK}
	served.body.WriteString("NotFoundException")
	if served.missing() {
		t.Error("an answer with the word in it counts as missing")
	}
}

// TestRefusal: a state that another process holds is an error in AWS's form, which the SDK reads.
func TestRefusal(t *testing.T) {
	for contentType, want := range map[string]string{
		"application/x-amz-json-1.1":                       `{"__type":"ConflictException","message":"busy"}`,
		"application/x-www-form-urlencoded; charset=utf-8": `<ErrorResponse><Error><Code>ConflictException</Code><Message>busy</Message></Error></ErrorResponse>`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		refuse(w, r, errBusy{})
		if w.Code != http.StatusBadRequest || w.Body.String() != want {
			t.Errorf("%s: %d %s", contentType, w.Code, w.Body)
		}
	}
}

type errBusy struct{}

func (errBusy) Error() string { return "busy" }

func TestEnvironmentHasNothingOfARealAccount(t *testing.T) {
	got := without([]string{
		"AWS_PROFILE=prod", "PATH=/bin", "AWS_REGION=x", "AWS_ENDPOINT_URL_ECS=https://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "PULUMI_STACK=prod",
	}, append(names([]string{"AWS_REGION=y"}), ofRealAccount...))
	if !slices.Equal(got, []string{"PATH=/bin"}) {
		t.Errorf("left are %v", got)
	}
}
