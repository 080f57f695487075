package server_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"sync"
	"testing"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// together calls the functions at the same time and returns their errors.
func together(calls ...func() error) []error {
	errs := make([]error, len(calls))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() { <-begin; errs[i] = call() })
	}
	close(begin)
	all.Wait()
	return errs
}

// picture is a PNG file that no other number gives.
func picture(t testing.TB, n int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	img.SetGray(n%8, n/8%8, color.Gray{Y: uint8(100 + n%100)})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestThePictureThatTwoUploadAtOnceIsStoredForBoth(t *testing.T) {
	r := newRig(t)
	for n := range 8 {
		file := picture(t, n)
		upload := func() error {
			_, err := r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: file, Filename: "harbour.png"})
			return err
		}
		for _, err := range together(upload, upload, upload, upload) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestStoriesOfOnePictureAreRevokedAtOnce(t *testing.T) {
	r := newRig(t)
	for n := range 4 {
		asset := must(r.workspace.UploadAsset(r.ada(), &storiesv1.UploadAssetRequest{Data: picture(t, n), Filename: "harbour.png"}))(t).GetAsset()
		var revoke []func() error
		for i := range 3 {
			story := fmt.Sprintf("story-%d-%d", n, i)
			r.writeAt(story, story)
			withPicture := markdown + "\n::: image\nsrc: images/" + asset + ".png\nalt: The harbour\n:::\n"
			must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{
				Story: story, Locale: "en", Text: text(withPicture), Etag: r.text(story, "en").GetEtag(),
			}))(t)
			url := r.publish(story, "en")
			revoke = append(revoke, func() error {
				_, err := r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{})
				return err
			})
		}
		for _, err := range together(revoke...) {
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := r.published.GetPublishedAsset(r.nobody(), &storiesv1.GetPublishedAssetRequest{Asset: asset})
		refused(t, err, fault.Withdrawn)
	}
}

func TestPublishingAndRevokingAtOnceLeavesNothingUp(t *testing.T) {
	r := newRig(t)
	for n := range 4 {
		story := fmt.Sprintf("story-%d", n)
		r.writeAt(story, story)
		r.approve(story, "en")
		url := r.ask(story, "en")
		r.sign(url)
		errs := together(func() error {
			_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en"})
			return err
		}, func() error {
			_, err := r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{})
			return err
		})
		if errs[1] != nil {
			t.Fatalf("revoking: %v", errs[1])
		}
		_, err := r.get(story, "en")
		if want := map[bool]fault.Reason{true: fault.Withdrawn, false: fault.NotFound}[errs[0] == nil]; !fault.Has(err, want) {
			t.Errorf("publishing: %v; now %v", errs[0], err)
		}
	}
}

func TestOneOfTwoStoriesGetsASlug(t *testing.T) {
	r := newRig(t)
	for n := range 4 {
		var publish []func() error
		for i := range 2 {
			story, slug := fmt.Sprintf("story-%d-%d", n, i), fmt.Sprintf("slug-%d", n)
			r.writeAt(story, slug)
			r.approve(story, "en")
			r.sign(r.ask(story, "en"))
			publish = append(publish, func() error {
				_, err := r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: "en"})
				return err
			})
		}
		errs := together(publish...)
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got %v", errs)
		}
		for _, err := range errs {
			if err == nil {
				continue
			}
			if e := refused(t, err, fault.AlreadyExists); len(e.Fields) != 1 || e.Fields[0].Path != "slug" {
				t.Errorf("the refusal names no field: %v", e)
			}
		}
	}
}
