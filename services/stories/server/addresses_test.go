package server_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// addresses reads the whole list from a story on, in pages of two, and says what is where as "story locale slug".
func (r *rig) addresses(from string) []string {
	r.t.Helper()
	var out []string
	for req := (&storiesv1.ListAddressesRequest{From: from, PageSize: 2}); ; {
		resp := must(r.located.ListAddresses(r.nobody(), req))(r.t)
		for _, a := range resp.GetAddresses() {
			if !a.GetPublishTime().IsValid() || a.GetPublishTime().AsTime().IsZero() {
				r.t.Errorf("%s was published at %v", a.GetSlug(), a.GetPublishTime())
			}
			out = append(out, strings.TrimPrefix(a.GetName(), "stories/")+" "+a.GetLocale()+" "+a.GetSlug())
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return out
		}
	}
}

func TestAddressesAreThoseOfWhatIsUp(t *testing.T) {
	r := newRig(t)
	for _, story := range []string{"one", "two", "three"} {
		r.writeAt(story, "at-"+story)
		r.publish(story, "en")
	}
	in := text(strings.Replace(markdown, "locale: en", "locale: de", 1))
	in.Slug = "bei-eins"
	must(r.workspace.SaveText(r.ada(), &storiesv1.SaveTextRequest{Story: "one", Locale: "de", Text: in}))(t)
	r.publish("one", "de")
	r.writeAt("zero", "draft")
	all := []string{"one de bei-eins", "one en at-one", "three en at-three", "two en at-two"}
	if got := r.addresses(""); !slices.Equal(got, all) {
		t.Errorf("all addresses are %q", got)
	}
	// A story that is not there is the place where it would be.
	for from, want := range map[string][]string{"stories/three": all[2:], "stories/pear": all[2:], "stories/zzz": nil} {
		if got := r.addresses(from); !slices.Equal(got, want) {
			t.Errorf("from %s on they are %q", from, got)
		}
	}
	must(r.review.UnpublishText(r.edda(), &storiesv1.UnpublishTextRequest{Story: "one", Locale: "en"}))(t)
	if got, want := r.addresses(""), slices.Delete(slices.Clone(all), 1, 2); !slices.Equal(got, want) {
		t.Errorf("after a withdrawal they are %q", got)
	}
	if got := must(r.located.ListAddresses(r.nobody(), &storiesv1.ListAddressesRequest{}))(t).GetLocales(); !slices.Equal(got, []string{"en", "de"}) {
		t.Errorf("languages are %q", got)
	}
	_, err := r.located.ListAddresses(r.nobody(), &storiesv1.ListAddressesRequest{From: "one"})
	refused(t, err, fault.InvalidArgument)
}

// A large site is listed without asking the database for it: page after page comes from memory, also once the database is gone.
func TestManyAddressesComeFromMemory(t *testing.T) {
	const many = 12_345
	db := must(sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "stories.db")}, tables.Specs()...))(t)
	for first := 0; first < many; first += 1000 {
		err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			for i := first; i < min(first+1000, many); i++ {
				p := tables.Published{Story: fmt.Sprintf("story-%05d", i), Locale: "en", Edition: fmt.Sprintf("e%05d", i), LiveSince: clock.At(start)}
				p.Slug = p.Story
				if i%10 == 0 {
					p.Edition, p.LiveSince = "", 0
				}
				if _, err := tables.PublishedStories.Insert(ctx, tx, tables.TextID(p.Story, p.Locale), p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r := rigOn(t, db, clock.NewFake(start))
	must(r.located.ListAddresses(r.nobody(), &storiesv1.ListAddressesRequest{PageSize: 1}))(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var found, pages int
	for req := (&storiesv1.ListAddressesRequest{}); ; {
		resp := must(r.located.ListAddresses(r.nobody(), req))(t)
		for _, a := range resp.GetAddresses() {
			if found%9 == 0 && !strings.HasSuffix(a.GetName(), "1") || a.GetName() != "stories/"+a.GetSlug() {
				t.Fatalf("number %d is %v", found, a)
			}
			found++
		}
		pages++
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	if want := many - (many+9)/10; found != want || pages != (want+999)/1000 {
		t.Errorf("%d addresses are on %d pages, want %d on as few as can be", found, pages, want)
	}
}
