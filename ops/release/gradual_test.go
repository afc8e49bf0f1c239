package release

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestGradual(t *testing.T) {
	four := GradualOptions{To: "four", Yes: true}
	const forward = "10 50 100 blue"
	for name, test := range map[string]struct {
		weight  int
		o       GradualOptions
		change  func(*traffic)
		deploys string
		says    []string // the error; none: it succeeds
		prints  []string
	}{
		"a good one": {0, four, nil, forward, nil, []string{
			"10 %, ", "four, the candidate: 3600 requests, 0 failed (0.00 %), p95 105 ms\n  three, at the same time: 32400 requests, 0 failed (0.00 %), p95 100 ms",
			"four, the candidate: 36000 requests", "three, before the release: 36000 requests", "s runs release four. Pulumi.s.yaml pins it"}},
		"its figures come late": {0, four, func(f *traffic) { f.late = 2 * time.Minute }, forward, nil, []string{"3600 requests"}},
		"5 % fail": {0, four, func(f *traffic) { f.errors = 50 }, "10 0", []string{
			"release four was taken back at 10 %, release three serves all visitors of s", "60 of 1200 requests failed, 5.00 %, and 0.00 % of the live release's: more than 1 points above"}, nil},
		"twice as slow": {0, four, func(f *traffic) { f.milliseconds = 200 }, "10 0", []string{"p95 200 ms is more than 1.5 times the live release's 100 ms"}, nil},
		"an alarm in the second step": {0, four, func(f *traffic) { f.alarms["s-no-answer-1234567"] = "ALARM"; f.alarmAt = f.clock.Add(6 * time.Minute) }, "10 50 0",
			[]string{"taken back at 50 %", "in ALARM: no-answer (Threshold Crossed)"}, nil},
		"both fail, and the live one's figures come a minute later": {0, four, func(f *traffic) { f.errors, f.liveErrors, f.liveLate = 50, 50, 2*time.Minute }, forward, nil, nil},
		"an abort meanwhile": {0, four, func(f *traffic) { f.meanwhile, f.after = "    percent: 0\n", 2 }, "10 0",
			[]string{"s was changed meanwhile by somebody else", "release four has 0 % of the visitors, not 10 %", "make releases STACK=s shows what runs"}, nil},
		"a promotion meanwhile": {0, four, func(f *traffic) { f.meanwhile, f.after, f.errors = "    live: blue\n", 1, 50 }, "10 blue", []string{"changed meanwhile by somebody else"}, nil},
		"hardly any requests": {0, four, func(f *traffic) { f.requests = 20 }, forward, nil, []string{
			"10 %, ", "not judged: 6 requests are fewer than 100 (release.judge.minRequests)", "three, before: 30 requests", "Not judged, for want of requests: the step of 10 %, 50 %, 100 %"}},
		"a candidate for hours": {50, four, func(f *traffic) { f.moved = []moved{{50, f.clock.Add(-5 * time.Hour)}} }, "50 100 blue", nil, []string{
			"three, in the step before: 18000 requests", "100 %, ", "no worse than the live release"}},
		"a quiet hour before": {0, four, func(f *traffic) { f.quick = 13 }, forward, nil, []string{"three, in the step before: 18000 requests, 0 failed (0.00 %), p95 100 ms"}},
		"less to do before":   {0, four, func(f *traffic) { f.partly, f.quick, f.milliseconds = 69, 100, 103 }, forward, nil, []string{"three, before the release: 36000 requests, 0 failed (0.00 %), p95 100 ms"}},
		"slower than both":    {90, four, func(f *traffic) { f.milliseconds = 160; f.moved = []moved{{90, f.clock.Add(-time.Hour)}} }, "100 0", []string{"taken back at 100 %"}, nil},
		"no requests":         {0, four, func(f *traffic) { f.requests = 0 }, forward, nil, []string{"not judged: 0 requests", "the step of 10 %, 50 %, 100 %"}},

		"cut off at 10 %":               {10, four, nil, forward, nil, nil},
		"cut off at 50 %":               {50, four, nil, "50 100 blue", nil, nil},
		"cut off before the promotion":  {100, four, nil, "100 blue", nil, nil},
		"cut off, and another tree":     {50, GradualOptions{Yes: true}, nil, "", []string{"release four has 50 % of the visitors, and the working tree is uncommitted: --to four (TO=) goes on", "--to uncommitted replaces it"}, nil},
		"a share by hand":               {20, four, nil, "50 100 blue", nil, nil},
		"cut off, and bad":              {50, four, func(f *traffic) { f.errors = 50 }, "50 0", []string{"taken back at 50 %"}, nil},
		"cut off, and an alarm":         {50, four, func(f *traffic) { f.alarms["mine"] = "ALARM" }, "50 0", []string{"in ALARM: mine"}, nil},
		"another one replaces it":       {50, GradualOptions{To: "one", Yes: true}, nil, "0 " + forward, nil, nil}, // never with the share of the one before
		"the live one":                  {0, GradualOptions{To: "three", Yes: true}, nil, "", nil, []string{"s runs release three already, for all visitors"}},
		"no terminal":                   {0, GradualOptions{To: "four"}, nil, "", []string{"there is no terminal to ask on: --yes (YES=1) answers"}, nil},
		"a no":                          {0, GradualOptions{To: "four", Terminal: true, In: strings.NewReader("n\n")}, nil, "10", []string{"not confirmed: nothing was changed"}, nil}, // previewed
		"no such release":               {0, GradualOptions{To: "nine", Yes: true}, nil, "", []string{"there is no image of release nine in the registry"}, nil},
		"an alarm before":               {0, four, func(f *traffic) { f.alarms["mine"] = "ALARM" }, "", []string{"in ALARM before the release: mine (Threshold Crossed): nothing was changed"}, nil},
		"no such alarm":                 {0, four, func(f *traffic) { delete(f.alarms, "mine") }, "", []string{"release.judge.alarms: CloudWatch has no alarm mine in this account and region"}, nil},
		"a candidate that does not run": {0, four, func(f *traffic) { f.p.write("fail", "1", 0o600) }, "10", []string{"the deployment of s failed", "make release STACK=s carries on, make abort takes the release back"}, nil},
		"taking it back fails": {0, four, func(f *traffic) { f.errors = 50; f.p.write("fail", "2", 0o600) }, "10 0",
			[]string{"release four must be taken back at 10 %, and that failed: make abort STACK=s", "60 of 1200"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := moving(t, stepsFile, test.weight)
			if test.change != nil {
				test.change(f)
			}
			err := f.release(t, test.o)
			if (len(test.says) == 0) != (err == nil) {
				t.Fatalf("%v\n%s\n%s", err, &p.out, &p.err)
			}
			for _, text := range test.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q is not in the error: %v", text, err)
				}
			}
			for _, text := range test.prints {
				if !strings.Contains(p.out.String(), text) {
					t.Errorf("%q is not printed:\n%s", text, &p.out)
				}
			}
			if got := f.shares(); got != test.deploys {
				t.Errorf("deployed %q, %q is wanted", got, test.deploys)
			}
			if told := strings.Contains(p.read("calls"), "--message release four was taken back at "); told != (f.meanwhile == "" && strings.HasSuffix(test.deploys, " 0")) {
				t.Errorf("the history tells of it: %v\n%s", told, p.read("calls"))
			}
			if file := p.read("Pulumi.s.yaml"); test.deploys == forward && (!strings.Contains(file, "live: blue") || strings.Contains(file, "candidate")) ||
				strings.HasSuffix(test.deploys, " 0") && len(test.says) < 3 && f.p.read("fail") == "" && !strings.Contains(file, "percent: 0") {
				t.Errorf("the file is\n%s", file)
			}
		})
	}
}

// TestLastStep: no figures of the live release will come, so none are waited for. Three minutes are watched, from the next whole one on.
func TestLastStep(t *testing.T) {
	f, p := moving(t, stepsFile, 100)
	begin := f.clock
	if err := f.release(t, GradualOptions{To: "four", Yes: true}); err != nil {
		t.Fatalf("%v\n%s", err, &p.err)
	}
	if took := f.clock.Sub(begin); took > 4*time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestAStaleFile: the copy of a pipeline says that blue is live, from before the last promotion. What runs counts.
func TestAStaleFile(t *testing.T) {
	f, p := moving(t, "config:\n  x:release:\n    strategy: blueGreen\n", 0)
	if err := f.release(t, GradualOptions{To: "four", Yes: true}); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(p.read("deployed"), "percent: 50"); !strings.Contains(first, "live: green") || !strings.Contains(first, "name: three") || !strings.Contains(first, "candidate: four") {
		t.Errorf("the first deployment is of\n%s", first)
	}
	if file := p.read("Pulumi.s.yaml"); !strings.Contains(file, "live: blue") || !strings.Contains(file, "name: four") {
		t.Errorf("the file is\n%s", file)
	}
}

// TestCutOff: the next run needs no name, and no stack file that knows of the first one.
func TestCutOff(t *testing.T) {
	f, p := moving(t, "config:\n  x:release:\n    strategy: blueGreen\n", 50)
	t.Chdir(t.TempDir()) // without a working tree
	if err := f.release(t, GradualOptions{Yes: true}); err != nil {
		t.Fatal(err)
	}
	if got := f.shares(); got != "50 100 blue" || !strings.Contains(p.err.String(), "release four has 50 % of the visitors already: carrying on from there") {
		t.Errorf("deployed %s\n%s", got, &p.err)
	}
}

// TestAbortElsewhere: a pipeline releases, and somebody aborts with a stack file that knows nothing of it.
func TestAbortElsewhere(t *testing.T) {
	for name, file := range map[string]string{
		"no candidate":      "config:\n  x:release:\n    strategy: blueGreen\n",
		"another candidate": "config:\n  x:release:\n    strategy: blueGreen\n    name: one\n    build: false\n    candidate: two\n    percent: 0\n",
	} {
		_, p := moving(t, file, 50)
		if err := Abort(t.Context(), p.session(), true); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range []string{"live: green", "name: three", "build: false", "candidate: four", "percent: 0"} {
			if !strings.Contains(p.read("deployed"), want) || !strings.Contains(p.read("Pulumi.s.yaml"), want) {
				t.Errorf("%s: no %q in what was deployed:\n%s\nor in the file:\n%s", name, want, p.read("deployed"), p.read("Pulumi.s.yaml"))
			}
		}
		if out := p.out.String(); !strings.Contains(out, "release four gets no more requests") || !strings.Contains(out, "s runs release three") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// TestTakenBackLater: somebody deploys while a release is to be taken back.
func TestTakenBackLater(t *testing.T) {
	f, p := moving(t, stepsFile, 0)
	f.errors = 50
	p.write("locked", "2", 0o600)
	if err := f.release(t, GradualOptions{To: "four", Yes: true}); err == nil || !strings.Contains(err.Error(), "release four was taken back at 10 %") {
		t.Errorf("%v", err)
	}
	if got := f.shares(); got != "10 0" || strings.Count(p.read("calls"), "up ") != 3 {
		t.Errorf("deployed %s\n%s", got, p.read("calls"))
	}
}

// TestInterrupted: an interrupt ends the run and not the release.
func TestInterrupted(t *testing.T) {
	f, p := moving(t, stepsFile, 0)
	ctx, cancel := context.WithCancel(t.Context())
	err := Gradual(ctx, p.session(), GradualOptions{To: "four", Yes: true, Clock: Clock{f.now, func(ctx context.Context, d time.Duration) error {
		cancel()
		return sleep(ctx, d)
	}}})
	if err == nil || !strings.Contains(err.Error(), "interrupted\nrelease four keeps 10 % of the visitors: make release STACK=s carries on, make abort takes it back") {
		t.Errorf("%v", err)
	}
	if got := f.shares(); got != "10" {
		t.Errorf("deployed %s", got)
	}
}

func TestGradualRefuses(t *testing.T) {
	for file, says := range map[string]string{
		rollingFile: "Pulumi.s.yaml: release.strategy is not blueGreen",
		strings.Replace(stepsFile, "100]", "90]", 1): "release.steps: [10 50 90] does not end with 100",
	} {
		f, p := moving(t, file, 0)
		if err := f.release(t, GradualOptions{To: "four", Yes: true}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v", err)
		}
		if p.read("calls") != "" {
			t.Errorf("pulumi was called: %s", p.read("calls"))
		}
	}
}
