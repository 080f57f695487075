package server_test

import (
	"strings"
	"testing"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// previewOf makes a link to the newest version of a text.
func (r *rig) previewOf(story string, days int32) *storiesv1.Preview {
	r.t.Helper()
	return must(r.previews.CreatePreview(r.edda(), &storiesv1.CreatePreviewRequest{
		Story: story, Locale: "en", ValidDays: days, Note: "For Mira at the agency",
	}))(r.t).GetPreview()
}

// look opens a preview link.
func (r *rig) look(url string) (*storiesv1.PreviewPage, error) {
	resp, err := r.previews.GetPreview(r.customer(url), &storiesv1.GetPreviewRequest{})
	return resp.GetPage(), err
}

func TestAPreviewShowsOneVersionWhileTheTextGoesOn(t *testing.T) {
	r := newRig(t)
	asset := must(r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: picture(t, 1), Filename: "harbour.png"}))(t).GetAsset()
	other := must(r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: picture(t, 2), Filename: "other.png"}))(t).GetAsset()
	r.write("nordhafen", markdown+"\n::: image\nsrc: images/"+asset+".png\nalt: The harbour\n:::\n")
	p := r.previewOf("nordhafen", 3)
	if !strings.HasPrefix(p.GetUrl(), "https://holmway.example/preview/") || p.GetVersion() != 1 || p.GetState() != "open" {
		t.Fatalf("the link is %v", p)
	}
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{
		Story: "nordhafen", Locale: "en", Text: text(strings.Replace(markdown, "38 %", "40 %", 1)), Etag: r.text("nordhafen", "en").GetEtag(),
	}))(t)
	page := must(r.look(p.GetUrl()))(t)
	if page.GetVersion() != 1 || page.GetContent().GetTitle() != "Nordhafen cut late deliveries by 38 %" || len(page.GetBlockHtml()) != 4 || page.GetCompany() != "Holmway" {
		t.Errorf("the link shows %v", page)
	}
	must(r.workspace.GetAsset(r.customer(p.GetUrl()), &storiesv1.GetAssetRequest{Asset: asset}))(t)
	_, err := r.workspace.GetAsset(r.customer(p.GetUrl()), &storiesv1.GetAssetRequest{Asset: other})
	refused(t, err, fault.NotFound)
	// The link opens nothing else.
	_, err = r.signoff.GetSignoff(r.customer(p.GetUrl()), &storiesv1.GetSignoffRequest{})
	refused(t, err, fault.LinkInvalid)
}

func TestAPreviewLinkEnds(t *testing.T) {
	r := newRig(t)
	asset := must(r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: picture(t, 1), Filename: "harbour.png"}))(t).GetAsset()
	r.write("nordhafen", markdown+"\n::: image\nsrc: images/"+asset+".png\nalt: The harbour\n:::\n")
	late, revoked := r.previewOf("nordhafen", 3), r.previewOf("nordhafen", 30)
	gone := func(url string) {
		t.Helper()
		_, err := r.look(url)
		refused(t, err, fault.LinkInvalid)
		_, err = r.workspace.GetAsset(r.customer(url), &storiesv1.GetAssetRequest{Asset: asset})
		refused(t, err, fault.LinkInvalid)
	}
	r.clock.Step(3*24*time.Hour - time.Second)
	must(r.look(late.GetUrl()))(t)
	r.clock.Step(time.Second)
	gone(late.GetUrl())
	must(r.look(revoked.GetUrl()))(t)
	name := revoked.GetName()
	req := &storiesv1.RevokePreviewRequest{Story: "nordhafen", Locale: "en", Preview: name[strings.LastIndex(name, "/")+1:]}
	must(r.previews.RevokePreview(r.edda(), req))(t)
	must(r.previews.RevokePreview(r.edda(), req))(t)
	gone(revoked.GetUrl())
	states := map[string]string{}
	for _, p := range must(r.previews.ListPreviews(r.agnes(), &storiesv1.ListPreviewsRequest{Story: "nordhafen", Locale: "en"}))(t).GetPreviews() {
		states[p.GetState()] = p.GetUrl()
	}
	if url, ok := states["expired"]; !ok || url != "" || len(states) != 2 || states["revoked"] != "" {
		t.Errorf("links are %v", states)
	}
	if !r.audited("nordhafen", "preview.created") || !r.audited("nordhafen", "preview.revoked") {
		t.Error("the audit does not know of the links")
	}
}

func TestAPreviewLinkThatWasMadeElsewhereOpensNothing(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	p := r.previewOf("nordhafen", 7)
	token := p.GetUrl()[strings.LastIndex(p.GetUrl(), "/")+1:]
	foreign, err := auth.NewLinks(r.clock, []byte("a key that is not the key of this installation"))
	if err != nil {
		t.Fatal(err)
	}
	id := p.GetName()[strings.LastIndex(p.GetName(), "/")+1:]
	forged, _, err := foreign.Issue("preview", id, start.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	// The same with one character changed at each place in turn: purpose, id, end and signature.
	bad := []string{forged, "", "x"}
	for i := range len(token) {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		bad = append(bad, token[:i]+string(c)+token[i+1:])
	}
	for _, b := range bad {
		_, err := r.previews.GetPreview(r.identity(auth.Identity{Kind: auth.KindLink, Link: b}), &storiesv1.GetPreviewRequest{})
		refused(t, err, fault.LinkInvalid)
	}
	_, err = r.previews.RevokePreview(r.edda(), &storiesv1.RevokePreviewRequest{Story: "other", Locale: "en", Preview: id})
	refused(t, err, fault.NotFound)
	must(r.look(p.GetUrl()))(t)
}
