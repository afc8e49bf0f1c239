package ecr

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

type lifecycleRule struct {
	RulePriority int
	Selection    *struct {
		TagStatus                     string
		TagPrefixList, TagPatternList []string
		CountType, CountUnit          string
		CountNumber                   int
	}
	Action struct{ Type string }
}

func checkLifecyclePolicy(r *account.Rules) {
	text, known := r.In.String("policy")
	if !known {
		return
	}
	var policy struct{ Rules []lifecycleRule }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		r.Refuse("policy", "invalid parameter at 'LifecyclePolicyText': not a lifecycle policy: %v", err)
		return
	}
	if len(policy.Rules) == 0 || len(policy.Rules) > 50 {
		r.Refuse("policy", "has %d rules; AWS allows 1 to 50", len(policy.Rules))
	}
	priorities := map[int]bool{}
	highest, general := 0, 0
	for i, rule := range policy.Rules {
		place := fmt.Sprintf("policy.rules[%d]", i)
		if rule.RulePriority < 1 || priorities[rule.RulePriority] {
			r.Refuse(place, "needs a rulePriority of 1 or more of its own, not %d", rule.RulePriority)
		}
		priorities[rule.RulePriority] = true
		highest = max(highest, rule.RulePriority)
		if rule.Selection != nil && rule.Selection.TagStatus == "any" {
			if general > 0 {
				r.Refuse(place, `only one rule can have tagStatus "any"`)
			}
			general = rule.RulePriority
		}
		checkRule(r, place, rule)
	}
	if general > 0 && general < highest {
		r.Refuse("policy", `the rule with tagStatus "any" must have the highest rulePriority number, so that it is applied last`)
	}
}

func checkRule(r *account.Rules, place string, rule lifecycleRule) {
	if rule.Action.Type != "expire" {
		r.Refuse(place, `action.type must be "expire"`)
	}
	s := rule.Selection
	if s == nil {
		r.Refuse(place, "needs a selection")
		return
	}
	listed := len(s.TagPrefixList) + len(s.TagPatternList)
	switch {
	case !slices.Contains([]string{"tagged", "untagged", "any"}, s.TagStatus):
		r.Refuse(place, "tagStatus %q is not one of tagged, untagged, any", s.TagStatus)
	case s.TagStatus == "tagged" && listed == 0:
		r.Refuse(place, "tagStatus tagged needs tagPrefixList or tagPatternList")
	case s.TagStatus != "tagged" && listed > 0:
		r.Refuse(place, "tagPrefixList and tagPatternList are for tagStatus tagged")
	case len(s.TagPrefixList) > 0 && len(s.TagPatternList) > 0:
		r.Refuse(place, "only one of tagPrefixList, tagPatternList can be set")
	}
	if !slices.Contains([]string{"imageCountMoreThan", "sinceImagePushed"}, s.CountType) {
		r.Refuse(place, "countType %q is not one of imageCountMoreThan, sinceImagePushed", s.CountType)
	}
	if (s.CountType == "sinceImagePushed") != (s.CountUnit == "days") {
		r.Refuse(place, "countUnit must be days with countType sinceImagePushed, and be left out otherwise")
	}
	if s.CountNumber < 1 {
		r.Refuse(place, "countNumber must be 1 or more")
	}
}
