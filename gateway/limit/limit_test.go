package limit_test

import (
	"fmt"
	"testing"
	"time"

	"renown.example/gateway/limit"
	"renown.example/kit/clock"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestBucketFillsEvenly(t *testing.T) {
	c := clock.NewFake(start)
	b := limit.NewBuckets(c)
	for i := range 60 {
		if s, ok := b.Take("a", 60); !ok || s.Left != 59-i {
			t.Fatalf("%d: %+v %v", i, s, ok)
		}
	}
	s, ok := b.Take("a", 60)
	if ok || s.Retry != time.Second || s.Reset != time.Minute {
		t.Fatalf("empty: %+v %v", s, ok)
	}
	if _, ok := b.Take("b", 60); !ok {
		t.Error("another caller pays for it")
	}
	c.Step(s.Retry)
	if _, ok := b.Take("a", 60); !ok {
		t.Error("refused after Retry")
	}
	if _, ok := b.Take("a", 60); ok {
		t.Error("one second gave two")
	}
	c.Step(time.Hour)
	if s, _ := b.Look("a", 60); s.Left != 60 || s.Reset != 0 {
		t.Errorf("an hour later: %+v", s)
	}
}

func TestClockThatIsSetBackGivesNothing(t *testing.T) {
	c := clock.NewFake(start)
	b := limit.NewBuckets(c)
	for range 2 {
		b.Take("a", 2)
	}
	c.Step(-time.Hour)
	if _, ok := b.Take("a", 2); ok {
		t.Error("an hour back gave a request")
	}
	c.Step(30 * time.Second)
	if _, ok := b.Take("a", 2); !ok {
		t.Error("the bucket does not fill after the clock was set back")
	}
}

func TestQuotaThatChanges(t *testing.T) {
	b := limit.NewBuckets(clock.NewFake(start))
	for range 50 {
		b.Take("a", 100)
	}
	if s, _ := b.Look("a", 10); s.Left != 5 {
		t.Errorf("half of the new quota is %d", s.Left)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b := limit.NewBuckets(clock.NewFake(start))
	for i := range 300_000 {
		b.Take(fmt.Sprint("caller ", i), 10)
	}
	if n := b.Len(); n > 150_000 {
		t.Errorf("%d buckets are held", n)
	}
}

func TestSlots(t *testing.T) {
	s := limit.NewSlots(1)
	if !s.Enter() || s.Enter() {
		t.Fatal("one slot is one")
	}
	s.Leave()
	if !s.Enter() {
		t.Error("a slot that was left is free")
	}
}
