package roster

import (
	"fmt"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
)

// builder makes a row of the values of a file.
type builder struct {
	mapping *Mapping
	row     *Row
	// raw are the values of the balance at hand, by target, and columns where they stand.
	raw, columns map[string]string
	// passed are the names that are passed over.
	passed map[string]bool
}

func newBuilder(m *Mapping, line int) *builder {
	return &builder{mapping: m, row: &Row{Line: line, Columns: map[string]string{}}, raw: map[string]string{}, columns: map[string]string{}}
}

// Bounds of texts, as the API has them.
const (
	maxName      = 120
	maxTag       = 40
	maxTags      = 30
	maxAttribute = 200
	maxValue     = 254
)

// set takes one value.
func (b *builder) set(target, column, value string) {
	if target == "" || target == "skip" {
		return
	}
	if value = strings.TrimSpace(value); b.mapping.nothing(value) {
		return
	}
	kind, identifies := kinds[target]
	key, attribute := strings.CutPrefix(target, attributePrefix)
	switch {
	case identifies:
		b.identifier(kind, column, value)
	case attribute:
		b.attribute(key, column, strings.Join(strings.Fields(value), " "))
	case target == "name": // several columns, such as first and last name, are put together
		b.row.Name = strings.TrimSpace(b.row.Name + " " + strings.Join(strings.Fields(value), " "))
		b.row.Columns["displayName"] = column
		b.bounded(column, b.row.Name, maxName)
	case target == "tags":
		b.tag(column, value)
	case target == "enrolled":
		b.row.EnrolledAt = b.instant(column, value, false)
		b.row.Columns["enrollTime"] = column
	default:
		if b.raw[target] != "" {
			b.row.problem(b.row.Line, column, "there are two values for "+target)
		}
		b.raw[target], b.columns[target] = value, column
	}
}

func (b *builder) bounded(column, value string, most int) {
	if n := len([]rune(value)); n > most {
		b.row.problem(b.row.Line, column, fmt.Sprintf("it is longer than %d characters", most))
	}
}

func (b *builder) identifier(kind member.Kind, column, value string) {
	b.bounded(column, value, maxValue)
	id, err := b.mapping.identifier(kind, value)
	if err != nil {
		b.row.problem(b.row.Line, column, fmt.Sprintf("%s: %v", shown(value), err))
		return
	}
	if slices.Contains(b.row.Identifiers, id) {
		return
	}
	if len(b.row.Identifiers) == 10 {
		b.row.problem(b.row.Line, column, "a member has at most 10 identifiers")
		return
	}
	b.row.Columns[fmt.Sprintf("identifiers[%d]", len(b.row.Identifiers))] = column
	b.row.Identifiers = append(b.row.Identifiers, id)
}

func (b *builder) tag(column, value string) {
	b.bounded(column, value, maxTag)
	if !slices.Contains(b.row.Tags, value) {
		b.row.Columns[fmt.Sprintf("tags[%d]", len(b.row.Tags))] = column
		b.row.Tags = append(b.row.Tags, value)
	}
	if len(b.row.Tags) > maxTags {
		b.row.problem(b.row.Line, column, fmt.Sprintf("a member has at most %d tags", maxTags))
	}
}

func (b *builder) attribute(key, column, value string) {
	b.bounded(column, value, maxAttribute)
	if b.row.Attributes == nil {
		b.row.Attributes = map[string]string{}
	}
	if _, twice := b.row.Attributes[key]; !twice && len(b.row.Attributes) == maxTags {
		b.row.problem(b.row.Line, column, fmt.Sprintf("a member has at most %d attributes", maxTags))
		return
	}
	b.row.Attributes[key] = value
	b.row.Columns["attributes."+key] = column
}

func (b *builder) instant(column, value string, end bool) clock.Millis {
	at, err := b.mapping.instant(value, end)
	if err != nil {
		b.row.problem(b.row.Line, column, err.Error())
	}
	return at
}

// balance ends the balance at hand. One of no points is none.
func (b *builder) balance() {
	raw, columns := b.raw, b.columns
	b.raw, b.columns = map[string]string{}, map[string]string{}
	if raw["points"] == "" && raw["debt"] == "" {
		return
	}
	v := Balance{Wallet: raw["wallet"]}
	if v.Wallet == "" {
		v.Wallet = b.mapping.Wallet
	}
	v.Points, v.Debt = b.number(raw, columns, "points"), b.number(raw, columns, "debt")
	for _, at := range []struct {
		target string
		field  *clock.Millis
	}{{"issued", &v.IssuedAt}, {"expires", &v.ExpiresAt}, {"activates", &v.ActivatesAt}} {
		if raw[at.target] != "" {
			*at.field = b.instant(columns[at.target], raw[at.target], at.target == "expires")
		}
	}
	for _, is := range []struct {
		target string
		field  *bool
	}{{"pending", &v.Pending}, {"frozen", &v.Frozen}} {
		if raw[is.target] == "" {
			continue
		}
		var err error
		if *is.field, err = b.mapping.truth(raw[is.target]); err != nil {
			b.row.problem(b.row.Line, columns[is.target], err.Error())
		}
	}
	if v.Points == 0 && v.Debt == 0 {
		return
	}
	if len(b.row.Balances) == maxBalances {
		b.row.problem(b.row.Line, "balances", fmt.Sprintf("a member has at most %d balances", maxBalances))
		return
	}
	for target, column := range columns {
		b.row.Columns[fmt.Sprintf("balances[%d].%s", len(b.row.Balances), fields[target])] = column
	}
	b.row.Balances = append(b.row.Balances, v)
}

// fields are what the API calls the parts of a balance.
var fields = map[string]string{
	"wallet": "wallet", "points": "points", "debt": "debt", "issued": "issueTime", "expires": "expireTime", "activates": "activateTime", "pending": "pending", "frozen": "frozen",
}

func (b *builder) number(raw, columns map[string]string, target string) int64 {
	if raw[target] == "" {
		return 0
	}
	n, rounded, err := b.mapping.points(raw[target])
	if err == nil && n < 0 {
		err = fmt.Errorf("%s is below zero: what a member owes stands in a column of its own, debt", shown(raw[target]))
	}
	if err != nil {
		b.row.problem(b.row.Line, columns[target], err.Error())
		return 0
	}
	if rounded {
		b.row.Notes = append(b.row.Notes, Problem{Line: b.row.Line, Column: columns[target], Message: fmt.Sprintf("%s was taken as %d", shown(raw[target]), n)})
	}
	return n
}

// done returns the row.
func (b *builder) done() *Row {
	if len(b.row.Identifiers) == 0 && len(b.row.Problems) == 0 {
		b.row.problem(b.row.Line, "", "nothing says by what the member is found: an external id, an e-mail address, a telephone number or a card")
	}
	return b.row
}
