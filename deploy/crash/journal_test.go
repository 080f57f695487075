//go:build unix

package crash_test

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// journal is the log of what was asked for and what was acknowledged. It is kept here, outside of the program that dies.
type journal struct {
	mu      sync.Mutex
	began   time.Time
	entries []entry
}

type entry struct {
	at    time.Duration
	story string
	what  string
}

func newJournal() *journal { return &journal{began: clk.Now()} }

// note records something about a story; about all of them if the story is "".
func (j *journal) note(story, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry{clk.Now().Sub(j.began), story, fmt.Sprintf(format, args...)})
}

// of returns what concerns a story, a line each.
func (j *journal) of(story string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var b strings.Builder
	for _, e := range j.entries {
		if e.story == story || e.story == "" {
			fmt.Fprintf(&b, "%12s  %s\n", e.at.Round(10*time.Microsecond), e.what)
		}
	}
	return b.String()
}
