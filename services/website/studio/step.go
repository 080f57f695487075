package studio

import (
	"net/http"
	"strconv"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// taken is what a step leads to: the notice that the next page shows, and the problem if it was refused.
type taken struct {
	notice string
	err    error
}

// steps are the forms on the page of a text, by the last part of their address.
var steps = map[string]func(v *visit, story, locale string) taken{
	"submit":         (*visit).submit,
	"approve":        (*visit).approve,
	"changes":        (*visit).requestChanges,
	"signoff":        (*visit).requestSignoff,
	"cancel-signoff": (*visit).cancelSignoff,
	"attest":         (*visit).attest,
	"publish":        (*visit).publish,
	"unschedule":     (*visit).unschedule,
	"unpublish":      (*visit).unpublish,
	"preview":        (*visit).createPreview,
	"revoke-preview": (*visit).revokePreview,
}

// step carries out a step of a text. A refusal shows the text as it is now, with the step's form as it was filled in.
func (v *visit) step() error {
	name, story, locale := v.r.PathValue("step"), v.r.PathValue("story"), v.r.PathValue("locale")
	carryOut, ok := steps[name]
	if !ok {
		return v.notFound()
	}
	t := carryOut(v, story, locale)
	if t.err == nil {
		return v.done(textURL(story, locale), t.notice)
	}
	problem := api.AsProblem(t.err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return t.err
	}
	got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	if err != nil {
		return err
	}
	return v.showText(problem.Status, got.GetText(), name, problem)
}

func (v *visit) etag() string { return v.r.PostFormValue("etag") }

func (v *visit) submit(story, locale string) taken {
	_, err := v.review().SubmitText(v.ctx(), &storiesv1.SubmitTextRequest{Story: story, Locale: locale, Etag: v.etag()}, v.once())
	return taken{"submitted", err}
}

func (v *visit) approve(story, locale string) taken {
	_, err := v.review().ApproveText(v.ctx(), &storiesv1.ApproveTextRequest{Story: story, Locale: locale, Etag: v.etag()}, v.once())
	return taken{"approved", err}
}

func (v *visit) requestChanges(story, locale string) taken {
	_, err := v.review().RequestChanges(v.ctx(), &storiesv1.RequestChangesRequest{Story: story, Locale: locale, Etag: v.etag(), Comment: v.value("comment")}, v.once())
	return taken{"changes", err}
}

func (v *visit) requestSignoff(story, locale string) taken {
	days, err := strconv.ParseInt(v.value("valid_days"), 10, 32)
	if err != nil || days < 1 || days > 180 {
		return taken{err: refusal("/validDays", "Give a number of days between 1 and 180.")}
	}
	_, err = v.review().RequestSignoff(v.ctx(), &storiesv1.RequestSignoffRequest{Story: story, Locale: locale, Etag: v.etag(), ContactName: v.value("contact_name"),
		ContactEmail: v.value("contact_email"), Scopes: scopesOf(v.r.PostForm["scopes"]), ValidDays: int32(days)}, v.once())
	return taken{"asked", err}
}

func (v *visit) cancelSignoff(story, locale string) taken {
	_, err := v.review().CancelSignoff(v.ctx(), &storiesv1.CancelSignoffRequest{Story: story, Locale: locale, Etag: v.etag()}, v.once())
	return taken{"cancelled", err}
}

func (v *visit) attest(story, locale string) taken {
	given, ends := day(v.value("given_on")), endOfDay(v.value("ends"))
	switch {
	case given == nil:
		return taken{err: refusal("/giveTime", "Give the day on which the customer agreed.")}
	case ends == nil:
		return taken{err: refusal("/endTime", "Give the last day on which it holds.")}
	}
	_, err := v.agreed().AttestConsent(v.ctx(), &storiesv1.AttestConsentRequest{Story: story, Locale: locale, Scopes: scopesOf(v.r.PostForm["attested"]), GivenBy: v.value("given_by"),
		GiveTime: given, EndTime: ends, Evidence: v.value("evidence"), ContentHash: v.value("hash")}, v.once())
	return taken{"attested", err}
}

func (v *visit) publish(story, locale string) taken {
	in := &storiesv1.PublishTextRequest{Story: story, Locale: locale, Etag: v.etag()}
	for _, t := range []struct {
		value, pointer string
		set            func()
	}{
		{v.value("publish_time"), "/publishTime", func() { in.PublishTime = moment(v.value("publish_time"), v.value("publish_offset")) }},
		{v.value("unpublish_time"), "/unpublishTime", func() { in.UnpublishTime = moment(v.value("unpublish_time"), v.value("unpublish_offset")) }},
	} {
		if t.value == "" {
			continue
		}
		if moment(t.value, "0") == nil {
			return taken{err: refusal(t.pointer, "Give day and time, such as 2026-03-02T09:00.")}
		}
		t.set()
	}
	_, err := v.review().PublishText(v.ctx(), in, v.once())
	if in.PublishTime != nil && in.PublishTime.AsTime().After(v.clock.Now()) {
		return taken{"scheduled", err}
	}
	return taken{"published", err}
}

func (v *visit) unschedule(story, locale string) taken {
	_, err := v.review().UnscheduleText(v.ctx(), &storiesv1.UnscheduleTextRequest{Story: story, Locale: locale, Etag: v.etag()}, v.once())
	return taken{"unscheduled", err}
}

func (v *visit) unpublish(story, locale string) taken {
	_, err := v.review().UnpublishText(v.ctx(), &storiesv1.UnpublishTextRequest{Story: story, Locale: locale, Etag: v.etag(), Reason: v.value("reason")}, v.once())
	return taken{"unpublished", err}
}

// refusal is a problem that the studio finds before it asks: what was typed is of no form that could be sent.
func refusal(pointer, detail string) error {
	return &api.Problem{Status: http.StatusBadRequest, Code: "INVALID_ARGUMENT", Title: "One answer needs another look", Detail: detail, Errors: []api.FieldError{{Pointer: pointer, Detail: detail}}}
}
