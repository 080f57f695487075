package storetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"renown.example/kit/store"
)

var feedCases = []testCase{
	{"a feed gives what was committed, in order, in pages", feedOrder},
	{"a reader beside many writers misses nothing and reads nothing twice", feedBeside},
	{"a commit that comes late gets a later number", feedLate},
	{"readers at the same time see the same numbers", feedReaders},
	{"what was rolled back is not in the feed", feedRollback},
	{"numbers go on after the database was opened again, and after rows were deleted", feedReopen},
	{"who reads the tables after the feed's end misses nothing by reading the feed from there on", feedEnd},
	{"commits wake whoever waits for the feed", feedChanged},
	{"rows of a feed never change, and other tables have no feed", feedRefused},
}

func (s *suite) event(db store.DB, id string) {
	s.Helper()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		_, err := events.Insert(ctx, tx, id, item{Kind: id})
		return err
	})
}

func (s *suite) feed(db store.DB, after int64, limit int) []store.Row[item] {
	s.Helper()
	rows, err := events.Feed(s.Context(), db, after, limit)
	if err != nil {
		s.Fatalf("feed: %v", err)
	}
	for _, r := range rows {
		if r.Seq <= after {
			s.Fatalf("row %s has number %d after %d", r.ID, r.Seq, after)
		}
		after = r.Seq
	}
	return rows
}

func feedOrder(s *suite) {
	db := s.fresh()
	if rows := s.feed(db, 0, 10); len(rows) != 0 {
		s.Errorf("an empty feed has %d rows", len(rows))
	}
	for i := range 25 {
		s.event(db, id(25-i)) // later ones have smaller ids
	}
	var got []string
	after := int64(0)
	for {
		rows := s.feed(db, after, 10)
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			got = append(got, r.ID)
			after = r.Seq
			if r.Value.Kind != r.ID {
				s.Errorf("row %s has the document of %s", r.ID, r.Value.Kind)
			}
		}
	}
	for i, have := range got {
		if have != id(25-i) {
			s.Fatalf("place %d is %s", i, have)
		}
	}
	if len(got) != 25 {
		s.Errorf("%d rows", len(got))
	}
}

func feedEnd(s *suite) {
	db := s.fresh()
	end := func() int64 {
		at, err := events.FeedEnd(s.Context(), db)
		if err != nil {
			s.Fatalf("feed end: %v", err)
		}
		return at
	}
	if at := end(); at != 0 {
		s.Errorf("an empty feed ends at %d", at)
	}
	for i := range 3 {
		s.event(db, id(i))
	}
	read := s.feed(db, 0, 10) // an engine may give numbers only when somebody reads
	if at := end(); at != read[2].Seq {
		s.Errorf("the feed ends at %d after a reader was given %d", at, read[2].Seq)
	}
	s.event(db, id(3))
	at := end()
	inTable := map[string]bool{}
	if err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
		p, err := events.Find(ctx, tx, store.Query{})
		for _, r := range p.Rows {
			inTable[r.ID] = true
		}
		return err
	}); err != nil {
		s.Fatalf("view: %v", err)
	}
	s.event(db, id(4))
	for _, r := range s.feed(db, at, 10) {
		inTable[r.ID] = true
	}
	if len(inTable) != 5 {
		s.Errorf("table and feed give %d of 5 documents", len(inTable))
	}
	if _, err := items.FeedEnd(s.Context(), db); err == nil {
		s.Error("a table without a feed has an end")
	}
}

// Of each writer's updates, which insert two events each, one in five is refused.
const besideWriters, besideEach = 16, 15

func feedBeside(s *suite) {
	db := s.fresh()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for w := range besideWriters {
			wg.Go(func() { s.writeBeside(db, w) })
		}
		wg.Wait()
	}()
	const want = besideWriters * besideEach * 4 / 5 * 2
	seen := map[string]int64{}
	after := int64(0)
	for last := false; ; {
		rows := s.feed(db, after, 7)
		for _, r := range rows {
			if seen[r.ID] != 0 {
				s.Fatalf("row %s came as number %d and %d", r.ID, seen[r.ID], r.Seq)
			}
			seen[r.ID] = r.Seq
			after = r.Seq
		}
		if len(rows) == 0 && last {
			break
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
	if len(seen) != want {
		s.Errorf("%d rows were read, want %d", len(seen), want)
	}
	n := 0
	for rows := s.feed(db, 0, 0); len(rows) > 0; rows = s.feed(db, rows[len(rows)-1].Seq, 0) {
		for _, r := range rows {
			if seen[r.ID] != r.Seq {
				s.Fatalf("row %s has number %d now, it had %d", r.ID, r.Seq, seen[r.ID])
			}
			n++
		}
	}
	if n != want {
		s.Errorf("reading again gives %d rows, want %d", n, want)
	}
}

func (s *suite) writeBeside(db store.DB, w int) {
	for n := range besideEach {
		refuse := n%5 == 4
		err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
			for _, part := range []string{"a", "b"} {
				if _, err := events.Insert(ctx, tx, fmt.Sprint(w, "-", n, part), item{Kind: "x"}); err != nil {
					return err
				}
			}
			if refuse {
				return errRefused
			}
			return nil
		})
		if err != nil && !refuse {
			s.Error(err)
		}
	}
}

// feedLate begins with an earlier id and commits after a reader has passed.
func feedLate(s *suite) {
	if !s.Concurrent {
		s.Skip("this engine runs updates one after the other: none can commit late")
	}
	db := s.fresh()
	inserted, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
			_, err := events.Insert(ctx, tx, "a", item{Kind: "x"})
			once.Do(func() { close(inserted) })
			<-goOn
			return err
		})
		if err != nil {
			s.Error(err)
		}
	})
	<-inserted
	s.event(db, "b")
	rows := s.feed(db, 0, 10)
	if len(rows) != 1 || rows[0].ID != "b" {
		s.Errorf("before the late commit: %+v", rows)
	}
	close(goOn)
	wg.Wait()
	s.event(db, "c")
	late := s.feed(db, rows[0].Seq, 10)
	if len(late) != 2 || late[0].ID == "b" || late[1].ID == "b" {
		s.Errorf("after the late commit: %+v", late)
	}
}

func feedReaders(s *suite) {
	db := s.fresh()
	const n = 60
	var mu sync.Mutex
	numbers := map[string]int64{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			s.event(db, id(i))
		}
	})
	s.parallel(4, func(int) error {
		after, read := int64(0), 0
		for deadline := time.After(patience); read < n; {
			rows, err := events.Feed(s.Context(), db, after, 5)
			if err != nil {
				return err
			}
			for _, r := range rows {
				mu.Lock()
				if have, ok := numbers[r.ID]; ok && have != r.Seq {
					s.Errorf("row %s has numbers %d and %d", r.ID, have, r.Seq)
				}
				numbers[r.ID] = r.Seq
				mu.Unlock()
				after = r.Seq
				read++
			}
			select {
			case <-deadline:
				return fmt.Errorf("only %d of %d rows came", read, n)
			default:
			}
		}
		return nil
	})
	wg.Wait()
}

func feedRollback(s *suite) {
	db := s.fresh()
	err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		_, err := events.Insert(ctx, tx, "no", item{})
		if err != nil {
			return err
		}
		return errRefused
	})
	if err == nil {
		s.Fatal("the update succeeded")
	}
	s.event(db, "yes")
	if rows := s.feed(db, 0, 10); len(rows) != 1 || rows[0].ID != "yes" {
		s.Errorf("the feed is %+v", rows)
	}
}

func feedReopen(s *suite) {
	location := s.Fresh(s)
	db := s.open(location)
	s.event(db, "a")
	s.event(db, "b")
	last := s.feed(db, 0, 10)[1]
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		row, err := events.GetForUpdate(ctx, tx, "b")
		if err != nil {
			return err
		}
		return events.Delete(ctx, tx, row)
	})
	if err := db.Close(); err != nil {
		s.Fatal(err)
	}
	db = s.open(location)
	s.event(db, "c")
	if rows := s.feed(db, last.Seq, 10); len(rows) != 1 || rows[0].ID != "c" {
		s.Errorf("after %d: %+v", last.Seq, rows)
	}
}

func feedChanged(s *suite) {
	db := s.fresh()
	changed, stop := db.Changed(events.Spec())
	defer stop()
	quiet := func(what string) {
		select {
		case <-changed:
			s.Errorf("%s woke the feed's readers", what)
		default:
		}
	}
	s.insert(db, "a", item{})
	quiet("an insert into another table")
	_ = db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		if _, err := events.Insert(ctx, tx, "no", item{}); err != nil {
			s.Error(err)
		}
		return errRefused
	})
	quiet("an update that was refused")
	for i := range 3 {
		s.event(db, id(i))
		s.event(db, id(i+100)) // two commits may give one hint
		select {
		case <-changed:
		case <-time.After(patience):
			s.Fatal("a commit woke nobody")
		}
		select {
		case <-changed:
		default:
		}
	}
	stop()
	s.event(db, "last")
	quiet("a commit after the subscription's end")
}

func feedRefused(s *suite) {
	db := s.fresh()
	s.event(db, "a")
	if err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		row, err := events.GetForUpdate(ctx, tx, "a")
		if err == nil {
			_, err = events.Put(ctx, tx, row)
		}
		return err
	}); err == nil {
		s.Error("a row of a feed was changed")
	}
	if _, err := items.Feed(s.Context(), db, 0, 10); err == nil {
		s.Error("a table that is not a feed was read as one")
	}
}
