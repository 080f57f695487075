package server

import (
	"context"
	"fmt"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/kept"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var entryKinds = map[ledger.Kind]loyaltyv1.EntryKind{
	ledger.KindAccrue: loyaltyv1.EntryKind_ENTRY_KIND_ACCRUE, ledger.KindActivate: loyaltyv1.EntryKind_ENTRY_KIND_ACTIVATE,
	ledger.KindExpire: loyaltyv1.EntryKind_ENTRY_KIND_EXPIRE, ledger.KindReserve: loyaltyv1.EntryKind_ENTRY_KIND_RESERVE,
	ledger.KindCommit: loyaltyv1.EntryKind_ENTRY_KIND_COMMIT, ledger.KindCancel: loyaltyv1.EntryKind_ENTRY_KIND_CANCEL,
	ledger.KindLapse: loyaltyv1.EntryKind_ENTRY_KIND_LAPSE, ledger.KindRestore: loyaltyv1.EntryKind_ENTRY_KIND_RESTORE,
	ledger.KindReverse: loyaltyv1.EntryKind_ENTRY_KIND_REVERSE, ledger.KindAdjust: loyaltyv1.EntryKind_ENTRY_KIND_ADJUST,
	ledger.KindFreeze: loyaltyv1.EntryKind_ENTRY_KIND_FREEZE, ledger.KindUnfreeze: loyaltyv1.EntryKind_ENTRY_KIND_UNFREEZE,
	ledger.KindTransfer: loyaltyv1.EntryKind_ENTRY_KIND_TRANSFER, ledger.KindOpen: loyaltyv1.EntryKind_ENTRY_KIND_OPEN,
	ledger.KindNote: loyaltyv1.EntryKind_ENTRY_KIND_NOTE,
}

// account is what a member holds in a wallet as of an instant, and until when that is so if nothing happens: not at all if something is due.
func (s *Server) account(ctx context.Context, tx store.Reader, member, wallet string, now clock.Millis) (*loyaltyv1.Account, clock.Millis, error) {
	row, err := tables.Accounts.Get(ctx, tx, tables.AccountID(member, wallet))
	if store.IsNotFound(err) { // a wallet that the programme got after the member had enrolled
		return accountProto(wallet, ledger.Account{}), kept.Never, nil
	}
	if err != nil {
		return nil, 0, err
	}
	view, err := book.View(ctx, tx, row.Value.Ledger, now)
	if err != nil {
		return nil, 0, err
	}
	next, err := nextEnd(view)
	if err != nil {
		return nil, 0, err
	}
	a := view.Account()
	out := accountProto(wallet, a)
	setLifetime(out, book.Lifetime(row.Value, a))
	setNextExpire(out, next)
	var until clock.Millis
	out.Tier, until, err = s.tierProgress(ctx, tx, row.Value, now)
	if due := row.Value.Ledger.DueAt; due != 0 {
		until = min(until, due)
	}
	return out, until, err
}

func accountProto(wallet string, a ledger.Account) *loyaltyv1.Account {
	out := &loyaltyv1.Account{Wallet: wallet, Entries: a.Seq, Head: a.Head}
	b := entryBalances(wallet, a.Balances)
	out.Available, out.Pending, out.Reserved, out.Frozen, out.Debt = b.Available, b.Pending, b.Reserved, b.Frozen, b.Debt
	setLifetime(out, a.Lifetime)
	return out
}

func setLifetime(out *loyaltyv1.Account, l ledger.Lifetime) {
	out.LifetimeEarned, out.LifetimeSpent, out.LifetimeExpired = l.Earned, l.Spent, l.Expired
}

func entryBalances(wallet string, b ledger.Balances) *loyaltyv1.EntryBalances {
	return &loyaltyv1.EntryBalances{Wallet: wallet, Available: b.Available, Pending: b.Pending, Reserved: b.Reserved, Frozen: b.Frozen, Debt: -b.Debt}
}

// entryProto is an entry as the API shows it.
func entryProto(e tables.Entry) *loyaltyv1.Entry {
	wallet := e.Tx.Account[strings.Index(e.Tx.Account, "/")+1:]
	out := &loyaltyv1.Entry{
		Name: fmt.Sprintf("%s/entries/%s-%d", memberName(e.Program, e.Member), wallet, e.Tx.Seq), Wallet: wallet, Number: e.Tx.Seq, Kind: entryKinds[e.Tx.Kind],
		EffectiveTime: timestamp(e.Tx.EffectiveAt), RecordTime: timestamp(e.Tx.RecordedAt), Reason: e.Reason, Source: e.Source, Actor: e.Actor,
		Account: entryBalances(wallet, e.Tx.After), PreviousHash: e.Prev, Hash: e.Hash,
	}
	for _, l := range e.Tx.Legs {
		name := l.Account
		if !strings.Contains(name, ":") && isBucket(name) {
			name = "members/" + e.Member + "/" + name
		}
		out.Legs = append(out.Legs, &loyaltyv1.Leg{Account: name, Points: l.Points})
	}
	for _, c := range e.Tx.Lots {
		change := &loyaltyv1.LotChange{Lot: c.N, Open: c.Open, Reserved: c.Reserved, Opened: c.Opened != nil, Activated: c.Activated}
		if c.Opened != nil {
			change.Open = c.Opened.Open
		}
		if c.MovedTo != nil {
			change.MovedTo = c.MovedTo.N
		}
		out.Lots = append(out.Lots, change)
	}
	return out
}

func isBucket(name string) bool {
	switch ledger.Bucket(name) {
	case ledger.Pending, ledger.Available, ledger.Reserved, ledger.Frozen, ledger.Debt:
		return true
	}
	return false
}

// ListEntries lists the entries of a member's account, newest first.
func (s *Server) ListEntries(ctx context.Context, req *loyaltyv1.ListEntriesRequest) (*loyaltyv1.ListEntriesResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListEntriesResponse, error) {
		account, err := accountOf(ctx, tx, req.GetProgram(), req.GetMember(), req.GetWallet())
		if err != nil {
			return nil, err
		}
		q, f, err := s.query(req, store.Query{From: account + "/", Before: account + "0", Descending: true}, 50, 200)
		if err != nil {
			return nil, err
		}
		p, err := tables.Journal.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListEntriesResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			if err := book.Show(ctx, tx, &row.Value); err != nil {
				return nil, err
			}
			resp.Entries = append(resp.Entries, entryProto(row.Value))
		}
		return resp, nil
	})
}

// accountOf is the id of the account that a request is about.
func accountOf(ctx context.Context, tx store.Reader, programID, memberID, wallet string) (string, error) {
	if _, err := findMember(ctx, tx, programID, memberID); err != nil {
		return "", err
	}
	p, err := program(ctx, tx, programID)
	if err != nil {
		return "", err
	}
	wallet, err = walletOf(p.Value, wallet)
	return tables.AccountID(memberID, wallet), err
}

// ListLots lists the lots of a member's account in the order in which they are spent.
func (s *Server) ListLots(ctx context.Context, req *loyaltyv1.ListLotsRequest) (*loyaltyv1.ListLotsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListLotsResponse, error) {
		account, err := accountOf(ctx, tx, req.GetProgram(), req.GetMember(), req.GetWallet())
		if err != nil {
			return nil, err
		}
		q, f, err := s.query(req, store.Query{From: account + "/", Before: account + "0"}, 4, 32)
		if err != nil {
			return nil, err
		}
		p, err := tables.LotPages.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		held, err := tables.Accounts.Get(ctx, tx, account)
		if err != nil && !store.IsNotFound(err) {
			return nil, err
		}
		resp := &loyaltyv1.ListLotsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			for _, l := range row.Value.Lots {
				l.ExpiresAt = held.Value.Ledger.Ends(&l)
				resp.Lots = append(resp.Lots, lotProto(account, l))
			}
		}
		return resp, nil
	})
}

func lotProto(account string, l ledger.Lot) *loyaltyv1.Lot {
	out := &loyaltyv1.Lot{
		Number: l.N, Wallet: account[strings.Index(account, "/")+1:], Points: l.Points, Open: l.Open, Reserved: l.Reserved, IssueTime: timestamp(l.IssuedAt),
		ActivateTime: timestamp(l.ActivatesAt), ExpireTime: timestamp(l.ExpiresAt), Rule: l.Rule, Source: l.Source, Entry: l.Tx,
		Life: l.Life, Policy: l.Policy,
		State: loyaltyv1.LotState_LOT_STATE_AVAILABLE,
	}
	switch {
	case l.Open == 0:
		out.State = loyaltyv1.LotState_LOT_STATE_CLOSED
	case l.Pending:
		out.State = loyaltyv1.LotState_LOT_STATE_PENDING
	case l.FrozenAt != 0:
		out.State = loyaltyv1.LotState_LOT_STATE_FROZEN
	}
	return out
}

// AdjustPoints gives or takes points by hand.
func (s *Server) AdjustPoints(ctx context.Context, req *loyaltyv1.AdjustPointsRequest) (*loyaltyv1.AdjustPointsResponse, error) {
	ends, err := instant("expireTime", req.GetExpireTime())
	if err != nil {
		return nil, err
	}
	return book.Move(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.AdjustPointsResponse, error) {
		w, p, err := openIn(ctx, u, req)
		if err != nil {
			return nil, err
		}
		tx, err := adjust(w, p.Value, req.GetProgram(), u.Now, req.GetPoints(), ends)
		if err != nil {
			return nil, err
		}
		e := u.Post(w, tx)
		e.Reason = strings.TrimSpace(req.GetReason())
		if e.Facts, err = toldFor(req.GetStory()); err != nil {
			return nil, err
		}
		return &loyaltyv1.AdjustPointsResponse{Entry: entryProto(*e)}, nil
	})
}

func adjust(w *book.Work, p tables.Program, programID string, now clock.Millis, points int64, ends clock.Millis) (ledger.Transaction, error) {
	step := ledger.Step{Now: now}
	if points < 0 {
		if ends != 0 {
			return ledger.Transaction{}, fault.Invalid("expireTime", "points that are taken have no end")
		}
		tx, err := w.Book.Spend(step, ledger.KindAdjust, -points, ledger.Adjusted)
		return tx, book.Refused(err)
	}
	if ends != 0 && ends <= now {
		return ledger.Transaction{}, fault.Invalid("expireTime", "it has passed")
	}
	lot := ledger.NewLot{Points: points, ExpiresAt: ends, From: ledger.Adjusted}
	if ends == 0 {
		zone, err := calendar.LoadZone("timeZone", p.TimeZone)
		if err != nil {
			return ledger.Transaction{}, err
		}
		if err := livesFrom(&lot, calendar.Life{}, programID, p, zone, now); err != nil {
			return ledger.Transaction{}, err
		}
	}
	step.Idle = active(p, now)
	tx, err := w.Book.Issue(step, ledger.KindAdjust, []ledger.NewLot{lot})
	return tx, book.Refused(err)
}

// openIn opens the account that a command names: of a member in a wallet of the programme, the usual one if it says none.
func openIn(ctx context.Context, u *book.Unit, req interface {
	GetProgram() string
	GetMember() string
	GetWallet() string
}) (*book.Work, store.Row[tables.Program], error) {
	p, err := program(ctx, u.Tx, req.GetProgram())
	if err != nil {
		return nil, p, err
	}
	wallet, err := walletOf(p.Value, req.GetWallet())
	if err != nil {
		return nil, p, err
	}
	w, err := u.Open(ctx, req.GetProgram(), req.GetMember(), wallet)
	return w, p, err
}
