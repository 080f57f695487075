package explain

import (
	"fmt"

	"renown.example/kit/clock"
	"renown.example/loyalty/earning"
)

// sentences are those that need nothing to be filled in.
var sentences = map[earning.Why]string{
	earning.Archived: "silent.archived", earning.ConditionFails: "silent.condition", earning.NoLineCounts: "silent.no.line", earning.TooManySteps: "silent.steps",
	earning.NothingToMultiply: "silent.multiply",
}

// Silent says why a rule gave nothing. What went wrong in an expression is told in English, as those who know the language of expressions do.
func (w Words) Silent(s *earning.Silent) string {
	text := w.why(s)
	if s.More != nil && s.Line != "" {
		return w.Say("silent.on.line", s.Line, text)
	}
	return text
}

func (w Words) why(s *earning.Silent) string {
	switch s.Why {
	case earning.ForOthers:
		return w.Say("silent.for", w.waits(&s.Of.Trigger))
	case earning.ForOtherEvents:
		return w.Say("silent.for.others", w.waits(&s.Of.Trigger), w.Say("quoted", s.Text))
	case earning.NotBegun:
		return w.Say("silent.begins", w.Instant(s.Of.Window.From))
	case earning.Ended:
		return w.Say("silent.ended", w.Instant(s.Of.Window.Until))
	case earning.NotThisDay:
		day, _ := w.moment(s.At)
		return w.Say("silent.day", day)
	case earning.NotThisHour:
		day, hour := w.moment(s.At)
		return w.Say("silent.hour", day, hour)
	case earning.WithoutAmount:
		return w.Say("silent.no.amount", s.Text)
	case earning.InOtherCurrency:
		return w.Say("silent.currency", s.Text, s.Currency)
	case earning.Unevaluated:
		return w.Say("silent.unevaluated", s.Text)
	case earning.NoNumber:
		return w.Say("silent.no.number", s.Text)
	case earning.LessThanNothing:
		return w.Say("silent.negative", w.Language.decimal(s.Text))
	case earning.NoWholePoint:
		return w.Say("silent.no.point", w.reckoned(s.Award))
	case earning.BeyondBounds:
		return w.Say("silent.bounds", w.reckoned(s.Award), s.Text)
	case earning.Capped:
		return w.Cap(s.Cap)
	case earning.OtherGivesMore:
		return w.Say("silent.more", w.Number(s.Points), s.Under)
	case earning.OtherIsFirst:
		return w.Say("silent.first", w.Number(s.Points), s.Under)
	case earning.OtherGoesBefore:
		return w.Say("silent.before", w.Number(s.Points), s.Under)
	}
	return w.Say(sentences[s.Why])
}

// waits is what a rule waits for.
func (w Words) waits(t *earning.Trigger) string {
	switch t.Kind {
	case earning.KindVisit:
		return w.Say("waits.visits")
	case earning.KindEvent:
		return w.Say("waits.events", w.Say("quoted", t.Event))
	}
	return w.Say("waits.orders")
}

// moment is the weekday and the time that an instant shows in the programme's zone.
func (w Words) moment(at clock.Millis) (day, hour string) {
	date, shows := w.Zone.Clock(at)
	return manners[w.Language].days[date.Weekday()], fmt.Sprintf("%02d:%02d", int(shows.Hours()), int(shows.Minutes())%60)
}
