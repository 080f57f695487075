package studio

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// mostWallets bounds the units of a programme, as the contract does.
const mostWallets = 8

// settingsForm declares the fields of a programme. What never changes is asked for where it is made.
func settingsForm(f *form, p *loyaltyv1.Program, fresh bool) []formPart {
	f.add(web.Field{Name: "display_name", Label: "What is it called?", Required: true, Max: 120, Value: p.GetDisplayName()}, "/displayName")
	if fresh {
		f.add(web.Field{Name: "program_id", Label: "Id", Required: true, Max: 40, Autocomplete: "off", Help: "Lower-case letters, digits and hyphens, two at least. Your shop names it; it never changes."}, "/programId").
			add(web.Field{Name: "currency", Label: "Currency of its orders", Required: true, Max: 3, Autocomplete: "off", Value: p.GetCurrency(), Help: "Three letters, such as EUR. It never changes."}, "/currency")
	}
	f.add(web.Field{Name: "time_zone", Label: "Time zone", Required: true, Max: 64, Value: p.GetTimeZone(), List: "zones", Help: "Its days, months and years begin by it, such as Europe/Berlin."}, "/timeZone")
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
	rest := f.part
	if fresh {
		rest = func(parts []formPart, title, help string) []formPart { return f.folded(parts, title, help, false) }
	}
	parts = rest(parts, "Redeeming rewards", "")
	s := p.GetPoints()
	f.add(web.Field{Name: "life", Label: "How long do points live?", Max: 100, Value: s.GetLife(), Help: "Where a rule does not say. " + helpLife}, "/points/life").
		add(web.Field{Name: "return_policy", Label: "An order comes back whose points are spent. What then?", Type: "choices", Required: true, Options: options([]string{cmp.Or(s.GetReturnPolicy(), "within_balance")},
			"within_balance", "Other points of the member go instead, as far as there are any; those that are held are owed", "allow_debt", "The member owes them", "only_pending", "Only points on their way go back")}, "/points/returnPolicy").
		add(web.Field{Name: "cancel_window", Label: "How long can an order or event be cancelled?", Max: 40, Value: s.GetCancelWindow(), Help: "P14D: for 14 days. Empty: without limit."}, "/points/cancelWindow").
		add(web.Field{Name: "oldest", Label: "How old may an order be that is recorded?", Max: 40, Value: s.GetOldest(), Help: "P90D: 90 days. Empty: 400 days."}, "/points/oldest").
		add(web.Field{Name: "ahead", Label: "How far ahead may a shop’s clock be?", Max: 40, Value: s.GetAhead(), Help: "PT5M: five minutes. Empty: one minute."}, "/points/ahead")
	return rest(parts, "Points and orders", "A change touches no points that were given before.")
}

func (v *visit) settings() error { return v.showSettings(http.StatusOK, nil) }

func (v *visit) showSettings(status int, problem *api.Problem) error {
	p, err := v.program()
	if err != nil {
		return err
	}
	f := v.typed(problem)
	return v.programmePage(status, "settings", p, "settings", "", f, map[string]any{"Parts": settingsForm(f, p, false), "Etag": p.GetEtag()})
}

func (v *visit) saveSettings() error {
	in, err := v.typedSettings()
	if err == nil {
		_, err = loyaltyv1.NewProgramsServiceClient(v.conn).UpdateProgram(v.ctx(), in, v.once())
	}
	if err != nil {
		return v.again(err, v.showSettings)
	}
	return v.done("/studio/loyalty/"+in.GetProgram()+"/settings", "programme")
}

// typedSettings reads what settingsForm declared, but for what never changes.
func (v *visit) typedSettings() (*loyaltyv1.UpdateProgramRequest, error) {
	in := &loyaltyv1.UpdateProgramRequest{Program: v.r.PathValue("program"), DisplayName: v.value("display_name"), TimeZone: v.value("time_zone"), Etag: v.etag(), Redemptions: &loyaltyv1.RedemptionSettings{}}
	in.Points = &loyaltyv1.PointSettings{Life: v.value("life"), ReturnPolicy: v.value("return_policy"), CancelWindow: v.value("cancel_window"), Oldest: v.value("oldest"), Ahead: v.value("ahead")}
	for i := range mostWallets {
		n := fmt.Sprintf("wallet-%d-", i)
		if v.value(n+"id") != "" {
			in.Wallets = append(in.Wallets, &loyaltyv1.Wallet{Id: v.value(n + "id"), Singular: v.value(n + "singular"), Plural: v.value(n + "plural")})
		}
	}
	minutes, err := strconv.ParseInt(v.value("minutes"), 10, 32)
	if err != nil {
		return in, refusal("/redemptions/reservationMinutes", "Give a whole number of minutes.")
	}
	in.Redemptions.ReservationMinutes = int32(minutes)
	returned, err := strconv.ParseInt(v.value("returned"), 10, 32)
	if err != nil {
		return in, refusal("/redemptions/returned", "Choose one.")
	}
	in.Redemptions.Returned = loyaltyv1.ReturnedRewards(returned)
	return in, nil
}

func (v *visit) newProgram() error { return v.showNewProgram(http.StatusOK, nil) }

// showNewProgram shows an empty programme, in the zone and the currency of the first one: most companies have one of each.
func (v *visit) showNewProgram(status int, problem *api.Problem) error {
	_, first, err := v.programs("")
	if err != nil {
		return err
	}
	p := &loyaltyv1.Program{TimeZone: first.GetTimeZone(), Currency: first.GetCurrency(), Wallets: []*loyaltyv1.Wallet{{Id: "points", Singular: "point", Plural: "points"}}}
	f := v.typed(problem)
	parts := settingsForm(f, p, true)
	v.show(status, "programme", &web.View{Title: "New programme", Section: "loyalty", Notice: f.Notice(), Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty"}, {Label: "New programme"}},
		Data: map[string]any{"Form": f, "Parts": parts}})
	return nil
}

func (v *visit) createProgram() error {
	in, err := v.typedSettings()
	id := v.value("program_id")
	if err == nil {
		err = refuseNew("/programId", id)
	}
	if err == nil {
		_, err = loyaltyv1.NewProgramsServiceClient(v.conn).CreateProgram(v.ctx(), &loyaltyv1.CreateProgramRequest{ProgramId: id, DisplayName: in.GetDisplayName(), Wallets: in.GetWallets(), TimeZone: in.GetTimeZone(),
			Currency: strings.ToUpper(v.value("currency")), Redemptions: in.GetRedemptions(), Points: in.GetPoints()}, v.once())
	}
	if err != nil {
		return v.again(err, v.showNewProgram)
	}
	return v.done("/studio/loyalty/"+id+"/rules", "programme-new")
}
