package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const wrkOutput = `Running 6s test @ http://web/up
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    12.01ms    3.02ms  99.51ms   90.01%
    Req/Sec     2.51k   201.00     3.01k    70.00%
  Latency Distribution
     50%   11.00ms
     75%   13.00ms
     90%   15.00ms
     99%    1.25s
  30123 requests in 6.01s, 5.10MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 10
Requests/sec:   5012.15
Transfer/sec:      0.85MB
`

func TestParseWrk(t *testing.T) {
	got, err := parseWrk(wrkOutput)
	if want := (load{perSecond: 5012.15, p99: 1250 * time.Millisecond, errors: 20}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := parseWrk("unable to connect to web:80 Connection refused"); err == nil {
		t.Errorf("no figures are read as %+v", got)
	}
}

func TestLoadInWords(t *testing.T) {
	for _, test := range []struct {
		load load
		want string
	}{
		{load{perSecond: 812.4, p99: 9400 * time.Microsecond}, "812/s, p99 9.4 ms"},
		{load{perSecond: 19, p99: 492 * time.Millisecond, errors: 2, lost: 1}, "19/s, p99 492 ms, 3 failed"},
		{load{errors: 64}, "no answer, 64 failed"},
		{load{perSecond: 5, died: "out of memory"}, "died: out of memory"},
	} {
		if got := test.load.String(); got != test.want {
			t.Errorf("%+v is %q, want %q", test.load, got, test.want)
		}
	}
}

// A figure that misses its target must say so, and one that meets it too.
func TestVerdicts(t *testing.T) {
	page := measurement{fullPage, 4, 0}
	article := &image{disk: 500 << 20, rebuild: 50 * time.Second, start: 9 * time.Second, loads: map[measurement]load{page: {perSecond: 50}}}
	good := &image{disk: 240 << 20, diskWithoutGD: 190 << 20, rebuild: 10 * time.Second, start: 2 * time.Second, loads: map[measurement]load{}}
	bad := &image{disk: 241 << 20, diskWithoutGD: 191 << 20, rebuild: 11 * time.Second, start: 4 * time.Second, stop: tally{9, 1, 6 * time.Second}, loads: map[measurement]load{}}
	for _, m := range measurements {
		good.loads[m] = load{perSecond: 400, p99: 49 * time.Millisecond}
		bad.loads[m] = load{perSecond: 399, p99: 50 * time.Millisecond, errors: 1}
	}
	for _, test := range []struct {
		ours *image
		want string
	}{{good, "met"}, {bad, "**not met**"}} {
		judged := 0
		for _, r := range rows(article, test.ours) {
			if r.target == "" {
				continue
			}
			judged++
			if r.met != test.want {
				t.Errorf("%q, %q against %q: %q, want %q", r.what, r.ours, r.target, r.met, test.want)
			}
		}
		if judged != 8 {
			t.Errorf("%d rows have a target, want 8", judged)
		}
	}
	text := report("a machine", 6, article, bad, good)
	for _, want := range []string{"a machine", "| size on disk | 500 MiB | 241 MiB | 2.1 × | ≤ 240 MiB | **not met** |", "1 of 9; stopped in 6.00 s", "6 s for each"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// TestSteps: what came from the cache is not among the stages, and the instructions of a stage are one figure.
func TestSteps(t *testing.T) {
	got := steps("#1 [internal] load build definition\n#1 DONE 0.4s\n#21 [app 1/10] WORKDIR /var/www\n#21 CACHED\n#46 [app  5/10] COPY x\n#60 [app 10/10] RUN y\n" +
		"#48 [autoload 2/2] RUN z\n#46 DONE 0.2s\n#48 DONE 5.5s\n#60 DONE 8.2s\n#47 [sources 1/1] COPY\n#47 DONE 0.0s\n#63 exporting to image\n#63 DONE 0.2s\n")
	if words := list(got); words != "app 8.4 s, autoload 5.5 s" {
		t.Errorf("the steps are %q", words)
	}
}

// TestTheOtherTablesStay: the page also contains the results of make soak, which must stay.
func TestTheOtherTablesStay(t *testing.T) {
	page := filepath.Join(t.TempDir(), "benchmarks.md")
	if rest, err := others(page); err != nil || rest != "" {
		t.Errorf("a page that is not there has %q, %v", rest, err)
	}
	if err := os.WriteFile(page, []byte("# The image, measured\n\nold\n\n# Releases under load\n\nkept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rest, err := others(page); err != nil || rest != "\n# Releases under load\n\nkept\n" {
		t.Errorf("what stays is %q, %v", rest, err)
	}
}
