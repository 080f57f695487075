package server

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/referral"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var (
	qualifications = map[loyaltyv1.ReferralQualification]referral.Qualify{
		loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_ENROLMENT:   referral.AtEnrolment,
		loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_FIRST_ORDER: referral.AtFirstOrder,
	}
	referralPeriods = map[loyaltyv1.ReferralPeriod]calendar.Unit{
		loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_UNSPECIFIED: "", loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_DAY: calendar.Day,
		loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_WEEK: calendar.Week, loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_MONTH: calendar.Month,
		loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_QUARTER: calendar.Quarter, loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_YEAR: calendar.Year,
	}
	qualificationsToProto, referralPeriodsToProto = inverse(qualifications), inverse(referralPeriods)
)

// referralPaths are the fields of the API for the paths of terms that have another name there.
var referralPaths = map[string]string{
	"terms.qualify": "terms.qualification", "terms.velocity": "terms.deviceVelocity", "terms.velocity.span": "terms.velocitySpan", "terms.period.unit": "terms.period",
}

// termsFrom reads terms from a request.
func termsFrom(in *loyaltyv1.ReferralTerms) (referral.Terms, error) {
	t := referral.Terms{
		Qualify: qualifications[in.GetQualification()], LeastAmount: in.GetLeastAmount(), Most: in.GetMost(), Period: calendar.Period{Unit: referralPeriods[in.GetPeriod()]},
		Velocity: referral.Velocity{Devices: int(in.GetDeviceVelocity()), Addresses: int(in.GetAddressVelocity())},
	}
	var err error
	if text := in.GetWithin(); text != "" {
		if t.Within, err = calendar.ParseSpan("terms.within", text); err != nil {
			return t, err
		}
	}
	if text := in.GetVelocitySpan(); text != "" {
		if t.Velocity.Span, err = calendar.ParseSpan("terms.velocitySpan", text); err != nil {
			return t, err
		}
	}
	return t, renamed(t.Validate("terms"), referralPaths)
}

func termsProto(v tables.ReferralTerms) *loyaltyv1.ReferralTerms {
	t := v.Terms
	out := &loyaltyv1.ReferralTerms{
		ReferrerPoints: v.ReferrerPoints, FriendPoints: v.FriendPoints, Wallet: v.Wallet, Qualification: qualificationsToProto[t.Qualify],
		LeastAmount: t.LeastAmount, Most: t.Most, Period: referralPeriodsToProto[t.Period.Unit], DeviceVelocity: int32(t.Velocity.Devices),
		AddressVelocity: int32(t.Velocity.Addresses), Paused: v.Paused, Version: proto.Int32(int32(v.Version)),
	}
	if v.Life.Kind != "" {
		out.Life = v.Life.String()
	}
	if !t.Within.IsZero() {
		out.Within = t.Within.String()
	}
	if !t.Velocity.Span.IsZero() {
		out.VelocitySpan = t.Velocity.Span.String()
	}
	return out
}

// referralTermsOf reads what a request says of referrals, but for the wallet.
func referralTermsOf(in *loyaltyv1.ReferralTerms) (tables.ReferralTerms, error) {
	v := tables.ReferralTerms{ReferrerPoints: in.GetReferrerPoints(), FriendPoints: in.GetFriendPoints(), Paused: in.GetPaused()}
	var err error
	if v.Terms, err = termsFrom(in); err != nil || in.GetLife() == "" {
		return v, err
	}
	v.Life, err = calendar.ParseLife("terms.life", in.GetLife())
	return v, err
}

// SetReferralTerms says what a programme gives for referrals, and when.
func (s *Server) SetReferralTerms(ctx context.Context, req *loyaltyv1.SetReferralTermsRequest) (*loyaltyv1.SetReferralTermsResponse, error) {
	v, err := referralTermsOf(req.GetTerms())
	if err != nil {
		return nil, err
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.SetReferralTermsResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		v := v
		if v.Wallet, err = walletOf(p.Value, req.GetTerms().GetWallet()); err != nil {
			return nil, inTerms(err)
		}
		v, err = saveReferralTerms(ctx, u, req.GetProgram(), v, req.GetTerms().Version)
		return &loyaltyv1.SetReferralTermsResponse{Terms: termsProto(v)}, err
	})
}

// saveReferralTerms makes a further version of a programme's terms, keeps it and tells of it. from is the version that it is based on, 0 for none, nil if any will do.
func saveReferralTerms(ctx context.Context, u *book.Unit, programID string, v tables.ReferralTerms, from *int32) (tables.ReferralTerms, error) {
	row, err := tables.ReferralTermsOf.GetForUpdate(ctx, u.Tx, programID)
	if err != nil && !store.IsNotFound(err) {
		return v, err
	}
	switch now := row.Value.Version; {
	case from == nil || int(*from) == now:
	case *from == 0:
		return v, fault.EtagMismatch.New("There are terms of referrals by now, of version %d, and yours were made when there were none: read them first.", now)
	default:
		return v, fault.EtagMismatch.New("The terms of referrals are of version %d now, and yours were made from version %d: read them again.", now, *from)
	}
	v.Version, v.SavedAt = row.Value.Version+1, u.Now
	if err != nil {
		_, err = tables.ReferralTermsOf.Insert(ctx, u.Tx, programID, v)
	} else {
		row.Value = v
		_, err = tables.ReferralTermsOf.Put(ctx, u.Tx, row)
	}
	if err != nil {
		return v, err
	}
	if _, err := tables.ReferralTermsVersions.Insert(ctx, u.Tx, fmt.Sprintf("%s@%d", programID, v.Version), v); err != nil {
		return v, err
	}
	facts, err := book.Facts(v)
	if err != nil {
		return v, err
	}
	u.Record(tables.Entry{Type: "loyalty.referrals.set", Subject: "programs/" + programID + "/referralTerms", Program: programID, Facts: facts})
	return v, keepRevision(ctx, u, programID, "/referralTerms", int64(v.Version), "loyalty.referrals.set")
}

// referralTerms reads what a programme gives for referrals.
func referralTerms(ctx context.Context, tx store.Reader, program string) (tables.ReferralTerms, error) {
	row, err := tables.ReferralTermsOf.Get(ctx, tx, program)
	if store.IsNotFound(err) {
		err = fault.NotFound.New("The programme %q gives nothing for referrals.", program)
	}
	return row.Value, err
}

// GetReferralTerms returns what a programme gives for referrals.
func (s *Server) GetReferralTerms(ctx context.Context, req *loyaltyv1.GetReferralTermsRequest) (*loyaltyv1.GetReferralTermsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetReferralTermsResponse, error) {
		v, err := referralTerms(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.GetReferralTermsResponse{Terms: termsProto(v)}, nil
	})
}
