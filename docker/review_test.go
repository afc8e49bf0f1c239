package docker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestMigrateMakesItsDatabase tests a review environment on a shared database instance (DB_CREATE=1).
func TestMigrateMakesItsDatabase(t *testing.T) {
	t.Parallel()
	const own = "review_login"
	env := database(t)
	env[2] = "DB_DATABASE=" + own
	sql := fmt.Sprintf("GRANT ALL ON `%s`.* TO 'app'@'%%'", strings.ReplaceAll(own, "_", `\_`))
	services.Lock()
	id := services.ids["mariadb"]
	services.Unlock()
	if _, err := docker("exec", id, "mariadb", "--socket=/run/mysqld/mysqld.sock", "--execute", sql); err != nil {
		t.Fatal(err)
	}
	if log, status := runOnce(t, options{env: env, args: []string{"migrate"}}); status == 0 || !strings.Contains(log, own) {
		t.Fatalf("without DB_CREATE migrate exits %d:\n%s", status, log)
	}
	for range 2 { // the second one finds it
		migrate(t, append(slices.Clone(env), "DB_CREATE=1"))
	}
	if count := query(t, env, "select count(*) from migrations"); count == "" || count == "0" {
		t.Errorf("%q migrations ran in %s", count, own)
	}
	log, status := runOnce(t, options{env: append(slices.Clone(env), "DB_CREATE=1", "DB_DATABASE=x`; drop database y"), args: []string{"migrate"}})
	if status == 0 || !strings.Contains(log, "is not letters, digits and underscores") {
		t.Errorf("a name that is none: exits %d:\n%s", status, log)
	}
}
