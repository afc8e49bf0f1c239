package config

import (
	"strings"
	"testing"
)

// TestDatabaseUser: two generations in a row have two users, the next but one has the first again, and names fit MySQL.
func TestDatabaseUser(t *testing.T) {
	long := strings.Repeat("review_", 6)
	seen := map[string]string{}
	for _, base := range []string{"laravel", "review_x", "review_x_a", long + "login", long + "logout"} {
		if DatabaseUser(base, 1) == DatabaseUser(base, 2) || DatabaseUser(base, 1) != DatabaseUser(base, 3) {
			t.Errorf("%s: %s, %s, %s", base, DatabaseUser(base, 1), DatabaseUser(base, 2), DatabaseUser(base, 3))
		}
		for generation := range 2 {
			user := DatabaseUser(base, generation)
			if len(user) > 32 || seen[user] != "" || user == base {
				t.Errorf("%s of %s, and of %q", user, base, seen[user])
			}
			seen[user] = base
		}
	}
	if user := DatabaseUser("laravel", 1); user != "laravel_a" {
		t.Errorf("the first one is %s", user)
	}
}
