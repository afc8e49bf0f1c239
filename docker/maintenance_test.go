package docker_test

import "testing"

// TestMaintenanceIsForAllTasks: with the cache as its driver, as the program sets it, one command is for every container. A task in
// maintenance stays healthy, or ECS would replace it.
func TestMaintenanceIsForAllTasks(t *testing.T) {
	t.Parallel()
	db := database(t)
	migrate(t, db)
	_, env := memcached(t)
	env = append(env, append(db, "APP_MAINTENANCE_DRIVER=cache", "APP_MAINTENANCE_STORE=memcached")...)
	tasks := []*container{startWeb(t, options{env: env}), startWeb(t, options{env: env})}
	for _, step := range []struct {
		command string
		want    int
	}{{"php artisan down --retry=60", 503}, {"php artisan up", 200}} {
		tasks[0].exec(step.command)
		for i, task := range tasks {
			page, _, _ := task.get("/")
			health, _, _ := task.get("/up")
			if page != step.want || health != 200 {
				t.Errorf("%s: / of task %d is %d, want %d; /up is %d", step.command, i, page, step.want, health)
			}
		}
	}
}
