package server

import (
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/rpc"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Entries that are large are on pages that have fewer of them, so that a reply stays below what a call may have.
func TestAPageOfLargeEntriesHasFewerOfThem(t *testing.T) {
	var rows []store.Row[tables.Entry]
	for n := range int64(40) {
		tx := &ledger.Transaction{Account: "m/points", Seq: n + 1, Kind: ledger.KindAdjust}
		rows = append(rows, store.Row[tables.Entry]{Seq: n + 7, Value: tables.Entry{Program: "customers", Member: "m", Reason: strings.Repeat("x", 1<<20), Tx: tx}})
	}
	seen, pages := 0, 0
	for seen < len(rows) {
		x := &exported{resp: &loyaltyv1.ExportLedgerResponse{}, size: 1000}
		next, err := x.feed(t.Context(), nil, "customers", rows[seen:])
		if err != nil {
			t.Fatal(err)
		}
		n := len(x.resp.GetRecords())
		if n == 0 || proto.Size(x.resp) > rpc.MaxMessage/2 {
			t.Fatalf("%d records, %d bytes", n, proto.Size(x.resp))
		}
		if seen, pages = seen+n, pages+1; next != exportEntries+" "+strconv.FormatInt(rows[seen-1].Seq, 10) {
			t.Fatalf("after %d it goes on at %q", seen, next)
		}
	}
	if seen != len(rows) || pages != 10 {
		t.Errorf("%d entries on %d pages", seen, pages)
	}
}
