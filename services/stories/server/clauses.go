package server

import (
	"context"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

var clauseToProto = map[domain.Clause]storiesv1.ConsentClause{
	domain.ClauseLogo:  storiesv1.ConsentClause_CONSENT_CLAUSE_LOGO,
	domain.ClauseName:  storiesv1.ConsentClause_CONSENT_CLAUSE_NAME,
	domain.ClauseSales: storiesv1.ConsentClause_CONSENT_CLAUSE_SALES,
	domain.ClauseAds:   storiesv1.ConsentClause_CONSENT_CLAUSE_ADS,
	domain.ClausePress: storiesv1.ConsentClause_CONSENT_CLAUSE_PRESS,
}

func clausesToProto(list []domain.Clause) []storiesv1.ConsentClause {
	var out []storiesv1.ConsentClause
	for _, c := range list {
		out = append(out, clauseToProto[c])
	}
	return out
}

// clausesFromProto returns clauses in the order of domain.Clauses.
func clausesFromProto(list []storiesv1.ConsentClause) []domain.Clause {
	var out []domain.Clause
	for _, c := range domain.Clauses() {
		if slices.Contains(list, clauseToProto[c]) {
			out = append(out, c)
		}
	}
	return out
}

func withdrawalsToProto(list []domain.Withdrawal) []*storiesv1.ConsentWithdrawal {
	var out []*storiesv1.ConsentWithdrawal
	for _, w := range list {
		out = append(out, &storiesv1.ConsentWithdrawal{Clause: clauseToProto[w.Clause], Time: timestamp(w.At), Reason: w.Reason})
	}
	return out
}

// WithdrawClauses takes parts of a consent back for the customer.
func (s *Server) WithdrawClauses(ctx context.Context, req *storiesv1.WithdrawClausesRequest) (*storiesv1.WithdrawClausesResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.WithdrawClausesResponse, error) {
		row, err := s.withdraw(ctx, tx, req.GetConsent(), clausesFromProto(req.GetClauses()), who(ctx), req.GetReason())
		if err != nil {
			return nil, err
		}
		hash, err := textHash(ctx, tx, row.Value.Text)
		return &storiesv1.WithdrawClausesResponse{Consent: s.consent(row, hash)}, err
	})
}

// WithdrawSignoff takes parts of the consent back that was given by this link.
func (s *Server) WithdrawSignoff(ctx context.Context, req *storiesv1.WithdrawSignoffRequest) (*storiesv1.WithdrawSignoffResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.WithdrawSignoffResponse, error) {
		row, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		if row.Value.Consent == "" {
			return nil, fault.IllegalState.New("You have not signed anything by this link, so there is nothing to take back.")
		}
		customer := actor{name: "customer", label: row.Value.ContactName, roles: []domain.Role{domain.RoleCustomer}}
		if _, err := s.withdraw(ctx, tx, row.Value.Consent, clausesFromProto(req.GetClauses()), customer, req.GetReason()); err != nil {
			return nil, err
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.WithdrawSignoffResponse{Page: p}, err
	})
}

// withdraw takes clauses back from a consent, and from the others that they fall from, and shows what is up without them.
func (s *Server) withdraw(ctx context.Context, tx store.Writer, consentID string, clauses []domain.Clause, by actor, reason string) (store.Row[tables.Consent], error) {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consentID)
	if store.IsNotFound(err) {
		return row, fault.NotFound.New("There is no consent %q.", consentID)
	}
	if err != nil {
		return row, err
	}
	signed, err := signedContent(ctx, tx, row.Value)
	if err != nil {
		return row, err
	}
	siblings, err := everyConsent(ctx, tx, store.Query{Index: "by_story", Equal: []any{row.Value.Story}})
	if err != nil {
		return row, err
	}
	falls := map[string][]domain.Clause{}
	for _, clause := range clauses {
		if _, err := row.Value.Consent.Withdraw(clause, by.name, reason, s.now()); err != nil {
			return row, err
		}
		if err := partable(signed, clause); err != nil {
			return row, err
		}
		for _, c := range domain.CoveredByWithdrawal(row.Value.Consent, clause, plainConsents(siblings), s.now()) {
			falls[c.ID] = append(falls[c.ID], clause)
		}
	}
	var texts []string
	for _, sib := range siblings {
		if len(falls[sib.ID]) == 0 {
			continue
		}
		if err := s.withdrawOne(ctx, tx, sib.ID, falls[sib.ID], by, reason); err != nil {
			return row, err
		}
		texts = append(texts, sib.Value.Text)
	}
	slices.Sort(texts)
	for _, text := range slices.Compact(texts) {
		if err := s.reshow(ctx, tx, text, by); err != nil {
			return row, err
		}
	}
	return tables.Consents.Get(ctx, tx, consentID)
}

// partable refuses a clause that the text cannot be shown without, or never had.
func partable(c domain.Content, clause domain.Clause) error {
	logo := slices.ContainsFunc(c.Blocks, func(b domain.Block) bool { return b.Image != nil && b.Image.Logo })
	switch {
	case clause == domain.ClauseName && c.StandIn == "":
		return fault.IllegalState.New("No stand-in for the name was signed with this text. The consent can only be taken back as a whole.")
	case clause == domain.ClauseLogo && !logo:
		return fault.IllegalState.New("No picture of this text is marked as showing the customer's logo.")
	}
	return nil
}

// signedContent is what a consent was given to.
func signedContent(ctx context.Context, tx store.Reader, c tables.Consent) (domain.Content, error) {
	for q := (store.Query{Index: "by_text", Equal: []any{c.Text}, Descending: true}); ; {
		p, err := tables.Versions.Find(ctx, tx, q)
		if err != nil {
			return domain.Content{}, err
		}
		for _, v := range p.Rows {
			if v.Value.Hash == c.Consent.Hash {
				return v.Value.Content, nil
			}
		}
		if q.After = p.Next; q.After == "" {
			return domain.Content{}, fault.NotFound.New("The text that was agreed to is not kept.")
		}
	}
}

// withdrawOne takes clauses back from one consent.
func (s *Server) withdrawOne(ctx context.Context, tx store.Writer, consentID string, clauses []domain.Clause, by actor, reason string) error {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consentID)
	if err != nil {
		return err
	}
	for _, clause := range clauses {
		if row.Value.Consent, err = row.Value.Consent.Withdraw(clause, by.name, reason, s.now()); err != nil {
			return err
		}
		c := row.Value.Consent
		err = s.record(ctx, tx, happening{
			by: by, story: c.Story, subject: "consents/" + c.ID, action: "consent.part_withdrawn", event: EventConsentPartWithdrawn, at: s.now(),
			details: map[string]string{"locale": c.Locale, "hash": c.Hash, "clause": string(clause)}, said: map[string]string{"reason": reason},
		})
		if err != nil {
			return err
		}
	}
	_, err = tables.Consents.Put(ctx, tx, row)
	return err
}

// partsOf lists what can be taken back by itself of a consent to a text, and what was.
func partsOf(c domain.Consent, signed domain.Content) []*storiesv1.SignoffPart {
	var out []*storiesv1.SignoffPart
	for _, clause := range domain.Clauses() {
		if clause.Shown() && partable(signed, clause) != nil || !clause.Shown() && !slices.Contains(c.Scopes, domain.Scope(clause)) {
			continue
		}
		part := &storiesv1.SignoffPart{Clause: clauseToProto[clause]}
		for _, w := range c.Withdrawals {
			if w.Clause == clause {
				part.WithdrawTime = timestamp(w.At)
			}
		}
		out = append(out, part)
	}
	return out
}
