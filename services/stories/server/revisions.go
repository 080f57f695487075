package server

import (
	"encoding/json"
	"strings"

	"renown.example/kit/outbox"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// The names under which changes of what is published are told: "stories/{story}" concerns every answer that shows anything of a story, "lists/{locale}" every answer
// that lists the stories of a language. Answers carry the names that they depend on as surrogate keys.
const listsPrefix = "lists/"

// besidePrefix begins the names of what concerns only answers that show which stories stand beside one.
const besidePrefix = "beside/"

// detailLanguages says in an event that a language has got its first edition, or lost its last: lists of every language name those that there are.
const detailLanguages = "languages"

// change is what an event means to holders of copies.
type change struct {
	names []string
	// everything says that any answer may be another now.
	everything bool
	// less says that something must not be seen any more that could be seen before.
	less bool
}

// storyOf returns "stories/{story}" of the name of anything that belongs to the story.
func storyOf(name string) string {
	if parts := strings.SplitN(name, "/", 3); len(parts) == 3 {
		return parts[0] + "/" + parts[1]
	}
	return name
}

// changeOf reads an event of the feed.
func changeOf(e outbox.Event, locales []string) change {
	var d struct{ Story, Locale, Languages, From, State, Alias, Without string }
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return change{everything: true} // an event of an unknown form may mean anything
	}
	// What is held of a story is held under its public name.
	public := func(name string) string {
		if d.Alias != "" {
			return "stories/" + d.Alias
		}
		return storyOf(name)
	}
	switch e.Type {
	case EventTermsChanged:
		return change{everything: true}
	case EventPublished, EventWithdrawn, EventMoved:
		out := change{names: []string{public(e.Subject), listsPrefix + d.Locale}, less: d.Without != ""}
		if d.Languages != "" {
			for _, l := range locales {
				if l != d.Locale {
					out.names = append(out.names, listsPrefix+l)
				}
			}
		}
		return out
	case EventConsentRevoked, EventConsentEnded:
		// An earlier edition may rest on it.
		return change{names: []string{public("stories/" + d.Story)}}
	case EventMetricVerified, EventMetricWithdrawn, EventMetricStale, EventDisclosureChanged:
		return change{names: []string{public(e.Subject)}}
	case EventTextChanged:
		// What is up says when it will be replaced, and lists when they will grow.
		if scheduled := string(domain.Scheduled); d.State == scheduled || d.From == scheduled {
			return change{names: []string{public(e.Subject), listsPrefix + last(e.Subject)}}
		}
	}
	return change{}
}

// aboutText returns the public name and language of the text that an event is about, in the form of an id.
func aboutText(e outbox.Event) string {
	var d struct{ Locale, Alias string }
	if json.Unmarshal(e.Data, &d) != nil {
		return ""
	}
	name := storyOf(e.Subject)
	if d.Alias != "" {
		name = "stories/" + d.Alias
	}
	return tables.TextID(name, d.Locale)
}
