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
	// moved is the page of a lot that moved.
	moved   object
	entries []object
	rows    map[string][]Row
	end     int64
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
	if f.moved != nil {
		f.rows[LotPages] = append([]Row{row(someone+"/2026-05/000001", 1, 0, f.moved)}, f.rows[LotPages]...)
	}
	f.end = int64(len(f.rows[Journal]))
}

// noted adds entries that move no points behind the others.
func (f *forged) noted(t *testing.T, n int) {
	t.Helper()
	for range n {
		f.end++
		id, e := fmt.Sprintf("~%010d", f.end), object{"type": "loyalty.request.answered", "at": int64(13), "program": "customers"}
		e["hash"] = hashOf("renown.journal.1", id, e)
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		f.rows[Journal] = append(f.rows[Journal], Row{ID: id, Version: 1, Seq: f.end, Text: text})
	}
}

// End is part of Source.
func (f *forged) End(context.Context) (int64, error) { return f.end, nil }

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
		if all := findings(t, f); !strings.Contains(all, what) {
			t.Errorf("%s: found %s", what, all)
		}
	}
}

// renewed is an honest ledger in which the lot, with what is reserved of it, has got an end, and so has moved to another page.
func renewed(t *testing.T) *forged {
	t.Helper()
	f := honest(t)
	read := func(text string) object {
		doc, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	const end = 1_777_600_000_000 // on 1 May 2026
	lot := fmt.Sprintf(`{"n":2,"points":100,"open":70,"reserved":20,"issuedAt":10,"expiresAt":%d,"tx":4,"from":{"page":"~/000001","n":1}}`, int64(end))
	f.entries = append(f.entries, read(`{"type":"loyalty.points.noted","at":13,"program":"customers","member":"m1","tx":{"account":"m1/points","seq":4,"kind":"note","effectiveAt":13,`+
		`"recordedAt":13,"legs":[],"lots":[{"page":"2026-05/000001","n":2,"opened":`+lot+`},{"page":"~/000001","n":1,"open":-70,"reserved":-20,"movedTo":{"page":"2026-05/000001","n":2}}],`+
		`"after":{"pending":0,"available":50,"reserved":20,"frozen":0,"debt":0}}}`))
	f.moved = read(`{"id":"2026-05/000001","lots":[` + lot + `]}`)
	f.page = read(`{"id":"~/000001","lots":[{"n":1,"points":100,"open":0,"issuedAt":10,"tx":1,"movedTo":{"page":"2026-05/000001","n":2}}]}`)
	ledger := member(f.account, "ledger")
	ledger["seq"], ledger["lots"], ledger["recordedAt"], ledger["first"] = int64(4), int64(2), int64(13), "2026-05/000001"
	ledger["tail"] = object{"page": "2026-05/000001", "lots": int64(1)}
	take := first(first(ledger, "holds"), "takes")
	take["page"], take["n"] = "2026-05/000001", int64(2)
	return f
}

// What a hold is on goes along with a lot that moves: a ledger in which it does not is not whole, and the hold's end finds its points where the lot has gone.
func TestAHoldFollowsALotThatMoves(t *testing.T) {
	f := renewed(t)
	f.seal(t)
	if got, err := All(t.Context(), f, nil); err != nil || !got.Whole() {
		t.Fatalf("an honest ledger: %+v, %v", got, err)
	}
	takes := func(f *forged) object { return first(first(member(f.account, "ledger"), "holds"), "takes") }
	for what, forge := range map[string]func(f *forged){
		"at ledger.holds[0].takes[0].n":    func(f *forged) { takes(f)["n"] = int64(1) },
		"at ledger.holds[0].takes[0].page": func(f *forged) { takes(f)["page"] = "~/000001" },
		"at ledger.holds[0].takes[0]":      func(f *forged) { delete(second(f.tx(4), "lots"), "movedTo") },
		"at lots[0].movedTo":               func(f *forged) { delete(first(f.page, "lots"), "movedTo") },
		"at lots[0].from":                  func(f *forged) { delete(first(f.moved, "lots"), "from") },
		"lot 2 would have 70 open":         func(f *forged) { member(first(f.tx(4), "lots"), "opened")["points"] = int64(60) },
		"the lots moved reserved by 20":    func(f *forged) { delete(second(f.tx(4), "lots"), "reserved") },
	} {
		f := renewed(t)
		forge(f)
		f.seal(t)
		if all := findings(t, f); !strings.Contains(all, what) {
			t.Errorf("%s: found %s", what, all)
		}
	}
}

// A change of a lot's state says how many points went with it, since an explanation is made of that.
func TestWhatGoesWithAStateIsWhatWasFreeOfTheLot(t *testing.T) {
	for points, whole := range map[int64]bool{50: true, 49: false, 0: false} {
		f := honest(t)
		doc, err := parse(fmt.Appendf(nil, `{"type":"loyalty.points.frozen","at":13,"program":"customers","member":"m1","tx":{"account":"m1/points","seq":4,"kind":"freeze","effectiveAt":13,`+
			`"recordedAt":13,"legs":[{"account":"available","points":-50},{"account":"frozen","points":50}],"lots":[{"page":"~/000001","n":1,"froze":true,"points":%d}],`+
			`"after":{"pending":0,"available":0,"reserved":20,"frozen":50,"debt":0}}}`, points))
		if err != nil {
			t.Fatal(err)
		}
		f.entries = append(f.entries, doc)
		first(f.page, "lots")["frozenAt"] = int64(13)
		ledger := member(f.account, "ledger")
		ledger["seq"], ledger["recordedAt"] = int64(4), int64(13)
		member(ledger, "balances")["available"], member(ledger, "balances")["frozen"] = int64(0), int64(50)
		f.seal(t)
		if all := findings(t, f); whole && all != "" || !whole && !strings.Contains(all, "50 points went with the state of lot 1") {
			t.Errorf("%d points: found %s", points, all)
		}
	}
}

// findings are all that is found, one in each line.
func findings(t *testing.T, f *forged) string {
	t.Helper()
	got, err := All(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, one := range got.Findings {
		fmt.Fprintln(&all, one)
	}
	return all.String()
}

// An entry that moves no points is in no chain. Before a checkpoint seals it, its number tells that it is missing.
func TestAnEntryWithoutPointsIsMissedBeforeItIsSealed(t *testing.T) {
	whole := func() *forged {
		f := honest(t)
		f.seal(t)
		f.noted(t, 3)
		return f
	}
	if all := findings(t, whole()); all != "" {
		t.Fatalf("an honest ledger: %s", all)
	}
	for what, at := range map[string]int{"journal ~0000000005: before it 1 entries are missing: 4 to 4": 3, "journal ~0000000006: before it 1": 4, "journal the end: before it 1": 5} {
		f := whole()
		f.rows[Journal] = append(f.rows[Journal][:at:at], f.rows[Journal][at+1:]...)
		if all := findings(t, f); !strings.Contains(all, what) {
			t.Errorf("%s: found %s", what, all)
		}
	}
	f := whole()
	f.rows[Journal][4].Text = []byte(strings.Replace(string(f.rows[Journal][4].Text), "answered", "refused", 1))
	if all := findings(t, f); !strings.Contains(all, "it is not what was hashed") {
		t.Errorf("changed: found %s", all)
	}
}

// A byte that is no UTF-8, and half a surrogate pair, read as U+FFFD: where that stood, the hash would not tell.
func TestWhatTheDecoderWouldReplaceIsNotRead(t *testing.T) {
	forms := map[string]bool{
		"\uFFFD": true, "\\ufffd": true, "\\ud83d\\ude00": true, "\U0001F600": true, "\\\\ud800": true, "\\u00e9": true,
		"\xff": false, "\xed\xa0\x80": false, "\xc3": false, "\\ud800": false, "\\uDC00": false, "\\ud800\\u0041": false, "\\ud800x": false, "\\ud83d\\ud83d": false,
	}
	for form, legible := range forms {
		if doc, err := parse([]byte(`{"a":"` + form + `"}`)); legible != (err == nil) {
			t.Errorf("%q is read as %v, %v", form, doc, err)
		}
	}
	f := honest(t)
	f.entries[1]["reason"] = "a \uFFFD in it"
	f.seal(t)
	if all := findings(t, f); all != "" {
		t.Fatalf("an honest ledger: %s", all)
	}
	text := string(f.rows[Journal][1].Text)
	for _, other := range []string{"\xff", "\\ud800"} {
		f.rows[Journal][1].Text = []byte(strings.Replace(text, "\uFFFD", other, 1))
		if all := findings(t, f); !strings.Contains(all, "it cannot be read") {
			t.Errorf("%q: found %s", other, all)
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
