package main

import (
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/stories/domain"
)

func TestTheStageGoesOnlyForwardAndEndsInThePresent(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	wall := clock.NewFake(now)
	past := now.AddDate(-1, 0, 0)
	s := newStage(wall, past)
	wall.Step(time.Second)
	if got := s.Now(); !got.Equal(past.Add(time.Second)) {
		t.Errorf("a second later it is %s", got)
	}
	scene := now.AddDate(0, -3, 0)
	s.moveTo(scene)
	s.moveTo(past)
	if got := s.Now(); !got.Equal(scene) {
		t.Errorf("moved back to %s", got)
	}
	s.moveTo(now.AddDate(1, 0, 0))
	if got := s.Now(); got.After(wall.Now()) {
		t.Errorf("moved into the future: %s", got)
	}
	s.join()
	wall.Step(time.Hour)
	s.moveTo(scene)
	if got := s.Now(); !got.Equal(wall.Now()) {
		t.Errorf("joined, and yet it is %s", got)
	}
}

// Whenever somebody starts the demo, all of it has happened and nothing of it has ended.
func TestTheScriptFitsEveryYear(t *testing.T) {
	for _, now := range []time.Time{
		time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC), time.Date(2027, 4, 20, 0, 0, 0, 0, time.UTC),
		time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2035, 12, 31, 0, 0, 0, 0, time.UTC),
	} {
		scenes, err := readScript(now)
		if err != nil {
			t.Fatal(err)
		}
		if len(scenes) != perLocale+earlierTexts+unnamedTexts {
			t.Errorf("%d scenes", len(scenes))
		}
		var before time.Time
		for _, s := range scenes {
			if s.given.Before(before) || !s.given.Add(publishedAfter).Before(now) || now.Sub(s.given) > 2*365*24*time.Hour {
				t.Errorf("at %s, %s is given on %s after %s", now.Format(time.DateOnly), s.story, s.given, before)
			}
			before = s.given
			if two := !s.replaced && s.of == ""; two && (len(s.locales) != 2 || len(s.files) < 3) || s.of != "" && len(s.named) != 1 {
				t.Errorf("%s has %v and %d files", s.story, s.locales, len(s.files))
			}
			for name, data := range s.files {
				if !strings.HasSuffix(name, ".md") {
					continue
				}
				doc, problems := domain.Parse(name, data)
				if domain.Refused(problems) || doc.Consent.Given().Time().After(s.given) || !doc.Consent.End().Time().After(now.AddDate(0, 6, 0)) {
					t.Errorf("at %s, %s is given on %s and ends on %s: %v", now.Format(time.DateOnly), name, doc.Consent.GivenOn, doc.Consent.Ends, problems)
				}
			}
		}
	}
}
