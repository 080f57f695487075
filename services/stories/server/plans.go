package server

import (
	"context"
	"encoding/json"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// scheduledTexts returns the texts that will be published at an instant.
func scheduledTexts(ctx context.Context, tx store.Reader) ([]store.Row[tables.Text], error) {
	var out []store.Row[tables.Text]
	for q := (store.Query{Index: "by_state", Equal: []any{string(domain.Scheduled)}}); ; {
		p, err := tables.Texts.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Rows...)
		if q.After = p.Next; p.Next == "" {
			return out, nil
		}
	}
}

// textsNamed reads texts as they are now; of one that is gone only the id is set.
func textsNamed(ctx context.Context, tx store.Reader, names map[string]bool) ([]store.Row[tables.Text], error) {
	var out []store.Row[tables.Text]
	for text := range names {
		row, err := tables.Texts.Get(ctx, tx, text)
		if ignoreMissing(err) != nil {
			return nil, err
		}
		row.ID = text
		out = append(out, row)
	}
	return out, nil
}

// replannedText returns the text that an event says was scheduled, or is no more; "" if it says neither.
func replannedText(e outbox.Event) string {
	var d struct{ From, State string }
	scheduled := string(domain.Scheduled)
	if e.Type != EventTextChanged || json.Unmarshal(e.Data, &d) != nil || d.State != scheduled && d.From != scheduled {
		return ""
	}
	parts := strings.Split(e.Subject, "/") // stories/{story}/texts/{locale}
	if len(parts) != 4 {
		return ""
	}
	return tables.TextID(parts[1], parts[3])
}

// plan notes when texts will be published, and that others will not.
func (s *shelves) plan(texts []store.Row[tables.Text]) {
	s.planning.Lock()
	defer s.planning.Unlock()
	for _, t := range texts {
		if t.Value.State == domain.Scheduled {
			s.planned[t.ID] = t.Value.PublishAt
		} else {
			delete(s.planned, t.ID)
		}
	}
}

// nextChange returns the instant at which a list changes by itself, 0 if none is known: something ends, or something planned is published.
func (s *shelves) nextChange(now clock.Millis) clock.Millis {
	next := s.NextEnd(now)
	s.planning.Lock()
	defer s.planning.Unlock()
	for _, at := range s.planned {
		if next == 0 || at < next {
			next = at
		}
	}
	return next
}

// nextOf returns the instant at which what is up of a text changes by itself, 0 if none is known.
func (s *shelves) nextOf(p tables.Published) clock.Millis {
	next := p.Until()
	s.planning.Lock()
	defer s.planning.Unlock()
	if at := s.planned[tables.TextID(p.Story, p.Locale)]; at != 0 && (next == 0 || at < next) {
		next = at
	}
	return next
}
