package haproxy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
)

// TestTraffic reads a log with everything in it. TestSystem has one that HAProxy wrote.
func TestTraffic(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	log := traffic{series: map[string]metrics.Points{}}
	for line := range strings.Lines(`host # pxname,svname,status
host web,10.0.0.1:80,UP
host web,10.0.0.2:80,DOWN 1/2
host web,10.0.0.3:80,DRAIN
host green,10.0.0.4:80,MAINT
host worker,10.0.0.5:80,no check
request web 10.0.0.1:80 200 120 -- 0
request web 10.0.0.1:80 500 250 -- 0
request web 10.0.0.1:80 502 -1 SC +2
request web <NOSRV> 503 -1 SC 0
request listener80 <NOSRV> 301 -1 LR 0
request green 10.0.0.4:80 404 0 -- 0
[NOTICE] (1) : Server web/10.0.0.2:80 is DOWN
host # pxname,svname,status
host web,10.0.0.1:80,UP
`) {
		log.note(noon, strings.TrimSpace(line))
	}
	for key, want := range map[string]string{
		"RequestCount web": "[1 1 1]", "RequestCount green": "[1]", "RequestCount ": "[1 1 1 1]", "RequestCount listener80": "[]",
		"HTTPCode_Target_5XX_Count web": "[1]", "HTTPCode_Target_4XX_Count green": "[1]", "HTTPCode_ELB_5XX_Count ": "[1 1]", "TargetConnectionErrorCount web": "[3]", "TargetConnectionErrorCount green": "[]",
		"TargetResponseTime web": "[0.12 0.25]", "TargetResponseTime green": "[0]",
		"HealthyHostCount web": "[1]", "UnHealthyHostCount web": "[1]", "HealthyHostCount green": "[0]", "UnHealthyHostCount green": "[0]", "HealthyHostCount worker": "[1]",
	} {
		if got := fmt.Sprint(log.series[key][noon]); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}
