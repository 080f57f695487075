package server

import (
	"context"
	"slices"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// States that only the customer's page knows.
const (
	pageRevoked = "revoked"
	pageEnded   = "ended"
)

// linkedSignoff returns the id of the request that the caller's link was made for.
func (s *Server) linkedSignoff(ctx context.Context) (string, error) {
	claims, err := s.links.Verify(auth.From(ctx).Link, purposeSignoff)
	return claims.Subject, err
}

// linkEnd is when the caller's link stops working, 0 if there is none.
func (s *Server) linkEnd(ctx context.Context) clock.Millis {
	claims, err := s.links.Verify(auth.From(ctx).Link, purposeSignoff)
	if err != nil {
		return 0
	}
	return clock.At(claims.Expires)
}

// linked reads the caller's request on which a change rests.
func (s *Server) linked(ctx context.Context, tx store.Writer) (store.Row[tables.Signoff], error) {
	signoffID, err := s.linkedSignoff(ctx)
	if err != nil {
		return store.Row[tables.Signoff]{}, err
	}
	row, err := tables.Signoffs.GetForUpdate(ctx, tx, signoffID)
	if store.IsNotFound(err) {
		return row, fault.LinkInvalid.New("This link belongs to a request that does not exist any more.")
	}
	return row, err
}

// open refuses what needs an open request.
func (s *Server) open(v tables.Signoff) error {
	switch signoffState(v, s.now()) {
	case tables.SignoffOpen:
		return nil
	case tables.SignoffSigned, tables.SignoffChangesAsked:
		return fault.IllegalState.New("You have answered this request already.")
	case tables.SignoffReplaced:
		return fault.LinkInvalid.New("This link was replaced by a newer one. Please use that one.")
	case tables.SignoffCancelled:
		return fault.LinkInvalid.New("This request was taken back. You need not do anything.")
	}
	return fault.LinkInvalid.New("The time to answer this request is over. Ask its sender for a new link.")
}

// page is what the customer sees.
func (s *Server) page(ctx context.Context, tx store.Reader, v tables.Signoff) (*storiesv1.SignoffPage, error) {
	state := signoffState(v, s.now())
	out := &storiesv1.SignoffPage{Company: s.Company, ContactName: v.ContactName, Scopes: scopesToProto(v.Scopes), ExpireTime: timestamp(v.ExpiresAt)}
	if v.Consent != "" {
		row, err := tables.Consents.Get(ctx, tx, v.Consent)
		if err != nil {
			return nil, err
		}
		c := row.Value.Consent
		out.Receipt = s.consent(row, c.Hash)
		if end := s.renewal(row.Value, s.linkEnd(ctx)); end != 0 {
			out.Renewable, out.RenewEndTime = true, timestamp(end)
		}
		switch {
		case c.RevokedAt != 0:
			state = pageRevoked
		case s.now() >= c.Ends:
			state = pageEnded
		}
		pub, err := published(ctx, tx, v.Text)
		if err != nil {
			return nil, err
		}
		if pub.Value.Live(s.now()) {
			out.StoryUrl = s.storyURL(pub.Value)
		}
	}
	out.State = state
	if !s.shown(v) {
		return out, nil
	}
	ver, err := version(ctx, tx, v.Text, v.Version)
	if err != nil {
		return nil, err
	}
	if out.Receipt != nil && state == tables.SignoffSigned {
		consent, err := tables.Consents.Get(ctx, tx, v.Consent)
		if err != nil {
			return nil, err
		}
		out.Parts = partsOf(consent.Value.Consent, ver.Value.Content)
	}
	out.Content, out.ContentHash, out.BlockHtml = contentToProto(ver.Value.Content), v.Hash, blockFragments(ver.Value.Content)
	out.Comments = commentsToProto(v.Comments)
	return out, nil
}

// shown reports whether a request's link shows the text and its pictures. One whose request was taken back, was replaced or has expired shows nothing of them: it
// may have changed hands.
func (s *Server) shown(v tables.Signoff) bool {
	switch signoffState(v, s.now()) {
	case tables.SignoffCancelled, tables.SignoffReplaced, tables.SignoffExpired:
		return false
	}
	return true
}

func (s *Server) storyURL(p tables.Published) string {
	if p.Locale == s.Locales[0] {
		return s.WebsiteURL + "/stories/" + p.Slug
	}
	return s.WebsiteURL + "/" + p.Locale + "/stories/" + p.Slug
}

// GetSignoff returns the customer's page.
func (s *Server) GetSignoff(ctx context.Context, _ *storiesv1.GetSignoffRequest) (*storiesv1.GetSignoffResponse, error) {
	signoffID, err := s.linkedSignoff(ctx)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetSignoffResponse, error) {
		row, err := tables.Signoffs.Get(ctx, tx, signoffID)
		if store.IsNotFound(err) {
			return nil, fault.LinkInvalid.New("This link belongs to a request that does not exist any more.")
		}
		if err != nil {
			return nil, err
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.GetSignoffResponse{Page: p}, err
	})
}

// CommentSignoff keeps what the customer says about a block, in place of what was said about it before.
func (s *Server) CommentSignoff(ctx context.Context, req *storiesv1.CommentSignoffRequest) (*storiesv1.CommentSignoffResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.CommentSignoffResponse, error) {
		row, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		if err := s.open(row.Value); err != nil {
			return nil, err
		}
		ver, err := version(ctx, tx, row.Value.Text, row.Value.Version)
		if err != nil {
			return nil, err
		}
		if int(req.GetBlock()) >= len(ver.Value.Content.Blocks) {
			return nil, fault.Invalid("block", "the text has %d blocks", len(ver.Value.Content.Blocks))
		}
		row.Value.Comments = remark(row.Value.Comments, req.GetBlock(), req.GetText(), s.now())
		if row, err = tables.Signoffs.Put(ctx, tx, row); err != nil {
			return nil, err
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.CommentSignoffResponse{Page: p}, err
	})
}

// remark sets the comment on a block; empty words take it back. Comments stay in the order of the blocks.
func remark(list []tables.Comment, block int32, words string, now clock.Millis) []tables.Comment {
	out := slices.DeleteFunc(slices.Clone(list), func(c tables.Comment) bool { return c.Block == block })
	if words != "" {
		out = append(out, tables.Comment{Block: block, Text: words, At: now})
	}
	slices.SortFunc(out, func(a, b tables.Comment) int { return int(a.Block - b.Block) })
	return out
}

// SignSignoff gives consent.
func (s *Server) SignSignoff(ctx context.Context, req *storiesv1.SignSignoffRequest) (*storiesv1.SignSignoffResponse, error) {
	ends, err := instant("endTime", req.GetEndTime())
	if err != nil {
		return nil, err
	}
	if err := checkEnd(ends, s.now()); err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.SignSignoffResponse, error) {
		row, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		// The double click, the reload, the second tab: signed is signed.
		again, err := s.mayRestore(ctx, tx, row.Value)
		if err != nil {
			return nil, err
		}
		if row.Value.State != tables.SignoffSigned || again {
			if row, err = s.sign(ctx, tx, row, req, ends); err != nil {
				return nil, err
			}
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.SignSignoffResponse{Page: p}, err
	})
}

func (s *Server) sign(ctx context.Context, tx store.Writer, row store.Row[tables.Signoff], req *storiesv1.SignSignoffRequest, ends clock.Millis) (store.Row[tables.Signoff], error) {
	v := row.Value
	if err := s.open(v); err != nil && v.State != tables.SignoffSigned {
		return row, err
	}
	scopes := scopesFromProto(req.GetScopes())
	if !slices.Contains(scopes, domain.ScopeWeb) {
		return row, fault.Invalid("scopes", "a story can only be published with the scope web; ask for changes if you do not want that")
	}
	for _, sc := range scopes {
		if !slices.Contains(v.Scopes, sc) {
			return row, fault.Invalid("scopes", "%s was not asked for", sc)
		}
	}
	if req.GetContentHash() != v.Hash {
		return row, fault.Invalid("contentHash", "it is not that of the text you were asked to sign: reload the page and read it again")
	}
	now := s.now()
	if ends == 0 {
		ends = usualConsentLife(now)
	}
	customer := actor{name: "customer", label: req.GetSignedBy(), roles: []domain.Role{domain.RoleCustomer}}
	consent, err := s.addConsent(ctx, tx, domain.Consent{
		ID: id.New(s.Clock), Story: v.Story, Locale: v.Locale, Hash: v.Hash, SignOff: row.ID, Kind: domain.Signed, Scopes: scopes,
		Signer: domain.Signer{Name: req.GetSignedBy(), Email: v.ContactEmail}, SignedAt: now, Ends: ends,
	}, customer)
	if err != nil {
		return row, inRequest(err, map[string]string{"consent.signer.name": "signedBy", "consent.ends": "endTime", "consent.scopes": "scopes"})
	}
	row.Value.State, row.Value.Consent = tables.SignoffSigned, consent.ID
	if row, err = tables.Signoffs.Put(ctx, tx, row); err != nil {
		return row, err
	}
	text, err := tables.Texts.GetForUpdate(ctx, tx, v.Text)
	if err != nil {
		return row, err
	}
	if _, err = s.acceptConsent(ctx, tx, text); err != nil {
		return row, err
	}
	if err := s.lean(ctx, tx, v.Text); err != nil {
		return row, err
	}
	return row, s.reshow(ctx, tx, v.Text, customer)
}

// mayRestore reports whether signing again gives back parts that were taken back.
func (s *Server) mayRestore(ctx context.Context, tx store.Reader, v tables.Signoff) (bool, error) {
	if v.State != tables.SignoffSigned || v.Consent == "" {
		return false, nil
	}
	c, err := tables.Consents.Get(ctx, tx, v.Consent)
	return err == nil && len(c.Value.Consent.Withdrawals) > 0 && c.Value.Consent.Counts(s.now()), err
}

// DeclineSignoff sends the text back with the customer's comments.
func (s *Server) DeclineSignoff(ctx context.Context, req *storiesv1.DeclineSignoffRequest) (*storiesv1.DeclineSignoffResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.DeclineSignoffResponse, error) {
		row, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		if err := s.open(row.Value); err != nil {
			return nil, err
		}
		if req.GetComment() != "" {
			row.Value.Comments = remark(row.Value.Comments, -1, req.GetComment(), s.now())
		}
		if len(row.Value.Comments) == 0 {
			return nil, fault.Invalid("comment", "say what should change, here or beside a block")
		}
		row.Value.State = tables.SignoffChangesAsked
		if row, err = tables.Signoffs.Put(ctx, tx, row); err != nil {
			return nil, err
		}
		if err := s.sendBack(ctx, tx, row.Value); err != nil {
			return nil, err
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.DeclineSignoffResponse{Page: p}, err
	})
}

func (s *Server) sendBack(ctx context.Context, tx store.Writer, v tables.Signoff) error {
	text, err := tables.Texts.GetForUpdate(ctx, tx, v.Text)
	if err != nil {
		return err
	}
	if text.Value.State != domain.AwaitingCustomer {
		return nil
	}
	words := "The customer asks for changes: see the comments beside the blocks."
	for _, c := range v.Comments {
		if c.Block == -1 {
			words = c.Text
		}
	}
	customer := actor{name: "customer", label: v.ContactName, roles: []domain.Role{domain.RoleCustomer}}
	_, err = s.move(ctx, tx, text, step{
		by: customer, action: domain.RequestChanges, audit: "text.changes_requested", said: map[string]string{"comment": words},
		change: func(t *tables.Text) error {
			t.ChangesAsked = words
			return nil
		},
	})
	return err
}

// RevokeSignoff takes the consent back that was given by this link.
func (s *Server) RevokeSignoff(ctx context.Context, req *storiesv1.RevokeSignoffRequest) (*storiesv1.RevokeSignoffResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RevokeSignoffResponse, error) {
		row, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		if row.Value.Consent == "" {
			return nil, fault.IllegalState.New("You have not signed anything by this link, so there is nothing to take back.")
		}
		customer := actor{name: "customer", label: row.Value.ContactName, roles: []domain.Role{domain.RoleCustomer}}
		if _, err := s.revoke(ctx, tx, row.Value.Consent, customer, req.GetReason(), false); err != nil {
			return nil, err
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.RevokeSignoffResponse{Page: p}, err
	})
}
