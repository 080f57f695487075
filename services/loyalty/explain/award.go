package explain

import (
	"fmt"
	"strings"

	"renown.example/loyalty/earning"
)

// Award says how an award's points were reckoned, in a sentence that adds up by hand.
func (w Words) Award(a *earning.Award) string {
	s := w.reckoned(a)
	if exact := fmt.Sprint(a.Desired); exact != a.Exact {
		s += w.Say("rounded.to", w.how(a.Rounding), a.Desired)
	}
	for i := range a.Caps {
		s += w.Say("reduced.to", a.Caps[i].Left, w.Cap(&a.Caps[i]))
	}
	return s
}

// reckoned is what was reckoned, and what it came to.
func (w Words) reckoned(a *earning.Award) string {
	if a.Working.Basis == earning.OfOrder || a.Working.Basis == earning.OfEvent {
		return w.working(a)
	}
	return w.working(a) + " = " + w.Language.decimal(a.Exact)
}

// working is what was reckoned, without what it came to.
func (w Words) working(a *earning.Award) string {
	k := a.Working
	dec := w.Language.decimal
	tier := ""
	if k.Tier != "" {
		tier = w.Say("in.tier", w.Tier(k.Tier))
	}
	switch k.Basis {
	case earning.OfAmount:
		return w.Say("by.amount", dec(k.Of), k.Unit, w.exactly(k.Value), dec(k.Per), k.Unit) + tier
	case earning.OfPieces:
		per := w.pieces(k.Per)
		if k.Per == "1" {
			per = w.Say("piece")
		}
		return w.Say("by.pieces", w.pieces(k.Of), w.exactly(k.Value), per) + tier
	case earning.OfPoints:
		return w.Say("by.points", w.exactly(k.Of), strings.Join(k.Rules, ", "), dec(k.Value)) + tier
	case earning.OfResult:
		formula := strings.Join(strings.Fields(k.Formula), " ")
		if k.EachLine {
			return w.Say("by.each", formula)
		}
		return formula
	case earning.OfOrder:
		return w.Say("by.order", w.exactly(k.Value)) + tier
	}
	return w.Say("by.event", w.exactly(k.Value)) + tier
}

// exactly writes an exact number of points.
func (w Words) exactly(exact string) string {
	if exact == "1" {
		return exact + " " + manners[w.Language].one
	}
	return w.Language.decimal(exact) + " " + manners[w.Language].many
}

func (w Words) pieces(exact string) string {
	if exact == "1" {
		return w.Say("pieces.1", exact)
	}
	return w.Say("pieces", w.Language.decimal(exact))
}

func (w Words) how(r earning.Rounding) string {
	switch r {
	case earning.Floor:
		return w.Say("down")
	case earning.Ceil:
		return w.Say("up")
	case earning.HalfEven:
		return w.Say("half.even")
	}
	return w.Say("half.up")
}

// Took says how the points were reckoned that a return takes for a line.
func (w Words) Took(t *earning.Took) string {
	s := w.Say("taken.part", t.Earned, t.Part)
	if t.Rounded {
		s += w.Say("rounded.to", w.how(earning.Floor), t.Due)
	}
	if t.Before > 0 {
		s += w.Say("taken.before", t.Before)
	}
	return s
}

// Cap says what a cap is and how much of it was left.
func (w Words) Cap(n *earning.CapNote) string {
	unit := "cap.points"
	if n.Counts == earning.CountsAwards {
		unit = "cap.awards"
	}
	s := w.Say("cap", n.Most, w.Say(bent(unit, n.Most)), w.Say("cap."+string(n.Per)))
	if n.Period != "" {
		s += w.Say("cap.period", w.Say("cap."+string(n.Period)))
	}
	if n.Per == earning.PerOrder {
		return w.Say("cap.comes", s, n.Wanted)
	}
	return w.Say("cap.used", s, n.Used)
}

// Step says a step of the arithmetic of an award, and what it came to.
func (w Words) Step(a *earning.Award, s earning.Step) (text, result string) {
	result = w.Language.decimal(s.Result)
	switch s.What {
	case earning.StepSum:
		return w.Language.decimal(s.Text), result
	case earning.StepLines:
		return w.Say("lines", len(a.Lines)), result
	case earning.StepWorking:
		return w.working(a), result
	case earning.StepRounded:
		return w.Say("rounded", strings.TrimSuffix(w.how(a.Rounding), ",")), result
	case earning.StepCap:
		return w.Say("reduced", w.Cap(&a.Caps[s.Of])), result
	}
	// What a formula read is written as the formula writes it.
	if s.Line != "" {
		return w.Say("line", s.Line, s.Text), s.Result
	}
	return s.Text, s.Result
}
