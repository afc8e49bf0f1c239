package cost_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
)

// TestNightsOff: what is saved is said, with what is paid all the same; a hint is about the hours that are paid.
func TestNightsOff(t *testing.T) {
	e := table(t).Of("us-east-1", []cost.Resource{
		{Type: "aws:rds/instance:Instance", Properties: properties{"engine": "mysql", "instanceClass": "db.m5.large", "allocatedStorage": 20.0, "storageType": "gp3"}},
		{Type: "laravel:infra:Nights", Properties: properties{"asleep": 0.5}},
	})
	full := table(t).Regions["us-east-1"].RDS["db.m5.large"] * 730
	if math.Abs(e.Saved.Low-full/2) > 0.01 || e.Saved.Low != e.Saved.High {
		t.Errorf("%s is saved of %.2f", e.Saved, full)
	}
	remarks := strings.Join(table(t).Remarks("us-east-1", e, time.Now()), "\n")
	if !strings.Contains(remarks, "nights off: asleep 50 % of the time, which saves "+e.Saved.String()+" a month; cache, load balancer, NAT and storage") {
		t.Error(remarks)
	}
	less := (table(t).Regions["us-east-1"].RDS["db.m7g.large"] - table(t).Regions["us-east-1"].RDS["db.m5.large"]) * 730 / 2
	if hints := strings.Join(table(t).Hints("us-east-1", e), "\n"); !strings.Contains(hints, fmt.Sprintf("%+.2f", less)) {
		t.Errorf("%s, not %.2f", hints, less)
	}
}
