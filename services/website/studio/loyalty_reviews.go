package studio

import (
	"net/http"
	"net/url"
	"time"

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
		row.Who = "A member without a name"
		if member, err := loyaltyv1.NewMembersServiceClient(v.conn).GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: lastPart(r.GetMember())}); err == nil {
			row.Who = memberTitle(member.GetMember())
		}
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
	return v.programmePage(status, "reviews", program, "reviews", "", shown, map[string]any{
		"Rows": rows, "Tabs": tabs, "Waiting": state == loyaltyv1.ReviewState_REVIEW_STATE_OPEN, "Older": older(v.r.URL, got.GetNextPageToken())})
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
