package clock_test

import (
	"testing"
	"time"

	"renown.example/kit/clock"
)

var begin = time.Date(2026, 3, 29, 0, 59, 59, 999_600_000, time.UTC)

func TestMillisCutAndComeBackInUTC(t *testing.T) {
	m := clock.At(begin.In(time.FixedZone("east", 3600)))
	if got, want := m.Time(), begin.Truncate(time.Millisecond); !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, want)
	}
	if clock.At(time.Time{}) != 0 || !clock.Millis(0).Time().IsZero() {
		t.Error("no instant must stay no instant")
	}
}

func TestFakeWakesWhoseTimeHasCome(t *testing.T) {
	c := clock.NewFake(begin)
	soon, later, now := c.After(time.Second), c.After(time.Minute), c.After(0)
	if got := <-now; !got.Equal(begin) {
		t.Errorf("woken at %v", got)
	}
	c.Step(-time.Hour)
	c.Step(time.Hour + time.Second)
	select {
	case got := <-soon:
		if !got.Equal(begin.Add(time.Second)) {
			t.Errorf("woken at %v", got)
		}
	default:
		t.Error("not woken")
	}
	select {
	case <-later:
		t.Error("woken too early")
	default:
	}
	if c.Waiting() != 1 {
		t.Errorf("%d are waiting, want 1", c.Waiting())
	}
}

func TestSystemIsUTCAndWakes(t *testing.T) {
	c := clock.System()
	if c.Now().Location() != time.UTC {
		t.Error("not UTC")
	}
	<-c.After(time.Millisecond)
}
