package server

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// gifted is a story and what is given for it.
type gifted struct {
	t  *testing.T
	db store.DB
	s  *Server
}

func newGifted(t *testing.T) *gifted {
	t.Helper()
	db := enginetest.Open(t, tables.Specs()...)
	s, err := New(t.Context(), Options{
		DB: db, Clock: clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)), Logger: slog.New(slog.DiscardHandler), Company: "Holmway", WebsiteURL: "https://holmway.example",
		Locales: []string{"en"},
	})
	if err != nil {
		t.Fatal(err)
	}
	g := &gifted{t, db, s}
	g.update(func(ctx context.Context, tx store.Writer) error {
		_, err := tables.Stories.Insert(ctx, tx, "quillmoor", tables.Story{Customer: "Quillmoor Ferries"})
		return err
	})
	return g
}

func (g *gifted) update(fn func(ctx context.Context, tx store.Writer) error) {
	g.t.Helper()
	if err := g.db.Update(g.t.Context(), fn); err != nil {
		g.t.Fatal(err)
	}
}

// give gives points for what has a name.
func (g *gifted) give(name string, points int64) {
	g.t.Helper()
	g.update(func(ctx context.Context, tx store.Writer) error {
		return g.s.disclose(ctx, tx, []store.Row[giving]{{Value: giving{name, domain.Gift{Program: "customers", Wallet: "points", Points: points}}}})
	})
}

// called forms an edition of the story under a public name.
func (g *gifted) called(alias string) {
	g.t.Helper()
	g.update(func(ctx context.Context, tx store.Writer) error {
		return g.s.hush(ctx, tx, tables.Text{Story: "quillmoor", Locale: "en"}, forming{alias: alias})
	})
}

// disclosed is what is disclosed of the story, and how often that was told.
func (g *gifted) disclosed() (points int64, told int) {
	g.t.Helper()
	g.update(func(ctx context.Context, tx store.Writer) error {
		row, err := tables.Disclosures.Get(ctx, tx, "quillmoor")
		if err != nil && !store.IsNotFound(err) {
			return err
		}
		for _, g := range row.Value.Gifts {
			points += g.Points
		}
		audit, err := tables.Audit.Find(ctx, tx, store.Query{})
		for _, a := range audit.Rows {
			if a.Value.Action == "disclosure.changed" {
				told++
			}
		}
		return err
	})
	return points, told
}

// What was given for a story under a public name that it did not have yet is disclosed when it gets the name, and what comes under a name that it had goes to it, too.
func TestGiftsFindTheStoryUnderEachNameThatItGets(t *testing.T) {
	g := newGifted(t)
	g.give("ferry-line", 500)
	for _, step := range []struct {
		what   string
		do     func()
		points int64
		told   int
	}{
		{"before it has the name", func() {}, 0, 0},
		{"with the name", func() { g.called("ferry-line") }, 500, 1},
		{"formed again under the same name", func() { g.called("ferry-line") }, 500, 1},
		{"more under the name", func() { g.give("ferry-line", 20) }, 520, 2},
		{"under its id", func() { g.give("quillmoor", 3) }, 523, 3},
		{"with another name", func() { g.called("boats") }, 523, 3},
		{"under the former name", func() { g.give("ferry-line", -23) }, 500, 4},
		{"under the new name", func() { g.give("boats", 1) }, 501, 5},
		{"another story's", func() { g.give("other", 7) }, 501, 5},
	} {
		step.do()
		if points, told := g.disclosed(); points != step.points || told != step.told {
			t.Errorf("%s: %d points, told %d times, want %d and %d", step.what, points, told, step.points, step.told)
		}
	}
}
