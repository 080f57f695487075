package explain

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

var languages = []Language{English, German}

// Each message is there in each language and holds the same that is filled in, however often one leaves it out that bends with the number.
func TestEachMessageIsThereInEachLanguage(t *testing.T) {
	verbs := regexp.MustCompile(`%(\[\d\])?[sd]`)
	check := func(name string, m message) {
		t.Helper()
		var first []string
		for _, l := range languages {
			text := m[l]
			got := verbs.FindAllString(text, -1)
			slices.Sort(got)
			switch {
			case strings.TrimSpace(text) == "":
				t.Errorf("%s is not there in %s", name, l)
			case l == English:
				first = got
			case !slices.Equal(first, got):
				t.Errorf("%s has %v in %s, and %v in English", name, got, l, first)
			}
		}
		if len(m) != len(languages) {
			t.Errorf("%s has %d languages", name, len(m))
		}
	}
	for key, m := range messages {
		check(key, m)
		if base, one := strings.CutSuffix(key, ".1"); one && messages[base] == nil {
			t.Errorf("%s is about one, and there is none about many", key)
		}
	}
}

func TestALanguageIsFoundByItsTag(t *testing.T) {
	for tag, want := range map[string]Language{"": English, "en": English, "en-GB": English, "de": German, "de-AT": German, "DE": German, "fr": English, "dex": English} {
		if got := LanguageOf(tag); got != want {
			t.Errorf("%q is %s, want %s", tag, got, want)
		}
	}
}

// What people wrote is never taken for a place to fill in.
func TestWhatIsFilledInIsLeftAsItIs(t *testing.T) {
	w := Words{Language: English}
	if got := w.Counted("accrue", 2, "%[1]s and 100% %s") + w.Because("5% off, %d"); got != "2 points were given for %[1]s and 100% %s: 5% off, %d" {
		t.Errorf("it says %q", got)
	}
}

// A programme's own names stay, those that a language has are translated.
func TestPointsAreCalledAsTheProgrammeOrTheLanguageCallsThem(t *testing.T) {
	for _, c := range []struct {
		w    Words
		n    int64
		want string
	}{
		{Words{Language: English}, 1234567, "1,234,567 points"},
		{Words{Language: English, One: "point", Many: "points"}, -1, "1 point"},
		{Words{Language: German, One: "point", Many: "points"}, 1, "1 Punkt"},
		{Words{Language: German}, -1234, "1.234 Punkte"},
		{Words{Language: German, One: "mile", Many: "miles"}, 2, "2 miles"},
		{Words{Language: German, One: "mile", Many: "miles"}, 1, "1 mile"},
	} {
		if got := c.w.Points(c.n); got != c.want {
			t.Errorf("%v, %d: %q, want %q", c.w, c.n, got, c.want)
		}
	}
}

// awards are awards of each kind.
func awards() []*earning.Award {
	limit := earning.CapNote{Cap: earning.Cap{Per: earning.PerMember, Period: calendar.Month, Most: 70}, Used: 50, Wanted: 50, Left: 20}
	one := earning.CapNote{Cap: earning.Cap{Per: earning.PerMember, Most: 1}, Wanted: 2, Left: 1}
	few := earning.CapNote{Cap: earning.Cap{Per: earning.PerOrder, Counts: earning.CountsAwards, Most: 1}, Wanted: 2, Left: 1}
	work := func(exact string, desired int64, r earning.Rounding, w earning.Working, caps ...earning.CapNote) *earning.Award {
		return &earning.Award{Exact: exact, Desired: desired, Rounding: r, Working: w, Caps: caps}
	}
	return []*earning.Award{
		work("241.275", 241, earning.Floor, earning.Working{Basis: earning.OfAmount, Of: "160.85", Unit: "EUR", Per: "1", Value: "1.5"}),
		work("12.5", 13, earning.Ceil, earning.Working{Basis: earning.OfAmount, Of: "12.50", Unit: "EUR", Per: "1", Value: "1", Tier: "gold"}),
		work("7.5", 8, earning.HalfEven, earning.Working{Basis: earning.OfPieces, Of: "15", Per: "2", Value: "1"}),
		work("2", 2, earning.Floor, earning.Working{Basis: earning.OfPieces, Of: "1", Per: "1", Value: "2"}),
		work("50", 50, earning.Floor, earning.Working{Basis: earning.OfOrder, Value: "50"}, limit, few),
		work("1", 1, earning.Floor, earning.Working{Basis: earning.OfEvent, Value: "1"}, one),
		work("80.5", 81, earning.HalfUp, earning.Working{Basis: earning.OfPoints, Of: "161", Rules: []string{"euro", "large"}, Value: "1.5"}),
		work("3", 3, earning.Floor, earning.Working{Basis: earning.OfResult, Formula: "mul(line.amount,\n  dec(\"0.1\"))", EachLine: true}),
	}
}

// silents are rules that gave nothing, one for each sentence about it.
func silents(at clock.Millis) []earning.Silent {
	ofEvents := &earning.Rule{Trigger: earning.Trigger{Kind: earning.KindEvent, Event: "review"}, Window: earning.Window{From: at, Until: at}}
	award := awards()[0]
	award.Exact = "0.99"
	more := &earning.More{Award: award, Currency: "CHF", Under: "euro", Points: 1200, Cap: &earning.CapNote{Cap: earning.Cap{Per: earning.PerMember, Most: 1}, Used: 1, Wanted: 2}}
	var out []earning.Silent
	for why := earning.Archived; why <= earning.OtherGoesBefore; why++ {
		out = append(out, earning.Silent{Of: ofEvents, Why: why, At: at, Text: "1.5", More: more})
	}
	return append(out,
		earning.Silent{Of: &earning.Rule{Trigger: earning.Trigger{Kind: earning.KindVisit}}, Why: earning.ForOthers},
		earning.Silent{Of: &earning.Rule{Trigger: earning.Trigger{Kind: earning.KindItem}}, Why: earning.ForOthers},
		earning.Silent{Of: ofEvents, Why: earning.Unevaluated, Text: "division by zero", More: &earning.More{Line: "7"}})
}

// lots are those that transactions of goldens touch.
type lots map[int64]ledger.Lot

func (l lots) Lot(ref ledger.LotRef) (ledger.Lot, bool) { lot, ok := l[ref.N]; return lot, ok }

// What is said of each kind of entry, part and award, in each language.
func TestWords(t *testing.T) {
	zone, err := calendar.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(month time.Month, day, hour int) clock.Millis {
		return clock.At(time.Date(2026, month, day, hour, 0, 0, 0, time.UTC))
	}
	for _, l := range languages {
		t.Run(string(l), func(t *testing.T) {
			w := Words{Language: l, Zone: zone, One: "point", Many: "points"}
			var out strings.Builder
			for _, key := range []string{"accrue", "reverse", "activate", "expire", "freeze", "unfreeze", "open", "take", "give", "note", "note.about", "reserve", "commit", "lapse", "cancel", "repaid", "restore", "achieved", "achieved.back", "referred", "referred.frozen", "referred.back", "back.left", "back.kept", "reclaimed"} {
				for _, n := range []int64{1, -1200} {
					fmt.Fprintf(&out, "%s: %s\n", key, w.Counted(key, n, "orders/1001", w.Instant(at(5, 6, 22)))+w.Because("A gift"))
				}
			}
			for _, key := range []string{"came.import", "came.merge", "went.merge"} {
				fmt.Fprintf(&out, "%s: %s\n", key, w.Say(key, w.Say("owed", w.Points(1200)), "members/m1"))
			}
			fmt.Fprintf(&out, "earned: %s\n", w.Say("earned", w.Say("order", "1001"), w.Points(1250), "Euro 1250"))
			fmt.Fprintf(&out, "nothing: %s\n", w.Say("earned.nothing", w.Say("event", "review-1")))
			for _, n := range []int64{1, 12} {
				for _, key := range []string{"back", "back.cancelled"} {
					fmt.Fprintf(&out, "%s: %s\n", key, w.Counted(key, n, "1001", w.Money("1204.50", "EUR")))
				}
				fmt.Fprintf(&out, "back.event: %s\n", w.Counted("back.event", n, "review-1"))
			}
			for _, why := range []string{"reached", "lapsed", "undone", "reformed"} {
				fmt.Fprintf(&out, "tier: %s\n", w.Say("tier", w.Say("tier.none"), "gold", w.Say("tier."+why), "tiers/metals@1"))
			}
			parts(&out, w, at)
			for _, account := range []string{"pending", "available", "reserved", "frozen", "debt", "redeemed", "expired", "reversed", "adjusted", "opening", "issuance:euro", "donated:forest", "transfer:t1", "strange"} {
				for _, leg := range Legs(ledger.Transaction{Legs: []ledger.Leg{{Account: account, Points: 1200}, {Account: account, Points: -1200}, {Account: account, Points: 1}, {Account: account, Points: -1}}}, w) {
					fmt.Fprintf(&out, "%s %d: %s\n", leg.Account, leg.Points, leg.Text)
				}
			}
			told(&out, w)
			for _, v := range silents(at(5, 8, 16)) {
				fmt.Fprintf(&out, "%s: %s\n", v.Reason(), w.Silent(&v))
			}
			golden(t, string(l), out.String())
		})
	}
}

// parts writes what is said of the lots that steps of several kinds touch.
func parts(out *strings.Builder, w Words, at func(month time.Month, day, hour int) clock.Millis) {
	stored := lots{
		1: {N: 1, Points: 1200, Rule: "rules/euro@1", Source: "orders/1001", IssuedAt: at(5, 4, 9), ExpiresAt: at(12, 31, 23), Life: "calendar year", Policy: "rules/euro@1"},
		2: {N: 2, Points: 30, IssuedAt: at(3, 4, 9)},
	}
	for _, held := range []int64{40, 29, 28} {
		tx := ledger.Transaction{Kind: ledger.KindReverse, Legs: []ledger.Leg{{Account: "debt", Points: -29}, {Account: "reversed", Points: 29}}, After: ledger.Balances{Reserved: held, Debt: -29}}
		fmt.Fprintf(out, "reverse while %d are held: %s\n", held, Parts(tx, stored, w)[0].Text)
	}
	for _, kind := range []ledger.Kind{ledger.KindAdjust, ledger.KindExpire, ledger.KindReverse, ledger.KindRestore, ledger.KindTransfer} {
		tx := ledger.Transaction{Kind: kind, Legs: []ledger.Leg{{Account: "available", Points: -40}, {Account: "expired", Points: 40}, {Account: "x", Points: 5}}, Lots: []ledger.LotChange{
			{LotRef: ledger.LotRef{N: 1}, Open: -30}, {LotRef: ledger.LotRef{N: 2}, Open: -9}, {LotRef: ledger.LotRef{N: 3}, Open: -1},
			{LotRef: ledger.LotRef{N: 4}, Opened: &ledger.Lot{N: 4, Points: 3, Pending: true, ActivatesAt: at(6, 1, 9), ExpiresAt: at(7, 1, 22)}},
			{LotRef: ledger.LotRef{N: 5}, Opened: &ledger.Lot{N: 5, Points: 3, Pending: true}},
		}}
		for _, p := range Parts(tx, stored, w) {
			fmt.Fprintf(out, "%s %d: %s\n", kind, p.Points, p.Text)
		}
	}
}

// told writes what is said of awards and of the steps of their arithmetic.
func told(out *strings.Builder, w Words) {
	for _, a := range awards() {
		fmt.Fprintln(out, w.Award(a))
		steps := []earning.Step{
			{What: earning.StepSum, Text: "120.50 + 40.35", Result: "160.85 EUR"}, {What: earning.StepLines, Result: "160.85 EUR"}, {What: earning.StepWorking, Result: a.Exact},
			{What: earning.StepRounded, Result: fmt.Sprint(a.Desired)}, {Text: "line.amount", Line: "1", Result: "1.5"}, {Text: "order.total", Result: "1.5"},
		}
		for i := range a.Caps {
			steps = append(steps, earning.Step{What: earning.StepCap, Of: i, Result: fmt.Sprint(a.Caps[i].Left)})
		}
		for _, s := range steps {
			text, result := w.Step(a, s)
			fmt.Fprintf(out, "  %s | %s\n", text, result)
		}
	}
}

// golden compares a text with the one that was kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "words."+name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("it says\n%s\nwhat was kept is in %s; look, and run with -update", got, file)
	}
}
