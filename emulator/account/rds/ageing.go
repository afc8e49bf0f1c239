package rds

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// grown is allocatedStorage where AWS enlarged it: the provider ignores a smaller one of the program while maxAllocatedStorage is above that
// (the DiffSuppressFunc of allocated_storage in terraform-provider-aws, internal/service/rds/instance.go).
func grown(read, next account.Values) []string {
	has, _ := read.Int("allocatedStorage")
	wants, known := next.Int("allocatedStorage")
	if most, _ := next.Int("maxAllocatedStorage"); known && has > wants && most > wants {
		return []string{"allocatedStorage"}
	}
	return nil
}

// Age is what months do to the instances of an account: storage that scales grows by the greater of 10 GiB and 10 percent, up to its limit
// (RDS user guide, "Managing capacity automatically with Amazon RDS storage autoscaling"), and the newest minor version runs where
// autoMinorVersionUpgrade is set.
func Age(ctx context.Context, a *account.Account) error {
	return a.Change(ctx, func(tx *account.Tx) error {
		for _, r := range tx.List(account.DatabaseToken) {
			size, _ := r.Outputs.Int("allocatedStorage")
			if most, _ := r.Outputs.Int("maxAllocatedStorage"); most > size {
				r.Outputs["allocatedStorage"] = float64(min(most, size+max(10, size/10)))
			}
			engine := r.Outputs.Text("engine")
			if v, ok := version(engine, r.Outputs.Text("engineVersionActual")); ok && r.Outputs.True("autoMinorVersionUpgrade") {
				v.minor = lines[engine][v.line].newest
				r.Outputs["engineVersionActual"] = v.full()
				if r.Outputs.Text("engineVersion") != v.line { // the provider keeps a line (internal/service/rds/engine_version.go)
					r.Outputs["engineVersion"] = v.full()
				}
			}
			tx.Save(r)
		}
		return nil
	})
}
