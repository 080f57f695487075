package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/explain"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

const (
	// purposeMember is that of links to a member's page.
	purposeMember = "member"
	// usualLinkDays is how long such a link works unless its maker says otherwise.
	usualLinkDays = 30
	// mostAhead bounds how many coming days a statement names.
	mostAhead = 12
)

// CreateStatementLink makes a link to a member's page.
func (s *Server) CreateStatementLink(ctx context.Context, req *loyaltyv1.CreateStatementLinkRequest) (*loyaltyv1.CreateStatementLinkResponse, error) {
	var row store.Row[tables.Member]
	var err error
	if req.GetReplace() {
		row, err = s.endLinks(ctx, req)
	} else {
		row, err = read(ctx, s, func(ctx context.Context, tx store.Reader) (store.Row[tables.Member], error) {
			return findMember(ctx, tx, req.GetProgram(), req.GetMember())
		})
	}
	if err != nil {
		return nil, err
	}
	if row.Value.State != tables.MemberActive {
		return nil, fault.IllegalState.New("The member is %s and has no page.", row.Value.State)
	}
	days := int(req.GetDays())
	if days == 0 {
		days = usualLinkDays
	}
	token, claims, err := s.links.Issue(purposeMember, linkSubject(row), s.Clock.Now().AddDate(0, 0, days))
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.CreateStatementLinkResponse{Url: s.WebsiteURL + "/points/" + token, ExpireTime: timestamp(clock.At(claims.Expires))}, nil
}

// linkSubject names a member and the links that are good: those made before they were replaced are of another series.
func linkSubject(row store.Row[tables.Member]) string {
	return fmt.Sprintf("%s/%s/%d", row.Value.Program, row.ID, row.Value.LinkSeries)
}

// endLinks begins a new series of links: those made before are good no longer.
func (s *Server) endLinks(ctx context.Context, req *loyaltyv1.CreateStatementLinkRequest) (row store.Row[tables.Member], err error) {
	err = s.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		if row, err = tables.Members.GetForUpdate(ctx, tx, req.GetMember()); store.IsNotFound(err) || err == nil && row.Value.Program != req.GetProgram() {
			return book.NoMember(req.GetProgram(), req.GetMember())
		}
		if err != nil {
			return err
		}
		row.Value.LinkSeries++
		row, err = tables.Members.Put(ctx, tx, row)
		return err
	})
	return row, err
}

// linked returns the member that the caller's link is for.
func (s *Server) linked(ctx context.Context, tx store.Reader) (store.Row[tables.Member], auth.LinkClaims, error) {
	claims, err := s.links.Verify(auth.From(ctx).Link, purposeMember)
	if err != nil {
		return store.Row[tables.Member]{}, claims, err
	}
	parts := strings.Split(claims.Subject, "/")
	gone := fault.LinkInvalid.New("This link does not work any more. Ask its sender for a new one.")
	if len(parts) != 3 {
		return store.Row[tables.Member]{}, claims, gone
	}
	row, err := tables.Members.Get(ctx, tx, parts[1])
	if store.IsNotFound(err) || err == nil && (linkSubject(row) != claims.Subject || row.Value.State != tables.MemberActive) {
		return row, claims, gone
	}
	return row, claims, err
}

// GetStatement returns what the holder of a link has.
func (s *Server) GetStatement(ctx context.Context, _ *loyaltyv1.GetStatementRequest) (*loyaltyv1.GetStatementResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetStatementResponse, error) {
		row, claims, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		p, err := program(ctx, tx, row.Value.Program)
		if err != nil {
			return nil, err
		}
		profile, err := profileOf(ctx, tx, row)
		if err != nil {
			return nil, err
		}
		out := &loyaltyv1.Statement{
			Member: memberName(row.Value.Program, row.ID), DisplayName: profile.DisplayName, Program: p.Value.DisplayName, TimeZone: p.Value.TimeZone, Currency: p.Value.Currency,
			LinkExpireTime: timestamp(clock.At(claims.Expires)),
		}
		zone, err := time.LoadLocation(p.Value.TimeZone)
		if err != nil {
			return nil, err
		}
		for i, unit := range programProto(p.ID, p.Version, p.Value).GetWallets() {
			w, err := s.statementWallet(ctx, tx, row.ID, p.Value.Wallets[i].ID, zone)
			if err != nil {
				return nil, err
			}
			w.Wallet = unit
			out.Wallets = append(out.Wallets, w)
		}
		return &loyaltyv1.GetStatementResponse{Statement: out}, nil
	})
}

func (s *Server) statementWallet(ctx context.Context, tx store.Reader, member, wallet string, zone *time.Location) (*loyaltyv1.StatementWallet, error) {
	row, err := tables.Accounts.Get(ctx, tx, tables.AccountID(member, wallet))
	if store.IsNotFound(err) {
		return &loyaltyv1.StatementWallet{Account: accountProto(wallet, ledger.Account{})}, nil
	}
	if err != nil {
		return nil, err
	}
	now := s.now()
	view, err := book.View(ctx, tx, row.Value.Ledger, now)
	if err != nil {
		return nil, err
	}
	account := view.Account()
	out := &loyaltyv1.StatementWallet{Account: accountProto(wallet, account)}
	expires, activates, err := coming(view, zone)
	if err != nil {
		return nil, err
	}
	out.Expirations, out.MoreExpirations = ahead(expires)
	out.Activations, out.MoreActivations = ahead(activates)
	setNextExpire(out.Account, nextOf(expires))
	out.Account.Tier, _, err = s.tierProgress(ctx, tx, row.Value, now)
	return out, err
}

// ListStatementEntries lists the entries of the holder's account.
func (s *Server) ListStatementEntries(ctx context.Context, req *loyaltyv1.ListStatementEntriesRequest) (*loyaltyv1.ListStatementEntriesResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListStatementEntriesResponse, error) {
		row, _, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		p, err := program(ctx, tx, row.Value.Program)
		if err != nil {
			return nil, err
		}
		wallet, err := walletOf(p.Value, req.GetWallet())
		if err != nil {
			return nil, err
		}
		account := tables.AccountID(row.ID, wallet)
		words, err := s.wordsOf(ctx, tx, p, wallet, req.GetLanguage())
		if err != nil {
			return nil, err
		}
		paging := &loyaltyv1.ListStatementEntriesRequest{Wallet: req.GetWallet(), PageSize: req.GetPageSize(), PageToken: req.GetPageToken()}
		q, f, err := s.query(paging, store.Query{From: account + "/", Before: account + "0", Descending: true}, 20, 100)
		if err != nil {
			return nil, err
		}
		list, err := tables.Journal.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListStatementEntriesResponse{NextPageToken: s.pages.Issue(list.Next, f)}
		for _, e := range list.Rows {
			if err := book.Show(ctx, tx, &e.Value); err != nil {
				return nil, err
			}
			resp.Entries = append(resp.Entries, entryProto(e.Value))
			if !req.GetExplained() {
				continue
			}
			why, err := s.explainBeside(ctx, tx, e, words)
			if err != nil {
				return nil, err
			}
			resp.Explanations = append(resp.Explanations, why)
		}
		return resp, nil
	})
}

// explainBeside explains an entry to its member, beside the entry. One that cannot be explained says so: it must not take the explanations of its page along. When nothing
// can be read for the time being, the page fails.
func (s *Server) explainBeside(ctx context.Context, tx store.Reader, row store.Row[tables.Entry], words explain.Words) (*loyaltyv1.Explanation, error) {
	why, err := s.explainEntry(ctx, tx, row.Value, words)
	switch {
	case err == nil:
		why.Entry = nil
		return forMembers(why), nil
	case ctx.Err() != nil || fault.Has(err, fault.Unavailable) || fault.Has(err, fault.Conflict) || fault.Has(err, fault.DeadlineExceeded) || fault.Has(err, fault.Canceled):
		return nil, err
	}
	s.Logger.ErrorContext(ctx, "an entry cannot be explained", "entry", row.ID, "error", err)
	return &loyaltyv1.Explanation{Language: string(words.Language), Summary: words.Say("unexplained"), Unexplained: true}, nil
}
