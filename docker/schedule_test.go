package docker_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScheduleOfSeconds: tasks that repeat within the minute run, stop without waiting for its end, and go on in the next container at once.
// What runs in the background ends first, and a task for one server runs once a minute.
func TestScheduleOfSeconds(t *testing.T) {
	t.Parallel()
	own := buildApp(t, "scheduled")
	env := append(database(t), "HEALTH_PATH=/health")
	_, cache := memcached(t)
	env = append(env, cache...)
	if log, status := runOnce(t, options{image: own, env: env, args: []string{"migrate"}}); status != 0 {
		t.Fatalf("migrate exits %d:\n%s", status, log)
	}
	count := func(of string) int {
		t.Helper()
		n, err := strconv.Atoi(query(t, env, "SELECT COUNT("+of+") FROM marks"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const seconds, began, ended = "IF(name = 'second', 1, NULL)", "IF(name = 'slow began', 1, NULL)", "IF(name = 'slow ended', 1, NULL)"

	if left := 60 - time.Now().Second(); left < 40 { // what follows needs no full minute, and must not begin at the end of one
		time.Sleep(time.Duration(left) * time.Second)
	}
	first := start(t, options{image: own, env: env, args: []string{"scheduler"}})
	waitFor(t, 20*time.Second, "tasks of the first scheduler", func() bool { return count(seconds) > 1 && count(began) == 1 })
	asked := time.Now()
	first.signal("TERM")
	log, status := first.wait()
	took := time.Since(asked)
	if status != 0 || !strings.Contains(log, "waiting for the commands that run") || took > 18*time.Second {
		t.Errorf("the scheduler exits %d after %s:\n%s", status, took, log)
	}
	if count(began) != count(ended) {
		t.Errorf("the stop ended a command in the background: %d began, %d ended", count(began), count(ended))
	}

	before := count(seconds)
	second := start(t, options{image: own, env: env, args: []string{"scheduler"}})
	waitFor(t, 20*time.Second, "tasks of the second scheduler", func() bool { return count(seconds) > before+2 })
	// A server of its own meets the task, and leaves it to the one that came first, whatever minute it is by now.
	other := start(t, options{image: own, env: env, args: []string{"artisan", "schedule:run"}})
	other.waitLog("[single]", 30*time.Second)
	second.signal("TERM")
	if log, status := second.wait(); status != 0 {
		t.Errorf("the second scheduler exits %d:\n%s", status, log)
	}
	if runs, minutes := count("IF(name = 'single', 1, NULL)"), count("DISTINCT IF(name = 'single', DATE_FORMAT(at, '%H:%i'), NULL)"); runs != minutes || runs == 0 {
		t.Errorf("the task for one server ran %d times in %d minutes", runs, minutes)
	}
}
