package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
)

// forged is a small ledger of one account, in whatever state a test brings it, with hashes that are right all the same. It is a Source.
type forged struct {
	account, page object
	entries       []object
	rows          map[string][]Row
}

const someone = "m1/points"

// honest is a ledger that is whole: 100 points are given, 30 of them taken, 20 reserved.
func honest(t *testing.T) *forged {
	t.Helper()
	read := func(format string, args ...any) object {
		doc, err := parse(fmt.Appendf(nil, format, args...))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	lot := `{"n":1,"points":100,"open":%d%s,"issuedAt":10,"tx":1}`
	entry := `{"type":"loyalty.points.adjusted","at":%[2]d,"program":"customers","member":"m1","tx":{"account":"m1/points","seq":%[1]d,"kind":%[10]q,"effectiveAt":%[2]d,"recordedAt":%[2]d,` +
		`"legs":[{"account":%[3]q,"points":%[4]d},{"account":%[5]q,"points":%[6]d}],"lots":[{"page":"~/000001","n":1,%[7]s}],` +
		`"after":{"pending":0,"available":%[8]d,"reserved":%[9]d,"frozen":0,"debt":0}}}`
	f := &forged{
		account: read(`{"program":"customers","member":"m1","wallet":"points","ledger":{"id":"m1/points","balances":{"pending":0,"available":50,"reserved":20,"frozen":0,"debt":0},` +
			`"lifetime":{"earned":0,"spent":30,"expired":0},"seq":3,"lots":1,"recordedAt":12,"dueAt":99,"first":"~/000001","tail":{"page":"~/000001","lots":1},` +
			`"holds":[{"id":"h","points":20,"endsAt":99,"takes":[{"page":"~/000001","n":1,"points":20}],"created":12}]}}`),
		entries: []object{
			read(entry, 1, 10, "available", 100, "adjusted", -100, `"opened":`+fmt.Sprintf(lot, 100, ""), 100, 0, "adjust"),
			read(entry, 2, 11, "available", -30, "redeemed", 30, `"open":-30`, 70, 0, "commit"),
			read(entry, 3, 12, "available", -20, "reserved", 20, `"reserved":20`, 50, 20, "reserve"),
		},
		page: read(`{"id":"~/000001","lots":[%s]}`, fmt.Sprintf(lot, 70, `,"reserved":20`)),
	}
	f.tx(3)["hold"], f.tx(3)["endsAt"] = "h", int64(99)
	return f
}

func (f *forged) tx(n int) object { return member(f.entries[n-1], "tx") }

// seal makes the rows, with hashes of what they say.
func (f *forged) seal(t *testing.T) {
	t.Helper()
	row := func(id string, version, seq int64, doc object) Row {
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return Row{ID: id, Version: version, Seq: seq, Text: text}
	}
	f.rows = map[string][]Row{}
	state, head := hashOf("renown.account.1", someone, f.account), ""
	for i, e := range f.entries {
		id := fmt.Sprintf("%s/%010d", someone, i+1)
		if e = maps.Clone(e); head != "" {
			e["prev"] = head
		}
		if i == len(f.entries)-1 {
			e["state"] = state
		}
		head = hashOf("renown.journal.1", id, e)
		e["hash"] = head
		f.rows[Journal] = append(f.rows[Journal], row(id, 1, int64(i+1), e))
	}
	member(f.account, "ledger")["head"] = head
	f.rows[Accounts] = []Row{row(someone, 3, 0, f.account)}
	f.rows[LotPages] = []Row{row(someone+"/~/000001", 3, 0, f.page)}
}

// View is part of Source.
func (f *forged) View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	return fn(ctx, f)
}

// Rows is part of Reader.
func (f *forged) Rows(_ context.Context, table, from, before string, limit int) (rows []Row, err error) {
	for _, r := range f.rows[table] {
		if r.ID >= from && (before == "" || r.ID < before) && len(rows) < limit {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// Feed is part of Source.
func (f *forged) Feed(_ context.Context, after int64, limit int) (rows []Row, err error) {
	for _, r := range f.rows[Journal] {
		if r.Seq > after && len(rows) < limit {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// first is the first object of a list in an object, second the second.
func first(o object, key string) object  { return list(o, key)[0].(object) }
func second(o object, key string) object { return list(o, key)[1].(object) }

// Hashes only tell that what was written is what is read. A writer that seals an untruth is found by what it comes to.
func TestAnUntruthThatIsSealedIsFoundByItsArithmetic(t *testing.T) {
	f := honest(t)
	f.seal(t)
	if got, err := All(t.Context(), f, nil); err != nil || !got.Whole() || got.Entries != 3 || got.Wallets["points"].Members["available"] != 50 {
		t.Fatalf("an honest ledger: %+v, %v", got, err)
	}
	ledger := func(f *forged) object { return member(f.account, "ledger") }
	for what, forge := range map[string]func(f *forged){
		"the legs add up to 1":            func(f *forged) { second(f.tx(2), "legs")["points"] = int64(31) },
		"all entries of the wallet":       func(f *forged) { second(f.tx(2), "legs")["points"] = int64(31) },
		"the legs lead to other balances": func(f *forged) { member(f.tx(2), "after")["available"] = int64(71) },
		"the lots moved available by -29": func(f *forged) { first(f.tx(2), "lots")["open"] = int64(-29) },
		"time does not go on": func(f *forged) {
			f.tx(2)["recordedAt"], f.tx(2)["effectiveAt"], f.entries[1]["at"] = int64(9), int64(9), int64(9)
		},
		"at tx.recordedAt: time":               func(f *forged) { f.tx(2)["effectiveAt"] = int64(13) },
		"it is transaction 3":                  func(f *forged) { f.tx(2)["seq"] = int64(3) },
		"it is of another member":              func(f *forged) { f.entries[1]["member"] = "m2" },
		"there is no lot 1 on page 2027":       func(f *forged) { first(f.tx(2), "lots")["page"] = "2027-03/000001" },
		"lot 2 is opened":                      func(f *forged) { first(f.tx(1), "lots")["n"] = int64(2) },
		"100 open and 0 reserved of 99":        func(f *forged) { member(first(f.tx(1), "lots"), "opened")["points"] = int64(99) },
		"at lots[0].rule":                      func(f *forged) { first(f.page, "lots")["rule"] = "rules/double@3" },
		"at ledger.lifetime.spent":             func(f *forged) { member(ledger(f), "lifetime")["spent"] = int64(29) },
		"at ledger.balances.available":         func(f *forged) { member(ledger(f), "balances")["available"] = int64(51) },
		"at ledger.recordedAt":                 func(f *forged) { ledger(f)["recordedAt"] = int64(13) },
		"at ledger.dueAt":                      func(f *forged) { ledger(f)["dueAt"] = int64(98) },
		"at ledger.seq":                        func(f *forged) { ledger(f)["seq"] = int64(4) },
		"at ledger.holds[0].points":            func(f *forged) { first(ledger(f), "holds")["points"] = int64(21) },
		"at ledger.holds[0].takes[0].n":        func(f *forged) { first(first(ledger(f), "holds"), "takes")["n"] = int64(2) },
		"at member: it says that it is m2/poi": func(f *forged) { f.account["member"] = "m2" },
	} {
		f := honest(t)
		forge(f)
		f.seal(t)
		got, err := All(t.Context(), f, nil)
		var all strings.Builder
		for _, one := range got.Findings {
			fmt.Fprintln(&all, one)
		}
		if err != nil || !strings.Contains(all.String(), what) {
			t.Errorf("%s: found %s, %v", what, all.String(), err)
		}
	}
}

func TestWhatCanBeReadInTwoWaysIsNotRead(t *testing.T) {
	for _, text := range []string{`{"a":1,"a":1}`, `{"a":1.0}`, `{"a":1e3}`, `{"a":-0}`, `{"a":9223372036854775808}`, `{"a":1}{}`, `[]`, `{"a":`, ``} {
		if doc, err := parse([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, doc)
		}
	}
}
