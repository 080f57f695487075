package server

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/plan"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// ExportProgram returns what a programme is set up as.
func (s *Server) ExportProgram(ctx context.Context, req *loyaltyv1.ExportProgramRequest) (*loyaltyv1.ExportProgramResponse, error) {
	at, err := instant("time", req.GetTime())
	if err != nil {
		return nil, err
	}
	if at == 0 {
		at = ever
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportProgramResponse, error) {
		is, err := setupAt(ctx, tx, req.GetProgram(), at)
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.ExportProgramResponse{Document: is.document()}, nil
	})
}

// ImportProgram sets a programme up as a document says.
func (s *Server) ImportProgram(ctx context.Context, req *loyaltyv1.ImportProgramRequest) (*loyaltyv1.ImportProgramResponse, error) {
	want, err := setupOf(req.GetDocument())
	if err != nil {
		return nil, err
	}
	return s.become(ctx, req, func(context.Context, store.Reader, setup) (setup, *loyaltyv1.ProgramDocument, error) {
		return want, req.GetDocument(), nil
	})
}

// RollbackProgram sets a programme up as it was.
func (s *Server) RollbackProgram(ctx context.Context, req *loyaltyv1.RollbackProgramRequest) (*loyaltyv1.RollbackProgramResponse, error) {
	at, err := instant("time", req.GetTime())
	if err != nil {
		return nil, err
	}
	did, err := s.become(ctx, req, func(ctx context.Context, tx store.Reader, is setup) (setup, *loyaltyv1.ProgramDocument, error) {
		if is.program.Version == 0 {
			return setup{}, nil, fault.NotFound.New("There is no programme %q.", req.GetProgram())
		}
		was, err := setupAt(ctx, tx, req.GetProgram(), at)
		if err != nil {
			return was, nil, err
		}
		for _, w := range is.program.Wallets {
			if !slices.ContainsFunc(was.program.Wallets, func(o tables.Wallet) bool { return o.ID == w.ID }) {
				was.program.Wallets = append(was.program.Wallets, w)
			}
		}
		for id, t := range is.tiers {
			if _, there := was.tiers[id]; !there {
				was.tiers[id] = t
			}
		}
		return was, was.document(), nil
	})
	return &loyaltyv1.RollbackProgramResponse{
		Outcome: did.GetOutcome(), Program: did.GetProgram(), Changes: did.GetChanges(), Before: did.GetBefore(), After: did.GetAfter(),
	}, err
}

// becomeRequest is what the requests have in common that set a programme up.
type becomeRequest interface {
	proto.Message
	GetProgram() string
	GetValidateOnly() bool
	GetBase() string
}

// step is a programme on its way from one set-up to another.
type step struct {
	program  string
	row      store.Row[tables.Program] // without an id if there is no such programme
	is, want setup
	changes  []*loyaltyv1.ProgramChange
}

// become sets a programme up as wanted says, or says what that would change. wanted gets the present set-up, and also returns the document whose places refusals name.
func (s *Server) become(
	ctx context.Context, req becomeRequest, wanted func(ctx context.Context, tx store.Reader, is setup) (setup, *loyaltyv1.ProgramDocument, error),
) (*loyaltyv1.ImportProgramResponse, error) {
	look := func(ctx context.Context, tx store.Reader) (step, *loyaltyv1.ImportProgramResponse, error) {
		st, err := s.stepOf(ctx, tx, req.GetProgram())
		if err != nil {
			return st, nil, err
		}
		var d *loyaltyv1.ProgramDocument
		if st.want, d, err = wanted(ctx, tx, st.is); err != nil {
			return st, nil, err
		}
		st.want.games = st.want.after(st.is.games)
		resp := &loyaltyv1.ImportProgramResponse{Outcome: loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED, After: plan.Fingerprint(st.want.document())}
		if st.row.ID != "" {
			from := st.is.document()
			resp.Outcome, resp.Before = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED, plan.Fingerprint(from)
			st.changes = plan.Changes(from, st.want.document())
			resp.Changes, resp.Program = st.changes, programProto(st.row.ID, st.row.Version, st.row.Value)
		}
		if req.GetBase() != "" && req.GetBase() != resp.GetBefore() {
			return st, nil, fault.EtagMismatch.New("The programme is set up in another way than the one that this was planned for: plan anew.").WithMeta("fingerprint", resp.GetBefore())
		}
		if st.row.ID != "" && len(st.changes) == 0 {
			resp.Outcome = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED
		}
		return st, resp, s.mayBecome(ctx, tx, st, d)
	}
	if req.GetValidateOnly() {
		return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ImportProgramResponse, error) {
			_, resp, err := look(ctx, tx)
			return resp, err
		})
	}
	defer s.ladders.changed()
	defer s.rules.forget(req.GetProgram())
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ImportProgramResponse, error) {
		st, resp, err := look(ctx, u.Tx)
		if err != nil || resp.GetOutcome() == loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED {
			return resp, err
		}
		resp.Program, err = s.take(ctx, u, st)
		return resp, err
	})
}

// stepOf reads what a programme is set up as, for a change.
func (s *Server) stepOf(ctx context.Context, tx store.Reader, programID string) (step, error) {
	st := step{program: programID}
	var err error
	// Taken for update where it can be, so that of two who change the programme at once the second sees what the first has done.
	if w, ok := tx.(store.Writer); ok {
		st.row, err = tables.Programs.GetForUpdate(ctx, w, programID)
	} else {
		st.row, err = tables.Programs.Get(ctx, tx, programID)
	}
	if store.IsNotFound(err) {
		return step{program: programID}, nil
	}
	if err == nil {
		st.is, err = setupAt(ctx, tx, programID, ever)
	}
	return st, err
}

// mayBecome refuses what cannot be changed of a programme that has members.
func (s *Server) mayBecome(ctx context.Context, tx store.Reader, st step, d *loyaltyv1.ProgramDocument) error {
	if st.row.ID == "" {
		return nil
	}
	var f faults
	if is := st.is.program; st.want.program.Currency != is.Currency {
		f.add("document.currency", "the programme's is %s and never changes", is.Currency)
	}
	for _, w := range st.row.Value.Wallets {
		if !slices.ContainsFunc(st.want.program.Wallets, func(g tables.Wallet) bool { return g.ID == w.ID }) {
			f.add("document.wallets", "the wallet %q holds members' points and cannot be removed", w.ID)
		}
	}
	for _, id := range sorted(st.is.tiers) {
		if _, there := st.want.tiers[id]; !there {
			f.add("document.tiers", "members have a standing in the tiers %q, which cannot be removed", id)
		}
	}
	for i, t := range d.GetTiers() {
		if is, there := st.is.tiers[t.GetId()]; there && is.Wallet != st.want.tiers[t.GetId()].Wallet {
			f.add(fmt.Sprintf("document.tiers[%d].wallet", i), "these are the tiers of the wallet %q, for good", is.Wallet)
		}
	}
	for i, r := range d.GetRewards() {
		row, err := tables.Rewards.Get(ctx, tx, tables.RewardID(st.program, r.GetId()))
		if err != nil && !store.IsNotFound(err) {
			return err
		}
		if err == nil && row.Value.Kind != st.want.rewards[r.GetId()].Kind {
			f.add(fmt.Sprintf("document.rewards[%d].kind", i), "the reward is a %s, for good: give another kind another id", row.Value.Kind)
		}
	}
	if err := st.mayPlay(ctx, tx, &f, d); err != nil {
		return err
	}
	if err := f.err(); err != nil {
		return err
	}
	if err := s.mayMove(ctx, tx, st.row, st.want.program.TimeZone); err != nil {
		return err
	}
	return st.roomForRules(ctx, tx)
}

// roomForRules refuses more rules than a programme can have: those that are archived count.
func (st step) roomForRules(ctx context.Context, tx store.Reader) error {
	rows, err := tables.Rules.Find(ctx, tx, store.Query{From: st.program + "/", Before: st.program + "0", Limit: mostRules})
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, row := range rows.Rows {
		ids[row.Value.Rule.ID] = true
	}
	for id := range st.want.rules {
		ids[id] = true
	}
	if len(ids) > mostRules {
		return fault.LimitReached.New("A programme has at most %d rules, archived ones included: it would have %d.", mostRules, len(ids))
	}
	return nil
}

// ListProgramRevisions lists who changed what a programme is set up as.
func (s *Server) ListProgramRevisions(ctx context.Context, req *loyaltyv1.ListProgramRevisionsRequest) (*loyaltyv1.ListProgramRevisionsResponse, error) {
	q, f, err := s.query(req, store.Query{From: req.GetProgram() + "/", Before: req.GetProgram() + "0", Descending: true}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListProgramRevisionsResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		p, err := tables.ProgramRevisions.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListProgramRevisionsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			r := row.Value
			resp.Revisions = append(resp.Revisions, &loyaltyv1.ProgramRevision{Subject: r.Subject, Version: r.Version, Type: r.Type, Actor: r.Actor, Time: timestamp(r.At)})
		}
		return resp, nil
	})
}
