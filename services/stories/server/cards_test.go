package server_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// Whatever puts a card up, others can write while it is drawn: an embedded database has one writer, which must not wait for a picture.
func TestOthersWriteWhileACardIsDrawn(t *testing.T) {
	r := newRig(t)
	drawn := 0
	r.server.WhileDrawing(func() {
		drawn++
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err := r.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
			_, err := tables.WithdrawnAssets.Insert(ctx, tx, fmt.Sprint("another-", drawn), tables.WithdrawnAsset{At: 1})
			return err
		})
		if err != nil {
			t.Errorf("while card %d is drawn, nobody can write: %v", drawn, err)
		}
	})
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"a publication", func() {
			r.pictured("nordhafen")
			r.publish("nordhafen", "en")
		}},
		{"another excerpt", func() {
			if err := r.excerpts("", "The harbour never sleeps.", ""); err != nil {
				t.Fatal(err)
			}
		}},
		{"a planned publication", func() {
			r.writeAt("planned", "planned")
			r.approve("planned", "en")
			r.sign(r.ask("planned", "en"))
			if err := r.plan("planned", r.clock.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			r.step(time.Hour)
			must(r.get("planned", "en"))(t)
		}},
		{"a publication and another without the customer's name", func() {
			link, _ := r.logoed()
			must(r.takeBack(link, theName))(t)
			must(r.get(standInSlug, "en"))(t)
		}},
	} {
		step.do()
		t.Logf("%s: %d cards", step.what, drawn)
	}
	if drawn != 5 {
		t.Errorf("%d cards were drawn, want 5: each once", drawn)
	}
}

// What changes while a card is drawn is on the card that goes up: it is drawn again.
func TestACardShowsWhatIsPublishedAndNotWhatWasForeseen(t *testing.T) {
	r := newRig(t)
	r.pictured("nordhafen")
	var drawn atomic.Int32
	r.server.WhileDrawing(func() {
		if drawn.Add(1) == 1 {
			if err := r.excerpts("", "The harbour never sleeps.", ""); err != nil {
				t.Error(err)
			}
		}
	})
	r.publish("nordhafen", "en")
	published := must(r.get(nordhafen, "en"))(t)
	if published.GetExcerpts().GetCard() != "The harbour never sleeps." || drawn.Load() != 2 {
		t.Fatalf("the card says %q, %d were drawn", published.GetExcerpts().GetCard(), drawn.Load())
	}
	cards := map[string]string{}
	for _, words := range []string{"", "The harbour never sleeps."} {
		fresh := newRig(t)
		fresh.pictured("nordhafen")
		if err := fresh.excerpts("", words, ""); err != nil {
			t.Fatal(err)
		}
		fresh.publish("nordhafen", "en")
		cards[words] = must(fresh.get(nordhafen, "en"))(t).GetCard().GetAsset()
	}
	if got := published.GetCard().GetAsset(); got != cards["The harbour never sleeps."] || got == cards[""] {
		t.Errorf("the card is %s, want one of %v", got, cards)
	}
}

// Texts that are refused have no card drawn, and a repetition draws none.
func TestNoCardIsDrawnInVain(t *testing.T) {
	r := newRig(t)
	r.write("nordhafen", markdown)
	var drawn atomic.Int32
	r.server.WhileDrawing(func() { drawn.Add(1) })
	req := &storiesv1.PublishTextRequest{Story: "nordhafen", Locale: "en"}
	if _, err := r.review.PublishText(r.edda(), req); err == nil || drawn.Load() != 0 {
		t.Fatalf("a draft is published: %v, %d cards", err, drawn.Load())
	}
	r.approve("nordhafen", "en")
	r.sign(r.ask("nordhafen", "en"))
	same := r.edda()
	for range 2 {
		must(r.review.PublishText(same, req))(t)
	}
	if drawn.Load() != 1 {
		t.Errorf("%d cards were drawn", drawn.Load())
	}
}
