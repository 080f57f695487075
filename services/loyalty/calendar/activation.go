package calendar

import (
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// ActivationKind says what makes issued points available.
type ActivationKind string

// The kinds of activation.
const (
	Immediate ActivationKind = "immediate"
	After     ActivationKind = "after"
	OnDate    ActivationKind = "date"
	OnEvent   ActivationKind = "event"
	ByHand    ActivationKind = "manual"
)

// Activation says from when the points of a lot can be spent: at once; a span after the issue, as for goods that can be sent back, or with the end of the
// day, month, quarter or year in which that falls; from the beginning of a date; when an event of a name is recorded for what they were issued for,
// such as a delivery; or when somebody says so.
type Activation struct {
	Kind  ActivationKind `json:"kind"`
	Span  Span           `json:"span,omitzero"`
	Round Unit           `json:"round,omitempty"`
	On    Date           `json:"on,omitzero"`
	Event string         `json:"event,omitempty"`
}

// maxEvent bounds the name of an event.
const maxEvent = 64

// Validate refuses what is no activation; path names the field that it was given in.
func (a Activation) Validate(path string) error {
	switch a.Kind {
	case Immediate, After, OnDate, OnEvent, ByHand:
	default:
		return fault.Invalid(path+".kind", "must be immediate, after, date, event or manual, not %s", shown(string(a.Kind)))
	}
	switch {
	case a.Kind == After && a.Span.IsZero():
		return fault.Invalid(path+".span", "an activation after a while needs its length, such as \"P14D\"")
	case a.Kind != After && !a.Span.IsZero():
		return fault.Invalid(path+".span", "only an activation after a while has a length")
	case a.Kind != After && a.Round != "":
		return fault.Invalid(path+".round", "only an activation after a while is rounded")
	case a.Kind == OnDate && a.On.IsZero():
		return fault.Invalid(path+".on", "an activation on a date needs the date, such as \"2027-01-01\"")
	case a.Kind != OnDate && !a.On.IsZero():
		return fault.Invalid(path+".on", "only an activation on a date has one")
	case a.Kind == OnEvent && (a.Event == "" || len(a.Event) > maxEvent):
		return fault.Invalid(path+".event", "an activation by an event needs its name, of at most %d bytes", maxEvent)
	case a.Kind != OnEvent && a.Event != "":
		return fault.Invalid(path+".event", "only an activation by an event has one")
	}
	return rounding(path+".round", a.Round)
}

// At returns the instant from which points issued at an instant can be spent, never before the issue; false if that is not known yet, because an event or a
// person decides.
func (a Activation) At(z Zone, issued clock.Millis) (clock.Millis, bool) {
	switch a.Kind {
	case Immediate:
		return issued, true
	case After:
		return z.AddRounded(issued, a.Span, a.Round), true
	case OnDate:
		return max(issued, z.Start(a.On)), true
	}
	return 0, false
}
