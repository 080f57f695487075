//go:build unix

package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/deploy/cases"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// world is what the program says after a start, before anybody changes anything.
type world struct {
	at     cases.Target
	cast   cast
	events []*storiesv1.Event
	texts  map[string]*storiesv1.TextSummary
	listed map[string]*storiesv1.PublishedSummary
}

// lookAt reads the events, the texts and the list of what is published.
func lookAt(ctx context.Context, at cases.Target, c cast) (*world, error) {
	w := &world{at: at, cast: c, texts: map[string]*storiesv1.TextSummary{}, listed: map[string]*storiesv1.PublishedSummary{}}
	for after := int64(0); ; {
		reply, err := storiesv1.NewActivityServiceClient(c.admin).ListEvents(ctx, &storiesv1.ListEventsRequest{After: after, PageSize: 1000})
		if err != nil {
			return nil, fmt.Errorf("the events: %w", err)
		}
		if len(reply.GetEvents()) == 0 {
			break
		}
		w.events, after = append(w.events, reply.GetEvents()...), reply.GetNextAfter()
	}
	for token := ""; ; {
		reply, err := storiesv1.NewWorkspaceServiceClient(c.editor).ListTexts(ctx, &storiesv1.ListTextsRequest{PageSize: 100, PageToken: token})
		if err != nil {
			return nil, fmt.Errorf("the texts: %w", err)
		}
		for _, x := range reply.GetTexts() {
			w.texts[x.GetName()] = x
		}
		if token = reply.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		reply, err := storiesv1.NewPublishedServiceClient(c.nobody).ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{PageSize: 100, PageToken: token})
		if err != nil {
			return nil, fmt.Errorf("the list: %w", err)
		}
		for _, s := range reply.GetStories() {
			w.listed[s.GetSlug()] = s
		}
		if token = reply.GetNextPageToken(); token == "" {
			return w, nil
		}
	}
}

// continues checks that the events of the world before are all there, the same and in the same places.
func (w *world) continues(before *world) error {
	if before == nil {
		return nil
	}
	if len(w.events) < len(before.events) {
		return fmt.Errorf("%d events became %d", len(before.events), len(w.events))
	}
	for i, e := range before.events {
		if !proto.Equal(e, w.events[i]) {
			return fmt.Errorf("event %d was %v and is %v", i, e, w.events[i])
		}
	}
	return nil
}

// settle waits until what is due by itself has happened, so that a tale stands still.
func settle(ctx context.Context, c cast, t *tale) (*storiesv1.Text, error) {
	for {
		reply, err := storiesv1.NewWorkspaceServiceClient(c.editor).GetText(ctx, &storiesv1.GetTextRequest{Story: t.id, Locale: "en"})
		if p := api.AsProblem(err); err != nil && p.Status == http.StatusNotFound {
			return nil, nil
		}
		if err != nil || reply.GetText().GetSummary().GetState() != scheduled {
			return reply.GetText(), err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("it was due at %s and is not published", t.publishAt)
		case <-clk.After(50 * time.Millisecond):
		}
	}
}

// place finds the step that a tale has come to: the last that was acknowledged, the one behind it if that was asked for, and what followed by itself. Whatever
// else the audit says is half a step, a lost one or one too many.
func (t *tale) place(audit []string) (int, error) {
	most := t.acked
	if t.sent {
		most++
	}
	for most < len(t.steps) && most > 0 && t.steps[most].byItself {
		most++
	}
	got := slices.Sorted(slices.Values(audit))
	reached := func() (int, bool) {
		for at := most; at >= t.acked; at-- {
			if slices.Equal(got, slices.Sorted(slices.Values(t.after(at).audit))) {
				return at, true
			}
		}
		return 0, false
	}
	if at, ok := reached(); ok {
		return at, nil
	}
	// What was to be published at an instant may have been published at once, and nobody was told.
	if t.sent && t.steps[t.acked].name == schedule.name {
		t.late = true
		if at, ok := reached(); ok {
			return at, nil
		}
		t.late = false
	}
	return 0, fmt.Errorf("the audit trail is %q; at least %q was acknowledged, at most %q was asked for", audit, t.after(t.acked).audit, t.after(most).audit)
}

// checkTale checks everything about a tale, and remembers whether the step that was asked for was carried out.
func (w *world) checkTale(ctx context.Context, t *tale) error {
	text, err := settle(ctx, w.cast, t)
	if err != nil {
		return err
	}
	audit, err := w.audit(ctx, t)
	if err != nil {
		return err
	}
	at, err := t.place(audit)
	if err != nil {
		return err
	}
	// The program that was asked is dead: what it has not done it will not do.
	t.happened = t.sent && at > t.acked
	t.sent = t.happened
	f := t.after(at)
	if at == 0 {
		if text != nil {
			return fmt.Errorf("nothing was done, and there is %v", text)
		}
		return nil
	}
	if text == nil {
		return fmt.Errorf("the text is gone")
	}
	for what, err := range map[string]error{
		"text": f.checkText(t, text), "consents": w.checkConsents(ctx, t, f), "page of the customer": w.checkSignoff(ctx, t, f, at), "readers": w.checkReaders(t, f),
	} {
		if err != nil {
			return fmt.Errorf("%s, after %d steps: %w", what, at, err)
		}
	}
	return nil
}

func (w *world) audit(ctx context.Context, t *tale) ([]string, error) {
	reply, err := storiesv1.NewActivityServiceClient(w.cast.admin).ListAuditEntries(ctx, &storiesv1.ListAuditEntriesRequest{Story: t.id, PageSize: 200})
	var out []string
	for _, e := range reply.GetEntries() {
		out = append(out, e.GetAction())
	}
	return out, err
}

func (f facts) checkText(t *tale, x *storiesv1.Text) error {
	s := x.GetSummary()
	if s.GetState() != f.state || s.GetVersion() != f.version || s.GetSlug() != t.id || s.GetLive() != f.live || s.GetTitle() != t.title(int(f.version)) {
		return fmt.Errorf("it should be version %d, %s, live: %v, and is %v", f.version, f.state, f.live, s)
	}
	if len(x.GetSignoffs()) != f.signoffs {
		return fmt.Errorf("there should be %d requests to the customer, and there are %v", f.signoffs, x.GetSignoffs())
	}
	for i, request := range x.GetSignoffs() {
		want := "signed"
		if i == 0 && !f.signed {
			want = "open"
			if f.consents == f.signoffs {
				want = "signed" // that of the version before
			}
		}
		if request.GetState() != want {
			return fmt.Errorf("request %d to the customer should be %s: %v", i, want, request)
		}
	}
	return nil
}

func (w *world) checkConsents(ctx context.Context, t *tale, f facts) error {
	reply, err := storiesv1.NewConsentsServiceClient(w.cast.editor).ListConsents(ctx, &storiesv1.ListConsentsRequest{Story: t.id, PageSize: 100})
	if err != nil {
		return err
	}
	revoked := 0
	subjects := map[string]bool{"stories/" + t.id: true, "stories/" + t.id + "/texts/en": true}
	for _, c := range reply.GetConsents() {
		subjects[c.GetName()] = true
		if c.GetRevokeTime() != nil {
			revoked++
		}
		if c.GetGivenBy() != contact || c.GetLive() != (c.GetRevokeTime() == nil) {
			return fmt.Errorf("%v", c)
		}
	}
	if len(reply.GetConsents()) != f.consents || revoked != f.revoked {
		return fmt.Errorf("%d should have been given and %d revoked: %v", f.consents, f.revoked, reply.GetConsents())
	}
	if n := len(reply.GetConsents()); f.signed && f.revoked == 0 && !reply.GetConsents()[0].GetCurrent() {
		return fmt.Errorf("none of %d is for the words that stand there", n)
	}
	return w.checkEvents(subjects, f)
}

// checkEvents checks that what happened was told once, in order.
func (w *world) checkEvents(subjects map[string]bool, f facts) error {
	var got []string
	for _, e := range w.events {
		if subjects[e.GetSubject()] {
			got = append(got, e.GetType())
		}
	}
	if !slices.Equal(got, f.events) {
		return fmt.Errorf("the events should be %q, and are %q", f.events, got)
	}
	return nil
}

// checkSignoff checks what the customer sees, if the link has been acknowledged.
func (w *world) checkSignoff(ctx context.Context, t *tale, f facts, at int) error {
	if t.link == "" {
		return nil
	}
	reply, err := storiesv1.NewSignoffServiceClient(w.cast.nobody.As(api.Link(t.link))).GetSignoff(ctx, &storiesv1.GetSignoffRequest{})
	if err != nil {
		return err
	}
	want := "open"
	switch {
	case f.revoked > 0:
		want = "revoked"
	case f.signed || f.consents == f.signoffs:
		want = "signed"
	}
	asked := f.signoffs == t.after(t.acked).signoffs // else the link is that of the request before
	if p := reply.GetPage(); asked && (p.GetState() != want || (p.GetStoryUrl() != "") != f.live) {
		return fmt.Errorf("it should be %s, and the story up: %v; it is %s, with %q", want, f.live, p.GetState(), p.GetStoryUrl())
	}
	return nil
}

// checkReaders checks what readers and programs get: all of it, or nothing.
func (w *world) checkReaders(t *tale, f facts) error {
	want := http.StatusNotFound
	switch {
	case f.live:
		want = http.StatusOK
	case f.wasLive:
		want = http.StatusGone
	}
	for _, address := range addressesOf(w.at, t) {
		status, body, err := get(address)
		if err != nil {
			return err
		}
		if status != want {
			return fmt.Errorf("%s should answer %d and answers %d: %.300s", address, want, status, body)
		}
		if !strings.Contains(address, "/stories/") {
			continue
		}
		if title := t.title(int(f.version)); strings.Contains(body, title) != f.live {
			return fmt.Errorf("%s names %q: %v", address, title, !f.live)
		}
		var edition struct {
			ContentHash string
			Summary     struct{ Version int32 }
		}
		if f.live && strings.HasPrefix(address, w.at.API) {
			if err := json.Unmarshal([]byte(body), &edition); err != nil || t.hash != "" && edition.ContentHash != t.hash || edition.Summary.Version != f.version {
				return fmt.Errorf("%s is %+v, of which %s was signed: %w", address, edition, t.hash, err)
			}
		}
	}
	return nil
}

func get(address string) (int, string, error) {
	res, err := visitor.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// checkLists checks that each list names what is up, and nothing else. The tales have been placed.
func (w *world) checkLists(t *testing.T, tales []*tale) {
	t.Helper()
	var lists string
	for _, address := range []string{"/", "/stories"} {
		status, page, err := get(w.at.Website + address)
		if err != nil || status != http.StatusOK {
			t.Errorf("%s answers %d, %v", address, status, err)
		}
		lists += page
	}
	for _, x := range tales {
		reached := x.acked
		if x.happened {
			reached++
		}
		for reached < len(x.steps) && reached > 0 && x.steps[reached].byItself {
			reached++
		}
		f := x.after(reached)
		text := w.texts["stories/"+x.id+"/texts/en"]
		if reached > 0 && text.GetState() != f.state {
			t.Errorf("%s is listed as %s, not as %s", x.id, text.GetState(), f.state)
		}
		if (w.listed[x.id] != nil) != f.live {
			t.Errorf("%s is in the list: %v", x.id, !f.live)
		}
		if !f.live && strings.Contains(lists, "/stories/"+x.id+`"`) {
			t.Errorf("%s is in the website's lists, and down", x.id)
		}
	}
}

// checkTales checks tales, a few at a time.
func (w *world) checkTales(t *testing.T, tales []*tale, j *journal) {
	t.Helper()
	queue := make(chan *tale)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for x := range queue {
				ctx, cancel := context.WithTimeout(context.Background(), requestBound)
				if err := w.checkTale(ctx, x); err != nil {
					t.Errorf("%s (%s): %v\n%s", x.id, x.plot, err, j.of(x.id))
				}
				cancel()
			}
		})
	}
	for _, x := range tales {
		queue <- x
	}
	close(queue)
	wg.Wait()
}
