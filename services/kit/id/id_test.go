package id_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/kit/id"
)

func TestIDsSortByTheirInstant(t *testing.T) {
	c := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	var made []string
	for range 1000 {
		made = append(made, id.New(c))
		c.Step(time.Millisecond)
	}
	if !slices.IsSorted(made) {
		t.Error("ids of later milliseconds must sort later")
	}
}

func TestIDsAreValidDistinctAndTellTheirTime(t *testing.T) {
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<48-1).Draw(t, "ms")
		s := id.At(time.UnixMilli(ms))
		if len(s) != id.Len || s != strings.ToLower(s) || !id.Valid(s) {
			t.Fatalf("%q is not an id", s)
		}
		if got := id.Time(s).UnixMilli(); got != ms {
			t.Fatalf("time %d, want %d", got, ms)
		}
		if seen[s] {
			t.Fatalf("%q came twice", s)
		}
		seen[s] = true
	})
}

func TestInvalid(t *testing.T) {
	good := id.At(time.UnixMilli(1))
	for _, s := range []string{"", "x", good[:25], good + "0", strings.ToUpper(good[:25]) + "Z", strings.Repeat("0", 26), good[:25] + "1"} {
		if s != good && id.Valid(s) {
			t.Errorf("%q counts as an id", s)
		}
		if !id.Valid(s) && !id.Time(s).IsZero() {
			t.Errorf("%q has a time", s)
		}
	}
}
