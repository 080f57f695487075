package cases

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// Markdown is a story as somebody would hand it in.
func Markdown(slug, title string) string {
	return fmt.Sprintf(`---
slug: %s
title: %s
summary: A ferry line of invented people halved the time that its ships wait for their berths.
customer: Strandby Ferries
industry: [Shipping]
---

Strandby Ferries sails between two towns that do not exist.

::: metric
value: "50"
unit: "%%"
label: less waiting
baseline: 40 minutes a day in spring 2025
period: March to September 2025
:::

::: quote
text: We sail when we are ready.
by: Runa Holt
role: Harbour Master
:::
`, slug, title)
}

// Import imports files and fails the test if one is refused.
func Import(t testing.TB, as *api.Conn, files map[string]string) *storiesv1.ImportStoriesResponse {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := storiesv1.NewWorkspaceServiceClient(as).ImportStories(t.Context(), &storiesv1.ImportStoriesRequest{Zip: b.Bytes()})
	if err != nil || report.GetRefused() > 0 {
		t.Fatalf("import: %v, %v", report, err)
	}
	return report
}

// storysWay takes a story from a file to its readers and back: imported, approved by a second person, signed by the customer, published, read, withdrawn.
func (at Target) storysWay(t *testing.T) {
	slug := "ferry-" + id.New(clock.System())
	customer := at.publish(t, slug, true)
	at.isRead(t, slug, titleOf(slug))
	if _, err := storiesv1.NewSignoffServiceClient(customer).RevokeSignoff(t.Context(), &storiesv1.RevokeSignoffRequest{}); err != nil {
		t.Fatal(err)
	}
	at.IsGone(t, slug)
}

// Publish takes a story from a file to its readers. Its id and its slug are the same; it is returned.
func Publish(t testing.TB, at Target, name string) string {
	t.Helper()
	slug := name + "-" + id.New(clock.System())
	at.publish(t, slug, false)
	return slug
}

func titleOf(slug string) string { return "Strandby halves its waiting " + slug }

// publish takes a story to its readers; early also tries each step before its time. It returns the customer's connection.
func (at Target) publish(t testing.TB, slug string, early bool) *api.Conn {
	t.Helper()
	editor, approver := at.As(t, "edda"), at.As(t, "pavel")
	Import(t, editor, map[string]string{slug + ".en.md": Markdown(slug, titleOf(slug))})
	review := storiesv1.NewReviewServiceClient(editor)
	if _, err := review.SubmitText(t.Context(), &storiesv1.SubmitTextRequest{Story: slug, Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	if early {
		if _, err := review.ApproveText(t.Context(), &storiesv1.ApproveTextRequest{Story: slug, Locale: "en"}); !api.Is(err, fault.PermissionDenied) {
			t.Errorf("the editor approves: %v", err)
		}
	}
	if _, err := storiesv1.NewReviewServiceClient(approver).ApproveText(t.Context(), &storiesv1.ApproveTextRequest{Story: slug, Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	if early {
		if _, err := review.PublishText(t.Context(), &storiesv1.PublishTextRequest{Story: slug, Locale: "en"}); !api.Is(err, fault.IllegalState) {
			t.Errorf("publishing without the customer: %v", err)
		}
	}
	customer := at.sign(t, review, slug)
	if _, err := review.PublishText(t.Context(), &storiesv1.PublishTextRequest{Story: slug, Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	return customer
}

// sign asks the customer and signs for them by the link. It returns the customer's connection.
func (at Target) sign(t testing.TB, review storiesv1.ReviewServiceClient, story string) *api.Conn {
	t.Helper()
	asked, err := review.RequestSignoff(t.Context(), &storiesv1.RequestSignoffRequest{
		Story: story, Locale: "en", ContactName: "Runa Holt", Scopes: []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB},
	})
	if err != nil {
		t.Fatal(err)
	}
	link := asked.GetText().GetSignoffs()[0].GetUrl()
	if status, header, body := Get(t, link); status != http.StatusOK || !strings.Contains(body, "Strandby Ferries") || !strings.Contains(header.Get("Cache-Control"), "no-store") {
		t.Errorf("the customer's page answers %d, %v: %.300s", status, header, body)
	}
	customer := at.Rest().As(api.Link(path.Base(link)))
	signoffs := storiesv1.NewSignoffServiceClient(customer)
	page, err := signoffs.GetSignoff(t.Context(), &storiesv1.GetSignoffRequest{})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signoffs.SignSignoff(t.Context(), &storiesv1.SignSignoffRequest{
		Scopes: page.GetPage().GetScopes(), ContentHash: page.GetPage().GetContentHash(), SignedBy: "Runa Holt",
	})
	if err != nil || signed.GetPage().GetReceipt().GetContentHash() != page.GetPage().GetContentHash() {
		t.Fatalf("signed %v, %v", signed, err)
	}
	return customer
}

// isRead checks that a published story is there for readers and programs, and that asking again is cheap.
func (at Target) isRead(t testing.TB, slug, title string) {
	t.Helper()
	Eventually(t, Within, "the published story is on its page", func() bool {
		status, _, body := Get(t, at.Website+"/stories/"+slug)
		return status == http.StatusOK && strings.Contains(body, title)
	})
	Eventually(t, Within, "the published story is in the list", func() bool {
		_, _, list := Get(t, at.API+"/v1/stories")
		_, _, index := Get(t, at.Website+"/stories")
		return strings.Contains(list, slug) && strings.Contains(index, slug)
	})
	status, header, body := Get(t, at.API+"/v1/stories/"+slug)
	if status != http.StatusOK || !strings.Contains(body, title) || header.Get("ETag") == "" {
		t.Errorf("REST answers %d, %v: %.300s", status, header, body)
	}
	if status, _, body := Get(t, at.API+"/v1/stories/"+slug, "If-None-Match", header.Get("ETag")); status != http.StatusNotModified || body != "" {
		t.Errorf("asking again answers %d: %.100s", status, body)
	}
}

// IsGone checks that a withdrawn story is gone everywhere within the time.
func (at Target) IsGone(t testing.TB, slug string) {
	t.Helper()
	Eventually(t, Within, "page and REST answer that the story is gone, and no list has it", func() bool {
		page, _, _ := Get(t, at.Website+"/stories/"+slug)
		rest, _, _ := Get(t, at.API+"/v1/stories/"+slug)
		_, _, list := Get(t, at.API+"/v1/stories?pageSize=100")
		_, _, index := Get(t, at.Website+"/stories")
		return page == http.StatusGone && rest == http.StatusGone && !strings.Contains(list, slug) && !strings.Contains(index, slug)
	})
}
