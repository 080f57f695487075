package server

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/catalog"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

// termsOf reads the managed terms of every taxonomy.
func termsOf(ctx context.Context, tx store.Reader) (out [taxonomy.Count][]taxonomy.Term, err error) {
	for x, name := range taxonomy.Names() {
		row, err := tables.Taxonomies.Get(ctx, tx, name)
		if ignoreMissing(err) != nil {
			return out, err
		}
		out[x] = row.Value.Terms
	}
	return out, nil
}

func termName(x int, id string) string { return "terms/" + taxonomy.Names()[x] + "/" + id }

func termToProto(x int, t taxonomy.Term, uses int) *storiesv1.Term {
	return &storiesv1.Term{
		Name: termName(x, t.ID), Taxonomy: taxonomy.Names()[x], Id: t.ID, Labels: t.Labels, Aliases: t.Aliases, Etag: etag(t.Revision), Uses: int32(uses), Managed: true,
	}
}

// ListTerms lists the managed terms and the words that belong to none.
func (s *Server) ListTerms(ctx context.Context, req *storiesv1.ListTermsRequest) (*storiesv1.ListTermsResponse, error) {
	if err := s.shelves.sync(ctx); err != nil {
		return nil, err
	}
	used := s.shelves.Uses()
	managed, err := read(ctx, s, termsOf)
	if err != nil {
		return nil, err
	}
	resp := &storiesv1.ListTermsResponse{}
	for x, name := range taxonomy.Names() {
		if req.GetTaxonomy() != "" && req.GetTaxonomy() != name {
			continue
		}
		terms := managedTerms(x, managed[x], used)
		for _, u := range used {
			if u.Taxonomy == x && !slices.ContainsFunc(managed[x], func(t taxonomy.Term) bool { return t.ID == u.ID }) {
				terms = append(terms, &storiesv1.Term{Name: termName(x, u.ID), Taxonomy: name, Id: u.ID, Labels: u.Labels, Uses: int32(u.Entries)})
			}
		}
		slices.SortFunc(terms, func(a, b *storiesv1.Term) int { return compare(a.GetId(), b.GetId()) })
		resp.Terms = append(resp.Terms, terms...)
	}
	return resp, nil
}

func managedTerms(x int, list []taxonomy.Term, used []catalog.Use) []*storiesv1.Term {
	out := make([]*storiesv1.Term, 0, len(list))
	for _, t := range list {
		out = append(out, termToProto(x, t, usesOf(used, x, t.ID)))
	}
	return out
}

func usesOf(used []catalog.Use, x int, id string) int {
	for _, u := range used {
		if u.Taxonomy == x && u.ID == id {
			return u.Entries
		}
	}
	return 0
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// termChange is a change of the terms of a taxonomy, which are one row.
type termChange struct {
	*Server
	x    int
	name string
	row  store.Row[tables.Taxonomy]
}

// change reads the terms of a taxonomy for update.
func (s *Server) change(ctx context.Context, tx store.Writer, name string) (*termChange, error) {
	x := taxonomy.Index(name)
	if x < 0 {
		return nil, fault.NotFound.New("There is no taxonomy %q.", name)
	}
	row, err := tables.Taxonomies.GetForUpdate(ctx, tx, name)
	if store.IsNotFound(err) {
		row, err = tables.Taxonomies.Insert(ctx, tx, name, tables.Taxonomy{})
	}
	return &termChange{s, x, name, row}, err
}

// find returns the place of a term in its taxonomy.
func (c *termChange) find(id, etag string) (int, error) {
	i := slices.IndexFunc(c.row.Value.Terms, func(t taxonomy.Term) bool { return t.ID == id })
	if i < 0 {
		return i, fault.NotFound.New("There is no managed term %q in the taxonomy %q.", id, c.name)
	}
	return i, checkEtag(etag, c.row.Value.Terms[i].Revision)
}

// fits refuses a term whose words lead to another already.
func (c *termChange) fits(t taxonomy.Term) error {
	word, other := taxonomy.Clash(t, c.row.Value.Terms)
	if other == "" {
		return nil
	}
	return fault.AlreadyExists.New("The word %q belongs to the term %q already.", word, other).With(fault.Field{Path: "labels", Message: fmt.Sprintf("%q belongs to the term %q", word, other)})
}

// put writes the terms back and tells of it.
func (c *termChange) put(ctx context.Context, tx store.Writer, id, action string, details map[string]string) error {
	if _, err := tables.Taxonomies.Put(ctx, tx, c.row); err != nil {
		return err
	}
	return c.record(ctx, tx, happening{
		by: who(ctx), subject: termName(c.x, id), action: action, event: EventTermsChanged, at: c.now(), details: details,
	})
}

// CreateTerm adds a managed term.
func (s *Server) CreateTerm(ctx context.Context, req *storiesv1.CreateTermRequest) (*storiesv1.CreateTermResponse, error) {
	t, err := taxonomy.Prepare(taxonomy.Term{ID: req.GetTermId(), Labels: req.GetLabels(), Aliases: req.GetAliases(), Revision: 1})
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.CreateTermResponse, error) {
		c, err := s.change(ctx, tx, req.GetTaxonomy())
		if err != nil {
			return nil, err
		}
		if _, err := c.find(t.ID, ""); err == nil {
			return nil, fault.AlreadyExists.New("There is a term %q already.", t.ID).With(fault.Field{Path: "termId", Message: "belongs to another term"})
		}
		if len(c.row.Value.Terms) >= taxonomy.MaxTerms {
			return nil, fault.InvalidArgument.New("A taxonomy holds at most %d terms.", taxonomy.MaxTerms)
		}
		if err := c.fits(t); err != nil {
			return nil, err
		}
		c.row.Value.Terms = append(slices.Clone(c.row.Value.Terms), t)
		return &storiesv1.CreateTermResponse{Term: termToProto(c.x, t, 0)}, c.put(ctx, tx, t.ID, "term.created", nil)
	})
}

// UpdateTerm sets a term's labels and aliases.
func (s *Server) UpdateTerm(ctx context.Context, req *storiesv1.UpdateTermRequest) (*storiesv1.UpdateTermResponse, error) {
	t, err := taxonomy.Prepare(taxonomy.Term{ID: req.GetTerm(), Labels: req.GetLabels(), Aliases: req.GetAliases()})
	if err != nil {
		return nil, inRequest(err, map[string]string{"termId": "term"})
	}
	uses, err := s.uses(ctx, req.GetTaxonomy(), req.GetTerm())
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.UpdateTermResponse, error) {
		c, err := s.change(ctx, tx, req.GetTaxonomy())
		if err != nil {
			return nil, err
		}
		i, err := c.find(t.ID, req.GetEtag())
		if err != nil {
			return nil, err
		}
		if err := c.fits(t); err != nil {
			return nil, err
		}
		t := t
		t.Revision = c.row.Value.Terms[i].Revision + 1
		c.row.Value.Terms = slices.Clone(c.row.Value.Terms)
		c.row.Value.Terms[i] = t
		return &storiesv1.UpdateTermResponse{Term: termToProto(c.x, t, uses)}, c.put(ctx, tx, t.ID, "term.changed", nil)
	})
}

// uses is how many entries that are up belong to a term.
func (s *Server) uses(ctx context.Context, name, id string) (int, error) {
	if err := s.shelves.sync(ctx); err != nil {
		return 0, err
	}
	return usesOf(s.shelves.Uses(), taxonomy.Index(name), id), nil
}

// DeleteTerm removes a term that nothing published belongs to. A story that is published at the same moment keeps its word: it then belongs to no managed term.
func (s *Server) DeleteTerm(ctx context.Context, req *storiesv1.DeleteTermRequest) (*storiesv1.DeleteTermResponse, error) {
	uses, err := s.uses(ctx, req.GetTaxonomy(), req.GetTerm())
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.DeleteTermResponse, error) {
		c, err := s.change(ctx, tx, req.GetTaxonomy())
		if err != nil {
			return nil, err
		}
		i, err := c.find(req.GetTerm(), req.GetEtag())
		if err != nil {
			return nil, err
		}
		if uses > 0 {
			return nil, fault.IllegalState.New("The term %q is in use: %d published texts belong to it. Merge it into another instead.", req.GetTerm(), uses)
		}
		c.row.Value.Terms = slices.Delete(slices.Clone(c.row.Value.Terms), i, i+1)
		return &storiesv1.DeleteTermResponse{}, c.put(ctx, tx, req.GetTerm(), "term.deleted", nil)
	})
}

// MergeTerm lets one term mean another.
func (s *Server) MergeTerm(ctx context.Context, req *storiesv1.MergeTermRequest) (*storiesv1.MergeTermResponse, error) {
	if req.GetTerm() == req.GetInto() {
		return nil, fault.Invalid("into", "name another term")
	}
	moved, err := s.uses(ctx, req.GetTaxonomy(), req.GetTerm())
	if err != nil {
		return nil, err
	}
	uses, err := s.uses(ctx, req.GetTaxonomy(), req.GetInto())
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.MergeTermResponse, error) {
		c, err := s.change(ctx, tx, req.GetTaxonomy())
		if err != nil {
			return nil, err
		}
		to, err := c.find(req.GetInto(), "")
		if err != nil {
			return nil, inField(err, "into")
		}
		terms := slices.Clone(c.row.Value.Terms)
		from := taxonomy.Term{ID: req.GetTerm()}
		if i, err := c.find(req.GetTerm(), req.GetEtag()); err == nil {
			from = terms[i]
		} else if !fault.Has(err, fault.NotFound) || moved == 0 {
			return nil, err
		}
		t := taxonomy.Merge(from, terms[to])
		if len(t.Aliases) > taxonomy.MaxAliases {
			return nil, fault.InvalidArgument.New("The term %q would have more than %d aliases.", t.ID, taxonomy.MaxAliases)
		}
		t.Revision++
		terms[to] = t
		c.row.Value.Terms = slices.DeleteFunc(terms, func(o taxonomy.Term) bool { return o.ID == from.ID })
		if err := c.fits(t); err != nil {
			return nil, err
		}
		return &storiesv1.MergeTermResponse{Term: termToProto(c.x, t, uses+moved)}, c.put(ctx, tx, from.ID, "term.merged", map[string]string{"into": t.ID})
	})
}

// inField lets a refusal name the field that it is about.
func inField(err error, field string) error {
	if e, ok := fault.As(err); ok {
		return e.With(fault.Field{Path: field, Message: e.Message})
	}
	return err
}
