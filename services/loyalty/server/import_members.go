package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// portion is a portion of an import under way.
type portion struct {
	s       *Server
	program tables.Program
	id      string
	source  string
	now     clock.Millis
	// version is that of the programme's row.
	version int64
	// trial is set if nothing is done, and unit if something is.
	trial *trial
	unit  *book.Unit
}

// arrival is a member of a portion, and what is to be done about them.
type arrival struct {
	tags     []string
	enrolled clock.Millis
	profile  tables.Profile
	// wallets are the balances by wallet, in the order of the programme's wallets.
	wallets  []opening
	problems []*loyaltyv1.ImportProblem
	// newcomer is set for who is not there, as far as could be seen before the update.
	newcomer *newcomer

	// owner is who it is, if found.
	owner   owner
	member  store.Row[tables.Member]
	found   bool
	changed bool
}

// opening is what a member brings along in one wallet.
type opening struct {
	wallet string
	lots   []ledger.NewLot
	debt   int64
	// place is the first of them in the list.
	place string
	// digest tells balances apart.
	digest string
}

func (a *arrival) refuse(field, format string, args ...any) {
	a.problems = append(a.problems, &loyaltyv1.ImportProblem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// ImportMembers takes a portion of a list of members.
func (s *Server) ImportMembers(ctx context.Context, req *loyaltyv1.ImportMembersRequest) (*loyaltyv1.ImportMembersResponse, error) {
	if req.GetValidateOnly() {
		return s.tryImport(ctx, req)
	}
	if err := onlyTried(req); err != nil {
		return nil, err
	}
	ready := s.ready(ctx, req)
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ImportMembersResponse, error) {
		p, err := s.portion(ctx, u.Tx, req)
		if err != nil {
			return nil, err
		}
		if ready.version != p.version {
			ready.arrivals = nil
		}
		resp, err := p.take(ctx, u.Tx, u, req.GetMembers(), ready.arrivals)
		ready.arrivals = nil // who was not there may be there by now: a further run looks
		if err != nil {
			return nil, err
		}
		facts, err := book.Facts(map[string]any{"source": p.source, "created": resp.GetCreated(), "updated": resp.GetUpdated(), "refused": resp.GetRefused(), "points": resp.GetPoints()})
		if err != nil {
			return nil, err
		}
		u.Record(tables.Entry{Type: "loyalty.members.imported", Subject: "programs/" + p.id, Program: p.id, Facts: facts})
		return resp, nil
	})
}

func (s *Server) portion(ctx context.Context, tx store.Reader, req *loyaltyv1.ImportMembersRequest) (*portion, error) {
	row, err := program(ctx, tx, req.GetProgram())
	if err != nil {
		return nil, err
	}
	p := &portion{s: s, program: row.Value, version: row.Version, id: row.ID, source: req.GetSource(), now: s.now()}
	if p.source == "" {
		p.source = "import"
	}
	return p, nil
}

// take takes one member after the other. ready has them as they were read before; nil has them read now.
func (p *portion) take(ctx context.Context, tx store.Reader, u *book.Unit, members []*loyaltyv1.ImportedMember, ready []*arrival) (*loyaltyv1.ImportMembersResponse, error) {
	p.unit = u
	resp := &loyaltyv1.ImportMembersResponse{}
	for i, given := range members {
		var a *arrival
		if ready != nil {
			a = ready[i]
		} else {
			a = p.read(given)
		}
		if len(a.problems) == 0 && a.newcomer == nil {
			if err := p.find(ctx, tx, a); err != nil {
				return nil, err
			}
		}
		switch {
		case len(a.problems) > 0:
		case p.trial != nil:
			p.foresee(a)
		default:
			if err := p.settle(ctx, u, a); err != nil {
				return nil, err
			}
		}
		p.tell(resp, a)
	}
	return resp, nil
}

// tell says what became of a member.
func (p *portion) tell(resp *loyaltyv1.ImportMembersResponse, a *arrival) {
	r := &loyaltyv1.ImportedResult{Problems: a.problems}
	if a.member.ID != "" {
		r.Member = memberName(p.id, a.member.ID)
	}
	switch {
	case len(a.problems) > 0:
		r.Outcome, r.Member = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_REFUSED, ""
		resp.Refused++
	case !a.found:
		r.Outcome = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED
		resp.Created++
	case a.changed || len(a.wallets) > 0:
		r.Outcome = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED
		resp.Updated++
	default:
		r.Outcome = loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED
		resp.Unchanged++
	}
	if len(a.problems) == 0 {
		for _, o := range a.wallets {
			for _, l := range o.lots {
				resp.Points += l.Points
			}
		}
	}
	resp.Results = append(resp.Results, r)
}

// find looks who the member is, and what is missing of them.
func (p *portion) find(ctx context.Context, tx store.Reader, a *arrival) error {
	var owners []owner
	given := a.profile.Identifiers
	a.profile.Identifiers = nil
	for _, one := range given {
		// A name means the member who is called by it, whoever has it for an identifier.
		o, taken, err := p.named(ctx, tx, one)
		if err == nil && !taken {
			o, taken, err = p.owner(ctx, tx, one)
			a.profile.Identifiers = append(a.profile.Identifiers, one) // who is found by the name needs no identifier for it
		}
		if err != nil {
			return err
		}
		if taken && !slices.Contains(owners, o) {
			owners = append(owners, o)
		}
	}
	if len(owners) > 1 {
		a.refuse("identifiers", "they belong to %d members who are there already: merge those first", len(owners))
	}
	if len(owners) != 1 {
		return nil
	}
	a.found, a.owner = true, owners[0]
	return p.missing(ctx, tx, a)
}

// missing leaves of an arrival what the member has not got yet.
func (p *portion) missing(ctx context.Context, tx store.Reader, a *arrival) error {
	var known tables.Profile
	var err error
	if a.member, known, err = a.owner.known(ctx, tx); err != nil {
		return err
	}
	if a.member.Value.State == tables.MemberErased {
		a.refuse("identifiers", "the member of this name was erased: nothing can be known of them any more")
		return nil
	}
	given := a.profile
	a.profile = known
	for _, one := range given.Identifiers {
		if !slices.Contains(known.Identifiers, one) {
			a.profile.Identifiers, a.changed = append(slices.Clip(a.profile.Identifiers), one), true
		}
	}
	if len(a.profile.Identifiers) > mostIdentifiers {
		a.refuse("identifiers", "the member would have more than %d", mostIdentifiers)
	}
	if known.DisplayName == "" && given.DisplayName != "" {
		a.profile.DisplayName, a.changed = given.DisplayName, true
	}
	for key, value := range given.Attributes {
		if _, has := known.Attributes[key]; !has {
			if a.profile.Attributes == nil {
				a.profile.Attributes = map[string]string{}
			}
			a.profile.Attributes[key], a.changed = value, true
		}
	}
	for _, t := range a.tags {
		if !slices.Contains(a.member.Value.Tags, t) {
			a.member.Value.Tags, a.changed = append(slices.Clip(a.member.Value.Tags), t), true
		}
	}
	if n := len(a.profile.Attributes); n > mostAttributes {
		a.refuse("attributes", "with those that are there already the member would have %d attributes, and has at most %d", n, mostAttributes)
	}
	if n := len(a.member.Value.Tags); n > mostTags {
		a.refuse("tags", "with those that are there already the member would have %d tags, and has at most %d", n, mostTags)
	}
	return p.unopened(ctx, tx, a)
}

// unopened drops the balances that this source has opened before, for the member or for one who was merged into them.
func (p *portion) unopened(ctx context.Context, tx store.Reader, a *arrival) error {
	var people []string
	if len(a.wallets) > 0 && a.member.ID != "" {
		var err error
		if people, err = united(ctx, tx, a.member.ID); err != nil {
			return err
		}
	}
	var left []opening
	for _, o := range a.wallets {
		var digests []string
		if seen := a.owner.seen; seen != nil && seen.opened[o.wallet] != "" {
			digests = append(digests, seen.opened[o.wallet])
		}
		for _, id := range people {
			digest, err := p.opened(ctx, tx, id, o.wallet)
			if err != nil {
				return err
			}
			if digest != "" {
				digests = append(digests, digest)
			}
		}
		switch {
		case len(digests) == 0:
			left = append(left, o)
		case !slices.Contains(digests, o.digest): // each of those who are one now has come with a balance of their own
			a.refuse(o.place, "the balance in the wallet %s was opened by an earlier import from %s with other figures: adjust the points instead, or name another source", o.wallet, p.source)
		}
	}
	a.wallets = left
	return nil
}

// opened is the digest of the balance that this source has opened for a member in a wallet, "" if it has not.
func (p *portion) opened(ctx context.Context, tx store.Reader, member, wallet string) (string, error) {
	name := p.once(member, wallet)
	var e tables.Entry
	var err error
	if p.unit != nil {
		e, err = p.unit.Once(ctx, name) // this portion's, too
	} else {
		var row store.Row[tables.Entry]
		row, err = tables.Journal.First(ctx, tx, store.Query{Index: "by_once", Equal: []any{name}})
		e = row.Value
	}
	switch {
	case store.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", err
	}
	var f openingFacts
	err = json.Unmarshal(e.Facts, &f)
	return f.Balances, err
}

// openingFacts are what the entry of an opened balance tells.
type openingFacts struct {
	Source   string `json:"source"`
	Balances string `json:"balances"`
}

// sum is the digest of balances. What was not said is told as not said, whenever it is.
func (o opening) sum() string {
	text, err := json.Marshal([]any{o.lots, o.debt})
	if err != nil {
		return "" // integers and texts can always be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (p *portion) once(member, wallet string) string {
	return p.id + "/openings/" + p.source + "/" + member + "/" + wallet
}

// settle enrols a member, or gives one what is missing, and opens balances.
func (p *portion) settle(ctx context.Context, u *book.Unit, a *arrival) (err error) {
	switch {
	case !a.found:
		m := tables.Member{Program: p.id, Tags: a.tags, EnrolledAt: a.enrolled}
		n := a.newcomer
		if n == nil {
			if n, err = p.s.newcomer(p.id, a.profile, u.Now); err != nil {
				return err
			}
		}
		// Nobody has the identifiers, as was seen: they are taken without looking once more. Who was quicker has the portion run again.
		if a.member, err = p.s.enrol(ctx, u, p.program, m, a.profile, n); err != nil {
			return err
		}
	case a.changed:
		for i, one := range a.profile.Identifiers {
			if err := p.s.claim(ctx, u.Tx, p.id, one, a.member.ID, fmt.Sprintf("identifiers[%d]", i)); err != nil {
				return err
			}
		}
		if a.member, err = putProfile(ctx, u.Tx, a.member, a.profile); err != nil {
			return err
		}
		u.Record(tables.Entry{Type: "loyalty.member.changed", Subject: memberName(p.id, a.member.ID), Program: p.id, Member: a.member.ID})
	}
	for _, o := range a.wallets {
		if err := p.open(ctx, u, a.member, o); err != nil {
			return err
		}
	}
	return nil
}

// open opens the balances of a wallet.
func (p *portion) open(ctx context.Context, u *book.Unit, m store.Row[tables.Member], o opening) error {
	w, err := openOrCreate(ctx, u, m, o.wallet)
	if err != nil {
		return err
	}
	facts, err := book.Facts(openingFacts{Source: p.source, Balances: o.digest})
	if err != nil {
		return err
	}
	step := ledger.Step{Now: u.Now}
	var e *tables.Entry
	if o.debt > 0 {
		tx, err := w.Book.TransferIn(step, "opening", ledger.Parcel{Debt: o.debt})
		if err != nil {
			return book.Refused(err)
		}
		e = u.Post(w, tx)
		e.Source, e.Facts = "imports/"+p.source, facts
	}
	if len(o.lots) > 0 {
		tx, err := w.Book.Issue(step, ledger.KindOpen, o.lots)
		if err != nil {
			return book.Refused(err)
		}
		e = u.Post(w, tx)
		e.Source, e.Facts = "imports/"+p.source, facts
	}
	if e == nil {
		return fault.Internal.New("A balance of nothing was to be opened.")
	}
	u.Name(e, p.once(m.ID, o.wallet))
	return nil
}
