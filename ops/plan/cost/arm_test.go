package cost

import (
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestARM: each type that a hint names is arm64, and as large as the one in whose place it would come.
func TestARM(t *testing.T) {
	compared := 0
	for family, other := range arm {
		for _, size := range []string{"nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"} {
			now, err := config.ParseInstanceType(family + "." + size)
			if err != nil {
				continue // AWS has no such size
			}
			then, err := config.ParseInstanceType(other + "." + size)
			if err != nil {
				t.Logf("%s.%s: %v", other, size, err) // nor a price of it
				continue
			}
			compared++
			if now.ARM64 || !then.ARM64 || now.VCPUs != then.VCPUs || now.MemoryMiB != then.MemoryMiB {
				t.Errorf("%+v in the place of %+v", then, now)
			}
		}
	}
	if compared < 4*len(arm) {
		t.Errorf("only %d types were compared", compared)
	}
}
