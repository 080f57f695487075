package loyalty_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/loyalty/verify"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// eventful makes a ledger in which most kinds of things have happened, and closes its service when everything is sealed.
func eventful(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	names := []string{"Ida", "Jon", "Mai", "Ole", "Pia"}
	members := map[string]string{}
	for _, name := range names {
		members[name] = r.enrol(t, name, external(name))
	}
	random := rand.New(rand.NewPCG(11, 3))
	// Points of orders live by activity, and wait for delivery line by line.
	terms := perEuro()
	terms.Life, terms.Activation, terms.PerLine = "inactivity P6M", "event delivered", true
	terms.Campaign, terms.Caps = "summer", []*loyaltyv1.EarningRuleCap{{Per: "campaign", Period: "month", Most: 1_000}, {Per: "campaign", Counts: "awards", Most: 50}}
	r.rule(t, "euro", terms)
	for i, name := range names[2:] {
		order := fmt.Sprint("order-", i)
		if _, err := r.order(t, members[name], orderOf(order, 5_000, 3_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.happened(t, "delivered-"+order, order, "delivered", "2"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.cancelOrder(t, "cancelled", "order-0"); err != nil {
		t.Fatal(err)
	}
	r.manyMoves(t, random, names, members)
	if _, err := r.freeze(t, "freeze", members["Ida"], 1); err != nil {
		t.Log(err) // it has ended already
	}
	if _, err := r.members.MergeMembers(r.shop(t, "merge"), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: members["Jon"], Merged: members["Mai"]}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Ole", "Nobody"} {
		if members[name] == "" {
			members[name] = r.enrol(t, name)
		}
		if _, err := r.members.EraseMember(r.manager(t, "erase-"+name), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: members[name]}); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Step(24 * 30 * time.Hour)
	if _, err := r.adjust(t, "late", members["Ida"], 5); err != nil {
		t.Fatal(err)
	}
	r.sealed(t)
	return r
}

// manyMoves gives and takes points by hand, of which some end.
func (r *rig) manyMoves(t *testing.T, random *rand.Rand, names []string, members map[string]string) {
	t.Helper()
	for i := range 60 {
		member := members[names[i%len(names)]]
		req := &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: member, Points: 1 + random.Int64N(100), Reason: "By hand"}
		switch i % 4 {
		case 0, 1:
			req.ExpireTime = timestamppb.New(r.clock.Now().Add(time.Duration(1+random.IntN(90)) * 24 * time.Hour))
		case 2:
			if has := r.account(t, member).GetAvailable(); has > 1 {
				req.Points = -1 - random.Int64N(has-1)
			}
		}
		if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("step-", i)), req); err != nil {
			t.Fatal(err)
		}
		r.clock.Step(5 * time.Hour)
	}
}

// verified asks the service whether the ledger is whole, some rows at a time.
func (r *rig) verified(t testing.TB, rows int32) *loyaltyv1.VerifyLedgerResponse {
	t.Helper()
	whole := &loyaltyv1.VerifyLedgerResponse{Whole: true}
	req := &loyaltyv1.VerifyLedgerRequest{PageSize: rows}
	for {
		resp, err := r.ledger.VerifyLedger(r.manager(t), req)
		if err != nil {
			t.Fatal(err)
		}
		whole.Whole = whole.GetWhole() && resp.GetWhole()
		whole.Accounts += resp.GetAccounts()
		whole.Entries += resp.GetEntries()
		whole.OtherEntries += resp.GetOtherEntries()
		whole.Lots += resp.GetLots()
		whole.Budgets += resp.GetBudgets()
		whole.SealedEntries += resp.GetSealedEntries()
		whole.UnsealedEntries += resp.GetUnsealedEntries()
		whole.Findings = append(whole.Findings, resp.GetFindings()...)
		for _, w := range resp.GetWallets() {
			if w.GetSum() != 0 {
				t.Errorf("the wallet adds up to %v", w)
			}
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return whole
		}
	}
}

// sealed waits until the checkpoints have sealed everything, and stops what happens by itself: from then on nothing is added.
func (r *rig) sealed(t testing.TB) {
	t.Helper()
	r.comesAbout(t, time.Second, func() string {
		v := r.verified(t, 7)
		if v.GetUnsealedEntries() == 0 {
			if r.stop(); r.verified(t, 7).GetUnsealedEntries() == 0 {
				return ""
			}
			r.restart(t)
		}
		return fmt.Sprintf("not sealed: %v", v)
	})
}

func TestAStoredLedgerIsWhole(t *testing.T) {
	r := eventful(t)
	v := r.verified(t, 7)
	if !v.GetWhole() || v.GetAccounts() < 6 || v.GetEntries() < 60 || v.GetLots() < 40 || v.GetOtherEntries() == 0 || v.GetBudgets() != 2 ||
		v.GetSealedEntries() != v.GetEntries()+v.GetOtherEntries() {
		t.Errorf("by the service: %v", v)
	}
	if r.config.MongoDBURI != "" {
		return
	}
	file, err := verify.OpenFile(t.Context(), r.config.Data)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	report, err := verify.All(t.Context(), file, nil)
	if err != nil || !report.Whole() || report.Entries != v.GetEntries() || report.Lots != v.GetLots() || report.Sealed != v.GetSealedEntries() || report.Budgets != v.GetBudgets() {
		t.Errorf("by the file: %+v, %v", report, err)
	}
	for name, sum := range report.Wallets {
		if sum.Total() != 0 || sum.Members["available"] == 0 || sum.System["expired"] == 0 {
			t.Errorf("wallet %s: %+v", name, sum)
		}
	}
}

// spoil is a change of one place of a stored ledger.
type spoil struct {
	what, query string
	args        []any
}

// Each single change of a stored ledger is found: of every field of every kind of row, of ids, rows that are removed, fields that are added or removed. A thousand are
// tried, drawn from all there are; with RENOWN_TEST_FULL all of them.
func TestEachChangeOfAStoredLedgerIsFound(t *testing.T) {
	r := eventful(t)
	if r.config.MongoDBURI != "" {
		t.Skip("the file is changed where there is one")
	}
	db, err := sql.Open("sqlite", filepath.Join(r.config.Data, "loyalty.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := spoils(t, db)
	kinds := map[string]bool{}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	// One of every kind comes first, then more of them until there are enough.
	var firsts, more []spoil
	for _, s := range all {
		if kinds[s.what] {
			more = append(more, s)
			continue
		}
		kinds[s.what] = true
		firsts = append(firsts, s)
	}
	tried := append(firsts, more...)
	if os.Getenv("RENOWN_TEST_FULL") == "" {
		tried = tried[:min(max(1000, len(firsts)), len(tried))]
	}
	for _, s := range tried {
		if err := found(t.Context(), db, s); err != nil {
			t.Errorf("%s: %v", s.what, err)
		}
	}
	t.Logf("%d changes of %d kinds, of %d that there are", len(tried), len(kinds), len(all))
	if len(tried) < 1000 {
		t.Errorf("only %d changes were tried", len(tried))
	}
}

// found applies a change, looks whether it is found, and takes it back.
func found(ctx context.Context, db *sql.DB, s spoil) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if res, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
		return err
	} else if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d rows changed, %w", n, err)
	}
	report, err := verify.All(ctx, verify.Within(tx), nil)
	if err == nil && report.Whole() {
		err = fmt.Errorf("it is not found: %v", s.args)
	}
	return err
}

// spoils lists changes of every place of every row.
func spoils(t *testing.T, db *sql.DB) (all []spoil) {
	t.Helper()
	for _, table := range []string{"journal", "accounts", "lot_pages", "checkpoints", "budgets"} {
		rows, err := db.Query(`SELECT id, doc FROM "` + table + `"`)
		if err != nil {
			t.Fatal(err)
		}
		type stored struct{ id, doc string }
		var docs []stored
		for rows.Next() {
			var s stored
			if err := rows.Scan(&s.id, &s.doc); err != nil {
				t.Fatal(err)
			}
			docs = append(docs, s)
		}
		if err := rows.Err(); err != nil || len(docs) == 0 {
			t.Fatal(table, err)
		}
		rows.Close()
		for _, s := range docs {
			all = append(all,
				spoil{table + " removed", `DELETE FROM "` + table + `" WHERE id = ?`, []any{s.id}},
				spoil{table + " id", `UPDATE "` + table + `" SET id = id || '0' WHERE id = ?`, []any{s.id}},
				spoil{table + " another id", `UPDATE "` + table + `" SET id = '0' || id WHERE id = ?`, []any{s.id}})
			if table == "journal" {
				all = append(all, spoil{table + " version", `UPDATE journal SET version = 2 WHERE id = ?`, []any{s.id}},
					spoil{table + " place", `UPDATE journal SET seq = seq + 100000 WHERE id = ?`, []any{s.id}})
			}
			var doc any
			d := json.NewDecoder(strings.NewReader(s.doc))
			d.UseNumber()
			if err := d.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			places(doc, "", func(place string) {
				text, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, spoil{table + place, `UPDATE "` + table + `" SET doc = ? WHERE id = ?`, []any{string(text), s.id}})
			})
		}
	}
	return all
}

// places calls fn with v changed in each of its places, one after the other.
func places(v any, at string, fn func(place string)) {
	try := func(m map[string]any, key, place string, other any) {
		was := m[key]
		m[key] = other
		fn(place)
		m[key] = was
	}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			switch was := e.(type) {
			case json.Number:
				n, _ := was.Int64()
				v[i] = json.Number(fmt.Sprint(n + 1))
			case string:
				v[i] = was + "x"
			default:
				places(e, at+"[]", fn)
				continue
			}
			fn(at + "[]")
			v[i] = e
		}
	case map[string]any:
		v["added"] = json.Number("1")
		fn(at + ".added")
		delete(v, "added")
		for _, key := range slices.Sorted(maps.Keys(v)) {
			place := at + "." + key
			switch was := v[key].(type) {
			case json.Number:
				n, _ := was.Int64()
				try(v, key, place, n+1)
			case string:
				try(v, key, place, was+"x")
			case bool:
				try(v, key, place, !was)
			default:
				places(was, place, fn)
			}
			was := v[key]
			delete(v, key)
			fn(place + " removed")
			v[key] = was
		}
	}
}

// TestACheckpointThatGrowsMeanwhileIsNoFinding verifies in parts while entries go on being added and sealed.
func TestACheckpointThatGrowsMeanwhileIsNoFinding(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	req := &loyaltyv1.VerifyLedgerRequest{PageSize: 1}
	for n := 0; ; n++ {
		if n < 20 {
			if _, err := r.adjust(t, fmt.Sprint("more-", n), ida, 1); err != nil {
				t.Fatal(err)
			}
		}
		r.comesAbout(t, time.Second, func() string {
			if v := r.verified(t, 1000); v.GetUnsealedEntries() > 0 {
				return fmt.Sprintf("not sealed: %v", v)
			}
			return ""
		})
		resp, err := r.ledger.VerifyLedger(r.manager(t), req)
		if err != nil {
			t.Fatal(err)
		}
		if !resp.GetWhole() {
			t.Fatalf("part %d: %v", n, resp.GetFindings())
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return
		}
		if n > 100 {
			t.Fatal("it comes to no end")
		}
	}
}
