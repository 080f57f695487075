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

// Rule is an earning rule in its last version.
type Rule struct {
	Rule    earning.Rule `json:"rule"`
	SavedAt clock.Millis `json:"savedAt"`
}

// Rules by "{program}/{rule}".
var Rules = store.Define[Rule](store.Spec{Name: "rules"})

// RuleVersions by "{program}/{rule}@{version}": a version never changes.
var RuleVersions = store.Define[Rule](store.Spec{Name: "rule_versions"})
