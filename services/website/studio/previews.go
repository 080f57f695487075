package studio

import (
	"strconv"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// previewRow is a link to a version, for somebody without an account.
type previewRow struct {
	*storiesv1.Preview
	ID      string
	Expires time.Time
	Open    bool
	Outcome string
}

func (v *visit) shown() storiesv1.PreviewsServiceClient {
	return storiesv1.NewPreviewsServiceClient(v.conn)
}

// previews are the links of a text, those that work first. Only who may make links sees them.
func (v *visit) previews(story, locale string) ([]previewRow, error) {
	if !v.is(keepers) {
		return nil, nil
	}
	list, err := v.shown().ListPreviews(v.ctx(), &storiesv1.ListPreviewsRequest{Story: story, Locale: locale, PageSize: 20})
	if err != nil {
		return nil, err
	}
	var open, over []previewRow
	for _, p := range list.GetPreviews() {
		r := previewRow{Preview: p, ID: p.GetName()[strings.LastIndex(p.GetName(), "/")+1:], Expires: p.GetExpireTime().AsTime(), Open: p.GetState() == "open"}
		r.Outcome = map[string]string{"expired": "Expired", "revoked": "Ended by us"}[p.GetState()]
		if r.Open {
			open = append(open, r)
		} else {
			over = append(over, r)
		}
	}
	return append(open, over...), nil
}

// previewForm asks for a link.
func previewForm(f *form) *form {
	return f.add(web.Field{Name: "note", Label: "Who is it for?", Required: true, Max: 200, Help: "Such as “Mira at the agency”. Colleagues see it, the receiver does not."}, "/note").
		add(web.Field{Name: "preview_days", Label: "Days that the link works", Type: "number", Inputmode: "numeric", Value: "7", Required: true, Help: "At most 90. You can end it at any time."}, "/validDays")
}

func (v *visit) createPreview(story, locale string) taken {
	days, err := strconv.ParseInt(v.value("preview_days"), 10, 32)
	if err != nil || days < 1 || days > 90 {
		return taken{err: refusal("/validDays", "Give a number of days between 1 and 90.")}
	}
	if v.value("note") == "" {
		return taken{err: refusal("/note", "Say who it is for: that is how you know which link to end.")}
	}
	version, err := strconv.ParseInt(v.value("version"), 10, 32)
	if err != nil || version < 0 {
		return taken{err: refusal("/version", "Load the page again.")}
	}
	_, err = v.shown().CreatePreview(v.ctx(), &storiesv1.CreatePreviewRequest{Story: story, Locale: locale, Version: int32(version), ValidDays: int32(days), Note: v.value("note")}, v.once())
	return taken{"preview", err}
}

func (v *visit) revokePreview(story, locale string) taken {
	_, err := v.shown().RevokePreview(v.ctx(), &storiesv1.RevokePreviewRequest{Story: story, Locale: locale, Preview: v.value("preview")}, v.once())
	return taken{"preview-over", err}
}
