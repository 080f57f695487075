package calendar

import (
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// LifeKind says what ends a lot.
type LifeKind string

// The kinds of life.
const (
	Never      LifeKind = "never"
	ForSpan    LifeKind = "rolling"
	YearEnd    LifeKind = "calendar"
	Inactivity LifeKind = "inactivity"
)

// Base is what a life is counted from.
type Base string

// The bases. Activation, which is the default, is what members expect: points that wait do not age.
const (
	FromActivation Base = "activation"
	FromIssue      Base = "issue"
)

// Life says until when the points of a lot can be spent.
//
//   - never: without end.
//   - rolling: for a Span from the lot's activation or issue. Rounded, it lasts until the end of the day, month, quarter or year in which the day lies that is a
//     Span later: points of 17 May with P12M to month can be spent until 31 May a year later. Rounded lots of one day end together, and a later one never ends
//     earlier. Not rounded, it ends at the time of the day at which it began, and that order is kept but for what is lost when months are
//     shorter (points of 30 January at noon and of 31 January at nine, with P1M) or clocks are changed.
//   - calendar: with the end of a day of the year (On, the last day on which they can be spent), the first that does not lie before the day a Span later.
//   - inactivity: when nothing was heard of the member for a Span, rounded like a rolling life.
//
// # Inactivity
//
// A lot's date never changes once it is set, so a lot that lives by inactivity has none: Ends answers zero, as for never, and it lies with the never-ending
// ones, to be spent after those that end. What ends it is a deadline of the account, IdleEnd(the member's last activity), one for each distinct life of this kind
// among the account's open lots. Each activity moves the deadlines; nothing about a lot is rewritten. When one passes, all open lots of that life expire at the
// deadline, in one step, and the deadline is gone until a lot of that life is issued again. Because the life is kept as text with the lot, a later version of the
// policy (18 months instead of 12) does not touch lots that were issued under the former. Points in a hold are spoken for and not taken; they expire
// when the hold ends without being spent, unless the member was active since, which holding is. Activity that is recorded late, with an earlier time, moves a
// deadline only as far as that time says, and never brings back what has expired.
type Life struct {
	Kind LifeKind `json:"kind"`
	// Span is how long a rolling life is, how long a calendar life is at least (none if zero), and how long a member may be idle.
	Span Span `json:"span,omitzero"`
	// From is what Span is counted from, activation if it is empty. An inactivity's is the last activity.
	From Base `json:"from,omitempty"`
	// Round is the unit until whose end a rolling life or an idle time lasts: day, month, quarter or year, none if it is empty.
	Round Unit `json:"round,omitempty"`
	// On is the last day of a calendar life, in each year.
	On MonthDay `json:"on,omitzero"`
}

// Validate refuses what is no life; path names the field that it was given in.
func (l Life) Validate(path string) error {
	switch l.Kind {
	case Never, ForSpan, YearEnd, Inactivity:
	default:
		return fault.Invalid(path+".kind", "must be never, rolling, calendar or inactivity, not %s", shown(string(l.Kind)))
	}
	if err := rounding(path+".round", l.Round); err != nil {
		return err
	}
	needsSpan, mayRound := l.Kind == ForSpan || l.Kind == Inactivity, l.Kind == ForSpan || l.Kind == Inactivity
	switch {
	case needsSpan && l.Span.IsZero():
		return fault.Invalid(path+".span", "a life of kind %s needs a length, such as \"P12M\"", l.Kind)
	case l.Kind == Never && !l.Span.IsZero():
		return fault.Invalid(path+".span", "points that never expire have no length of life")
	case !mayRound && l.Round != "":
		return fault.Invalid(path+".round", "a life of kind %s is not rounded", l.Kind)
	case l.Kind == YearEnd && l.On.IsZero():
		return fault.Invalid(path+".on", "a calendar life needs its last day in the year, such as \"12-31\"")
	case l.Kind != YearEnd && !l.On.IsZero():
		return fault.Invalid(path+".on", "only a calendar life ends on a day of the year")
	case l.From != "" && l.From != FromIssue && l.From != FromActivation:
		return fault.Invalid(path+".from", "must be issue or activation, not %s", shown(string(l.From)))
	case l.From == FromIssue && (l.Kind == Never || l.Kind == Inactivity):
		return fault.Invalid(path+".from", "a life of kind %s is not counted from the issue", l.Kind)
	}
	return nil
}

func rounding(path string, u Unit) error {
	switch u {
	case "", Day, Month, Quarter, Year:
		return nil
	}
	return fault.Invalid(path, "must be day, month, quarter or year, not %s", shown(string(u)))
}

// Moves reports whether the end moves with the member's activity: see IdleEnd.
func (l Life) Moves() bool { return l.Kind == Inactivity }

// Ends returns the first instant at which the points of a lot cannot be spent any more, zero if there is none. It is never before the activation: points that a
// life counted from their issue would end while they wait live until they are activated, rounded or not, and a calendar life goes on to the next end.
func (l Life) Ends(z Zone, issued, activated clock.Millis) clock.Millis {
	from := activated
	if l.From == FromIssue {
		from = issued
	}
	switch {
	case l.Kind == ForSpan && l.Round == "":
		return max(z.Add(from, l.Span), activated)
	case l.Kind == ForSpan:
		return z.Start(endOf(later(z.dateAfter(from, l.Span), z.DateOf(activated)), l.Round))
	case l.Kind == YearEnd:
		least := later(z.dateAfter(from, l.Span), z.DateOf(activated))
		last := l.On.In(least.Year)
		if last.Before(least) {
			last = l.On.In(least.Year + 1)
		}
		return z.Start(last.AddDays(1))
	}
	return 0
}

// IdleEnd returns the account's deadline for lots of this life, given the member's last activity; zero if the life does not move.
func (l Life) IdleEnd(z Zone, active clock.Millis) clock.Millis {
	if !l.Moves() {
		return 0
	}
	return z.AddRounded(active, l.Span, l.Round)
}

// AddRounded returns the end of the unit in which the day lies that is a span after an instant; Add(at, s) if the unit is empty. It is the same for all
// instants of a day, midnight among them, and for spans of whole days a later instant never leads to an earlier one.
func (z Zone) AddRounded(at clock.Millis, s Span, round Unit) clock.Millis {
	if round == "" {
		return z.Add(at, s)
	}
	return z.Start(endOf(z.dateAfter(at, s), round))
}

// dateAfter returns the day that is a span after an instant.
func (z Zone) dateAfter(at clock.Millis, s Span) Date {
	if s.whole() {
		return z.DateOf(at).Add(s)
	}
	return z.DateOf(z.Add(at, s))
}

// endOf returns the first day after the unit that d lies in.
func endOf(d Date, u Unit) Date { return Period{Unit: u}.Leaves(Date{}, d) }

func later(d, e Date) Date {
	if d.Before(e) {
		return e
	}
	return d
}

// String returns the life in words that ParseLife reads: "never", "rolling P12M", "rolling P12M from issue to month", "calendar 12-31 least P6M", "inactivity P12M to day".
func (l Life) String() string {
	words := []string{string(l.Kind)}
	if l.Kind == YearEnd {
		words = append(words, l.On.String())
		if !l.Span.IsZero() {
			words = append(words, "least", l.Span.String())
		}
	} else if !l.Span.IsZero() {
		words = append(words, l.Span.String())
	}
	if l.From == FromIssue {
		words = append(words, "from", string(l.From))
	}
	if l.Round != "" {
		words = append(words, "to", string(l.Round))
	}
	return strings.Join(words, " ")
}

// ParseLife reads a life from its words. path names the field that it was given in.
func ParseLife(path, text string) (Life, error) {
	words := strings.Split(text, " ")
	l := Life{Kind: LifeKind(words[0])}
	words = words[1:]
	var err error
	if len(words) > 0 && l.Kind == YearEnd {
		l.On, err = ParseMonthDay(path, words[0])
		words = words[1:]
	} else if len(words) > 0 {
		l.Span, err = ParseSpan(path, words[0])
		words = words[1:]
	}
	for ; err == nil && len(words) > 1; words = words[2:] {
		switch {
		case words[0] == "least" && l.Kind == YearEnd:
			l.Span, err = ParseSpan(path, words[1])
		case words[0] == "from":
			l.From = Base(words[1])
		case words[0] == "to":
			l.Round = Unit(words[1])
		default:
			err = unread(path, text)
		}
	}
	if err == nil {
		err = l.Validate(path)
	}
	// What is not written as it would be written here was not understood: a word too many, twice or at another place.
	if err == nil && l.String() != text {
		err = unread(path, text)
	}
	if err != nil {
		return Life{}, err
	}
	return l, nil
}

func unread(path, text string) error {
	return fault.Invalid(path, "must be a life such as \"never\", \"rolling P12M to month\", \"calendar 12-31 least P6M\" or \"inactivity P12M\", not %s", shown(text))
}
