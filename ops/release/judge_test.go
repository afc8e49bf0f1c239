package release

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

func of(requests, errors float64, milliseconds int) figures {
	return figures{requests, errors, time.Duration(milliseconds) * time.Millisecond}
}

func TestJudge(t *testing.T) {
	usual := config.Judge{ErrorPercent: 1, P95Factor: 1.5, MinRequests: 100}
	for name, test := range map[string]struct {
		limits config.Judge
		e      evidence
		want   ruling
		says   string
	}{
		"the same":                          {usual, evidence{of(1200, 1, 100), of(10800, 9, 100), nil, true}, passes, "no worse"},
		"5 % failed":                        {usual, evidence{of(1200, 60, 100), of(10800, 0, 100), nil, true}, takeBack, "60 of 1200 requests failed, 5.00 %, and 0.00 % of the live release's"},
		"5 % failed, early":                 {usual, evidence{of(200, 10, 0), of(1800, 0, 0), nil, false}, takeBack, "10 of 200 requests failed"},
		"as many as the live one's":         {usual, evidence{of(1200, 60, 100), of(10800, 540, 100), nil, true}, passes, "no worse"},
		"some more by chance":               {usual, evidence{of(200, 13, 100), of(1800, 90, 100), nil, true}, passes, "no worse"},
		"fewer than the live one's":         {usual, evidence{of(1200, 0, 100), of(10800, 540, 100), nil, true}, passes, "no worse"},
		"within errorPercent":               {usual, evidence{of(100000, 1500, 100), of(100000, 600, 100), nil, true}, passes, "no worse"},
		"beyond errorPercent":               {usual, evidence{of(100000, 1900, 100), of(100000, 600, 100), nil, true}, takeBack, "more than 1 points above"},
		"errorPercent 10":                   {config.Judge{ErrorPercent: 10, P95Factor: 1.5, MinRequests: 100}, evidence{of(1200, 60, 100), of(10800, 0, 100), nil, true}, passes, ""},
		"errorPercent 0":                    {config.Judge{ErrorPercent: 0, P95Factor: 1.5, MinRequests: 100}, evidence{of(1200, 9, 100), of(10800, 0, 100), nil, true}, takeBack, "9 of 1200"},
		"all fail":                          {usual, evidence{of(20, 20, 0), of(180, 0, 0), nil, false}, takeBack, "20 of 20 requests failed, 100.00 %"},
		"all fail, in both":                 {usual, evidence{of(200, 200, 100), of(1800, 1800, 100), nil, true}, passes, ""},
		"four errors":                       {usual, evidence{of(10, 4, 0), of(90, 0, 0), nil, true}, unjudged, "not judged: 10 requests are fewer than 100 (release.judge.minRequests)"},
		"no requests at all":                {usual, evidence{figures{}, figures{}, nil, true}, unjudged, "not judged: 0 requests"},
		"the live one has few":              {usual, evidence{of(1200, 0, 900), of(50, 0, 100), nil, true}, unjudged, "not compared: the live release had 50 requests"},
		"none to compare with":              {usual, evidence{of(1200, 0, 100), figures{}, nil, true}, unjudged, "not compared"},
		"none to compare with, and failing": {usual, evidence{of(1200, 60, 100), figures{}, nil, true}, takeBack, "5.00 %: more than 1 % (release.judge.errorPercent)"},
		"none to compare with, by chance":   {usual, evidence{of(500, 6, 100), figures{}, nil, true}, unjudged, "not compared"},
		"twice as slow":                     {usual, evidence{of(1200, 0, 200), of(10800, 0, 100), nil, true}, takeBack, "p95 200 ms is more than 1.5 times the live release's 100 ms (release.judge.p95Factor)"},
		"twice as slow, early":              {usual, evidence{of(1200, 0, 200), of(10800, 0, 100), nil, false}, passes, ""},
		"a little slower":                   {usual, evidence{of(1200, 0, 149), of(10800, 0, 100), nil, true}, passes, ""},
		"twice a few milliseconds":          {usual, evidence{of(1200, 0, 16), of(10800, 0, 8), nil, true}, passes, ""},
		"slow, of few requests":             {usual, evidence{of(20, 0, 900), of(180, 0, 100), nil, true}, unjudged, "not judged: 20 requests"},
		"response time not known":           {usual, evidence{of(1200, 0, 0), of(10800, 0, 0), nil, true}, passes, ""},
		"an alarm":                          {usual, evidence{of(1200, 0, 100), of(10800, 0, 100), []string{"db-cpu (out of CPU)"}, false}, takeBack, "in ALARM: db-cpu (out of CPU)"},
		"an alarm without requests":         {usual, evidence{figures{}, figures{}, []string{"no-answer"}, false}, takeBack, "in ALARM: no-answer"},
		"everything": {usual, evidence{of(1200, 60, 200), of(10800, 0, 100), []string{"no-answer"}, true}, takeBack,
			"in ALARM: no-answer; 60 of 1200 requests failed, 5.00 %, and 0.00 % of the live release's: more than 1 points above (release.judge.errorPercent); p95 200 ms"},
	} {
		got, why := judge(test.limits, test.e)
		if got != test.want || !strings.Contains(why, test.says) {
			t.Errorf("%s: %d, %q; %d is wanted, %q", name, got, why, test.want, test.says)
		}
	}
}

// TestChanceTakesNothingBack looks a thousand times at two releases with the same errors, after every hundred requests, as a release does.
func TestChanceTakesNothingBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var e evidence
		for range 10 {
			for range 100 {
				e.candidate.requests++
				if random.Float64() < 0.05 {
					e.candidate.errors++
				}
			}
			for range 900 {
				e.live.requests++
				if random.Float64() < 0.05 {
					e.live.errors++
				}
			}
			if got, why := judge(config.Judge{ErrorPercent: 1, P95Factor: 1.5, MinRequests: 100}, e); got != passes {
				t.Fatalf("%v against %v: %s", e.candidate, e.live, why)
			}
		}
	}
}

func TestTogether(t *testing.T) {
	at := func(n int) time.Time { return day(1).Add(time.Duration(n) * time.Minute) }
	one := minutes{at(0): {100, 1, 100 * time.Millisecond}, at(1): {300, 2, 200 * time.Millisecond}, at(2): {50, 0, 9 * time.Second}}
	other := minutes{at(0): {10, 0, 50 * time.Millisecond}, at(1): {10, 0, 70 * time.Millisecond}, at(3): {10, 0, 9 * time.Second}}
	if got := one.together(other); got != (figures{450, 3, 175 * time.Millisecond}) {
		t.Errorf("%v", got)
	}
	if got := other.together(one); got != (figures{30, 0, 60 * time.Millisecond}) {
		t.Errorf("%v", got)
	}
	if got := (minutes{}).together(one).String(); got != "0 requests, 0 failed (0.00 %), p95 -" {
		t.Error(got)
	}
	if got := of(1210, 60, 118).String(); got != "1210 requests, 60 failed (4.96 %), p95 118 ms" {
		t.Error(got)
	}
}
