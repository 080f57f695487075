package studio

import (
	"net/http"
	"net/url"
	"time"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (v *visit) held() loyaltyv1.ReviewsServiceClient {
	return loyaltyv1.NewReviewsServiceClient(v.conn)
}

// reviewRow is points that wait for a decision, or had one.
type reviewRow struct {
	*loyaltyv1.Review
	ID, Who, URL, Unit string
	Since, Decided     time.Time
	// Form is that of the decision; Open says that it was refused and is shown again.
	Form *form
	Open bool
}

var reviewStates = []struct {
	Key, Label string
	State      loyaltyv1.ReviewState
}{
	{"", "Waiting", loyaltyv1.ReviewState_REVIEW_STATE_OPEN}, {"released", "Given free", loyaltyv1.ReviewState_REVIEW_STATE_RELEASED}, {"rejected", "Taken back", loyaltyv1.ReviewState_REVIEW_STATE_REJECTED},
}

func (v *visit) reviews() error { return v.showReviews(http.StatusOK, nil) }

// showReviews lists the reviews of a state. A problem is about the decision on the review of the address.
func (v *visit) showReviews(status int, problem *api.Problem) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	key := v.r.URL.Query().Get("state")
	state := loyaltyv1.ReviewState_REVIEW_STATE_OPEN
	var tabs []web.Tab
	for _, s := range reviewStates {
		address := loyaltyURL(program, "reviews")
		if s.Key != "" {
			address += "?" + url.Values{"state": {s.Key}}.Encode()
		}
		if s.Key == key {
			state = s.State
		}
		tabs = append(tabs, web.Tab{Label: s.Label, URL: address, Current: s.Key == key})
	}
	got, err := v.held().ListReviews(v.ctx(), &loyaltyv1.ListReviewsRequest{Program: programID(program), State: state, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	var rows []reviewRow
	var shown *form
	for _, r := range got.GetReviews() {
		row := reviewRow{Review: r, ID: lastPart(r.GetName()), URL: memberURL(r.GetMember()), Unit: unitOf(program, r.GetWallet()), Since: r.GetFreezeTime().AsTime(), Form: newForm(nil, nil)}
		if r.GetDecideTime() != nil {
			row.Decided = r.GetDecideTime().AsTime()
		}
		row.Who = v.whoIs(program, r.GetMember())
		if row.ID == v.r.PathValue("review") && problem != nil {
			row.Form, row.Open = newForm(v.r.PostForm, problem), true
			shown = row.Form
		}
		row.Form.add(web.Field{Name: "decision-" + row.ID, Label: "Why?", Type: "textarea", Rows: 2, Required: true, Max: 500, Help: "For colleagues. It names nobody: it stays when the member’s data is erased."}, "/decision")
		rows = append(rows, row)
	}
	if problem != nil && shown == nil {
		shown = newForm(nil, problem) // the review is decided and not in the list any more
	}
	var asked []askedRow
	if state == loyaltyv1.ReviewState_REVIEW_STATE_OPEN {
		if asked, err = v.askedRedemptions(program, problem, &shown); err != nil {
			return err
		}
	}
	return v.programmePage(status, "reviews", program, "reviews", "", shown, map[string]any{
		"Rows": rows, "Asked": asked, "Tabs": tabs, "Waiting": state == loyaltyv1.ReviewState_REVIEW_STATE_OPEN, "Older": older(v.r.URL, got.GetNextPageToken())})
}

// decideReview gives the points free or takes them back, for a reason.
func (v *visit) decideReview() error {
	program, review := v.r.PathValue("program"), v.r.PathValue("review")
	decision := v.value("decision-" + review)
	if decision == "" {
		return v.again(refusal("/decision", "Say why: whoever looks at the ledger later will ask."), v.showReviews)
	}
	notice := "released"
	var err error
	switch v.value("do") {
	case "release":
		_, err = v.held().ReleaseReview(v.ctx(), &loyaltyv1.ReleaseReviewRequest{Program: program, Review: review, Decision: decision}, v.once())
	case "reject":
		notice = "rejected"
		_, err = v.held().RejectReview(v.ctx(), &loyaltyv1.RejectReviewRequest{Program: program, Review: review, Decision: decision}, v.once())
	default:
		return v.notFound()
	}
	if err != nil {
		return v.again(err, v.showReviews)
	}
	return v.done("/studio/loyalty/"+program+"/reviews", notice)
}

// whoIs is what a member is called, by their resource name. A list is shown without the names that cannot be had.
func (v *visit) whoIs(program *loyaltyv1.Program, member string) string {
	got, err := loyaltyv1.NewMembersServiceClient(v.conn).GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: lastPart(member)})
	if err != nil {
		v.log.Warn("the name of a member cannot be shown", "error", err)
	}
	return memberTitle(got.GetMember())
}

// askedRow is a redemption whose order came back, under a programme in which somebody decides about the points.
type askedRow struct {
	*loyaltyv1.Redemption
	ID, Who, URL, Unit string
	Form               *form
	Open               bool
}

// askedRedemptions lists the redemptions to decide about. The form of the one that the problem is about becomes the one that is shown as failed.
func (v *visit) askedRedemptions(program *loyaltyv1.Program, problem *api.Problem, shown **form) ([]askedRow, error) {
	got, err := loyaltyv1.NewRedemptionsServiceClient(v.conn).ListRedemptions(v.ctx(), &loyaltyv1.ListRedemptionsRequest{Program: programID(program), AwaitingDecision: true})
	if err != nil {
		return nil, err
	}
	var out []askedRow
	for _, r := range got.GetRedemptions() {
		row := askedRow{Redemption: r, ID: lastPart(r.GetName()), Who: v.whoIs(program, r.GetMember()), URL: memberURL(r.GetMember()), Unit: unitOf(program, r.GetWallet()), Form: newForm(nil, nil)}
		if row.ID == v.r.PathValue("redemption") && problem != nil {
			row.Form, row.Open = newForm(v.r.PostForm, problem), true
			*shown = row.Form
		}
		row.Form.add(web.Field{Name: "reason-" + row.ID, Label: "Why?", Type: "textarea", Rows: 2, Required: true, Max: 500, Help: "The member reads it too."}, "/reason")
		out = append(out, row)
	}
	return out, nil
}

// decideRedemption gives the points of a returned order's redemption back, or leaves them spent.
func (v *visit) decideRedemption() error {
	program, redemption := v.r.PathValue("program"), v.r.PathValue("redemption")
	reason := v.value("reason-" + redemption)
	if len([]rune(reason)) < 3 {
		return v.again(refusal("/reason", "Say why: the member reads it too."), v.showReviews)
	}
	redemptions, notice := loyaltyv1.NewRedemptionsServiceClient(v.conn), "given-back"
	var err error
	switch v.value("do") {
	case "reverse":
		_, err = redemptions.ReverseRedemption(v.ctx(), &loyaltyv1.ReverseRedemptionRequest{Program: program, Redemption: redemption, Reason: reason}, v.once())
	case "keep":
		notice = "kept"
		_, err = redemptions.KeepRedemption(v.ctx(), &loyaltyv1.KeepRedemptionRequest{Program: program, Redemption: redemption, Reason: reason}, v.once())
	default:
		return v.notFound()
	}
	if err != nil {
		return v.again(err, v.showReviews)
	}
	return v.done("/studio/loyalty/"+program+"/reviews", notice)
}

// heldPoints is what of a programme waits for a manager.
type heldPoints struct {
	Program, URL   string
	Reviews, Asked int
	// More says that there are more reviews than were counted.
	More bool
}

// waitingPoints is what waits for a manager in all programmes. Without the loyalty service nothing does, and the rest of the page is there all the same.
func (v *visit) waitingPoints() []heldPoints {
	if !v.is(managers) {
		return nil
	}
	programs, _, err := v.programs("")
	if err != nil && !api.Is(err, fault.NotFound) { // where there is no programme, nothing waits in one
		v.log.Warn("what waits in the loyalty programmes is not known", "error", err)
	}
	return v.waitingIn(programs)
}

// waitingIn is what waits in programmes.
func (v *visit) waitingIn(programs []*loyaltyv1.Program) []heldPoints {
	var out []heldPoints
	var err error
	for _, p := range programs {
		row := heldPoints{Program: p.GetDisplayName(), URL: loyaltyURL(p, "reviews")}
		var list *loyaltyv1.ListReviewsResponse
		if list, err = v.held().ListReviews(v.ctx(), &loyaltyv1.ListReviewsRequest{Program: programID(p), PageSize: 50}); err != nil {
			break
		}
		var asked *loyaltyv1.ListRedemptionsResponse
		if asked, err = loyaltyv1.NewRedemptionsServiceClient(v.conn).ListRedemptions(v.ctx(), &loyaltyv1.ListRedemptionsRequest{Program: programID(p), AwaitingDecision: true}); err != nil {
			break
		}
		row.Reviews, row.Asked, row.More = len(list.GetReviews()), len(asked.GetRedemptions()), list.GetNextPageToken() != ""
		if row.Reviews+row.Asked > 0 {
			out = append(out, row)
		}
	}
	if err != nil {
		v.log.Warn("what waits in the loyalty programmes is not known", "error", err)
	}
	return out
}
