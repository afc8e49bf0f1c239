package note

import "github.com/laravel-ecs/laravel-ecs/ops/plan/preview"

// reviewed is the URL of a review environment and its expiry, once it is deployed.
func (w *writer) reviewed(p preview.Preview) {
	for _, step := range p.Steps {
		if preview.TypeOf(step.URN) != "pulumi:pulumi:Stack" || step.Old == nil || step.Old.Outputs["class"] != "review" {
			continue
		}
		url, _ := step.Old.Outputs["url"].(string)
		expires, _ := step.Old.Outputs["expiresAt"].(string)
		if url != "" {
			w.line("\nReview environment: <%s>, until %s", url, expires)
		}
	}
}
