package server

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/explain"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// ExplainEntry explains one entry of a member's account.
func (s *Server) ExplainEntry(ctx context.Context, req *loyaltyv1.ExplainEntryRequest) (*loyaltyv1.ExplainEntryResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExplainEntryResponse, error) {
		if _, err := findMember(ctx, tx, req.GetProgram(), req.GetMember()); err != nil {
			return nil, err
		}
		out, err := s.explain(ctx, tx, req.GetProgram(), req.GetMember(), req.GetEntry(), req.GetLanguage())
		return &loyaltyv1.ExplainEntryResponse{Explanation: out}, err
	})
}

// ExplainStatementEntry explains one entry of the holder's account in plain words.
func (s *Server) ExplainStatementEntry(ctx context.Context, req *loyaltyv1.ExplainStatementEntryRequest) (*loyaltyv1.ExplainStatementEntryResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExplainStatementEntryResponse, error) {
		row, _, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		out, err := s.explain(ctx, tx, row.Value.Program, row.ID, req.GetEntry(), req.GetLanguage())
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.ExplainStatementEntryResponse{Explanation: forMembers(out)}, nil
	})
}

// forMembers leaves out what is the programme's own: what rules looked at, and those that gave nothing.
func forMembers(x *loyaltyv1.Explanation) *loyaltyv1.Explanation {
	x.Inputs = nil
	var given []*loyaltyv1.ExplainedRule
	for _, r := range x.GetRules() {
		if r.GetGiven() {
			r.Conditions, r.Terms, r.Stacking = nil, nil, nil
			given = append(given, r)
		}
	}
	x.Rules = given
	return x
}

// explaining is an entry on its way to its explanation.
type explaining struct {
	s     *Server
	tx    store.Reader
	entry tables.Entry
	// decided is the entry that keeps what it was decided by: itself, or the one in the usual wallet.
	decided tables.Entry
	words   explain.Words
	out     *loyaltyv1.Explanation
}

// explain explains an entry of a member's account, named "{wallet}-{number}".
func (s *Server) explain(ctx context.Context, tx store.Reader, programID, member, name, language string) (*loyaltyv1.Explanation, error) {
	dash := strings.LastIndex(name, "-")
	number, err := strconv.ParseInt(name[dash+1:], 10, 64)
	if err != nil {
		return nil, noEntry(name)
	}
	account := tables.AccountID(member, name[:dash])
	row, err := tables.Journal.Get(ctx, tx, book.EntryID(account, number))
	if store.IsNotFound(err) {
		return nil, noEntry(name)
	}
	if err != nil {
		return nil, err
	}
	if err := book.Show(ctx, tx, &row.Value); err != nil {
		return nil, err
	}
	p, err := program(ctx, tx, programID)
	if err != nil {
		return nil, err
	}
	words, err := s.wordsOf(ctx, tx, p, name[:dash], language)
	if err != nil {
		return nil, err
	}
	return s.explainEntry(ctx, tx, row.Value, words)
}

// wordsOf returns what writes about a wallet of a programme in a language.
func (s *Server) wordsOf(ctx context.Context, tx store.Reader, p store.Row[tables.Program], wallet, language string) (w explain.Words, err error) {
	w.Language = explain.LanguageOf(language)
	if w.Zone, err = calendar.LoadZone("timeZone", p.Value.TimeZone); err != nil {
		return w, err
	}
	for _, v := range p.Value.Wallets {
		if v.ID == wallet {
			w.One, w.Many = v.Singular, v.Plural
		}
	}
	usual := p.Value.Wallets[0].ID
	if w.Tiers, err = s.tierNames(ctx, tx, p.ID, usual); err != nil {
		return w, err
	}
	w.Own = w.Tiers
	if wallet != usual {
		w.Own, err = s.tierNames(ctx, tx, p.ID, wallet)
	}
	return w, err
}

// tierNames are the names of a wallet's tiers by their ids. A tier is called what it was called last.
func (s *Server) tierNames(ctx context.Context, tx store.Reader, program, wallet string) (map[string]string, error) {
	ladder, err := s.ladder(ctx, tx, program, wallet)
	names := map[string]string{}
	for _, version := range ladder.Versions {
		for _, t := range version.Tiers {
			names[t.ID] = t.Name
		}
	}
	return names, err
}

// explainEntry explains an entry of which what is personal is shown.
func (s *Server) explainEntry(ctx context.Context, tx store.Reader, e tables.Entry, words explain.Words) (*loyaltyv1.Explanation, error) {
	x := &explaining{s: s, tx: tx, entry: e, decided: e, words: words, out: &loyaltyv1.Explanation{Language: string(words.Language)}}
	return x.out, x.explain(ctx)
}

func noEntry(name string) error {
	return fault.NotFound.New("The member has no entry %q.", name)
}

// explain fills in everything.
func (x *explaining) explain(ctx context.Context) error {
	t := *x.entry.Tx
	x.out.Entry, x.out.Points = entryProto(x.entry), explain.Amount(t)
	lots := &knownLots{ctx: ctx, tx: x.tx, of: t}
	for _, p := range explain.Parts(t, lots, x.words) {
		x.out.Parts = append(x.out.Parts, &loyaltyv1.ExplainedPart{Points: p.Points, Text: p.Text, Rule: p.Rule, Lot: p.Lot, Source: p.Source})
	}
	if lots.err != nil {
		return lots.err
	}
	for i, l := range explain.Legs(t, x.words) {
		x.out.Legs = append(x.out.Legs, &loyaltyv1.ExplainedLeg{Account: x.out.Entry.GetLegs()[i].GetAccount(), Points: l.Points, Text: l.Text})
	}
	var beside besides
	if len(x.entry.Facts) > 0 {
		if err := json.Unmarshal(x.entry.Facts, &beside); err != nil {
			return err
		}
	}
	if beside.Of != "" {
		row, err := tables.Journal.First(ctx, x.tx, store.Query{Index: "by_once", Equal: []any{beside.Of}})
		if err != nil {
			return err
		}
		x.decided = row.Value
	}
	return x.because(ctx)
}

// besides is what an entry in another than the usual wallet keeps: the name of the one that has what it was decided by.
type besides struct {
	Of string `json:"of,omitempty"`
	told
}

// because says what the entry was decided by.
func (x *explaining) because(ctx context.Context) error {
	var err error
	switch e := x.entry; {
	case e.Type == book.TierChanged:
		x.out.Summary, err = x.tierChanged()
	case strings.HasPrefix(e.Source, "achievements/"):
		x.out.Summary, err = x.achieved(ctx)
	case strings.HasPrefix(e.Source, "referrals/"):
		x.out.Summary, err = x.referred(ctx)
	case holds(x.decided, "input"):
		x.out.Summary, err = x.earned(ctx)
	case holds(x.decided, "back"):
		x.out.Summary, err = x.cameBack(ctx)
	case holds(e, "reclaimed"):
		x.out.Summary, err = x.reclaimed()
	case holds(e, "redemption"):
		x.out.Summary, err = x.redemption(ctx)
	default:
		x.out.Summary = x.plain()
	}
	return err
}

// Types of the entries of returns and cancellations that take no points back.
const (
	returnedType       = "loyalty.order.returned"
	cancelledType      = "loyalty.order.cancelled"
	eventCancelledType = "loyalty.event.cancelled"
)

// holds reports whether an entry keeps a fact.
func holds(e tables.Entry, name string) bool {
	var facts map[string]json.RawMessage
	return json.Unmarshal(e.Facts, &facts) == nil && facts[name] != nil
}

// knownLots finds the lots that a transaction touched.
type knownLots struct {
	ctx context.Context
	tx  store.Reader
	of  ledger.Transaction

	pages map[string]ledger.Page
	err   error
}

// Lot returns a lot as it is stored.
func (k *knownLots) Lot(ref ledger.LotRef) (ledger.Lot, bool) {
	page, read := k.pages[ref.Page]
	if !read && k.err == nil {
		row, err := tables.LotPages.Get(k.ctx, k.tx, k.of.Account+"/"+ref.Page)
		if err != nil && !store.IsNotFound(err) {
			k.err = err
		}
		if k.pages == nil {
			k.pages = map[string]ledger.Page{}
		}
		page = row.Value
		k.pages[ref.Page] = page
	}
	for _, l := range page.Lots {
		if l.N == ref.N {
			return l, true
		}
	}
	return ledger.Lot{}, false
}
