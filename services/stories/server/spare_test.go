package server

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

func openEmbedded(t *testing.T) store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")}, tables.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// commit adds an event, as every change does.
func commit(t *testing.T, db store.DB, fails error) {
	t.Helper()
	commitEvent(t, db, outbox.Event{Type: "stories.test", Subject: "stories/x", OccurredAt: 1}, fails)
}

func commitEvent(t *testing.T, db store.DB, e outbox.Event, fails error) {
	t.Helper()
	err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
		if err := outbox.Append(ctx, tx, e); err != nil {
			return err
		}
		return fails
	})
	if (err == nil) != (fails == nil) {
		t.Fatal(err)
	}
}

func hubOn(t *testing.T, db store.DB, kept *spare) *hub {
	t.Helper()
	h, err := newHub(t.Context(), db, []string{"en"}, kept, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h.follow = func() {}
	return h
}

// What was before its server is nothing that anybody holds, and is not read again at a start, however much it is. What comes after it is made and before it runs is told.
func TestTheHubBeginsWhereTheFeedEnded(t *testing.T) {
	db := openEmbedded(t)
	event := func(kind, story string) outbox.Event {
		return outbox.Event{Type: kind, Subject: "stories/" + story, OccurredAt: 1, Data: []byte(`{"locale":"en"}`)}
	}
	for _, story := range []string{"a", "b"} {
		commitEvent(t, db, event(EventPublished, story), nil)
		commitEvent(t, db, event(EventWithdrawn, story), nil)
	}
	kept := newSpare(db, 4096)
	h := hubOn(t, db, kept)
	ch := h.watch()
	_, commits := kept.sole.Commits()
	kept.put(&spared{key: "c", reply: &storiesv1.GetPublishedStoryResponse{}, names: []string{"stories/c"}, text: "stories/c/en", size: 10}, commits)
	commitEvent(t, db, event(EventWithdrawn, "c"), nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.run(ctx) }()
	defer func() { cancel(); <-ended }()
	var told []string
	for len(told) == 0 || told[len(told)-1] != "lists/en" {
		told = append(told, (<-ch).GetName())
	}
	if want := []string{"stories/c", "lists/en"}; !slices.Equal(told, want) {
		t.Errorf("%q was told, want %q", told, want)
	}
	if x := kept.get("c", 1); x == nil || !fault.Has(x.refusal, fault.Withdrawn) {
		t.Errorf("what was withdrawn is kept as %+v", x)
	}
}

// A hub that cannot read knows nevertheless whether there is anything that it has not read: then, and only then, its silence ends what is held.
func TestTheHubKnowsOfCommitsThatItHasNotRead(t *testing.T) {
	db := openEmbedded(t)
	h := hubOn(t, db, newSpare(db, 1<<20))
	if h.knowsAll() {
		t.Error("it knows everything without having read")
	}
	commit(t, db, nil)
	long := time.Now().Add(-time.Hour) // ago: the database could not be read since
	h.caughtUp(long, h.seen())
	if _, age, ok := h.fresh(); !ok || age != 0 || !h.knowsAll() {
		t.Errorf("with nothing new, it is fresh: %v, after %s", ok, age)
	}
	commit(t, db, fault.Internal.New("no"))
	if _, _, ok := h.fresh(); !ok {
		t.Error("a change that was refused makes it doubt")
	}
	commit(t, db, nil)
	if _, _, ok := h.fresh(); ok || h.knowsAll() {
		t.Error("it is fresh with a commit that it has not read")
	}
	h.caughtUp(long, h.seen())
	if _, _, ok := h.fresh(); !ok {
		t.Error("it is not fresh when it has read everything")
	}
}

func TestTheSpareForgetsWhatAChangeConcerns(t *testing.T) {
	db := openEmbedded(t)
	p := newSpare(db, 4096)
	reply := &storiesv1.GetPublishedStoryResponse{}
	keep := func(key, story string, until clock.Millis, size int) {
		_, commits := p.sole.Commits()
		p.put(&spared{key: key, reply: reply, names: []string{"stories/" + story}, text: "stories/" + story + "/en", until: until, size: size}, commits)
	}
	kept := func(key string) string {
		x := p.get(key, 100)
		switch {
		case x == nil:
			return "nothing"
		case fault.Has(x.refusal, fault.Withdrawn):
			return "withdrawn"
		case proto.Equal(x.reply, reply):
			return "reply"
		}
		return "something else"
	}
	is := func(what, key, want string) {
		t.Helper()
		if got := kept(key); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	keep("a", "a", 0, 1000)
	keep("b", "b", 0, 1000)
	keep("c", "c", 100, 1000)
	is("kept", "a", "reply")
	is("at its end", "c", "nothing")
	p.apply(EventWithdrawn, change{names: []string{"stories/a", "lists/en"}}, "stories/a/en")
	is("withdrawn", "a", "withdrawn")
	is("of another story", "b", "reply")
	p.apply(EventConsentRevoked, change{names: []string{"stories/a"}}, "stories/a/")
	is("withdrawn, and its consent revoked", "a", "withdrawn")
	p.apply(EventPublished, change{names: []string{"stories/a"}}, "stories/a/en")
	is("published again", "a", "nothing")
	p.apply(EventTermsChanged, change{everything: true}, "")
	is("when anything may have changed", "b", "nothing")
	for _, key := range []string{"1", "2", "3", "4", "5"} {
		keep(key, key, 0, 1000)
	}
	is("the oldest beyond the bound", "1", "nothing")
	is("the newest", "5", "reply")
	_, before := p.sole.Commits()
	commit(t, db, nil)
	p.put(&spared{key: "late", reply: reply, size: 10}, before)
	is("what was read before a commit", "late", "nothing")
}
