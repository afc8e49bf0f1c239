package docker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// onServer runs SQL on the shared server as its administrator.
func onServer(t *testing.T, sql string) string {
	t.Helper()
	services.Lock()
	defer services.Unlock()
	out, err := docker("exec", services.ids["mariadb"], "mariadb", "--socket=/run/mysqld/mysqld.sock", "--skip-column-names", "--execute", sql)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// master makes a user with the rights that RDS gives its master user, and returns the environment of a container that has its password and
// logs in as user.
func master(t *testing.T, database, user, password string) []string {
	t.Helper()
	name := "m" + fmt.Sprint(len(t.Name())) + strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, t.Name()))[:8]
	onServer(t, fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY 'master-secret'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, "+
		"PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, "+
		"ALTER ROUTINE, CREATE USER, EVENT, TRIGGER ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION", name))
	return []string{"DB_CONNECTION=mysql", "DB_HOST=db", "DB_DATABASE=" + database, "DB_USERNAME=" + user, "DB_PASSWORD=" + password,
		"DB_MASTER_USERNAME=" + name, "DB_MASTER_PASSWORD=master-secret"}
}

func replaced(env []string, values ...string) []string {
	env = slices.Clone(env)
	for _, value := range values {
		name, _, _ := strings.Cut(value, "=")
		env[slices.IndexFunc(env, func(one string) bool { return strings.HasPrefix(one, name+"=") })] = value
	}
	return env
}

// TestMigrateMakesItsUser: the database and the application's user, with rights on this database alone. The other user of the rotation
// keeps working, and so does the old one where the master password was changed since.
func TestMigrateMakesItsUser(t *testing.T) {
	t.Parallel()
	database(t) // starts the server
	first := master(t, "shop_main", "shop_a", "first-secret")
	var group sync.WaitGroup
	for range 3 { // tasks start at the same time
		group.Go(func() {
			if log, status := runOnce(t, options{env: first, args: []string{"migrate"}}); status != 0 {
				t.Errorf("migrate exits %d:\n%s", status, log)
			}
		})
	}
	group.Wait()
	if count := onServer(t, "SELECT COUNT(*) FROM shop_main.migrations"); count != "2" {
		t.Errorf("%s migrations", count)
	}
	grants := onServer(t, "SHOW GRANTS FOR 'shop_a'@'%'")
	if strings.Contains(grants, "GRANT OPTION") || !strings.Contains(grants, "GRANT USAGE ON *.*") || !strings.Contains(grants, "`shop\\\\_main`.*") && !strings.Contains(grants, "`shop\\_main`.*") {
		t.Errorf("the application may:\n%s", grants)
	}
	second := replaced(first, "DB_USERNAME=shop_b", "DB_PASSWORD=second-secret")
	migrate(t, second)
	works := func(env []string) bool {
		_, status := runOnce(t, options{env: env[:5], args: []string{"artisan", "migrate:status"}})
		return status == 0
	}
	if !works(first) || !works(second) {
		t.Error("one of the two users cannot log in")
	}
	third := replaced(first, "DB_PASSWORD=third-secret")
	migrate(t, third)
	if works(first) || !works(second) || !works(third) {
		t.Error("the third generation must take the place of the first, and leave the second as it is")
	}
	onServer(t, "CREATE DATABASE shopXmain; CREATE TABLE shopXmain.t (id INT)")
	if log, status := runOnce(t, options{env: replaced(third, "DB_DATABASE=shopXmain")[:5], args: []string{"migrate"}}); status == 0 {
		t.Errorf("shop_a may use shopXmain:\n%s", log)
	}
	// ECS starts old tasks again after a rotation of the master password.
	migrate(t, replaced(second, "DB_MASTER_PASSWORD=an-old-one"))
}

// TestUsersSaysNoSecret: what goes wrong is told without passwords, and code of the application never sees the master's.
func TestUsersSaysNoSecret(t *testing.T) {
	t.Parallel()
	database(t)
	env := master(t, "quiet", "quiet_a", "quiet'secret")
	for _, test := range []struct {
		env  []string
		says string
	}{
		{replaced(env, "DB_MASTER_PASSWORD=wrong-secret"), "the database refuses the master user"},
		{replaced(env, "DB_DATABASE=x`; drop database y"), "is not letters, digits and underscores"},
		{replaced(env, "DB_USERNAME="+strings.Repeat("u", 200)), "error 1470 of the server"},
	} {
		log, status := runOnce(t, options{env: test.env, args: []string{"users"}})
		if status != 1 || !strings.Contains(log, test.says) || strings.Contains(log, "secret") {
			t.Errorf("exits %d:\n%s", status, log)
		}
	}
	log, status := runOnce(t, options{env: env, args: []string{"users"}})
	if status != 0 || !strings.Contains(log, "users: made quiet_a, which may use the database quiet and no other") {
		t.Errorf("users exits %d:\n%s", status, log)
	}
	spy := filepath.Join(t.TempDir(), "2027_01_01_000000_spy.php")
	const migration = `<?php return new class extends Illuminate\Database\Migrations\Migration {
		public function up() { fwrite(STDERR, "found: ".json_encode([getenv('DB_MASTER_PASSWORD'), getenv('DB_PASSWORD')])."\n"); } };`
	if err := os.WriteFile(spy, []byte(migration), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--volume", spy + ":/var/www/database/migrations/" + filepath.Base(spy) + ":ro"}
	log, status = runOnce(t, options{env: env, flags: flags, args: []string{"migrate"}})
	if status != 0 || !strings.Contains(log, `found: [false,"quiet'secret"]`) {
		t.Errorf("a migration sees, exits %d:\n%s", status, log)
	}
}

// TestDropTakesDatabaseAndUsers: the end of a review environment on a shared server, twice; a neighbour with a similar name keeps what it has.
func TestDropTakesDatabaseAndUsers(t *testing.T) {
	t.Parallel()
	database(t)
	env := master(t, "review_end", "review_end_a", "first-secret")
	for _, one := range [][]string{env, replaced(env, "DB_USERNAME=review_end_b"), replaced(env, "DB_DATABASE=reviewXend", "DB_USERNAME=reviewXend_a")} {
		if log, status := runOnce(t, options{env: one, args: []string{"users"}}); status != 0 {
			t.Fatalf("users exits %d:\n%s", status, log)
		}
	}
	if log, status := runOnce(t, options{env: env, args: []string{"drop", "reviewXend"}}); status != 1 || !strings.Contains(log, "DB_DATABASE is review_end") {
		t.Errorf("another database: exits %d:\n%s", status, log)
	}
	other := replaced(env, "DB_DATABASE=reviewXend", "DB_USERNAME=reviewXend_a")
	if log, status := runOnce(t, options{env: other, args: []string{"drop", "reviewXend"}}); status != 1 || !strings.Contains(log, "does not begin with review_") {
		t.Errorf("not of a review environment: exits %d:\n%s", status, log)
	}
	if log, status := runOnce(t, options{env: env[:5], args: []string{"drop", "review_end"}}); status != 78 || !strings.Contains(log, "drop needs DB_MASTER_USERNAME") {
		t.Errorf("without the master: exits %d:\n%s", status, log)
	}
	for range 2 {
		log, status := runOnce(t, options{env: env, args: []string{"drop", "review_end"}})
		if status != 0 || !strings.Contains(log, "users: dropped the database review_end and its users") || strings.Contains(log, "secret") {
			t.Errorf("drop exits %d:\n%s", status, log)
		}
	}
	left := onServer(t, "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'review_end'; SELECT user FROM mysql.user WHERE user LIKE 'review_end%' ORDER BY 1")
	if strings.Join(strings.Fields(left), " ") != "reviewXend reviewXend_a" {
		t.Errorf("left on the server: %s", left)
	}
}

// TestMigrateMakesUsersOfGuests: the container with the master password makes databases and users of other applications on the server, each with rights
// on its own, and hides their passwords from the code of the migrations. A guest's own container migrates without it.
func TestMigrateMakesUsersOfGuests(t *testing.T) {
	t.Parallel()
	database(t)
	host := append(master(t, "inn_main", "inn_main_a", "inn-secret"), "DB_GUESTS=inn_blog=inn_blog_a,inn_docs=inn_docs_b", "DB_GUEST_INN_BLOG=blog-secret", "DB_GUEST_INN_DOCS=docs-secret")
	for range 2 { // the second one finds all as it is
		migrate(t, host)
	}
	guest := func(database, user, password string) []string {
		return []string{"DB_CONNECTION=mysql", "DB_HOST=db", "DB_DATABASE=" + database, "DB_USERNAME=" + user, "DB_PASSWORD=" + password}
	}
	blog := guest("inn_blog", "inn_blog_a", "blog-secret")
	migrate(t, blog)
	for _, other := range []string{"inn_main", "inn_docs"} {
		if log, status := runOnce(t, options{env: guest(other, "inn_blog_a", "blog-secret"), args: []string{"artisan", "migrate:status"}}); status == 0 {
			t.Errorf("the blog reads %s:\n%s", other, log)
		}
	}
	rotated := replaced(host, "DB_GUESTS=inn_blog=inn_blog_b", "DB_GUEST_INN_BLOG=next-secret")
	migrate(t, rotated)
	for _, env := range [][]string{blog, guest("inn_blog", "inn_blog_b", "next-secret")} {
		if log, status := runOnce(t, options{env: env, args: []string{"artisan", "migrate:status"}}); status != 0 {
			t.Errorf("%s cannot log in:\n%s", env[3], log)
		}
	}
	// What a guest does with its own is no matter of the host's tasks, nor of another guest, whose dropped database is made anew.
	onServer(t, "ALTER USER 'inn_blog_a'@'%' ACCOUNT LOCK; DROP DATABASE inn_docs")
	if log, status := runOnce(t, options{env: host, args: []string{"migrate"}}); status != 0 || !strings.Contains(log, "users: guest inn_blog: no connection") || strings.Contains(log, "secret") {
		t.Errorf("with a locked guest: %d\n%s", status, log)
	}
	migrate(t, guest("inn_docs", "inn_docs_b", "docs-secret"))
	if log, status := runOnce(t, options{env: replaced(host, "DB_GUEST_INN_BLOG="), args: []string{"migrate"}}); status == 0 || !strings.Contains(log, "DB_GUEST_INN_BLOG is missing") {
		t.Errorf("without a password of the blog: %d\n%s", status, log)
	}
}
