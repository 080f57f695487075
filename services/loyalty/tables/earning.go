package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/earning"
)

// Counter is what a cap has used up. It goes when nobody asks for it any more, at Ends; zero means never.
type Counter struct {
	Used int64        `json:"used"`
	Ends clock.Millis `json:"ends,omitempty"`
}

// Rule is an earning rule in its last version; one that was never published has the version 0 and nothing but an id and a draft.
type Rule struct {
	Rule    earning.Rule `json:"rule"`
	SavedAt clock.Millis `json:"savedAt"`
	// Draft is what the rule is going to say when it is published; it has no version.
	Draft *earning.Rule `json:"draft,omitempty"`
}

// With returns the rule saying something else: in force as its next version, or as its draft, which leaves in force what is. What is in force of a rule that was never
// published before takes the place of its draft.
func (r Rule) With(says earning.Rule, draft bool) Rule {
	if draft {
		says.Version = 0
		r.Draft = &says
		return r
	}
	if r.Rule.Version == 0 {
		r.Draft = nil
	}
	says.Version = r.Rule.Version + 1
	r.Rule = says
	return r
}

// Rules by "{program}/{rule}".
var Rules = store.Define[Rule](store.Spec{Name: "rules"})

// RuleVersions by "{program}/{rule}@{version}": a version never changes.
var RuleVersions = store.Define[Rule](store.Spec{Name: "rule_versions"})

// RuleSet is which rules a programme has published, each in its last version. Each change is a further revision.
type RuleSet struct {
	Revision int64            `json:"revision"`
	Versions map[string]int64 `json:"versions"`
}

// RuleSets by program.
var RuleSets = store.Define[RuleSet](store.Spec{Name: "rule_sets"})

// RuleSetRevisions by "{program}@{revision}": what an order was decided by can be asked again.
var RuleSetRevisions = store.Define[RuleSet](store.Spec{Name: "rule_set_revisions"})

// Budgets are what the caps of campaigns have used up, by "{program}/{key of the counter}". Only those rows are touched that an award uses up.
var Budgets = store.Define[Counter](store.Spec{Name: "budgets"})
