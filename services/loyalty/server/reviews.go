package server

import (
	"context"
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

var (
	reviewStates = map[string]loyaltyv1.ReviewState{
		tables.ReviewOpen: loyaltyv1.ReviewState_REVIEW_STATE_OPEN, tables.ReviewReleased: loyaltyv1.ReviewState_REVIEW_STATE_RELEASED,
		tables.ReviewRejected: loyaltyv1.ReviewState_REVIEW_STATE_REJECTED,
	}
	reviewStatesFromProto = inverse(reviewStates)
)

func reviewProto(row store.Row[tables.Review]) *loyaltyv1.Review {
	v := row.Value
	return &loyaltyv1.Review{
		Name: reviewName(v.Program, row.ID), Member: memberName(v.Program, v.Member), Wallet: v.Wallet, Lots: v.Lots, Points: v.Points, State: reviewStates[v.State],
		Reason: v.Reason, Actor: v.Actor, FreezeTime: timestamp(v.FrozenAt), Decision: v.Decision, Decider: v.Decider, DecideTime: timestamp(v.DecidedAt),
	}
}

func reviewName(program, review string) string { return "programs/" + program + "/reviews/" + review }

// spot is a lot and where it lies.
type spot struct {
	ref ledger.LotRef
	lot ledger.Lot
}

// open is what is neither spent nor held of a lot.
func (s spot) open() int64 { return s.lot.Open - s.lot.Reserved }

// lotsOf finds lots of an account by their numbers, following those that moved.
func lotsOf(w *book.Work, numbers []int64) (map[int64]spot, error) {
	all := map[int64]spot{}
	for at := ""; ; {
		p, ok, err := w.Book.After(at)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		at = p.ID
		for _, l := range p.Lots {
			all[l.N] = spot{ledger.LotRef{Page: p.ID, N: l.N}, l}
		}
	}
	out := map[int64]spot{}
	for _, n := range numbers {
		s, ok := all[n]
		for ok && s.lot.MovedTo != nil {
			s, ok = all[s.lot.MovedTo.N]
		}
		if ok {
			out[n] = s
		}
	}
	return out, nil
}

// FreezePoints freezes lots of a member.
func (s *Server) FreezePoints(ctx context.Context, req *loyaltyv1.FreezePointsRequest) (*loyaltyv1.FreezePointsResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.FreezePointsResponse, error) {
		w, _, err := openIn(ctx, u, req)
		if err != nil {
			return nil, err
		}
		found, err := lotsOf(w, req.GetLots())
		if err != nil {
			return nil, err
		}
		v := tables.Review{
			Program: req.GetProgram(), Member: req.GetMember(), Wallet: w.Row.Value.Wallet, State: tables.ReviewOpen, Lots: slices.Sorted(slices.Values(req.GetLots())),
			Reason: strings.TrimSpace(req.GetReason()), Actor: u.Actor, FrozenAt: u.Now,
		}
		var refs []ledger.LotRef
		for _, n := range v.Lots {
			at, ok := found[n]
			if !ok || at.open() <= 0 || at.lot.FrozenAt != 0 {
				return nil, fault.IllegalState.New("The lot %d holds no points that could be frozen: it does not exist, is spent or held, or is frozen already.", n).
					With(fault.Field{Path: "lots", Message: "Name lots that hold points and are not frozen."})
			}
			refs, v.Points = append(refs, at.ref), v.Points+at.open()
		}
		tx, err := w.Book.Freeze(ledger.Step{Now: u.Now}, refs)
		if err != nil {
			return nil, book.Refused(err)
		}
		row, err := tables.Reviews.Insert(ctx, u.Tx, id.At(u.Now.Time()), v)
		if err != nil {
			return nil, err
		}
		e := u.Post(w, tx)
		e.Reason, e.Source = v.Reason, "reviews/"+row.ID
		return &loyaltyv1.FreezePointsResponse{Review: reviewProto(row)}, nil
	})
}

// ListReviews lists the reviews of a state.
func (s *Server) ListReviews(ctx context.Context, req *loyaltyv1.ListReviewsRequest) (*loyaltyv1.ListReviewsResponse, error) {
	state, ok := reviewStatesFromProto[req.GetState()]
	if !ok {
		state = tables.ReviewOpen
	}
	q, f, err := s.query(req, store.Query{Index: "by_state", Equal: []any{req.GetProgram(), state}}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListReviewsResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		p, err := tables.Reviews.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListReviewsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Reviews = append(resp.Reviews, reviewProto(row))
		}
		return resp, nil
	})
}

// ReleaseReview gives the points of a review free.
func (s *Server) ReleaseReview(ctx context.Context, req *loyaltyv1.ReleaseReviewRequest) (*loyaltyv1.ReleaseReviewResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ReleaseReviewResponse, error) {
		v, err := decide(ctx, u, req.GetProgram(), req.GetReview(), tables.ReviewReleased, req.GetDecision(), func(w *book.Work, frozen []spot) ([]*tables.Entry, error) {
			refs := make([]ledger.LotRef, len(frozen))
			for i, at := range frozen {
				refs[i] = at.ref
			}
			step, err := activity(ctx, u, req.GetProgram())
			if err != nil {
				return nil, err
			}
			tx, err := w.Book.Unfreeze(step, refs)
			if err != nil {
				return nil, book.Refused(err)
			}
			return []*tables.Entry{u.Post(w, tx)}, nil
		})
		return &loyaltyv1.ReleaseReviewResponse{Review: v}, err
	})
}

// RejectReview takes the points of a review back.
func (s *Server) RejectReview(ctx context.Context, req *loyaltyv1.RejectReviewRequest) (*loyaltyv1.RejectReviewResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.RejectReviewResponse, error) {
		v, err := decide(ctx, u, req.GetProgram(), req.GetReview(), tables.ReviewRejected, req.GetDecision(), func(w *book.Work, frozen []spot) ([]*tables.Entry, error) {
			var out []*tables.Entry
			for _, at := range frozen {
				if at.open() <= 0 {
					continue
				}
				// Each lot by itself: for tiers its points never were from the day on which they were issued.
				tx, _, err := w.Book.Reverse(ledger.Step{Now: u.Now}, []ledger.Take{{LotRef: at.ref, Points: at.open()}}, at.open(), ledger.WithinBalance)
				if err != nil {
					return nil, book.Refused(err)
				}
				e := u.Post(w, tx)
				e.Counts = &tables.Counts{At: at.lot.IssuedAt}
				if e.Facts, err = givenFor(ctx, u, w, at.lot); err != nil {
					return nil, err
				}
				out = append(out, e)
			}
			return out, nil
		})
		return &loyaltyv1.RejectReviewResponse{Review: v}, err
	})
}

// decide ends a review. do takes the steps on those of its lots that are still frozen, if any are.
func decide(
	ctx context.Context, u *book.Unit, program, review, state, decision string, do func(w *book.Work, frozen []spot) ([]*tables.Entry, error),
) (*loyaltyv1.Review, error) {
	row, err := tables.Reviews.GetForUpdate(ctx, u.Tx, review)
	if store.IsNotFound(err) || err == nil && row.Value.Program != program {
		return nil, fault.NotFound.New("The programme %q has no review %q.", program, review)
	}
	if err != nil {
		return nil, err
	}
	v := &row.Value
	if v.State != tables.ReviewOpen {
		return nil, fault.IllegalState.New("The review is decided: its points were %s.", v.State)
	}
	w, err := u.Open(ctx, program, v.Member, v.Wallet)
	if err != nil {
		return nil, err
	}
	found, err := lotsOf(w, v.Lots)
	if err != nil {
		return nil, err
	}
	var frozen []spot
	for _, n := range v.Lots {
		if at, ok := found[n]; ok && at.lot.FrozenAt != 0 && at.lot.Open > 0 {
			frozen = append(frozen, at)
		}
	}
	v.State, v.Decision, v.Decider, v.DecidedAt = state, strings.TrimSpace(decision), u.Actor, u.Now
	if row, err = tables.Reviews.Put(ctx, u.Tx, row); err != nil {
		return nil, err
	}
	if len(frozen) > 0 {
		entries, err := do(w, frozen)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			e.Reason, e.Source = row.Value.Decision, "reviews/"+row.ID
		}
	}
	u.Record(tables.Entry{Type: "loyalty.review." + state, Subject: reviewName(program, row.ID), Program: program, Member: row.Value.Member, Reason: row.Value.Decision})
	return reviewProto(row), nil
}

// handOverReviews lets the reviews of an account that was emptied follow its lots, which have other numbers where they are now: lots went over, opened by tx.
func handOverReviews(ctx context.Context, u *book.Unit, out *book.Work, to string, lots []ledger.Lot, tx ledger.Transaction) error {
	member, wallet, _ := cutAccount(out.ID)
	now := map[int64]int64{}
	for _, c := range tx.Lots {
		if c.Opened != nil && len(lots) > 0 {
			now[lots[0].N], lots = c.N, lots[1:]
		}
	}
	for q := (store.Query{Index: "by_member", Equal: []any{member}}); ; {
		page, err := tables.Reviews.Find(ctx, u.Tx, q)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if row.Value.State != tables.ReviewOpen || row.Value.Wallet != wallet {
				continue
			}
			found, err := lotsOf(out, row.Value.Lots)
			if err != nil {
				return err
			}
			var numbers []int64
			for _, n := range row.Value.Lots {
				if at, ok := now[found[n].lot.N]; ok {
					numbers = append(numbers, at)
				}
			}
			row.Value.Member, row.Value.Lots = to, numbers
			if _, err := tables.Reviews.Put(ctx, u.Tx, row); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}
