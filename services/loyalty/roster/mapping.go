package roster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"renown.example/loyalty/member"
)

// Mapping says what the file of another program means. Its zero value reads Renown's own form.
type Mapping struct {
	// Columns says what a column becomes: one of the names of Renown's own form, or "skip". A column that is not named here must have one of those names itself;
	// with Strict false others are passed over.
	Columns map[string]string
	// Delimiter parts the columns of CSV; empty means that it is found out. Several parts the values of a list, "|" if empty.
	Delimiter, Several string
	// Encoding of the file: "utf-8" (also with its mark), "utf-16" or "windows-1252".
	Encoding string
	// Decimal and Thousands are the marks in numbers; empty means that only unmistakable numbers are read.
	Decimal, Thousands string
	// Fractions says what becomes of the fraction of a point: "refuse" (the usual), "down" or "half_up".
	Fractions string
	// Dates are patterns such as "DD.MM.YYYY HH:mm", tried in their order; "unix" and "unix_ms" count from 1970.
	Dates []string
	// Zone is where dates without one are.
	Zone *time.Location
	// LastDay says what a date without a time means as an end: "included" (the usual) that points can be spent on that day.
	LastDay string
	// Country is put before telephone numbers without one, such as "+49" for 030 1234567.
	Country string
	// Wallet is that of balances that name none.
	Wallet string
	// Empty are values that say that there is none, besides nothing at all.
	Empty []string

	layouts []string
}

// Targets are what a column can become, besides "attribute:KEY".
var Targets = []string{"external", "email", "phone", "card", "name", "tags", "enrolled", "wallet", "points", "debt", "issued", "expires", "activates", "pending", "frozen", "skip"}

// Own is the mapping of Renown's own form.
func Own() Mapping {
	return Mapping{Several: "|", Fractions: "refuse", Zone: time.UTC, LastDay: "included", layouts: ownLayouts}
}

var ownLayouts = []string{time.RFC3339, time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"}

// ReadMapping reads a mapping file, YAML or JSON.
func ReadMapping(file []byte) (Mapping, error) {
	raw, err := readKeys(file)
	if err != nil {
		return Mapping{}, err
	}
	m := Own()
	m.Columns, m.Delimiter, m.Encoding, m.Decimal, m.Thousands = raw.columns, raw.delimiter, strings.ToLower(raw.encoding), raw.decimal, raw.thousands
	m.Country, m.Wallet, m.Empty, m.Dates = raw.country, raw.wallet, raw.empty, raw.dates
	given := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	given(&m.Several, raw.several)
	given(&m.Fractions, raw.fractions)
	given(&m.LastDay, raw.lastDay)
	if raw.zone != "" {
		zone, err := time.LoadLocation(raw.zone)
		if err != nil || raw.zone == "Local" {
			return m, fmt.Errorf("zone: %q is no IANA time zone such as Europe/Berlin", raw.zone)
		}
		m.Zone = zone
	}
	return m, m.check()
}

func (m *Mapping) check() error {
	for _, column := range slices.Sorted(maps.Keys(m.Columns)) {
		if target := m.Columns[column]; !known(target) {
			return fmt.Errorf("columns: %s cannot become %q; there are %s and attribute:KEY", column, target, strings.Join(Targets, ", "))
		}
	}
	for _, one := range []struct {
		name, value string
		of          []string
	}{
		{"delimiter", m.Delimiter, []string{"", ",", ";", "\t", "|"}},
		{"encoding", m.Encoding, []string{"", "utf-8", "utf-16", "windows-1252"}},
		{"decimal", m.Decimal, []string{"", ".", ","}},
		{"thousands", m.Thousands, []string{"", ".", ",", "'", " "}},
		{"fractions", m.Fractions, []string{"refuse", "down", "half_up"}},
		{"last_day", m.LastDay, []string{"included", "excluded"}},
	} {
		if !slices.Contains(one.of, one.value) {
			return fmt.Errorf("%s: %q is not one of %q", one.name, one.value, one.of)
		}
	}
	if m.Decimal != "" && m.Decimal == m.Thousands {
		return fmt.Errorf("decimal and thousands are the same mark %q", m.Decimal)
	}
	if m.Country != "" {
		if _, err := member.Canonical(member.Phone, m.Country+" 1234567"); err != nil {
			return fmt.Errorf("country: %q is no beginning of a telephone number such as +49", m.Country)
		}
	}
	return m.patterns()
}

// known reports whether a column can become this.
func known(target string) bool {
	key, attribute := strings.CutPrefix(target, attributePrefix)
	return slices.Contains(Targets, target) || attribute && key != ""
}

const attributePrefix = "attribute:"

// marks of a pattern and of Go's layouts, the longer first.
var marks = strings.NewReplacer("YYYY", "2006", "YY", "06", "MMM", "Jan", "MM", "01", "M", "1", "DD", "02", "D", "2", "HH", "15", "hh", "03", "mm", "04", "ss", "05",
	"SSS", "000", "A", "PM", "ZZ", "Z07:00")

// patterns turns the patterns of dates into layouts.
func (m *Mapping) patterns() error {
	m.layouts = ownLayouts
	if len(m.Dates) > 0 {
		m.layouts = nil
	}
	for _, p := range m.Dates {
		layout := marks.Replace(p)
		if p == "unix" || p == "unix_ms" {
			m.layouts = append(m.layouts, p)
			continue
		}
		at := time.Date(2024, 11, 23, 14, 35, 46, 0, time.UTC)
		back, err := time.Parse(layout, at.Format(layout))
		if err != nil || back.Year() != 2024 || back.YearDay() != at.YearDay() {
			return fmt.Errorf("dates: %q is no pattern such as DD.MM.YYYY or YYYY-MM-DD HH:mm", p)
		}
		m.layouts = append(m.layouts, layout)
	}
	return nil
}

// target says what a column becomes; "" if nobody has said.
func (m *Mapping) target(column string) string {
	if t, ok := m.Columns[column]; ok {
		return t
	}
	for name, t := range m.Columns {
		if strings.EqualFold(strings.TrimSpace(name), column) {
			return t
		}
	}
	if lower := strings.ToLower(column); known(lower) || strings.HasPrefix(lower, attributePrefix) && known(column) {
		if strings.HasPrefix(lower, attributePrefix) {
			return attributePrefix + column[len(attributePrefix):]
		}
		return lower
	}
	return ""
}
