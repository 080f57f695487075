package server_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/card"
	"renown.example/stories/images"
	"renown.example/stories/tables"
)

// photograph is a JPEG of 900 by 600 pixels.
func photograph(t testing.TB) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 900, 600))
	for y := range 600 {
		for x := range 900 {
			p.SetRGBA(x, y, color.RGBA{uint8(x / 4), uint8(y / 3), uint8((x + y*3) % 40 * 5), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pictured begins a story that shows a picture, and returns the picture's asset.
func (r *rig) pictured(story string, more ...string) string {
	r.t.Helper()
	asset := must(r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: photograph(r.t), Filename: "quay.jpg"}))(r.t).GetAsset()
	block := "\n::: image\nsrc: images/" + asset + "\nalt: The quay at dawn\n" + strings.Join(more, "") + ":::\n"
	r.write(story, markdown+block)
	return asset
}

func (r *rig) asset(asset string) (*storiesv1.GetPublishedAssetResponse, error) {
	return r.published.GetPublishedAsset(r.nobody(), &storiesv1.GetPublishedAssetRequest{Asset: asset})
}

// files are all files of a published story: pictures, their variants and the card.
func files(s *storiesv1.PublishedStory) []string {
	out := []string{s.GetCard().GetAsset()}
	for _, p := range s.GetPictures() {
		out = append(out, p.GetAsset())
		for _, v := range p.GetVariants() {
			out = append(out, v.GetAsset())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const nordhafen = "nordhafen-cut-late-deliveries-by-38"

func TestPublishedPicturesHaveVariantsAndACard(t *testing.T) {
	r := newRig(t)
	asset := r.pictured("nordhafen", "focus: 20 70\n")
	if _, err := r.asset(asset); !fault.Has(err, fault.NotFound) {
		t.Errorf("before publication: %v", err)
	}
	r.publish("nordhafen", "en")
	s := must(r.get(nordhafen, "en"))(t)
	if len(s.GetPictures()) != 1 || s.GetSummary().GetPicture().GetAsset() != asset {
		t.Fatalf("pictures %v, in the list %v", s.GetPictures(), s.GetSummary().GetPicture())
	}
	p := s.GetPictures()[0]
	if p.GetAsset() != asset || p.GetWidth() != 900 || p.GetHeight() != 600 || p.GetFocus() != "20 70" || p.GetContentType() != "image/jpeg" {
		t.Errorf("%v", p)
	}
	var widths []int32
	for _, v := range p.GetVariants() {
		widths = append(widths, v.GetWidth())
		body := must(r.asset(v.GetAsset()))(t)
		info, err := images.Inspect(body.GetBody().GetData())
		want := images.Info{Type: v.GetContentType(), Width: int(v.GetWidth()), Height: int(v.GetHeight()), SHA256: v.GetAsset()}
		if err != nil || info != want || body.GetBody().GetContentType() != v.GetContentType() || !slices.Equal(body.GetStories(), []string{"stories/nordhafen"}) {
			t.Errorf("the file is %+v, %v; the story says %+v, the answer %v of %v", info, err, want, body.GetBody().GetContentType(), body.GetStories())
		}
	}
	if !slices.Equal(widths, []int32{480, 800, 900}) {
		t.Errorf("widths %v", widths)
	}
	c := s.GetCard()
	body := must(r.asset(c.GetAsset()))(t)
	if info, err := images.Inspect(body.GetBody().GetData()); err != nil || info.Width != card.Width || info.Height != card.Height || info.SHA256 != c.GetAsset() || c.GetWidth() != 1200 || c.GetHeight() != 630 {
		t.Errorf("the card is %+v, %v; the story says %v", info, err, c)
	}
	if problem := r.text("nordhafen", "en").GetCardProblem(); problem != "" {
		t.Errorf("the card leaves out something: %s", problem)
	}
}

// M5: the card and every size of every picture go with the edition.
func TestRevocationTakesCardAndVariants(t *testing.T) {
	r := newRig(t)
	r.pictured("nordhafen")
	link := r.publish("nordhafen", "en")
	all := files(must(r.get(nordhafen, "en"))(t))
	if len(all) < 4 {
		t.Fatalf("only %d files", len(all))
	}
	must(r.signoff.RevokeSignoff(r.customer(link), &storiesv1.RevokeSignoffRequest{}))(t)
	for _, a := range all {
		if _, err := r.asset(a); !fault.Has(err, fault.Withdrawn) {
			t.Errorf("after revocation %s answers %v", a, err)
		}
	}
}

// The same words make the same card, so that its address stays; other words make another, and the former goes.
func TestCardsFollowTheWords(t *testing.T) {
	r := newRig(t)
	r.pictured("nordhafen")
	r.publish("nordhafen", "en")
	before := must(r.get(nordhafen, "en"))(t)
	if err := r.excerpts("", "The harbour never sleeps.", ""); err != nil {
		t.Fatal(err)
	}
	after := must(r.get(nordhafen, "en"))(t)
	if after.GetExcerpts().GetCard() != "The harbour never sleeps." || after.GetCard().GetAsset() == before.GetCard().GetAsset() {
		t.Errorf("the card says %q and is the same: %v", after.GetExcerpts().GetCard(), after.GetCard().GetAsset() == before.GetCard().GetAsset())
	}
	if _, err := r.asset(before.GetCard().GetAsset()); !fault.Has(err, fault.Withdrawn) {
		t.Errorf("the former card answers %v", err)
	}
	if err := r.excerpts("", "", ""); err != nil {
		t.Fatal(err)
	}
	if again := must(r.get(nordhafen, "en"))(t); again.GetCard().GetAsset() != before.GetCard().GetAsset() {
		t.Error("the same words make another card")
	}
}

// A card shows the part of its picture around the focus of its own text, whatever was drawn before it.
func TestCardsFollowTheFocus(t *testing.T) {
	r := newRig(t)
	asset := r.pictured("nordhafen", "focus: 10 50\n")
	cards := map[string]string{}
	for _, focus := range []string{"10 50", "90 50", ""} {
		block := "\n::: image\nsrc: images/" + asset + "\nalt: The quay at dawn\n"
		if focus != "" {
			block += "focus: " + focus + "\n"
		}
		must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "nordhafen", Locale: "en", Etag: r.text("nordhafen", "en").GetEtag(), Text: text(markdown + block + ":::\n")}))(t)
		r.publish("nordhafen", "en")
		cards[focus] = must(r.get(nordhafen, "en"))(t).GetCard().GetAsset()
	}
	if cards["10 50"] == cards["90 50"] || cards[""] == cards["90 50"] || cards[""] == cards["10 50"] {
		t.Errorf("other parts of a picture give the same card: %v", cards)
	}
}

// E7: what no font has is told to who publishes, with the setting; the story is up all the same.
func TestAuthorsAreToldWhatTheCardLeavesOut(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", strings.Replace(markdown, "customer: Nordhafen Logistics", "customer: 山猫 Logistics", 1))
	r.publish("nordhafen", "en")
	s := must(r.get(nordhafen, "en"))(t)
	problem := r.text("nordhafen", "en").GetCardProblem()
	for _, want := range []string{"山 (U+5C71)", "猫 (U+732B)", "--fonts"} {
		if !strings.Contains(problem, want) {
			t.Errorf("%q is not said: %q", want, problem)
		}
	}
	if s.GetCard() == nil {
		t.Error("there is no card, though its headline could be set")
	}
	noted := false
	for _, e := range must(r.activity.ListAuditEntries(r.agnes(), &storiesv1.ListAuditEntriesRequest{Story: "nordhafen", PageSize: 200}))(t).GetEntries() {
		noted = noted || e.GetAction() == "edition.published" && e.GetDetails()["card"] == problem
	}
	if !noted {
		t.Error("the audit does not say it")
	}
	r.write("other", strings.Replace(markdown, "title: Nordhafen cut late deliveries by 38 %", "title: 山猫\nslug: other", 1))
	r.publish("other", "en")
	if problem := r.text("other", "en").GetCardProblem(); !strings.Contains(problem, "has no card") {
		t.Errorf("%q", problem)
	}
}

// Pictures that were stored before there were variants get theirs when they are published; pictures whose variants are stored are not made again.
func TestVariantsAreMadeOnce(t *testing.T) {
	r := newRig(t)
	asset := r.pictured("nordhafen")
	old := func(ctx context.Context, tx store.Writer) error {
		row, err := tables.Assets.GetForUpdate(ctx, tx, asset)
		if err != nil {
			return err
		}
		row.Value.Variants = nil
		_, err = tables.Assets.Put(ctx, tx, row)
		return err
	}
	if err := r.db.Update(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	r.publish("nordhafen", "en")
	if got := must(r.get(nordhafen, "en"))(t).GetPictures()[0].GetVariants(); len(got) != 3 {
		t.Errorf("%d variants", len(got))
	}
	row := func() int64 {
		var version int64
		err := r.db.View(context.Background(), func(ctx context.Context, tx store.Reader) error {
			a, err := tables.Assets.Get(ctx, tx, asset)
			version = a.Version
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	before := row()
	r.clock.Step(time.Second)
	must(r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: photograph(t), Filename: "again.jpg"}))(t)
	if row() != before {
		t.Error("the same picture was stored again")
	}
}
