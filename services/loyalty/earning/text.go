package earning

import (
	"fmt"
	"strings"
)

// Text explains an award in a sentence that adds up by hand.
func (a *Award) Text() string {
	s := a.Working.arithmetic(a.Exact)
	if exact := fmt.Sprint(a.Desired); exact != a.Exact {
		s += fmt.Sprintf(", rounded %s to %d", a.Rounding.how(), a.Desired)
	}
	for i := range a.Caps {
		s += "; reduced to " + fmt.Sprint(a.Caps[i].Left) + ": " + a.Caps[i].String()
	}
	return s
}

// arithmetic is what was reckoned, and what it came to.
func (w *Working) arithmetic(exact string) string {
	tier := ""
	if w.Tier != "" {
		tier = " in tier " + w.Tier
	}
	switch w.Basis {
	case OfAmount:
		return fmt.Sprintf("%s %s x %s per %s %s%s = %s", w.Of, w.Unit, points(w.Value), w.Per, w.Unit, tier, exact)
	case OfPieces:
		per := w.Per + " pieces"
		if w.Per == "1" {
			per = "piece"
		}
		return fmt.Sprintf("%s x %s per %s%s = %s", plural(w.Of, "piece"), points(w.Value), per, tier, exact)
	case OfPoints:
		return fmt.Sprintf("%s of %s x (%s - 1)%s = %s", points(w.Of), strings.Join(w.Rules, ", "), w.Value, tier, exact)
	case OfResult:
		each := ""
		if w.EachLine {
			each = " over the lines"
		}
		return fmt.Sprintf("%s%s = %s", oneLine(w.Formula), each, exact)
	}
	return fmt.Sprintf("%s for the %s%s", points(w.Value), w.Basis, tier)
}

func points(n string) string { return plural(n, "point") }

func plural(n, of string) string {
	if n == "1" {
		return "1 " + of
	}
	return n + " " + of + "s"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (r Rounding) how() string {
	switch r {
	case Floor:
		return "down"
	case Ceil:
		return "up"
	case HalfEven:
		return "to the nearest, halves to the even one,"
	}
	return "to the nearest, halves up,"
}

// String says what the cap is and how much of it was left.
func (n *CapNote) String() string {
	unit := "points"
	if n.Counts == CountsAwards {
		unit = "awards"
	}
	if n.Most == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	s := fmt.Sprintf("at most %d %s per %s", n.Most, unit, n.Per)
	if n.Period != "" {
		s += " and " + string(n.Period)
	}
	if n.Per == PerOrder {
		return fmt.Sprintf("%s, and the rule comes to %d", s, n.Wanted)
	}
	return fmt.Sprintf("%s, %d of them used before", s, n.Used)
}
