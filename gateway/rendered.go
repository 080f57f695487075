package gateway

import (
	"bytes"
	"sync"

	"google.golang.org/protobuf/proto"

	"renown.example/gateway/compact"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// mostRendered bounds how many summaries are kept as JSON; when there are more, all are made anew.
const mostRendered = 4096

// rendered keeps the JSON of the summaries in lists by what they hold: the same few stand in list after list, and writing them was half of what a list cost.
type rendered struct {
	mu   sync.RWMutex
	json map[string][]byte
}

var emptyList = []byte(`{"stories":[]`)

// list writes a list with what is kept of its stories. ok is false if it cannot: then it is to be written like any message.
func (r *rendered) list(m *storiesv1.ListPublishedStoriesResponse) (out []byte, ok bool) {
	stories := m.GetStories()
	m.Stories = nil
	rest, err := compact.JSON(m)
	m.Stories = stories
	if err != nil || !bytes.HasPrefix(rest, emptyList) {
		return nil, false
	}
	out = make([]byte, 0, 1024*(len(stories)+1)+len(rest))
	out = append(out, emptyList[:len(emptyList)-1]...)
	var key []byte
	for i, s := range stories {
		if key, err = (proto.MarshalOptions{Deterministic: true}).MarshalAppend(key[:0], s); err != nil {
			return nil, false
		}
		text, err := r.summary(key, s)
		if err != nil {
			return nil, false
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, text...)
	}
	return append(out, rest[len(emptyList)-1:]...), true
}

// summary returns the JSON of a summary whose binary form is the key.
func (r *rendered) summary(key []byte, s *storiesv1.PublishedSummary) ([]byte, error) {
	r.mu.RLock()
	text := r.json[string(key)]
	r.mu.RUnlock()
	if text != nil {
		return text, nil
	}
	text, err := compact.JSON(s)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.json == nil || len(r.json) >= mostRendered {
		r.json = map[string][]byte{}
	}
	r.json[string(key)] = text
	return text, nil
}
