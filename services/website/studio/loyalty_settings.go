package studio

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// mostWallets bounds the units of a programme, as the contract does.
const mostWallets = 8

func settingsForm(f *form, p *loyaltyv1.Program) []formPart {
	f.add(web.Field{Name: "display_name", Label: "What is it called?", Required: true, Max: 120, Value: p.GetDisplayName()}, "/displayName").
		add(web.Field{Name: "time_zone", Label: "Time zone", Required: true, Max: 64, Value: p.GetTimeZone(), List: "zones", Help: "Its days, months and years begin by it, such as Europe/Berlin."}, "/timeZone")
	parts := f.part(nil, "The programme", "")
	for i := range min(mostWallets, max(len(p.GetWallets()), filledRows(f, "wallet", "id"))+1) {
		w := &loyaltyv1.Wallet{}
		if i < len(p.GetWallets()) {
			w = p.GetWallets()[i]
		}
		n, at := fmt.Sprintf("wallet-%d-", i), fmt.Sprintf("/wallets/%d", i)
		f.add(web.Field{Name: n + "id", Label: "Id", Max: 31, Required: i < len(p.GetWallets()), Value: w.GetId()}, at+"/id").
			add(web.Field{Name: n + "singular", Label: "One is called", Max: 40, Required: i < len(p.GetWallets()), Value: w.GetSingular()}, at+"/singular").
			add(web.Field{Name: n + "plural", Label: "Several are called", Max: 40, Required: i < len(p.GetWallets()), Value: w.GetPlural()}, at+"/plural")
	}
	parts = f.part(parts, "Its units", "The first one is the usual one. A unit may be renamed, but not removed.")
	parts[1].Row, parts[1].Per = "Unit", 3
	returned := int(p.GetRedemptions().GetReturned())
	f.add(web.Field{Name: "minutes", Label: "How many minutes is a reward held?", Required: true, Max: 5, Inputmode: "numeric", Value: strconv.Itoa(int(max(p.GetRedemptions().GetReservationMinutes(), 0))),
		Help: "Where the reward itself does not say. 0 means 30."}, "/redemptions/reservationMinutes").
		add(web.Field{Name: "returned", Label: "An order that was paid for with points comes back. What becomes of the points?", Type: "choices", Required: true, Options: options([]string{strconv.Itoa(max(returned, 1))},
			"1", "They go back to the member", "2", "They stay spent", "3", "Somebody decides each time")}, "/redemptions/returned")
	parts = f.part(parts, "Redeeming rewards", "")
	s := p.GetPoints()
	f.add(web.Field{Name: "life", Label: "How long do points live?", Max: 100, Value: s.GetLife(), Help: "Where a rule does not say. " + helpLife}, "/points/life").
		add(web.Field{Name: "return_policy", Label: "An order comes back whose points are spent. What then?", Type: "choices", Required: true, Options: options([]string{cmp.Or(s.GetReturnPolicy(), "within_balance")},
			"within_balance", "Other points of the member go instead, as far as there are any", "allow_debt", "The member owes them", "only_pending", "Only points on their way go back")}, "/points/returnPolicy").
		add(web.Field{Name: "cancel_window", Label: "How long can an order be cancelled?", Max: 40, Value: s.GetCancelWindow(), Help: "P14D: for 14 days. Empty: without limit."}, "/points/cancelWindow").
		add(web.Field{Name: "oldest", Label: "How old may an order be that is recorded?", Max: 40, Value: s.GetOldest(), Help: "P90D: 90 days. Empty: 400 days."}, "/points/oldest").
		add(web.Field{Name: "ahead", Label: "How far ahead may a shop’s clock be?", Max: 40, Value: s.GetAhead(), Help: "PT5M: five minutes. Empty: one minute."}, "/points/ahead")
	return f.part(parts, "Points and orders", "A change touches no points that were given before.")
}

func (v *visit) settings() error { return v.showSettings(http.StatusOK, nil) }

func (v *visit) showSettings(status int, problem *api.Problem) error {
	p, err := v.program()
	if err != nil {
		return err
	}
	f := v.typed(problem)
	return v.programmePage(status, "settings", p, "settings", "", f, map[string]any{"Parts": settingsForm(f, p), "Etag": p.GetEtag()})
}

func (v *visit) saveSettings() error {
	in := &loyaltyv1.UpdateProgramRequest{Program: v.r.PathValue("program"), DisplayName: v.value("display_name"), TimeZone: v.value("time_zone"), Etag: v.etag(), Redemptions: &loyaltyv1.RedemptionSettings{}}
	in.Points = &loyaltyv1.PointSettings{Life: v.value("life"), ReturnPolicy: v.value("return_policy"), CancelWindow: v.value("cancel_window"), Oldest: v.value("oldest"), Ahead: v.value("ahead")}
	again := func(err error) error { return v.again(err, v.showSettings) }
	for i := range mostWallets {
		n := fmt.Sprintf("wallet-%d-", i)
		if v.value(n+"id") != "" {
			in.Wallets = append(in.Wallets, &loyaltyv1.Wallet{Id: v.value(n + "id"), Singular: v.value(n + "singular"), Plural: v.value(n + "plural")})
		}
	}
	minutes, err := strconv.ParseInt(v.value("minutes"), 10, 32)
	if err != nil {
		return again(refusal("/redemptions/reservationMinutes", "Give a whole number of minutes."))
	}
	in.Redemptions.ReservationMinutes = int32(minutes)
	returned, err := strconv.ParseInt(v.value("returned"), 10, 32)
	if err != nil {
		return again(refusal("/redemptions/returned", "Choose one."))
	}
	in.Redemptions.Returned = loyaltyv1.ReturnedRewards(returned)
	if _, err := loyaltyv1.NewProgramsServiceClient(v.conn).UpdateProgram(v.ctx(), in, v.once()); err != nil {
		return again(err)
	}
	return v.done("/studio/loyalty/"+v.r.PathValue("program")+"/settings", "programme")
}
