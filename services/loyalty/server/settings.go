package server

import (
	"cmp"
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// What is usual of bounds of when an order was placed or an event happened: a shop's clock may be ahead a little, and what is older than a year and a bit was recorded by
// mistake. The programme may say otherwise, within what is possible at all.
var (
	usuallyAhead, furthestAhead = calendar.Span{Minutes: 1}, calendar.Span{Days: 1}
	usuallyBack, furthestBack   = calendar.Span{Days: 400}, calendar.Span{Years: 10}
)

// pointSettings reads what a request says of points and orders.
func pointSettings(given *loyaltyv1.PointSettings) (tables.Points, error) {
	p := tables.Points{
		Life: given.GetLife(), Policy: ledger.Reach(given.GetReturnPolicy()), CancelWindow: given.GetCancelWindow(), Oldest: given.GetOldest(), Ahead: given.GetAhead(),
	}
	if p.Life != "" {
		if _, err := calendar.ParseLife("points.life", p.Life); err != nil {
			return p, err
		}
	}
	for _, f := range []struct {
		path, text string
		most       calendar.Span
	}{{"points.cancelWindow", p.CancelWindow, furthestBack}, {"points.oldest", p.Oldest, furthestBack}, {"points.ahead", p.Ahead, furthestAhead}} {
		if f.text == "" {
			continue
		}
		s, err := calendar.ParseSpan(f.path, f.text)
		if err != nil {
			return p, err
		}
		if at := clock.At(time.Unix(0, 0)); calendar.UTC.Add(at, s) > calendar.UTC.Add(at, f.most) {
			return p, fault.Invalid(f.path, "%s is longer than %s, which is the most", f.text, f.most)
		}
	}
	return p, nil
}

func pointSettingsProto(p tables.Points) *loyaltyv1.PointSettings {
	return &loyaltyv1.PointSettings{Life: p.Life, ReturnPolicy: string(p.Policy), CancelWindow: p.CancelWindow, Oldest: p.Oldest, Ahead: p.Ahead}
}

// span is a setting that was read when it was saved, or what is usual.
func span(text string, usual calendar.Span) calendar.Span {
	if s, err := calendar.ParseSpan("", text); err == nil {
		return s
	}
	return usual
}

// happenedAt checks when something happened; absent is now. What lies a little ahead counts as now.
func happenedAt(path string, t *timestamppb.Timestamp, p tables.Program, now clock.Millis) (clock.Millis, error) {
	at, err := instant(path, t)
	if err != nil || at == 0 {
		return now, err
	}
	zone, err := calendar.LoadZone("timeZone", p.TimeZone)
	if err != nil {
		return 0, err
	}
	ahead, oldest := span(p.Points.Ahead, usuallyAhead), span(p.Points.Oldest, usuallyBack)
	switch {
	case at > zone.Add(now, ahead):
		return 0, fault.Invalid(path, "It lies in the future: the time here is %s, and clocks may differ by %s", now.Time().Format(time.RFC3339), ahead.Words())
	case zone.Add(at, oldest) < now:
		return 0, fault.Invalid(path, "It lies too far back: the programme takes in what happened within %s, and the time here is %s", oldest.Words(), now.Time().Format(time.RFC3339))
	}
	return min(at, now), nil
}

// reach is how far a return goes, as it says itself or as the programme says.
func reach(given string, p tables.Program) ledger.Reach {
	return cmp.Or(ledger.Reach(given), p.Points.Policy, ledger.WithinBalance)
}

// active says until when points live whose life moves with the member's activity, from something that the member did at an instant.
//
// What counts as an activity is what gives a member points or spends them: an order or an event that is recorded, even if it earns nothing, a reward that is reserved,
// committed or given back, points given by hand, for an achievement or for a referral, released from a review, or brought along by a merge. Returns, cancellations, activations and expiry are none, nor are
// points that are taken by hand. It counts in the wallet that it is about.
func active(p tables.Program, at clock.Millis) func(life string) clock.Millis {
	return func(text string) clock.Millis {
		zone, err := calendar.LoadZone("timeZone", p.TimeZone)
		if err != nil {
			return 0
		}
		life, err := lifeOf(text)
		if err != nil {
			return 0
		}
		return life.IdleEnd(zone, at)
	}
}

// livesFrom sets how long a lot lives that is given at an instant: as what it is given for says, or else as the programme does.
func livesFrom(lot *ledger.NewLot, own calendar.Life, programID string, p tables.Program, zone calendar.Zone, at clock.Millis) error {
	lot.Life = p.Points.Life
	if own.Kind != "" {
		lot.Life = own.String()
	} else if lot.Life != "" {
		lot.Policy = programVersion(programID, p)
	}
	life, err := lifeOf(lot.Life)
	lot.ExpiresAt = life.Ends(zone, at, at)
	return err
}

// activity is a step that the member takes now.
func activity(ctx context.Context, u *book.Unit, programID string) (ledger.Step, error) {
	p, err := program(ctx, u.Tx, programID)
	return ledger.Step{Now: u.Now, Idle: active(p.Value, u.Now)}, err
}
