package studio

import (
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
	return f.part(parts, "Redeeming rewards", "")
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
