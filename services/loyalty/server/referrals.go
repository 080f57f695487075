package server

import (
	"context"
	"crypto/rand"
	"strings"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// codeLength is how many letters and digits a member's code has, of 32: nobody guesses one, and somebody can type it.
const codeLength = 10

var (
	referralStates = map[string]loyaltyv1.ReferralState{
		tables.ReferralWaiting: loyaltyv1.ReferralState_REFERRAL_STATE_WAITING, tables.ReferralRewarded: loyaltyv1.ReferralState_REFERRAL_STATE_REWARDED,
		tables.ReferralHeld: loyaltyv1.ReferralState_REFERRAL_STATE_HELD, tables.ReferralRefused: loyaltyv1.ReferralState_REFERRAL_STATE_REFUSED,
		tables.ReferralUndone: loyaltyv1.ReferralState_REFERRAL_STATE_UNDONE,
	}
	referralStatesFromProto = inverse(referralStates)
)

func referralName(program, friend string) string {
	return "programs/" + program + "/referrals/" + friend
}

func referralProto(v tables.Referral) *loyaltyv1.Referral {
	out := &loyaltyv1.Referral{
		Name: referralName(v.Program, v.Friend), Referrer: memberName(v.Program, v.Referrer), Friend: memberName(v.Program, v.Friend), State: referralStates[v.State],
		Order: v.Order, CreateTime: timestamp(v.CreatedAt), DecideTime: timestamp(v.DecidedAt),
	}
	for _, f := range v.Findings {
		out.Findings = append(out.Findings, &loyaltyv1.ReferralFinding{Code: string(f.Code), Message: f.Message})
	}
	for _, g := range []*tables.ReferralGift{v.Referred, v.Came} {
		if g != nil && g.Review != "" {
			out.Reviews = append(out.Reviews, reviewName(v.Program, g.Review))
		}
	}
	if v.Referred != nil {
		out.ReferrerPoints = v.Referred.Points
	}
	if v.Came != nil {
		out.FriendPoints = v.Came.Points
	}
	return out
}

// EnsureReferralCode returns the code of a member, and makes it the first time.
func (s *Server) EnsureReferralCode(ctx context.Context, req *loyaltyv1.EnsureReferralCodeRequest) (*loyaltyv1.EnsureReferralCodeResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.EnsureReferralCodeResponse, error) {
		row, _, err := activeMember(ctx, u.Tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		known, err := tables.ReferralCodes.First(ctx, u.Tx, store.Query{Index: "by_member", Equal: []any{row.ID}})
		if err == nil {
			return &loyaltyv1.EnsureReferralCodeResponse{Code: strings.TrimPrefix(known.ID, req.GetProgram()+"/")}, nil
		}
		if !store.IsNotFound(err) {
			return nil, err
		}
		code := rand.Text()[:codeLength]
		_, err = tables.ReferralCodes.Insert(ctx, u.Tx, req.GetProgram()+"/"+code, tables.ReferralCode{Member: row.ID})
		return &loyaltyv1.EnsureReferralCodeResponse{Code: code}, err
	})
}

// CreateReferral records that a member came with another's code.
func (s *Server) CreateReferral(ctx context.Context, req *loyaltyv1.CreateReferralRequest) (*loyaltyv1.CreateReferralResponse, error) {
	with, err := s.seenWith("referral.", req.GetReferral().GetDevice(), req.GetReferral().GetNetworkAddress())
	if err != nil {
		return nil, err
	}
	// What is kept of the request for its key must not give an address away.
	digest := proto.CloneOf(req)
	digest.Referral.Device, digest.Referral.NetworkAddress = with.device, with.address
	return book.Do(ctx, s.books, digest, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateReferralResponse, error) {
		friend, _, err := activeMember(ctx, u.Tx, req.GetProgram(), req.GetFriend())
		if err != nil {
			return nil, inField("friend", err)
		}
		v, err := s.refer(ctx, u, friend, req.GetReferral().GetCode(), with)
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.CreateReferralResponse{Referral: referralProto(v)}, nil
	})
}

// refer records that a member came with a code.
func (s *Server) refer(ctx context.Context, u *book.Unit, friend store.Row[tables.Member], code string, with seen) (tables.Referral, error) {
	v := tables.Referral{Program: friend.Value.Program, Friend: friend.ID, State: tables.ReferralWaiting, CreatedAt: u.Now}
	t, err := referralTerms(ctx, u.Tx, v.Program)
	switch {
	case err != nil:
		return v, err
	case t.Paused:
		return v, fault.IllegalState.New("The programme %q takes no referrals at present.", v.Program)
	}
	if v.Referrer, err = codeOwner(ctx, u.Tx, v.Program, code); err != nil {
		return v, err
	}
	if v.Referrer == v.Friend {
		return v, fault.IllegalState.New("Nobody refers themselves: the code is the member's own.").
			With(fault.Field{Path: "referral.code", Message: "It is the member's own."})
	}
	name := tables.ReferralID(v.Program, v.Friend)
	switch _, err := tables.Referrals.GetForUpdate(ctx, u.Tx, name); {
	case err == nil:
		return v, fault.AlreadyExists.New("The member was referred already.").With(fault.Field{Path: "friend", Message: "A member is referred once."})
	case !store.IsNotFound(err):
		return v, err
	}
	if err := notYetOrdered(ctx, u.Tx, friend); err != nil {
		return v, err
	}
	if err := see(ctx, u.Tx, v.Program, v.Friend, with, u.Now); err != nil {
		return v, err
	}
	if _, err := tables.Referrals.Insert(ctx, u.Tx, name, v); err != nil {
		return v, err
	}
	return v, recordReferral(u, v, eventReferred)
}

// codeOwner is the member whose code it is; of one who was merged, the other.
func codeOwner(ctx context.Context, tx store.Reader, program, code string) (string, error) {
	missing := fault.NotFound.New("No member of the programme %q has this code.", program).
		With(fault.Field{Path: "referral.code", Message: "It is nobody's."})
	row, err := tables.ReferralCodes.Get(ctx, tx, program+"/"+strings.ToUpper(strings.TrimSpace(code)))
	if store.IsNotFound(err) {
		return "", missing
	}
	if err != nil {
		return "", err
	}
	m, err := findMember(ctx, tx, program, row.Value.Member)
	if err == nil && m.Value.State != tables.MemberActive {
		err = missing
	}
	return m.ID, err
}

// notYetOrdered refuses who was a customer before somebody brought them.
func notYetOrdered(ctx context.Context, tx store.Reader, m store.Row[tables.Member]) error {
	accounts, err := accountsOf(ctx, tx, m.ID)
	for _, a := range accounts {
		if a.Value.Orders > 0 {
			return fault.IllegalState.New("The member has ordered before: who brings somebody brings somebody new.")
		}
	}
	return err
}

// GetReferral returns the referral by which a member came.
func (s *Server) GetReferral(ctx context.Context, req *loyaltyv1.GetReferralRequest) (*loyaltyv1.GetReferralResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetReferralResponse, error) {
		m, err := findMember(ctx, tx, req.GetProgram(), req.GetFriend())
		if err != nil {
			return nil, inField("friend", err)
		}
		row, err := tables.Referrals.Get(ctx, tx, tables.ReferralID(req.GetProgram(), m.ID))
		if store.IsNotFound(err) {
			return nil, fault.NotFound.New("Nobody referred the member %q.", req.GetFriend())
		}
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.GetReferralResponse{Referral: referralProto(row.Value)}, nil
	})
}

// ListReferrals lists the referrals of a programme.
func (s *Server) ListReferrals(ctx context.Context, req *loyaltyv1.ListReferralsRequest) (*loyaltyv1.ListReferralsResponse, error) {
	q := store.Query{Index: "by_program", Equal: []any{req.GetProgram()}, Descending: true}
	state := referralStatesFromProto[req.GetState()]
	switch {
	case req.GetReferrer() != "" && state != "":
		return nil, fault.Invalid("state", "the referrals of one member are listed in all states")
	case req.GetReferrer() != "":
		q.Index, q.Equal = "by_referrer", []any{req.GetProgram(), req.GetReferrer()}
	case state != "":
		q.Index, q.Equal = "by_state", []any{req.GetProgram(), state}
	}
	q, f, err := s.query(req, q, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListReferralsResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		p, err := tables.Referrals.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListReferralsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Referrals = append(resp.Referrals, referralProto(row.Value))
		}
		return resp, nil
	})
}
