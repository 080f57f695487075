package studio

import (
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// entry is one line of the audit trail.
type entry struct {
	*storiesv1.AuditEntry
	When    time.Time
	What    string
	Who     string
	About   string
	URL     string
	Details []blockLine
}

func entries(list []*storiesv1.AuditEntry) []entry {
	var out []entry
	for _, e := range list {
		who := e.GetActorName()
		switch {
		case who != "":
		case e.GetActor() == "customer":
			who = "The customer"
		case e.GetActor() == "renown":
			who = "Renown"
		default:
			who = e.GetActor()
		}
		line := entry{AuditEntry: e, When: e.GetTime().AsTime(), What: plainAction(e.GetAction()), Who: who, About: subjectWords(e.GetSubject()), URL: subjectURL(e.GetSubject())}
		for name, value := range e.GetDetails() {
			line.Details = append(line.Details, plainDetail(name, value))
		}
		sort.Slice(line.Details, func(i, j int) bool { return line.Details[i].Name < line.Details[j].Name })
		out = append(out, line)
	}
	return out
}

// subjectWords names a resource for people: "nordhafen-logistics, Deutsch".
func subjectWords(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) >= 4 && parts[0] == "stories" && parts[2] == "texts" {
		return parts[1] + ", " + web.NativeName(parts[3])
	}
	if len(parts) == 2 && parts[0] == "consents" {
		return "a consent"
	}
	return strings.TrimPrefix(name, "stories/")
}

// subjectURL is the studio's page about a resource, or "" if it has none.
func subjectURL(name string) string {
	parts := strings.Split(name, "/")
	switch {
	case len(parts) >= 4 && parts[0] == "stories" && parts[2] == "texts":
		return textURL(parts[1], parts[3])
	case len(parts) >= 2 && parts[0] == "stories":
		return "/studio/stories/" + url.PathEscape(parts[1])
	case parts[0] == "consents":
		return "/studio/consents"
	}
	return ""
}

func (v *visit) audit() error {
	q := v.r.URL.Query()
	list, err := v.happened().ListAuditEntries(v.ctx(), &storiesv1.ListAuditEntriesRequest{Story: q.Get("story"), PageSize: 100, PageToken: q.Get("page")})
	if err != nil {
		return err
	}
	v.show(http.StatusOK, "audit", &web.View{Title: "Audit trail", Section: "audit", Data: map[string]any{
		"Entries": entries(list.GetEntries()), "Story": q.Get("story"), "Older": older(v.r.URL, list.GetNextPageToken())}})
	return nil
}

// letter is a message of the outbox.
type letter struct {
	*storiesv1.Message
	When time.Time
	Tone web.Tone
	Link string
	URL  string
}

func (v *visit) outbox() error {
	list, err := v.happened().ListMessages(v.ctx(), &storiesv1.ListMessagesRequest{PageSize: 50, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	tones := map[string]web.Tone{"waiting": accentTone, "sent": web.GoodTone, "failed": web.BadTone, "to copy": web.WarnTone}
	var letters []letter
	for _, m := range list.GetMessages() {
		letters = append(letters, letter{Message: m, When: m.GetCreateTime().AsTime(), Tone: tones[m.GetState()], Link: linkIn(m.GetBody()), URL: subjectURL(m.GetAbout())})
	}
	v.show(http.StatusOK, "outbox", &web.View{Title: "Outbox", Section: "outbox", Data: map[string]any{"Letters": letters, "Older": older(v.r.URL, list.GetNextPageToken())}})
	return nil
}

// linkIn is the first web address in a message.
func linkIn(body string) string {
	for _, word := range strings.Fields(body) {
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			return strings.TrimRight(word, ".,;)")
		}
	}
	return ""
}
