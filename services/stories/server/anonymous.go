package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/leak"
	"renown.example/stories/tables"
)

func imagePlace(block int) string { return fmt.Sprintf("content.blocks[%d].image.asset", block) }

// source refuses a story that is not there or is an anonymous version itself.
func source(ctx context.Context, tx store.Reader, story string) error {
	if _, err := tables.Stories.Get(ctx, tx, story); store.IsNotFound(err) {
		return fault.NotFound.New("There is no story %q.", story)
	} else if err != nil {
		return err
	}
	of, err := variantOf(ctx, tx, story)
	if err == nil && of != "" {
		return fault.IllegalState.New("This story is an anonymous version itself. What it must not tell belongs to the story that it was made of.")
	}
	return err
}

// GetProtection returns what anonymous versions of a story must not tell.
func (s *Server) GetProtection(ctx context.Context, req *storiesv1.GetProtectionRequest) (*storiesv1.GetProtectionResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetProtectionResponse, error) {
		if err := source(ctx, tx, req.GetStory()); err != nil {
			return nil, err
		}
		p, err := s.protectionToProto(ctx, tx, req.GetStory())
		return &storiesv1.GetProtectionResponse{Protection: p}, err
	})
}

func (s *Server) protectionToProto(ctx context.Context, tx store.Reader, story string) (*storiesv1.Protection, error) {
	p, err := s.protect(ctx, tx, story)
	if err != nil {
		return nil, err
	}
	out := &storiesv1.Protection{Story: "stories/" + story, Etag: etag(p.row.Version), StandIn: p.standIn}
	for _, t := range p.terms {
		out.Terms = append(out.Terms, &storiesv1.ProtectedTerm{Text: t.Text, Kind: string(t.Kind), From: t.From, Exempt: t.Exempt, StandIn: t.Role})
	}
	variants, err := variantsOf(ctx, tx, story)
	if err != nil {
		return nil, err
	}
	for _, v := range variants {
		out.Variants = append(out.Variants, "stories/"+v)
	}
	out.Leaks, err = s.leaking(ctx, tx, variants)
	return out, err
}

// SetProtectedTerms decides about terms.
func (s *Server) SetProtectedTerms(ctx context.Context, req *storiesv1.SetProtectedTermsRequest) (*storiesv1.SetProtectedTermsResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.SetProtectedTermsResponse, error) {
		if err := source(ctx, tx, req.GetStory()); err != nil {
			return nil, err
		}
		if err := s.decide(ctx, tx, req.GetStory(), req.GetEtag(), req.GetTerms(), req.GetExempt()); err != nil {
			return nil, err
		}
		p, err := s.protectionToProto(ctx, tx, req.GetStory())
		if err != nil {
			return nil, err
		}
		for _, l := range p.GetLeaks() {
			// What it tells is for those who may know it: the event names the text alone.
			err := s.record(ctx, tx, happening{
				by: who(ctx), story: last(storyOf(l.GetName())), subject: l.GetName(), action: "text.leak_found", event: EventTextChanged, at: s.now(),
				details: map[string]string{"findings": fmt.Sprint(len(l.GetFindings()))},
			})
			if err != nil {
				return nil, err
			}
		}
		return &storiesv1.SetProtectedTermsResponse{Protection: p}, nil
	})
}

// decide keeps what people decided about the terms of a story.
func (s *Server) decide(ctx context.Context, tx store.Writer, story, given string, terms, exempt []string) error {
	row, err := tables.Protections.GetForUpdate(ctx, tx, story)
	missing := store.IsNotFound(err)
	if err != nil && !missing {
		return err
	}
	if err := checkEtag(given, row.Version); err != nil {
		return err
	}
	by := who(ctx)
	v := tables.Protection{Terms: squeezeAll(terms), Exempt: squeezeAll(exempt), UpdatedBy: by.name, UpdatedAt: s.now()}
	if slices.Equal(v.Terms, row.Value.Terms) && slices.Equal(v.Exempt, row.Value.Exempt) {
		return nil
	}
	if missing {
		_, err = tables.Protections.Insert(ctx, tx, story, v)
	} else {
		row.Value = v
		_, err = tables.Protections.Put(ctx, tx, row)
	}
	if err != nil {
		return err
	}
	return s.record(ctx, tx, happening{
		by: by, story: story, subject: "stories/" + story, action: "story.protected", at: s.now(),
		said: map[string]string{"terms": strings.Join(v.Terms, ", "), "exempt": strings.Join(v.Exempt, ", ")},
	})
}

func squeezeAll(list []string) []string {
	var out []string
	for _, t := range list {
		if t = domain.Squeezed(t); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// AnonymizeText makes the first draft of an anonymous version.
func (s *Server) AnonymizeText(ctx context.Context, req *storiesv1.AnonymizeTextRequest) (*storiesv1.AnonymizeTextResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.AnonymizeTextResponse, error) {
		if err := source(ctx, tx, req.GetStory()); err != nil {
			return nil, err
		}
		from, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
		if err != nil {
			return nil, err
		}
		if err := mine(who(ctx), from.Value); err != nil {
			return nil, err
		}
		v, err := version(ctx, tx, from.ID, from.Value.Version)
		if err != nil {
			return nil, err
		}
		p, standIns, err := s.standIns(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		if err := tells(p, "standIn", req.GetStandIn(), false); err != nil {
			return nil, err
		}
		a := domain.Anonymize(v.Value.Content, p.terms, req.GetStandIn(), standIns)
		row, err := s.beginVariant(ctx, tx, p, req.GetVariant(), a)
		if err != nil {
			return nil, err
		}
		t, err := s.text(ctx, tx, row)
		return &storiesv1.AnonymizeTextResponse{Text: t}, err
	})
}

// standIns reads what stands for which term. Terms that were not protected before are listed.
func (s *Server) standIns(ctx context.Context, tx store.Writer, req *storiesv1.AnonymizeTextRequest) (protection, map[string]string, error) {
	p, err := s.protect(ctx, tx, req.GetStory())
	if err != nil {
		return p, nil, err
	}
	with := map[string]string{}
	listed := slices.Clone(p.row.Value.Terms)
	for _, in := range req.GetStandIns() {
		term := domain.Squeezed(in.GetTerm())
		at := slices.IndexFunc(p.terms, func(t domain.Protected) bool { return strings.EqualFold(t.Text, term) })
		if at < 0 {
			listed = append(listed, term)
		} else {
			term = p.terms[at].Text
		}
		with[term] = domain.Squeezed(in.GetWith())
	}
	if len(listed) == len(p.row.Value.Terms) {
		return p, with, nil
	}
	if err := s.decide(ctx, tx, req.GetStory(), "", listed, p.row.Value.Exempt); err != nil {
		return p, nil, err
	}
	p, err = s.protect(ctx, tx, req.GetStory())
	return p, with, err
}

// tells refuses a value of the request that tells a protected term.
func tells(p protection, field, value string, address bool) error {
	for _, f := range leak.New(domain.Terms(p.terms)).Scan([]leak.Output{{Name: field, Text: value, Address: address}}) {
		return fault.Invalid(field, "it tells who the customer is: %s “%s” is in it", kindWords[f.Term.Kind], f.Term.Text)
	}
	return nil
}

// beginVariant saves an anonymous draft as a story of its own, or as another language of one.
func (s *Server) beginVariant(ctx context.Context, tx store.Writer, p protection, id string, a domain.Anonymous) (store.Row[tables.Text], error) {
	none := store.Row[tables.Text]{}
	c := a.Content
	if id == "" {
		slug := domain.Slugify(c.Title, c.Locale)
		if id = strings.Trim(slug[:min(len(slug), domain.MaxID)], "-"); id == "" {
			return none, fault.Invalid("variant", "give the anonymous story an id of lower-case letters, digits and hyphens")
		}
	}
	if err := tells(p, "variant", id, true); err != nil {
		return none, err
	}
	_, err := tables.Stories.GetForUpdate(ctx, tx, id)
	if err == nil {
		of, err := variantOf(ctx, tx, id)
		if err != nil {
			return none, err
		}
		if of != p.story {
			return none, fault.AlreadyExists.New("There is a story %q already.", id).With(fault.Field{Path: "variant", Message: "it is taken"})
		}
		if _, err := tables.Texts.GetForUpdate(ctx, tx, tables.TextID(id, c.Locale)); err == nil {
			return none, fault.AlreadyExists.New("The anonymous story %q has a text in this language already. Write on that, or choose another id.", id).
				With(fault.Field{Path: "variant", Message: "it has this language"})
		} else if !store.IsNotFound(err) {
			return none, err
		}
	} else if !store.IsNotFound(err) {
		return none, err
	} else if _, err := tables.Variants.Insert(ctx, tx, id, tables.Variant{Source: p.story, CreatedBy: who(ctx).name, CreatedAt: s.now()}); err != nil {
		return none, err
	}
	row, err := s.save(ctx, tx, draft{story: id, locale: c.Locale, content: c, by: who(ctx)})
	if err != nil {
		return row, err
	}
	// Partners read events: which story it was made of is for the audit alone.
	return row, s.record(ctx, tx, happening{
		by: who(ctx), story: id, subject: textName(id, c.Locale), action: "text.anonymized", at: s.now(),
		said: map[string]string{"source": textName(p.story, c.Locale), "left_out": strings.Join(a.LeftOut, ", ")},
	})
}

// ScanText says what a text would tell.
func (s *Server) ScanText(ctx context.Context, req *storiesv1.ScanTextRequest) (*storiesv1.ScanTextResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ScanTextResponse, error) {
		row, err := tables.Texts.Get(ctx, tx, tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale())))
		if store.IsNotFound(err) {
			return nil, noText(req.GetStory(), req.GetLocale())
		}
		if err != nil {
			return nil, err
		}
		of, err := variantOf(ctx, tx, req.GetStory())
		if err != nil || of == "" {
			return &storiesv1.ScanTextResponse{}, err
		}
		v, err := version(ctx, tx, row.ID, row.Value.Version)
		if err != nil {
			return nil, err
		}
		found, err := s.leaks(ctx, tx, row.Value.Story, shownOf(row.Value, v.Value.Content))
		return &storiesv1.ScanTextResponse{Anonymous: true, Findings: findingsToProto(found)}, err
	})
}

// shownOf is a working text as it would be shown.
func shownOf(t tables.Text, c domain.Content) shown {
	return shown{name: t.Story, slug: t.Slug, content: c, excerpts: t.Excerpts.Kept(plain(c)).Or(c)}
}

// ListLeaks lists published anonymous texts that tell something.
func (s *Server) ListLeaks(ctx context.Context, _ *storiesv1.ListLeaksRequest) (*storiesv1.ListLeaksResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListLeaksResponse, error) {
		var variants []string
		for q := (store.Query{}); ; {
			p, err := tables.Variants.Find(ctx, tx, q)
			if err != nil {
				return nil, err
			}
			for _, r := range p.Rows {
				variants = append(variants, r.ID)
			}
			if q.After = p.Next; q.After == "" {
				break
			}
		}
		texts, err := s.leaking(ctx, tx, variants)
		return &storiesv1.ListLeaksResponse{Texts: texts}, err
	})
}
