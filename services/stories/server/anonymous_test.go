package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/archive"
	"renown.example/stories/tables"
)

// named is a story that names its customer in every way: its picture shows it, its links lead there, its people speak.
const named = `---
locale: en
title: Quillmoor Ferries waits for nobody
summary: Quillmoor cut the queue on the quay by 61 %%.
customer: Quillmoor Ferries Ltd
stand_in: a northern ferry line
industry: [Transport]
---

Quillmoor runs six car ferries. [Its timetable](https://www.quillmoor-ferries.example/timetable) was made by hand; write to office@quillmoor-ferries.example.

::: image
src: images/%s
alt: A boat of Quillmoor Ferries
:::

::: metric
value: "61"
unit: "%%"
label: fewer cars left behind by QF
:::

::: quote
text: At Quillmoor we used to apologise on the quay.
by: Una Strandby
role: Harbour master, Quillmoor Ferries
:::

::: cta
label: Plan with us
url: https://holmway.example/start
:::
`

// picture uploads a picture whose pixels follow from the seed.
func (r *rig) picture(seed byte, filename string) string {
	r.t.Helper()
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = seed * byte(i%16)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		r.t.Fatal(err)
	}
	return must(r.workspace.UploadAsset(r.edda(), &storiesv1.UploadAssetRequest{Data: b.Bytes(), Filename: filename}))(r.t).GetAsset()
}

// anonymize writes the story that names its customer and makes the anonymous one of it.
func (r *rig) anonymize() *storiesv1.Text {
	r.t.Helper()
	r.write("quillmoor", fmt.Sprintf(named, r.picture(3, "quillmoor-boat.jpg")))
	return must(r.anonymous.AnonymizeText(r.edda(), &storiesv1.AnonymizeTextRequest{
		Story: "quillmoor", Locale: "en", Variant: "fewer-cars-left-behind", StandIn: "a northern ferry line",
	}))(r.t).GetText()
}

func (r *rig) scan(story string) []*storiesv1.LeakFinding {
	r.t.Helper()
	return must(r.anonymous.ScanText(r.edda(), &storiesv1.ScanTextRequest{Story: story, Locale: "en"}))(r.t).GetFindings()
}

// change saves a text with one of its fields changed.
func (r *rig) change(story string, change func(c *storiesv1.Content)) *storiesv1.Text {
	r.t.Helper()
	cur := r.text(story, "en")
	change(cur.GetContent())
	return must(r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{
		Story: story, Locale: "en", Etag: cur.GetEtag(), Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: cur.GetContent()}},
	}))(r.t).GetText()
}

func TestAnAnonymousVersion(t *testing.T) {
	r := newRig(t)
	draft := r.anonymize()
	c := draft.GetContent()
	if c.GetTitle() != "A northern ferry line waits for nobody" || c.GetCustomer() != "A northern ferry line" || draft.GetAnonymousOf() != "stories/quillmoor" {
		t.Errorf("the draft: %v", draft)
	}
	for _, tells := range []string{"quillmoor", "strandby", "una", "qf", "image"} {
		if strings.Contains(strings.ToLower(draft.GetMarkdown()), tells) {
			t.Errorf("%q is in the draft:\n%s", tells, draft.GetMarkdown())
		}
	}
	if !strings.Contains(draft.GetMarkdown(), "Its timetable was made by hand") || !strings.Contains(draft.GetMarkdown(), "role: Harbour master, a northern ferry line") {
		t.Errorf("the draft:\n%s", draft.GetMarkdown())
	}
	if found := r.scan("fewer-cars-left-behind"); len(found) != 0 {
		t.Fatalf("the clean draft tells %v", found)
	}
	// Another picture under another name is no leak.
	other := r.picture(5, "boat.jpg")
	r.change("fewer-cars-left-behind", func(c *storiesv1.Content) {
		c.Blocks = append(c.Blocks, &storiesv1.Block{Kind: &storiesv1.Block_Image{Image: &storiesv1.ImageBlock{Asset: other, Alt: "A boat at a quay"}}})
	})
	r.publish("fewer-cars-left-behind", "en")
	st, err := r.get("a-northern-ferry-line-waits-for-nobody", "en")
	if err != nil {
		t.Fatal(err)
	}
	all := protojson.Format(st)
	for _, tells := range []string{"uillmoor", "trandby", "QF"} {
		if strings.Contains(all, tells) {
			t.Errorf("%q is in what the world reads: %s", tells, all)
		}
	}
	// Nothing that partners read says where it comes from, and neither does what is exported.
	events := must(r.activity.ListEvents(r.agnes(), &storiesv1.ListEventsRequest{PageSize: 1000}))(t)
	for _, e := range events.GetEvents() {
		if strings.Contains(e.GetSubject(), "fewer-cars") && strings.Contains(e.GetDataJson(), "uillmoor") {
			t.Errorf("an event tells: %v", e)
		}
	}
	if app := must(r.workspace.GetText(r.app(), &storiesv1.GetTextRequest{Story: "fewer-cars-left-behind", Locale: "en"}))(t).GetText(); app.GetAnonymousOf() != "" {
		t.Errorf("an app is told %q", app.GetAnonymousOf())
	}
}

// planting puts a term where it would be seen.
type planting struct {
	where, term string
	plant       func(r *rig, term string)
}

// TestFiftyPlantedTerms plants each way of telling the customer in each place, one at a time: every one is caught, and without it the text is clean again.
func TestFiftyPlantedTerms(t *testing.T) {
	r := newRig(t)
	r.anonymize()
	const story = "fewer-cars-left-behind"
	must(r.anonymous.SetProtectedTerms(r.edda(), &storiesv1.SetProtectedTermsRequest{Story: "quillmoor", Terms: []string{"Project Skua"}}))(t)
	clean := r.change(story, func(c *storiesv1.Content) {
		c.Blocks = append(c.Blocks, &storiesv1.Block{Kind: &storiesv1.Block_Image{Image: &storiesv1.ImageBlock{Asset: r.picture(5, "boat.jpg"), Alt: "A boat at a quay"}}})
	})
	var intact tables.Asset
	r.setAsset(r.picture(5, ""), func(a *tables.Asset) { intact = *a })
	for _, p := range plantings() {
		p.plant(r, p.term)
		found := r.scan(story)
		caught := false
		for _, f := range found {
			caught = caught || f.GetOutput() == p.where
		}
		if !caught {
			t.Errorf("%q in the %s was not caught: %v", p.term, p.where, found)
		}
		r.setAsset(r.picture(5, ""), func(a *tables.Asset) { *a = intact })
		cur := r.text(story, "en")
		must(r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{
			Story: story, Locale: "en", Etag: cur.GetEtag(), Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: clean.GetContent()}, Slug: clean.GetSummary().GetSlug()},
		}))(t)
		if left := r.scan(story); len(left) > 0 {
			t.Fatalf("after %q in the %s: %v", p.term, p.where, left)
		}
	}
	if n := len(plantings()); n < 50 {
		t.Errorf("only %d were planted", n)
	}
}

func plantings() []planting {
	const story = "fewer-cars-left-behind"
	in := func(set func(c *storiesv1.Content, term string)) func(r *rig, term string) {
		return func(r *rig, term string) { r.change(story, func(c *storiesv1.Content) { set(c, term) }) }
	}
	text := in(func(c *storiesv1.Content, term string) {
		c.Blocks[0].GetText().Markdown += "\n\nSo they say at " + term + " too."
	})
	alt := in(func(c *storiesv1.Content, term string) { lastBlock(c).GetImage().Alt = "The boat of " + term })
	quote := in(func(c *storiesv1.Content, term string) { c.Blocks[2].GetQuote().By = term })
	title := in(func(c *storiesv1.Content, term string) { c.Title = "How " + term + " waits for nobody" })
	exif := func(r *rig, term string) {
		r.setAsset(r.picture(5, ""), func(a *tables.Asset) {
			body := "Exif\x00\x00II*\x00\x08\x00\x00\x00" + term + "\x00"
			a.Data = bytes.Join([][]byte{a.Data[:2], {0xff, 0xe1, 0, byte(len(body) + 2)}, []byte(body), a.Data[2:]}, nil)
		})
	}
	file := func(r *rig, term string) {
		r.setAsset(r.picture(5, ""), func(a *tables.Asset) { a.Filename = strings.ToLower(strings.ReplaceAll(term, " ", "-")) + "-2.jpg" })
	}
	slug := func(r *rig, term string) {
		cur := r.text(story, "en")
		must(r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{Story: story, Locale: "en", Etag: cur.GetEtag(), Text: &storiesv1.TextInput{
			Form: &storiesv1.TextInput_Content{Content: cur.GetContent()}, Slug: strings.ToLower(strings.ReplaceAll(term, " ", "-")) + "-waits"}}))(r.t)
	}
	var out []planting
	for _, term := range []string{"Quillmoor Ferries Ltd", "quillmoor", "Quill\u00admoor", "Qυillmoοr", "QuillmoorFerries", "QF", "Q.F.", "Una Strandby", "Strandby", "project-skua",
		"quillmoor-ferries.example", "Quillmo\u0308or", "quillmoor-boat.jpg"} {
		out = append(out, planting{"text", term, text}, planting{"page", term, text})
	}
	for _, term := range []string{"Quillmoor", "QF", "Strandby", "Project Skua"} {
		out = append(out, planting{"text", term, alt}, planting{"picture metadata", term, exif}, planting{"picture file", term, file}, planting{"JSON-LD", term, quote},
			planting{"card", term, title}, planting{"lists and feeds", term, title}, planting{"address", term, slug})
	}
	return out
}

func lastBlock(c *storiesv1.Content) *storiesv1.Block { return c.GetBlocks()[len(c.GetBlocks())-1] }

// setAsset changes what is stored of a picture, behind everything that cleans it.
func (r *rig) setAsset(asset string, change func(a *tables.Asset)) {
	r.t.Helper()
	err := r.db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
		row, err := tables.Assets.GetForUpdate(ctx, tx, asset)
		if err != nil {
			return err
		}
		change(&row.Value)
		_, err = tables.Assets.Put(ctx, tx, row)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// TestWhatTellsIsNotPublished goes every way to publication: at once, later, and later again when a term was listed meanwhile, signed and attested.
func TestWhatTellsIsNotPublished(t *testing.T) {
	r := newRig(t)
	r.anonymize()
	const story = "fewer-cars-left-behind"
	r.change(story, func(c *storiesv1.Content) { c.Summary = "The quay of Quillmoor is empty." })
	submitted := must(r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: story, Locale: "en"}))(t)
	if submitted.GetText().GetSummary().GetState() != storiesv1.TextState_TEXT_STATE_IN_REVIEW || len(r.scan(story)) == 0 {
		t.Error("a text that tells something is not submitted with a warning")
	}
	must(r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: story, Locale: "en"}))(t)
	r.attest(story, "en", "Clause 7", time.Time{})
	for _, at := range []*timestamppb.Timestamp{nil, timestamppb.New(start.Add(time.Hour))} {
		_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en", PublishTime: at})
		e := refused(t, err, fault.NotPublishable)
		if e.Reason.HTTP != 422 || strings.Contains(e.Message, "uillmoor") {
			t.Errorf("refused with %d: %s", e.Reason.HTTP, e.Message)
		}
		named := false
		for _, f := range e.Fields {
			named = named || f.Path == "content.summary" && strings.Contains(f.Message, "“Quillmoor” is left in the text")
		}
		if !named {
			t.Errorf("the refusal names %v", e.Fields)
		}
	}
	must(r.review.RequestChanges(r.pavel(), &storiesv1.RequestChangesRequest{Story: story, Locale: "en", Comment: "The name."}))(t)
	r.change(story, func(c *storiesv1.Content) { c.Summary = "The quay is empty." })
	r.approve(story, "en")
	r.attest(story, "en", "Clause 7", time.Time{})
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en", PublishTime: timestamppb.New(start.Add(time.Hour))}))(t)
	must(r.anonymous.SetProtectedTerms(r.edda(), &storiesv1.SetProtectedTermsRequest{Story: "quillmoor", Terms: []string{"northern ferry line"}}))(t)
	r.step(2 * time.Hour)
	if got := r.state(story, "en"); got != "APPROVED" {
		t.Errorf("a planned text that tells something now is %s", got)
	}
	for _, e := range must(r.activity.ListEvents(r.agnes(), &storiesv1.ListEventsRequest{PageSize: 1000}))(t).GetEvents() {
		if strings.Contains(e.GetDataJson(), "northern") || strings.Contains(e.GetDataJson(), "uillmoor") {
			t.Errorf("an event holds what is protected: %v", e)
		}
	}
}

// TestTermsListedLater are looked for in what is up already: it is reported until it is mended, and stays up.
func TestTermsListedLater(t *testing.T) {
	r := newRig(t)
	r.anonymize()
	const story = "fewer-cars-left-behind"
	r.publish(story, "en")
	if got := must(r.anonymous.ListLeaks(r.edda(), &storiesv1.ListLeaksRequest{}))(t).GetTexts(); len(got) != 0 {
		t.Fatalf("before anything: %v", got)
	}
	p := must(r.anonymous.SetProtectedTerms(r.edda(), &storiesv1.SetProtectedTermsRequest{Story: "quillmoor", Terms: []string{"six car ferries"}}))(t).GetProtection()
	if len(p.GetLeaks()) != 1 || p.GetLeaks()[0].GetName() != "stories/fewer-cars-left-behind/texts/en" || !r.audited(story, "text.leak_found") {
		t.Errorf("what is up was not scanned again: %v", p.GetLeaks())
	}
	if got := must(r.anonymous.ListLeaks(r.pavel(), &storiesv1.ListLeaksRequest{}))(t).GetTexts(); len(got) != 1 {
		t.Errorf("nobody is told: %v", got)
	}
	if _, err := r.get("a-northern-ferry-line-waits-for-nobody", "en"); err != nil {
		t.Errorf("it was taken down: %v", err)
	}
	// A quoted person who is added to the source counts as well.
	must(r.anonymous.SetProtectedTerms(r.edda(), &storiesv1.SetProtectedTermsRequest{Story: "quillmoor", Etag: p.GetEtag()}))(t)
	r.change("quillmoor", func(c *storiesv1.Content) { c.Blocks[3].GetQuote().By = "May Well" })
	if got := must(r.anonymous.ListLeaks(r.edda(), &storiesv1.ListLeaksRequest{}))(t).GetTexts(); len(got) != 0 {
		t.Errorf("ordinary words in another order: %v", got)
	}
	r.change("quillmoor", func(c *storiesv1.Content) { c.Blocks[3].GetQuote().By = "Carla Timetable" })
	if got := must(r.anonymous.ListLeaks(r.edda(), &storiesv1.ListLeaksRequest{}))(t).GetTexts(); len(got) != 1 {
		t.Errorf("a person who is quoted now: %v", got)
	}
	// What somebody lets pass is reported no more; the whole name cannot be let pass.
	must(r.anonymous.SetProtectedTerms(r.edda(), &storiesv1.SetProtectedTermsRequest{Story: "quillmoor", Exempt: []string{"timetable", "Quillmoor Ferries Ltd"}}))(t)
	if got := must(r.anonymous.ListLeaks(r.edda(), &storiesv1.ListLeaksRequest{}))(t).GetTexts(); len(got) != 0 {
		t.Errorf("what may be told is reported: %v", got)
	}
	for _, term := range must(r.anonymous.GetProtection(r.edda(), &storiesv1.GetProtectionRequest{Story: "quillmoor"}))(t).GetProtection().GetTerms() {
		if term.GetExempt() != (term.GetText() == "Timetable") {
			t.Errorf("%v", term)
		}
	}
}

func TestAnonymousRefusals(t *testing.T) {
	r := newRig(t)
	r.anonymize()
	ask := func(variant, standIn string) error {
		_, err := r.anonymous.AnonymizeText(r.edda(), &storiesv1.AnonymizeTextRequest{Story: "quillmoor", Locale: "en", Variant: variant, StandIn: standIn})
		return err
	}
	refused(t, ask("fewer-cars-left-behind", "a ferry line"), fault.AlreadyExists)
	refused(t, ask("quillmoor", "a ferry line"), fault.InvalidArgument)
	refused(t, ask("the-quillmoor-story", "a ferry line"), fault.InvalidArgument)
	refused(t, ask("another", "the Quillmoor line"), fault.InvalidArgument)
	_, err := r.anonymous.AnonymizeText(r.edda(), &storiesv1.AnonymizeTextRequest{Story: "fewer-cars-left-behind", Locale: "en", StandIn: "a line"})
	refused(t, err, fault.IllegalState)
	_, err = r.anonymous.AnonymizeText(r.as("berta", "author"), &storiesv1.AnonymizeTextRequest{Story: "quillmoor", Locale: "en", StandIn: "a line"})
	refused(t, err, fault.PermissionDenied)
	_, err = r.anonymous.SetProtectedTerms(r.edda(), &storiesv1.SetProtectedTermsRequest{Story: "quillmoor", Terms: []string{"x y"}, Etag: `"9"`})
	refused(t, err, fault.EtagMismatch)
	_, err = r.anonymous.GetProtection(r.app(), &storiesv1.GetProtectionRequest{Story: "quillmoor"})
	refused(t, err, fault.PermissionDenied)
	// Persons and further terms have stand-ins of their own; what was not protected is from now on.
	draft := must(r.anonymous.AnonymizeText(r.edda(), &storiesv1.AnonymizeTextRequest{Story: "quillmoor", Locale: "en", StandIn: "a line", StandIns: []*storiesv1.StandIn{
		{Term: "six car ferries", With: "a few boats"}, {Term: "una strandby", With: "the master"}}}))(t).GetText()
	if !strings.Contains(draft.GetMarkdown(), "A line runs a few boats.") {
		t.Errorf("the draft:\n%s", draft.GetMarkdown())
	}
	p := must(r.anonymous.GetProtection(r.edda(), &storiesv1.GetProtectionRequest{Story: "quillmoor"}))(t).GetProtection()
	if len(p.GetVariants()) != 2 || p.GetStandIn() != "a northern ferry line" || p.GetTerms()[len(p.GetTerms())-1].GetText() != "six car ferries" {
		t.Errorf("protection: %v", p)
	}
}

// TestAnAnonymousAddress: neither a swap nor a former address tells what the story does not.
func TestAnAnonymousAddress(t *testing.T) {
	r := newRig(t)
	r.anonymize()
	r.publish("fewer-cars-left-behind", "en")
	r.publish("quillmoor", "en")
	_, err := r.review.SwapSlugs(r.edda(), &storiesv1.SwapSlugsRequest{Story: "quillmoor", OtherStory: "fewer-cars-left-behind", Locale: "en"})
	refused(t, err, fault.NotPublishable)
	if _, err := r.get("quillmoor-ferries-waits-for-nobody", "en"); err != nil {
		t.Error(err)
	}
}

func unzipped(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	entries, err := archive.ReadZip(raw, archive.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		out[e.Path] = string(e.Data)
	}
	return out
}

// TestTheRelationIsNotExported, and what comes back into the same place has it still.
func TestTheRelationIsNotExported(t *testing.T) {
	r := newRig(t)
	r.anonymize()
	zip := must(r.workspace.ExportStories(r.agnes(), &storiesv1.ExportStoriesRequest{}))(t).GetZip()
	for name, file := range unzipped(t, zip) {
		if strings.HasPrefix(name, "fewer-cars") && strings.Contains(strings.ToLower(file), "quillmoor") {
			t.Errorf("%s tells:\n%s", name, file)
		}
	}
	got := must(r.workspace.ImportStories(r.edda(), &storiesv1.ImportStoriesRequest{Zip: zip}))(t)
	if got.GetUnchanged() != 2 {
		t.Errorf("importing again: %v", got)
	}
	r.change("fewer-cars-left-behind", func(c *storiesv1.Content) { c.Summary = "Of Quillmoor." })
	if len(r.scan("fewer-cars-left-behind")) == 0 {
		t.Error("after an import the story is no anonymous version any more")
	}
	if raw, err := json.Marshal(r.text("fewer-cars-left-behind", "en").GetContent()); err != nil || strings.Contains(string(raw), `quillmoor"`) {
		t.Errorf("%s, %v", raw, err)
	}
}
