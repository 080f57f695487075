package ledger_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

// done fails the test if a step was not taken.
func done(t *testing.T) func(tx ledger.Transaction, err error) ledger.Transaction {
	return func(tx ledger.Transaction, err error) ledger.Transaction {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
}

func legs(tx ledger.Transaction) map[string]int64 {
	sums := map[string]int64{}
	for _, l := range tx.Legs {
		sums[l.Account] += l.Points
	}
	return sums
}

// wants compares a transaction's legs.
func wants(t *testing.T, tx ledger.Transaction, want map[string]int64) {
	t.Helper()
	got := legs(tx)
	if len(got) != len(want) {
		t.Errorf("%s: the legs are %v, want %v", tx.Kind, got, want)
	}
	for account, points := range want {
		if got[account] != points {
			t.Errorf("%s: the legs are %v, want %v", tx.Kind, got, want)
			return
		}
	}
}

// A lot that is frozen, in part reserved, and unfrozen with an end in another month goes there whole: the hold follows it, and its points come back to it.
func TestAHoldFollowsALotThatMoves(t *testing.T) {
	m, b := issued(t, lot(100, begin+20*day))
	ok := done(t)
	ok(b.Reserve(at(begin), "r", 30, begin+60*day))
	wants(t, ok(b.Freeze(at(begin+5*day), []ledger.LotRef{{Page: "2026-01/000001", N: 1}})), map[string]int64{"available": -70, "frozen": 70})
	m.Store(b)
	if m.Account.DueAt != begin+60*day {
		t.Errorf("a frozen lot is due: %d", m.Account.DueAt)
	}
	b = m.Open()
	tx := ok(b.Unfreeze(at(begin+35*day), []ledger.LotRef{{Page: "2026-01/000001", N: 1}}))
	wants(t, tx, map[string]int64{"frozen": -70, "available": 70})
	if len(tx.Takes()) != 0 {
		t.Errorf("a lot that moves was taken from: %v", tx.Takes())
	}
	m.Store(b)
	to := ledger.LotRef{Page: "2026-02/000001", N: 2}
	lots := m.Lots()
	if lots[0].Open != 0 || lots[0].Reserved != 0 || *lots[0].MovedTo != to || lots[1].Open != 100 || lots[1].Reserved != 30 || lots[1].ExpiresAt != begin+50*day {
		t.Errorf("the lots are %+v", lots)
	}
	if takes := m.Account.Holds[0].Takes; !slices.Equal(takes, []ledger.Take{{LotRef: to, Points: 30}}) {
		t.Errorf("the hold has %+v", takes)
	}
	b = m.Open()
	tx = ok(b.Commit(at(begin+36*day), "r"))
	wants(t, tx, map[string]int64{"reserved": -30, "redeemed": 30})
	// Whoever names the former lot means the later.
	wants(t, ok(b.Restore(at(begin+37*day), []ledger.Take{{LotRef: ledger.LotRef{Page: "2026-01/000001", N: 1}, Points: 30}})), map[string]int64{"redeemed": -30, "available": 30})
	m.Store(b)
	if l := m.Lots()[1]; l.Open != 100 || l.Reserved != 0 {
		t.Errorf("the lot is %+v", l)
	}
}

func TestHoldsThatEndTogetherEndByTheirNames(t *testing.T) {
	_, b := issued(t, lot(100, 0))
	ok := done(t)
	for _, id := range []string{"c", "a", "d", "b"} {
		ok(b.Reserve(at(begin), id, 10, begin+day))
	}
	if err := b.Settle(begin + 2*day); err != nil {
		t.Fatal(err)
	}
	var ended []string
	for _, tx := range b.Transactions()[4:] {
		ended = append(ended, tx.Hold)
		if tx.Kind != ledger.KindLapse || tx.EffectiveAt != begin+day || tx.RecordedAt != begin+2*day {
			t.Errorf("%+v", tx)
		}
	}
	if !slices.Equal(ended, []string{"a", "b", "c", "d"}) {
		t.Errorf("they ended in the order %q", ended)
	}
}

// What is reserved outlives the end of its lot, and expires at once when it is given back; what is committed was spent in time.
func TestTheReservedRestExpiresWhenItsHoldIsOver(t *testing.T) {
	for what, end := range map[string]func(*ledger.Book) (ledger.Transaction, error){
		"cancelled": func(b *ledger.Book) (ledger.Transaction, error) { return b.Cancel(at(begin+3*day), "r") },
		"lapsed": func(b *ledger.Book) (ledger.Transaction, error) {
			err := b.Settle(begin + 6*day)
			return b.Transactions()[len(b.Transactions())-1], err
		},
	} {
		_, b := issued(t, lot(100, begin+2*day))
		ok := done(t)
		ok(b.Reserve(at(begin), "r", 40, begin+5*day))
		if err := b.Settle(begin + 2*day); err != nil {
			t.Fatal(err)
		}
		wants(t, b.Transactions()[1], map[string]int64{"available": -60, "expired": 60})
		if due := b.Account().DueAt; due != begin+5*day {
			t.Errorf("%s: due at %d", what, due)
		}
		wants(t, ok(end(b)), map[string]int64{"reserved": -40, "expired": 40})
		if a := b.Account(); a.Lifetime.Expired != 100 || a.DueAt != 0 || a.First != "" {
			t.Errorf("%s: %+v", what, a)
		}
	}
	_, b := issued(t, lot(100, begin+2*day))
	ok := done(t)
	ok(b.Reserve(at(begin), "r", 40, begin+5*day))
	wants(t, ok(b.Commit(at(begin+3*day), "r")), map[string]int64{"reserved": -40, "redeemed": 40})
}

// The three reaches of a reversal, and that debt is repaid first by whatever comes free.
func TestReversalsReachAsFarAsTheyAreTold(t *testing.T) {
	order := []ledger.Take{{LotRef: ledger.LotRef{Page: "pending/000001", N: 1}, Points: 100}, {LotRef: ledger.LotRef{Page: "~/000001", N: 2}, Points: 30}}
	for reach, want := range map[ledger.Reach]ledger.Reversal{
		ledger.OnlyPending:   {FromPending: 100, Forgiven: 400},
		ledger.WithinBalance: {FromPending: 100, FromAvailable: 200, Forgiven: 200},
		ledger.AllowDebt:     {FromPending: 100, FromAvailable: 200, AsDebt: 200},
	} {
		_, b := issued(t, ledger.NewLot{Points: 100, Pending: true, From: ledger.IssuanceOf("r")}, lot(150, 0), lot(50, 0))
		tx, met, err := b.Reverse(at(begin), order, 500, reach)
		if err != nil || met != want || tx.After.Debt != -want.AsDebt || legs(tx)["reversed"] != 500-want.Forgiven {
			t.Errorf("%s: %+v, %+v, %v", reach, met, tx, err)
		}
	}
	_, b := issued(t, lot(10, 0))
	ok := done(t)
	tx, _, err := b.Reverse(at(begin), nil, 100, ledger.AllowDebt)
	wants(t, ok(tx, err), map[string]int64{"available": -10, "debt": -90, "reversed": 100})
	wants(t, ok(b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{lot(50, 0)})), map[string]int64{ledger.IssuanceOf("rules/base@1"): -50, "debt": 50})
	frozen := lot(20, 0)
	frozen.Frozen = true
	waiting := ledger.NewLot{Points: 30, ActivatesAt: begin + day, From: ledger.Opening}
	ok(b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{frozen, waiting}))
	if v := b.Account().Balances; v != (ledger.Balances{Pending: 30, Frozen: 20, Debt: -40}) {
		t.Errorf("%+v", v)
	}
	if err := b.Settle(begin + day); err != nil {
		t.Fatal(err)
	}
	wants(t, b.Transactions()[3], map[string]int64{"pending": -30, "debt": 30})
	wants(t, ok(b.Unfreeze(at(begin+day), []ledger.LotRef{{Page: "~/000001", N: 3}})), map[string]int64{"frozen": -20, "debt": 10, "available": 10})
}

// What goes over keeps its dates and its states; the debt of one is repaid by what the other has.
func TestMembersAreMergedWithTheirDates(t *testing.T) {
	frozen, waiting := lot(20, begin+30*day), ledger.NewLot{Points: 30, ActivatesAt: begin + 10*day, ExpiresAt: begin + 50*day, From: ledger.Opening}
	frozen.Frozen = true
	_, from := issued(t, lot(100, begin+40*day), frozen, waiting)
	ok := done(t)
	ok(from.Reserve(at(begin), "r", 25, begin+day))
	tx, parcel, err := from.TransferOut(at(begin+hour), "m1")
	wants(t, ok(tx, err), map[string]int64{"available": -75, "frozen": -20, "pending": -30, "transfer:m1": 125})
	if v := from.Account().Balances; v != (ledger.Balances{Reserved: 25}) {
		t.Errorf("left behind: %+v", v)
	}
	m := ledgertest.NewMemory("bo/points")
	to := m.Open()
	tx, _, err = to.Reverse(at(begin), nil, 60, ledger.AllowDebt)
	ok(tx, err)
	wants(t, ok(to.TransferIn(at(begin+hour), "m1", parcel)), map[string]int64{"transfer:m1": -125, "debt": 60, "available": 15, "frozen": 20, "pending": 30})
	m.Store(to)
	for i, l := range m.Lots() {
		want := parcel.Lots[i]
		want.N, want.Tx, want.Open = l.N, l.Tx, l.Open
		if l != want {
			t.Errorf("lot %d is %+v, went over as %+v", i+1, l, want)
		}
	}
	// The other way round: what is available here repays the debt that comes along.
	_, here := issued(t, lot(100, 0))
	wants(t, ok(here.TransferIn(at(begin), "m2", ledger.Parcel{Debt: 130})), map[string]int64{"transfer:m2": 130, "available": -100, "debt": -30})
}

func TestFiguresThatAreTooLargeAreRefused(t *testing.T) {
	most := ledger.Most
	_, b := issued(t, lot(most-10, begin+day))
	for name, lots := range map[string][]ledger.NewLot{
		"one more than is kept":           {lot(most+1, 0)},
		"the largest there is":            {lot(math.MaxInt64, 0)},
		"a sum that is too large":         {lot(11, 0)},
		"sums that would begin anew at 0": slices.Repeat([]ledger.NewLot{lot(most, 0)}, 2048),
	} {
		if _, err := b.Issue(at(begin), ledger.KindAccrue, lots); code(err) != ledger.Overflow {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{lot(10, begin+day)}); err != nil {
		t.Fatal(err)
	}
	// What has expired counts as well, or there would be an expiry that cannot be kept.
	if _, err := b.Issue(at(begin+2*day), ledger.KindOpen, []ledger.NewLot{{Points: 1, From: ledger.Opening}}); code(err) != ledger.Overflow {
		t.Errorf("behind so much that has expired: %v", err)
	}
	if a := b.Account(); a.Lifetime.Expired != most || a.Balances != (ledger.Balances{}) || a.Seq != 3 {
		t.Errorf("%+v", a)
	}
	_, b = issued(t, lot(1, 0))
	if _, _, err := b.Reverse(at(begin), nil, most, ledger.AllowDebt); err != nil {
		t.Error(err)
	}
	if _, _, err := b.Reverse(at(begin), nil, most, ledger.AllowDebt); code(err) != ledger.Overflow {
		t.Errorf("a debt beyond what is kept: %v", err)
	}
}

var (
	firstLot = []ledger.LotRef{{Page: "2026-01/000001", N: 1}}
	here     = at(begin)
)

// refusals are steps on an account with 100 points in one lot, and in the case of Exists with a hold.
var refusals = map[string]struct {
	want ledger.Code
	step func(b *ledger.Book) (ledger.Transaction, error)
}{
	"nothing spent":       {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Spend(here, "adjust", 0, "adjusted") }},
	"less than nothing":   {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Spend(here, "adjust", -5, "adjusted") }},
	"spent into a bucket": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Spend(here, "adjust", 5, "debt") }},
	"spent into nowhere":  {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Spend(here, "adjust", 5, "") }},
	"more than there is":  {ledger.Insufficient, func(b *ledger.Book) (ledger.Transaction, error) { return b.Spend(here, "adjust", 101, "adjusted") }},
	"a step to come": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) {
		return b.Note(ledger.Step{Now: begin, EffectiveAt: begin + 1})
	}},
	"a step after 9999":   {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Note(at(253402300800000)) }},
	"a hold that is over": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Reserve(here, "x", 1, begin) }},
	"a hold without end":  {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Reserve(here, "x", 1, 0) }},
	"a hold without name": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Reserve(here, "", 1, begin+day) }},
	"a second hold":       {ledger.Exists, func(b *ledger.Book) (ledger.Transaction, error) { return b.Reserve(here, "r", 1, begin+day) }},
	"no such hold":        {ledger.NoHold, func(b *ledger.Book) (ledger.Transaction, error) { return b.Commit(here, "s") }},
	"no lots":             {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Freeze(here, nil) }},
	"a lot twice":         {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.Freeze(here, append(firstLot, firstLot...)) }},
	"a lot elsewhere": {ledger.NoLot, func(b *ledger.Book) (ledger.Transaction, error) {
		return b.Freeze(here, []ledger.LotRef{{Page: "~/000001", N: 1}})
	}},
	"no pending lot": {ledger.NoLot, func(b *ledger.Book) (ledger.Transaction, error) { return b.Activate(here, firstLot, nil) }},
	"no frozen lot":  {ledger.NoLot, func(b *ledger.Book) (ledger.Transaction, error) { return b.Unfreeze(here, firstLot) }},
	"more than was taken": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) {
		return b.Restore(here, []ledger.Take{{LotRef: firstLot[0], Points: 1}})
	}},
	"a transfer unnamed": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) { return b.TransferIn(here, "", ledger.Parcel{}) }},
	"a debt of less": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) {
		return b.TransferIn(here, "m", ledger.Parcel{Debt: -1})
	}},
	"an unknown reach": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) {
		tx, _, err := b.Reverse(here, nil, 1, "far")
		return tx, err
	}},
	"a reversal of no one": {ledger.Invalid, func(b *ledger.Book) (ledger.Transaction, error) {
		tx, _, err := b.Reverse(here, nil, 0, "allow_debt")
		return tx, err
	}},
}

func TestAmountsInstantsAndNamesThatAreNone(t *testing.T) {
	for name, c := range refusals {
		_, b := issued(t, lot(100, begin+20*day))
		if _, err := b.Reserve(here, "r", 1, begin+day); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Cancel(here, "r"); err != nil {
			t.Fatal(err)
		}
		if c.want == ledger.Exists {
			if _, err := b.Reserve(here, "r", 1, begin+day); err != nil {
				t.Fatal(err)
			}
		}
		was := b.Account()
		_, err := c.step(b)
		if code(err) != c.want || err.Error() == "" {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if now := b.Account(); now.Seq != was.Seq || now.Balances != was.Balances {
			t.Errorf("%s: something of it stays: %+v", name, now)
		}
	}
	for _, bad := range []ledger.NewLot{
		{Points: 1}, {Points: 1, From: "available"}, {Points: 1, From: "opening", IssuedAt: begin + 1}, {Points: 1, From: "opening", ExpiresAt: -1},
		{Points: 1, From: "opening", ActivatesAt: 253402300800000}, {Points: 0, From: "opening"}, {Points: math.MinInt64, From: "opening"},
	} {
		_, b := issued(t, lot(1, 0))
		if _, err := b.Issue(here, ledger.KindOpen, []ledger.NewLot{bad}); code(err) != ledger.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// What is left of a lot's life is left when it is unfrozen: nothing is lost or gained before its activation, however often it is frozen.
func TestFreezingPausesALife(t *testing.T) {
	ref := []ledger.LotRef{{Page: "2026-03/000001", N: 1}}
	for name, c := range map[string]struct{ froze, thawed, left clock.Millis }{
		"before its activation":      {begin, begin + 5*day, 0},
		"over its activation":        {begin + 5*day, begin + 15*day, 5 * day},
		"after its activation":       {begin + 20*day, begin + 23*day, 3 * day},
		"and unfrozen the same hour": {begin + 20*day, begin + 20*day, 0},
	} {
		m, b := issued(t, ledger.NewLot{Points: 100, ActivatesAt: begin + 10*day, ExpiresAt: begin + 60*day, From: ledger.Opening})
		ok := done(t)
		ok(b.Freeze(at(c.froze), ref))
		ok(b.Unfreeze(at(c.thawed), ref))
		m.Store(b)
		if l := m.Lots()[0]; l.ExpiresAt != begin+60*day+c.left || l.FrozenAt != 0 || l.MovedTo != nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// A lot is named once, in whatever order lots are named.
func TestALotIsNamedOnce(t *testing.T) {
	_, b := issued(t, lot(100, begin+10*day), lot(100, begin+11*day), lot(100, begin+40*day))
	refs := []ledger.LotRef{{Page: "2026-01/000001", N: 1}, {Page: "2026-01/000001", N: 2}, {Page: "2026-02/000001", N: 3}}
	for _, twice := range [][]int{{0, 0}, {0, 1, 0}, {1, 0, 1}, {2, 0, 1, 2}, {0, 1, 2, 2}, {2, 1, 0, 1}} {
		var named []ledger.LotRef
		for _, i := range twice {
			named = append(named, refs[i])
		}
		var refusal *ledger.Refusal
		if _, err := b.Freeze(here, named); !errors.As(err, &refusal) || refusal.Code != ledger.Invalid {
			t.Errorf("%v: %v", twice, err)
		}
	}
	if _, err := b.Freeze(here, []ledger.LotRef{refs[2], refs[0], refs[1]}); err != nil || b.Account().Balances.Frozen != 300 {
		t.Errorf("%v, %+v", err, b.Account().Balances)
	}
}
