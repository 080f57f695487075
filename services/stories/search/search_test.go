package search_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bits-and-blooms/bitset"
	"go.uber.org/goleak"

	"renown.example/stories/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is what is up, as the owner of an index knows it.
type shelf struct {
	t     *testing.T
	mu    sync.Mutex
	docs  map[string]search.Doc
	slots []string
}

func newShelf(t *testing.T, docs ...search.Doc) *shelf {
	s := &shelf{t: t, docs: map[string]search.Doc{}}
	for _, d := range docs {
		s.docs[d.Edition] = d
		s.slots = append(s.slots, d.Edition)
	}
	return s
}

func (s *shelf) editions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.docs))
}

func (s *shelf) slot(edition string) (uint, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.slots, edition)
	return uint(max(i, 0)), i >= 0
}

func (s *shelf) load(_ context.Context, editions []string) ([]search.Doc, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []search.Doc
	for _, e := range editions {
		if d, ok := s.docs[e]; ok {
			out = append(out, d)
		}
	}
	return out, nil
}

// up are the slots of everything that is up.
func (s *shelf) up() *bitset.BitSet {
	out := &bitset.BitSet{}
	for _, e := range s.editions() {
		at, _ := s.slot(e)
		out.Set(at)
	}
	return out
}

// open runs an index of the shelf until the returned function is called.
func (s *shelf) open(folder string) (*search.Index, func()) {
	s.t.Helper()
	x := search.New(search.Options{Folder: folder, Logger: slog.New(slog.DiscardHandler), Editions: s.editions, Slot: s.slot, Load: s.load})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); x.Run(ctx) }()
	s.settle(x)
	return x, func() { cancel(); <-done }
}

func (s *shelf) settle(x *search.Index) {
	s.t.Helper()
	if err := x.Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// find returns the editions that a query finds, the best first.
func (s *shelf) find(x *search.Index, locale, query string) []string {
	s.t.Helper()
	f, ok := x.Find(s.t.Context(), locale, query, s.up())
	if !ok {
		s.t.Fatalf("%q: the index does not answer", query)
	}
	var out []string
	for at, more := f.Slots().NextSet(0); more; at, more = f.Slots().NextSet(at + 1) {
		out = append(out, s.slots[at])
	}
	slices.SortStableFunc(out, func(a, b string) int {
		one, _ := s.slot(a)
		other, _ := s.slot(b)
		return f.Score(other) - f.Score(one)
	})
	return out
}

func (s *shelf) finds(x *search.Index, locale, query string, want ...string) {
	s.t.Helper()
	if got := s.find(x, locale, query); !slices.Equal(got, want) {
		s.t.Errorf("%s %q finds %v, want %v", locale, query, got, want)
	}
}

func english(edition, title, text string) search.Doc {
	return search.Doc{Edition: edition, Locale: "en", Head: []string{title, "Customer of " + edition}, Lead: []string{"A summary"}, Text: text}
}

func TestLanguages(t *testing.T) {
	s := newShelf(t,
		search.Doc{Edition: "en", Locale: "en", Head: []string{"Deliveries on time", "Nordhafen"}, Text: "They were running late."},
		search.Doc{Edition: "de", Locale: "de", Head: []string{"Pünktliche Lieferungen", "Straße & Söhne"}, Text: "Die Lieferung kam früher. Gebäude wurden beheizt."},
		search.Doc{Edition: "fr", Locale: "fr", Head: []string{"Livraisons à l’heure", "Éclair"}, Text: "Les camions attendaient."},
		search.Doc{Edition: "ja", Locale: "ja", Head: []string{"東京駅の配送", "北港"}, Text: "配送は時間通りです。"},
		search.Doc{Edition: "sw", Locale: "sw", Head: []string{"Mizigo kwa wakati", "Bandari"}, Text: "Malori hayasubiri tena."},
		search.Doc{Edition: "ru", Locale: "ru", Head: []string{"Доставка вовремя", "Северный порт"}, Text: "Грузовики не ждут."},
	)
	x, stop := s.open("")
	defer stop()
	for _, tt := range []struct{ locale, query, want string }{
		{"en", "delivery run", "en"}, {"de", "Lieferung", "de"}, {"de", "gebaude", "de"}, {"de", "strasse", "de"}, {"de", "PÜNKTLICH", "de"},
		{"fr", "camion", "fr"}, {"fr", "eclair", "fr"}, {"ja", "東京", "ja"}, {"ja", "配送", "ja"}, {"sw", "malori", "sw"}, {"sw", "mizig", "sw"},
		{"ru", "грузовик", "ru"}, {"ru", "порта", "ru"},
		{"en", "Lieferung", ""}, {"de", "deliveries", ""}, {"pt-BR", "Nordhafen", ""},
	} {
		if got := strings.Join(s.find(x, tt.locale, tt.query), " "); got != tt.want {
			t.Errorf("%s %q finds %q, want %q", tt.locale, tt.query, got, tt.want)
		}
	}
}

func TestWhatFitsBestComesFirst(t *testing.T) {
	s := newShelf(t,
		english("once", "A quiet yard", "One lorry came."), english("often", "A loud yard", "A lorry, a lorry, another lorry."),
		english("lead", "A full yard", "x"), english("head", "The lorry that waits", "x"), english("other", "Nothing of it", "x"),
	)
	d := s.docs["lead"]
	d.Lead = []string{"Lorries leave sooner"}
	s.docs["lead"] = d
	x, stop := s.open("")
	defer stop()
	s.finds(x, "en", "lorry", "head", "lead", "often", "once")
	s.finds(x, "en", "lorr", "head", "once", "often", "lead") // beginnings in texts are all alike
}

func TestTypos(t *testing.T) {
	s := newShelf(t, english("a", "Warehouse in order", "x"), english("b", "Ferries", "x"))
	x, stop := s.open("")
	defer stop()
	for _, typo := range []string{"warehuose", "warehous", "warehouze", "warehousee", "warhouse"} {
		s.finds(x, "en", typo, "a")
	}
	s.finds(x, "en", "werehuose")
	s.finds(x, "en", "ferri order") // each is there, in no story together
	f, _ := x.Find(t.Context(), "en", "warehuose", s.up())
	if f.Query != "warehouse" || f.CorrectedFrom != "warehuose" {
		t.Errorf("%q was corrected to %q", f.CorrectedFrom, f.Query)
	}
	// What is up tells which words there are, not what is still in the index.
	f, _ = x.Find(t.Context(), "en", "warehuose", &bitset.BitSet{})
	if f.Query != "warehuose" || f.Slots().Any() {
		t.Errorf("a word of nothing that is up is told: %q", f.Query)
	}
}

// The index takes up where it was: what is there is not put in again, what came and went meanwhile is.
func TestGoesOnWhereItWas(t *testing.T) {
	folder := t.TempDir()
	s := newShelf(t)
	for i := range 300 {
		d := english(fmt.Sprint("e", i), fmt.Sprintf("number%dx", i), "lorry")
		s.docs[d.Edition] = d
		s.slots = append(s.slots, d.Edition)
	}
	x, stop := s.open(folder)
	if x.Added() != 300 {
		t.Errorf("%d documents were added", x.Added())
	}
	s.finds(x, "en", "number7x", "e7")
	stop()
	delete(s.docs, "e7")
	s.docs["new"] = english("new", "fresh", "lorry")
	s.slots = append(s.slots, "new")
	x, stop = s.open(folder)
	if n := x.Added(); n != 1 {
		t.Errorf("%d documents were added on the second start", n)
	}
	stop()
	x, stop = s.open(folder)
	defer stop()
	if got := s.find(x, "en", "number7x"); slices.Contains(got, "e7") {
		t.Error("what went while the index was closed is found")
	}
	s.finds(x, "en", "number8x", "e8")
	s.finds(x, "en", "fresh", "new")
	if x.Len() != 300 {
		t.Errorf("the index holds %d documents, want those that are up: 300", x.Len())
	}
	if got := len(s.find(x, "en", "lorry")); got != 300 {
		t.Errorf("%d of 300 are found", got)
	}
}

func TestMissingDamagedOrOfAnOlderMapping(t *testing.T) {
	docs := []search.Doc{english("a", "Warehouse", "lorry"), english("b", "Ferry", "quay")}
	for name, spoil := range map[string]func(t *testing.T, folder string){
		"missing": func(t *testing.T, folder string) { must(t, os.RemoveAll(folder)) },
		"cut off": func(t *testing.T, folder string) {
			each(t, folder, func(path string) { must(t, os.Truncate(path, 10)) })
		},
		"overwritten": func(t *testing.T, folder string) {
			each(t, folder, func(path string) { must(t, os.WriteFile(path, []byte(strings.Repeat("nonsense", 1000)), 0o600)) })
		},
		"a segment is gone": func(t *testing.T, folder string) {
			each(t, folder, func(path string) {
				if strings.HasSuffix(path, ".zap") {
					must(t, os.Remove(path))
				}
			})
		},
		"of an older mapping": func(t *testing.T, folder string) {
			entries, err := os.ReadDir(folder)
			must(t, err)
			must(t, os.Rename(filepath.Join(folder, entries[0].Name()), filepath.Join(folder, "v0")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "index")
			s := newShelf(t, docs...)
			_, stop := s.open(folder)
			stop()
			spoil(t, folder)
			x, stop := s.open(folder)
			defer stop()
			s.finds(x, "en", "warehouse", "a")
			s.finds(x, "en", "quay", "b")
			if old, _ := filepath.Glob(filepath.Join(folder, "v0")); len(old) > 0 {
				t.Error("the index of the older mapping is still there")
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, folder string, fn func(path string)) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			fn(path)
		}
		return err
	}))
}

func TestUntilTheIndexIsOpen(t *testing.T) {
	x := search.New(search.Options{Logger: slog.New(slog.DiscardHandler)})
	if _, ok := x.Find(t.Context(), "en", "a", &bitset.BitSet{}); ok {
		t.Error("an index that is not open answers")
	}
	f := search.Scan("en", "Ferry nord", func(found func(slot uint, head, lead string)) {
		found(1, "The ferries sail full", "Nordhafen")
		found(2, "The ferry sails full", "of Nordhafen")
		found(3, "The ferry", "")
	})
	if got := f.Slots().String(); got != "{2}" {
		t.Errorf("found %s", got)
	}
}

// No query whatever makes the index fail or find what is not up.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"lorry", "", "?", "a b c d e f g h i j k l m n o p", "\x01lorri", "\xff\xfe", "東京", "ß", "é\u0301\u0301", strings.Repeat("x", 300), "lor\x00ry", "-lorry +ferry \"a", "ﬁ ﷺ", "\U0010ffff"} {
		f.Add("en", q)
		f.Add("ja", q)
	}
	s := newShelf(nil, english("a", "Warehouse", "lorry lorries ﬁre"), english("b", "Ferry", "quay"), search.Doc{Edition: "c", Locale: "ja", Head: []string{"東京駅"}, Text: "配送"})
	x := search.New(search.Options{Logger: slog.New(slog.DiscardHandler), Editions: s.editions, Slot: s.slot, Load: s.load})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); x.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-done })
	if err := x.Wait(ctx); err != nil {
		f.Fatal(err)
	}
	up := (&bitset.BitSet{}).Set(0).Set(2)
	f.Fuzz(func(t *testing.T, locale, query string) {
		found, ok := x.Find(t.Context(), locale, query, up)
		if !ok {
			t.Fatalf("%q in %q breaks the index", query, locale)
		}
		if found.Slots().DifferenceCardinality(up) > 0 {
			t.Fatalf("%q finds %s, of which only %s is up", query, found.Slots(), up)
		}
		if len(search.Terms(locale, query)) == 0 && found.Slots().Any() {
			t.Fatalf("%q has no words and finds %s", query, found.Slots())
		}
		for at, more := found.Slots().NextSet(0); more; at, more = found.Slots().NextSet(at + 1) {
			found.Score(at)
		}
		found.Without()
		search.Scan(locale, query, func(each func(uint, string, string)) { each(0, query, locale) })
	})
}
