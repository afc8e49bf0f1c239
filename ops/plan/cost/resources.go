package cost

import "github.com/laravel-ecs/laravel-ecs/ops/plan/preview"

// Resources are all resources of a preview, before and after.
func Resources(p preview.Preview) (before, after []Resource) {
	// What is imported is new to the stack. Where the program wants it otherwise than it is, an update of it follows.
	steps, imported := map[string]int{}, map[string]bool{}
	for _, step := range p.Steps {
		steps[step.URN]++
		imported[step.URN] = imported[step.URN] || step.Op == "import"
	}
	for _, step := range p.Steps {
		if step.Op == "import" && steps[step.URN] > 1 {
			continue
		}
		if step.Old != nil && step.Op != "create" && !imported[step.URN] {
			before = append(before, Resource{Type: step.Old.Type, Name: step.Name(), Component: step.Component(), Properties: step.Old.Inputs})
		}
		if step.New != nil && step.Op != "delete" {
			after = append(after, Resource{Type: step.New.Type, Name: step.Name(), Component: step.Component(), Properties: step.New.Inputs})
		}
	}
	return before, after
}

// Region is that of a preview's AWS provider, else that of the configuration.
func Region(p preview.Preview) string {
	for _, step := range p.Steps {
		if state := step.State(); state.Type == "pulumi:providers:aws" {
			if text, ok := state.Property("region").(string); ok && text != "" {
				return text
			}
		}
	}
	return p.Config["aws:region"]
}
