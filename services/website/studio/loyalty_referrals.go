package studio

import (
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

var referralPeriods = []string{"REFERRAL_PERIOD_UNSPECIFIED", "ever", "REFERRAL_PERIOD_DAY", "a day", "REFERRAL_PERIOD_WEEK", "a week, from Monday", "REFERRAL_PERIOD_MONTH", "a calendar month",
	"REFERRAL_PERIOD_QUARTER", "a quarter", "REFERRAL_PERIOD_YEAR", "a calendar year"}

func (v *visit) friends() loyaltyv1.ReferralsServiceClient {
	return loyaltyv1.NewReferralsServiceClient(v.conn)
}

// referralsForm declares the fields of what is given for referrals, and when.
func referralsForm(f *form, program *loyaltyv1.Program, t *loyaltyv1.ReferralTerms) []formPart {
	amount := ""
	if t.GetLeastAmount() > 0 {
		amount = web.Decimals(t.GetLeastAmount(), program.GetCurrency())
	}
	f.add(web.Field{Name: "paused", Label: "Can members bring friends?", Type: "choices", Required: true, Options: []web.Option{
		{Value: "false", Label: "Yes", Chosen: !t.GetPaused()},
		{Value: "true", Label: "Not for the time being", Consequence: "No code is taken. Friends who came before are still decided about.", Chosen: t.GetPaused()}}}, "/terms/paused").
		add(web.Field{Name: "referrer_points", Label: "How many for the member who brings a friend?", Max: 14, Inputmode: "numeric", Value: numberOrEmpty(t.GetReferrerPoints()), Help: "Empty means none."}, "/terms/referrerPoints").
		add(web.Field{Name: "friend_points", Label: "How many for the friend?", Max: 14, Inputmode: "numeric", Value: numberOrEmpty(t.GetFriendPoints()), Help: "Empty means none."}, "/terms/friendPoints")
	if len(program.GetWallets()) > 1 {
		f.add(walletField(program, "wallet", "Of which unit?", t.GetWallet()), "/terms/wallet")
	}
	f.add(web.Field{Name: "life", Label: "How long do they live?", Max: 100, Value: t.GetLife(), Help: "Empty: as the programme says. " + helpLife}, "/terms/life")
	parts := f.part(nil, "What is given", "")
	f.add(web.Field{Name: "qualification", Label: "When are both rewarded?", Type: "choices", Required: true, Options: []web.Option{
		{Value: firstOrder, Label: "With the friend’s first order", Consequence: "If it comes back, so do the points.", Chosen: t.GetQualification() != loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_ENROLMENT},
		{Value: "REFERRAL_QUALIFICATION_ENROLMENT", Label: "As soon as the friend enrols", Chosen: t.GetQualification() == loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_ENROLMENT}}}, "/terms/qualification").
		add(web.Field{Name: "least_amount", Label: "Worth at least, in " + program.GetCurrency(), Max: 20, Inputmode: "decimal", Value: amount, Help: "Of the first order. Empty means anything."}, "/terms/leastAmount").
		add(web.Field{Name: "within", Label: "How soon after enrolling?", Max: 40, Value: t.GetWithin(), Help: "P30D: within thirty days. Empty: whenever it is."}, "/terms/within")
	parts = f.part(parts, "What the friend has to do", "")
	f.add(web.Field{Name: "most", Label: "How many friends is one member rewarded for?", Max: 14, Inputmode: "numeric", Value: numberOrEmpty(t.GetMost()), Help: "Empty means as many as come."}, "/terms/most").
		add(web.Field{Name: "period", Label: "So many in", Type: "select", Required: true, Options: options([]string{t.GetPeriod().String()}, referralPeriods...)}, "/terms/period")
	parts = f.part(parts, "How often", "")
	velocity := func(n int32) string { return numberOrEmpty(int64(n)) }
	f.add(web.Field{Name: "device_velocity", Label: "From how many members on one device", Max: 4, Inputmode: "numeric", Value: velocity(t.GetDeviceVelocity()), Help: "Empty means never."}, "/terms/deviceVelocity").
		add(web.Field{Name: "address_velocity", Label: "From how many members at one network address", Max: 4, Inputmode: "numeric", Value: velocity(t.GetAddressVelocity()), Help: "Families and offices share one. Empty means never."}, "/terms/addressVelocity").
		add(web.Field{Name: "velocity_span", Label: "Within how long?", Max: 40, Value: t.GetVelocitySpan(), Help: "P7D: within seven days."}, "/terms/velocitySpan")
	return f.part(parts, "When somebody looks first", "What looks like one person who is two is always held. Beyond that, points are held where many members come from one place in a short time.")
}

// firstOrder is the usual way for a friend to qualify.
const firstOrder = "REFERRAL_QUALIFICATION_FIRST_ORDER"

func (v *visit) referrals() error { return v.showReferrals(http.StatusOK, nil) }

func (v *visit) showReferrals(status int, problem *api.Problem) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := v.friends().GetReferralTerms(v.ctx(), &loyaltyv1.GetReferralTermsRequest{Program: programID(program)})
	terms := got.GetTerms()
	none := err != nil && api.AsProblem(err).Status == http.StatusNotFound
	switch {
	case none:
		terms = &loyaltyv1.ReferralTerms{}
	case err != nil:
		return err
	}
	f := v.typed(problem)
	data := map[string]any{"None": none, "Parts": referralsForm(f, program, terms), "Terms": terms, "Reviews": loyaltyURL(program, "reviews"), "Etag": strconv.Itoa(int(terms.GetVersion()))}
	return v.programmePage(status, "referrals", program, "referrals", "", f, data)
}

// saveReferrals saves what is given for referrals, if nobody else has in between.
func (v *visit) saveReferrals() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	terms, err := v.typedReferrals(program)
	if err == nil {
		_, err = v.friends().SetReferralTerms(v.ctx(), &loyaltyv1.SetReferralTermsRequest{Program: programID(program), Terms: terms}, v.once())
	}
	if err != nil {
		return v.again(err, v.showReferrals)
	}
	return v.done(loyaltyURL(program, "referrals"), "referrals")
}

// typedReferrals reads what referralsForm declared. What has no meaning beside the other answers, and is not shown for that, is left out.
func (v *visit) typedReferrals(program *loyaltyv1.Program) (*loyaltyv1.ReferralTerms, error) {
	t := &loyaltyv1.ReferralTerms{Paused: v.value("paused") == "true", Wallet: v.value("wallet"), Life: v.value("life"), VelocitySpan: v.value("velocity_span"),
		Qualification: loyaltyv1.ReferralQualification(loyaltyv1.ReferralQualification_value[v.value("qualification")]), Version: proto.Int32(int32(atoi(v.etag())))}
	for _, n := range []struct {
		name, pointer string
		set           func(int64)
	}{
		{"referrer_points", "/terms/referrerPoints", func(n int64) { t.ReferrerPoints = n }},
		{"friend_points", "/terms/friendPoints", func(n int64) { t.FriendPoints = n }},
		{"most", "/terms/most", func(n int64) { t.Most = n }},
		{"device_velocity", "/terms/deviceVelocity", func(n int64) { t.DeviceVelocity = int32(n) }},
		{"address_velocity", "/terms/addressVelocity", func(n int64) { t.AddressVelocity = int32(n) }},
	} {
		whole, err := v.typedWhole(n.name, n.pointer)
		if err == nil && whole > 1_000_000_000 {
			err = refusal(n.pointer, "That is more than there can be.")
		}
		if err != nil {
			return t, err
		}
		n.set(whole)
	}
	if t.Most > 0 {
		t.Period = loyaltyv1.ReferralPeriod(loyaltyv1.ReferralPeriod_value[v.value("period")])
	}
	if v.value("qualification") != firstOrder {
		return t, nil
	}
	t.Within = v.value("within")
	var err error
	t.LeastAmount, err = v.typedMoney(program, "least_amount", "/terms/leastAmount")
	return t, err
}
