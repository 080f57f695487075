package studio

import (
	"strings"
	"unicode/utf8"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// keptView is what an imported file said that has no place in its text.
type keptView struct {
	// Source is the file's path, empty if a file in Renown's own form said it.
	Source string
	Notes  []keptNote
}

// keptNote is one thing that is kept.
type keptNote struct {
	*storiesv1.KeptNote
	Number int
	// Begin is how a long one begins: it is folded. Length is in characters.
	Begin  string
	Length int
}

// From these sizes on, what is kept is folded.
const (
	longKept      = 320 // characters
	longKeptLines = 6
	keptBegin     = 90 // characters
)

// keptOf returns nil if nothing is kept.
func keptOf(text *storiesv1.Text) *keptView {
	if len(text.GetKept()) == 0 {
		return nil
	}
	out := &keptView{Source: text.GetSource()}
	for i, k := range text.GetKept() {
		n := keptNote{KeptNote: k, Number: i + 1, Length: utf8.RuneCountInString(k.GetText())}
		if n.Length > longKept || strings.Count(k.GetText(), "\n") >= longKeptLines {
			n.Begin = shorten(k.GetText(), keptBegin)
		}
		out.Notes = append(out.Notes, n)
	}
	return out
}
