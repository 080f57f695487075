package studio

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// trial is an order or event that is looked at without being recorded: what it would earn, and why.
type trial struct {
	Form *form
	// Lines are the lines of the order, each four fields.
	Lines [][]web.Field
	// Outcome is nil before anything was tried. Who is the member whom it is about.
	Outcome *loyaltyv1.CalculatePointsResponse
	Who     string
	WhoURL  string
	Unit    string
	Sum     string
	// Given and Silent are the outcome's rules: those that give points, and those that do not, with the reason.
	Given, Silent []explained
	// Tier is what the member would be in then, by its id.
	Tier string
	// Wanting says what of the trial could not be understood.
	Wanting []web.Field
	Trouble string
}

// Bounds of the lines that can be typed.
const (
	leastLines = 2
	mostLines  = 20
)

var trialWhats = []string{"order", "An order", "visit", "A visit", "event", "Another event"}

// trialOf is the trial as it was typed, or as it begins.
func (v *visit) trialOf(program *loyaltyv1.Program) *trial { return v.trialForm(program, nil) }

func (v *visit) trialForm(program *loyaltyv1.Program, problem *api.Problem) *trial {
	f := newForm(v.r.PostForm, problem)
	f.add(web.Field{Name: "try_member", Label: "Whose?", Required: true, Max: 254, Autocomplete: "off", Value: v.r.URL.Query().Get("member"),
		Help: "E-mail address, telephone number with its country, card, id in your own system, or Renown’s id of the member."}, "/member", "/identifier").
		add(web.Field{Name: "try_what", Label: "What happens?", Type: "select", Required: true, Options: options([]string{"order"}, trialWhats...)}).
		add(web.Field{Name: "try_time", Label: "When?", Type: "datetime-local", Help: "Empty means now. By the clock of " + zoneOf(program).String() + "."}, "/order/orderTime", "/event/eventTime", "/at", "/effectiveTime").
		add(web.Field{Name: "try_type", Label: "Type of the event", Max: 200, Help: "For another event only."}, "/event/type").
		add(web.Field{Name: "try_facts", Label: "Further facts for conditions", Type: "textarea", Rows: 2, Help: "One a line, such as channel = shop."}, "/order/attributes", "/event/attributes")
	t := &trial{Form: f, Unit: unitOf(program, "")}
	rows := min(mostLines, max(leastLines, filledRows(f, "line", "amount")+1))
	for i := range rows {
		n, at := fmt.Sprintf("line-%d-", i), fmt.Sprintf("/order/lines/%d/", i)
		had := len(f.fields)
		f.add(web.Field{Name: n + "amount", Label: "Paid, in " + program.GetCurrency(), Max: 20, Inputmode: "decimal"}, at+"amount").
			add(web.Field{Name: n + "sku", Label: "Article", Max: 200, Autocomplete: "off"}, at+"sku").
			add(web.Field{Name: n + "categories", Label: "Categories", Max: 500, Autocomplete: "off", Help: ""}, at+"categories").
			add(web.Field{Name: n + "quantity", Label: "Quantity", Max: 20, Inputmode: "decimal"}, at+"quantity")
		t.Lines = append(t.Lines, f.fields[had:])
	}
	t.Wanting = f.Failed()
	if problem != nil && f.matched == 0 {
		t.Trouble = sentence(problem.Detail)
	}
	return t
}

// Number is how people count the line at a position.
func (t *trial) Number(i int) int { return i + 1 }

// Top are the trial's fields before the lines of the order, and Bottom those behind them.
func (t *trial) Top() []web.Field {
	return []web.Field{t.Form.Field("try_member"), t.Form.Field("try_what")}
}

// Bottom are the fields that are rarely needed.
func (t *trial) Bottom() []web.Field {
	return []web.Field{t.Form.Field("try_time"), t.Form.Field("try_type"), t.Form.Field("try_facts")}
}

// whoTried finds the member that the trial is about, by whatever was typed.
func (v *visit) whoTried(program *loyaltyv1.Program) (*loyaltyv1.Member, error) {
	text := v.value("try_member")
	if text == "" {
		return nil, refusal("/member", "Say who it is about.")
	}
	members := loyaltyv1.NewMembersServiceClient(v.conn)
	kinds := []loyaltyv1.IdentifierKind{loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD}
	switch {
	case strings.Contains(text, "@"):
		kinds = []loyaltyv1.IdentifierKind{loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL}
	case strings.HasPrefix(text, "+"):
		kinds = []loyaltyv1.IdentifierKind{loyaltyv1.IdentifierKind_IDENTIFIER_KIND_PHONE}
	default:
		got, err := members.GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: text})
		if err == nil || api.AsProblem(err).Status == http.StatusUnauthorized || api.AsProblem(err).Status >= http.StatusInternalServerError {
			return got.GetMember(), err
		}
	}
	for _, kind := range kinds {
		got, err := members.LookupMember(v.ctx(), &loyaltyv1.LookupMemberRequest{Program: programID(program), Identifier: &loyaltyv1.MemberIdentifier{Kind: kind, Value: text}})
		if err == nil {
			return got.GetMember(), nil
		}
		if p := api.AsProblem(err); p.Status != http.StatusNotFound && p.Status != http.StatusBadRequest {
			return nil, err
		}
	}
	return nil, refusal("/member", "Nobody in this programme is known by it.")
}

// typedTrial reads what trialForm declared.
func (v *visit) typedTrial(program *loyaltyv1.Program, in *loyaltyv1.CalculatePointsRequest) error {
	facts := map[string]string{}
	for _, line := range lines(v.r.PostFormValue("try_facts")) {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return refusal("/order/attributes", "Write a fact as name = value, one a line.")
		}
		facts[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	at := momentIn(program, v.value("try_time"))
	if at != nil && at.AsTime().After(v.clock.Now()) {
		in.EffectiveTime = at // the member is looked at as time will have left them
	}
	// Nothing is recorded, so the order needs a name that no other has, and nobody sees it.
	id := "try-" + strings.ToLower(rand.Text())
	if what := v.value("try_what"); what != "order" {
		e := &loyaltyv1.EventInput{EventId: id, Type: v.value("try_type"), EventTime: at, Attributes: facts}
		if what == "visit" {
			e.Type = "visit"
		}
		in.What = &loyaltyv1.CalculatePointsRequest_Event{Event: e}
		return nil
	}
	o := &loyaltyv1.OrderInput{OrderId: id, OrderTime: at, Attributes: facts}
	for i := range mostLines {
		n, pointer := fmt.Sprintf("line-%d-", i), fmt.Sprintf("/order/lines/%d/", i)
		if v.value(n+"amount") == "" {
			continue
		}
		amount, ok := web.ParseMoney(v.value(n+"amount"), program.GetCurrency())
		if !ok {
			return refusal(pointer+"amount", "Give an amount such as 49.90.")
		}
		l := &loyaltyv1.OrderLine{Id: fmt.Sprint(len(o.Lines) + 1), Sku: v.value(n + "sku"), Quantity: decimalOf(v.value(n + "quantity")), Amount: proto.Int64(amount)}
		if l.Sku == "" {
			l.Sku = "any"
		}
		for part := range strings.SplitSeq(v.value(n+"categories"), ",") {
			if part = strings.TrimSpace(part); part != "" {
				l.Categories = append(l.Categories, part)
			}
		}
		o.Lines = append(o.Lines, l)
	}
	if len(o.Lines) == 0 {
		return refusal("/order/lines/0/amount", "Give the amount of one line at least.")
	}
	in.What = &loyaltyv1.CalculatePointsRequest_Order{Order: o}
	return nil
}

// momentIn reads an input of type datetime-local by the programme's clock; nil if it is empty or no moment.
func momentIn(program *loyaltyv1.Program, text string) *timestamppb.Timestamp {
	t, err := time.ParseInLocation("2006-01-02T15:04", text, zoneOf(program))
	if err != nil {
		return nil
	}
	return timestamppb.New(t)
}

// try calculates what was typed. What cannot be understood is said beside its field.
func (v *visit) try(program *loyaltyv1.Program, in *loyaltyv1.CalculatePointsRequest) (*trial, error) {
	in.Program = programID(program)
	who, err := v.whoTried(program)
	if err == nil {
		in.Member = lastPart(who.GetName())
		err = v.typedTrial(program, in)
	}
	var got *loyaltyv1.CalculatePointsResponse
	if err == nil {
		got, err = loyaltyv1.NewOrdersServiceClient(v.conn).CalculatePoints(v.ctx(), in)
	}
	if err != nil {
		problem := api.AsProblem(err)
		if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
			return nil, err
		}
		return v.trialForm(program, problem), problem
	}
	t := v.trialOf(program)
	t.Outcome, t.Who, t.WhoURL, t.Sum = got, memberTitle(who), memberURL(who.GetName()), signedPoints(got.GetPoints())
	t.Given, t.Silent = explainedRules(program, got.GetRules())
	t.Tier = got.GetTier()
	return t, nil
}

// ruleURL leads to a rule by its name and version, "rules/{rule}@{version}"; a rule that is not kept has no page.
func ruleURL(program *loyaltyv1.Program, rule string) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(rule, "rules/"), "@")
	if id == "" {
		return ""
	}
	return loyaltyURL(program, "rules") + "/" + id
}

// memberTitle is what a member is called, or a stand-in for whoever has no name.
func memberTitle(m *loyaltyv1.Member) string {
	if m.GetDisplayName() != "" {
		return m.GetDisplayName()
	}
	return "A member without a name"
}

func (v *visit) whatIf() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	return v.showWhatIf(http.StatusOK, program, v.trialOf(program))
}

func (v *visit) showWhatIf(status int, program *loyaltyv1.Program, t *trial) error {
	return v.programmePage(status, "whatif", program, "whatif", "", nil, map[string]any{"Trial": t, "Modules": []string{"js/studio/trial.js"}})
}

// tryOrder answers what an order or event would earn.
func (v *visit) tryOrder() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	t, err := v.try(program, &loyaltyv1.CalculatePointsRequest{})
	if t == nil {
		return err
	}
	status := http.StatusOK
	if err != nil {
		status = api.AsProblem(err).Status
	}
	return v.showWhatIf(status, program, t)
}
