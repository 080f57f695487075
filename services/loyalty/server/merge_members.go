package server

import (
	"context"
	"maps"
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// eventMerged is the type of the entry that tells of a merge.
const eventMerged = "loyalty.member.merged"

// merged is what the entries of a merge tell.
type merged = book.Merged

// MergeMembers makes one member of two.
func (s *Server) MergeMembers(ctx context.Context, req *loyaltyv1.MergeMembersRequest) (*loyaltyv1.MergeMembersResponse, error) {
	merge := func(ctx context.Context, u *book.Unit) (*loyaltyv1.MergeMembersResponse, error) {
		out, err := s.merge(ctx, u, req)
		return &loyaltyv1.MergeMembersResponse{Member: out}, err
	}
	if !req.GetValidateOnly() {
		return book.Do(ctx, s.books, req, merge)
	}
	var out *loyaltyv1.MergeMembersResponse
	err := book.Try(ctx, s.books, func(ctx context.Context, u *book.Unit) (err error) {
		out, err = merge(ctx, u)
		return err
	})
	return out, err
}

func (s *Server) merge(ctx context.Context, u *book.Unit, req *loyaltyv1.MergeMembersRequest) (*loyaltyv1.Member, error) {
	to, p, err := activeMember(ctx, u.Tx, req.GetProgram(), req.GetMember())
	if err != nil {
		return nil, err
	}
	from, lost, err := activeMember(ctx, u.Tx, req.GetProgram(), req.GetMerged())
	if err != nil {
		return nil, inField("merged", err)
	}
	if from.ID == to.ID {
		if req.GetMember() == req.GetMerged() {
			return nil, fault.Invalid("merged", "a member cannot be merged into itself")
		}
		// They are one already. The answer holds personal data, so it is kept with the member.
		u.Record(tables.Entry{Type: "loyalty.request.answered", Subject: memberName(to.Value.Program, to.ID), Program: to.Value.Program, Member: to.ID})
		return s.shownMember(ctx, u.Tx, to, p)
	}
	look, err := s.look(ctx, u, req, [2]store.Row[tables.Member]{to, from}, [2]tables.Profile{p, lost})
	if err != nil {
		return nil, err
	}
	works, err := s.handOver(ctx, u, from, to)
	if err != nil {
		return nil, err
	}
	if to, p, err = s.unite(ctx, u, from, to, lost, p); err != nil {
		return nil, err
	}
	out, err := s.shownMember(ctx, u.Tx, to, p)
	if err != nil {
		return nil, err
	}
	if err := s.showWorks(ctx, u, out, works); err != nil {
		return nil, err
	}
	if err := look.agree(req, out); err != nil {
		return nil, err
	}
	facts, err := book.Facts(merged{From: from.ID, Into: to.ID})
	u.Record(tables.Entry{Type: eventMerged, Subject: memberName(to.Value.Program, to.ID), Program: to.Value.Program, Member: to.ID, Facts: facts})
	return out, err
}

// accountsOf are the accounts of a member.
func accountsOf(ctx context.Context, tx store.Reader, member string) ([]store.Row[tables.Account], error) {
	page, err := tables.Accounts.Find(ctx, tx, store.Query{From: member + "/", Before: member + "0"})
	return page.Rows, err
}

// handOver moves everything that one member has to another, and closes the accounts of the first. It returns the accounts of the other.
func (s *Server) handOver(ctx context.Context, u *book.Unit, from, to store.Row[tables.Member]) ([]*book.Work, error) {
	accounts, err := accountsOf(ctx, u.Tx, from.ID)
	if err != nil {
		return nil, err
	}
	var works []*book.Work
	for _, a := range accounts {
		out, err := u.Open(ctx, from.Value.Program, from.ID, a.Value.Wallet)
		if err != nil {
			return nil, err
		}
		in, err := openOrCreate(ctx, u, to, a.Value.Wallet)
		if err != nil {
			return nil, err
		}
		holds := out.Book.Account().Holds
		if err := free(u, out, holds); err != nil {
			return nil, err
		}
		step, err := activity(ctx, u, from.Value.Program)
		if err != nil {
			return nil, err
		}
		lots, tx, err := move(ctx, u, step, out, in, from.ID, to.ID)
		if err != nil {
			return nil, err
		}
		if err := handOverReviews(ctx, u, out, to.ID, lots, tx); err != nil {
			return nil, err
		}
		if err := holdAgain(ctx, u, in, holds); err != nil {
			return nil, err
		}
		works = append(works, in)
	}
	return works, moveRedemptions(ctx, u, from.ID, to.ID)
}

// openOrCreate opens a member's account, and makes it if the wallet is younger than the member.
func openOrCreate(ctx context.Context, u *book.Unit, m store.Row[tables.Member], wallet string) (*book.Work, error) {
	w, err := u.Open(ctx, m.Value.Program, m.ID, wallet)
	if store.IsNotFound(err) {
		return u.Create(ctx, m.Value.Program, m.ID, wallet), nil
	}
	return w, err
}

// move moves everything from one account to another, and returns the lots that went over and the transaction that opened them there.
func move(ctx context.Context, u *book.Unit, step ledger.Step, out, in *book.Work, from, to string) (lots []ledger.Lot, tx ledger.Transaction, err error) {
	told := merged{From: from, Into: to, Transfer: id.At(u.Now.Time())}
	whole, err := u.Leaves(ctx, out, told)
	if err != nil {
		return nil, tx, err
	}
	tx, parcel, err := out.Book.TransferOut(step, told.Transfer)
	if err != nil {
		return nil, tx, book.Refused(err)
	}
	e := u.Post(out, tx)
	e.Source = "members/" + to
	if e.Facts, err = book.Facts(told); err != nil {
		return nil, tx, err
	}
	out.Row.Value.Closed, out.Row.Value.Into = tables.MemberMerged, to
	out.Touch()
	if len(parcel.Lots) == 0 && parcel.Debt == 0 {
		tx, err = in.Book.Note(step)
	} else {
		tx, err = in.Book.TransferIn(step, told.Transfer, parcel)
	}
	if err != nil {
		return nil, tx, book.Refused(err)
	}
	e = u.Post(in, tx)
	e.Source = "members/" + from
	e.Facts, err = book.Facts(whole)
	takeOver(&in.Row.Value, out.Row.Value, whole)
	return parcel.Lots, tx, err
}

// takeOver gives an account what another has beside its points: what was ever earned, how many orders there were, and what is used up of caps.
func takeOver(in *tables.Account, out tables.Account, m book.Merged) {
	life := *m.Lifetime
	if c := in.Carried; c != nil {
		life.Earned, life.Spent, life.Expired = life.Earned+c.Earned, life.Spent+c.Spent, life.Expired+c.Expired
	}
	in.Carried, in.Orders = &life, in.Orders+out.Orders
	counters := maps.Clone(in.Counters)
	for key, c := range out.Counters {
		if counters == nil {
			counters = map[string]tables.Counter{}
		}
		counters[key] = tables.Counter{Used: counters[key].Used + c.Used, Ends: max(counters[key].Ends, c.Ends)}
	}
	in.Counters = counters
}

// unite gives a member what is known of another, who is known no more. What both have stays that of the first.
func (s *Server) unite(
	ctx context.Context, u *book.Unit, from, to store.Row[tables.Member], lost, p tables.Profile,
) (store.Row[tables.Member], tables.Profile, error) {
	if len(p.Identifiers)+len(lost.Identifiers) > mostIdentifiers {
		return to, p, fault.IllegalState.New("The member would have more than %d identifiers. Remove some first.", mostIdentifiers)
	}
	for _, one := range lost.Identifiers {
		if err := s.release(ctx, u.Tx, from.Value.Program, one, from.ID); err != nil {
			return to, p, err
		}
		if err := s.claim(ctx, u.Tx, to.Value.Program, one, to.ID, "merged"); err != nil {
			return to, p, err
		}
		p.Identifiers = append(p.Identifiers, one)
	}
	if err := handOverPrints(ctx, u.Tx, from.ID, to.ID); err != nil {
		return to, p, err
	}
	if p.DisplayName == "" {
		p.DisplayName = lost.DisplayName
	}
	both := maps.Clone(lost.Attributes)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, p.Attributes)
	p.Attributes = both
	if len(both) > mostAttributes {
		return to, p, fault.IllegalState.New("The member would have %d attributes, and has at most %d. Remove some first.", len(both), mostAttributes)
	}
	for _, t := range from.Value.Tags {
		if !slices.Contains(to.Value.Tags, t) {
			to.Value.Tags = append(slices.Clip(to.Value.Tags), t)
		}
	}
	if n := len(to.Value.Tags); n > mostTags {
		return to, p, fault.IllegalState.New("The member would have %d tags, and has at most %d. Remove some first.", n, mostTags)
	}
	to, err := putProfile(ctx, u.Tx, to, p)
	if err != nil {
		return to, p, err
	}
	from.Value.State, from.Value.Into, from.Value.Profile, from.Value.Tags = tables.MemberMerged, to.ID, "", nil
	_, err = tables.Members.Put(ctx, u.Tx, from)
	return to, p, err
}

// showWorks shows accounts as they will be when the command is done.
func (s *Server) showWorks(ctx context.Context, u *book.Unit, m *loyaltyv1.Member, works []*book.Work) error {
	for _, w := range works {
		wallet := w.ID[strings.Index(w.ID, "/")+1:]
		i := slices.IndexFunc(m.GetAccounts(), func(a *loyaltyv1.Account) bool { return a.GetWallet() == wallet })
		if i < 0 {
			continue
		}
		if err := u.Stand(ctx, w); err != nil {
			return err
		}
		account := w.Row.Value
		account.Ledger = w.Book.Account()
		shown := accountProto(wallet, account.Ledger)
		setLifetime(shown, book.Lifetime(account, account.Ledger))
		shown.Head = "" // that of its last entry, which is not sealed yet
		next, err := nextEnd(w.Book)
		if err != nil {
			return err
		}
		setNextExpire(shown, next)
		if shown.Tier, _, err = s.tierProgress(ctx, u.Tx, account, u.Now); err != nil {
			return err
		}
		m.Accounts[i] = shown
	}
	return nil
}
