package plan

import (
	"cmp"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// previewed tells whether the role of merge requests may read the state of an environment: not production's, unless the account stack
// says preview: true (account.deploy in stacks/config/account.go).
func previewed(root, stack string) bool {
	file, err := config.ReadFile(root, stack)
	if err != nil || file.Text("environment.class") != "production" {
		return true
	}
	for _, other := range config.Stacks(root) {
		account, err := config.ReadFile(root, other)
		if err != nil {
			continue
		}
		deploy, _ := account.Get("account.deploy").(map[string]any)
		for name, entry := range deploy {
			pipeline, _ := entry.(map[string]any)
			own, _ := pipeline["stack"].(string)
			if yes, _ := pipeline["preview"].(bool); yes && cmp.Or(own, name) == stack {
				return true
			}
		}
	}
	return false
}
