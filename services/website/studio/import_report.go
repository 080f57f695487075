package studio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// importReport says what became of an import, what needs somebody first.
type importReport struct {
	*storiesv1.ImportStoriesResponse
	Trial bool
	// Left is how many files were left out because they are neither texts nor pictures.
	Left int
	// counts are those of the things in the files of other sites, by what became of them.
	counts map[string]int
	// Attention are files that need somebody, Imported those that came in, Same those that say nothing new.
	Attention, Imported, Same []importedRow
	Pictures                  []string
	Skipped                   []skippedGroup
}

// importedRow is what became of a file.
type importedRow struct {
	*storiesv1.ImportedFile
	Label, URL string
	Tone       web.Tone
	Icon       string
	// Says is what an author should know about the whole.
	Says []string
	// Sum is what the fold of the file's notes is called: "12 mapped, 3 kept, 1 left out".
	Sum   string
	Notes []importedNote
	// Open shows the notes without asking.
	Open bool
}

// importedNote is what became of something in a file.
type importedNote struct {
	*storiesv1.ImportNote
	Became string
}

// skippedGroup are files of which the same is to be said.
type skippedGroup struct {
	Reason string
	Paths  []string
}

var importWords = map[string]stateWords{
	"created":   {"New", web.GoodTone, "plus", ""},
	"updated":   {"New version", web.GoodTone, "history", ""},
	"unchanged": {"There already", web.PlainTone, "check", ""},
	"conflict":  {"Not overwritten", web.WarnTone, "git-compare", ""},
	"refused":   {"Refused", web.BadTone, "circle-alert", ""},
}

// became says what happened to a thing in a file, in the order in which a fold counts them.
var became = []struct{ Severity, Label, Count string }{
	{"open", "To see to", "to see to"}, {"mapped", "Mapped", "mapped"}, {"kept", "Kept", "kept"}, {"skipped", "Left out", "left out"}, {"refused", "Refused", "refused"},
}

func reportOf(answer *storiesv1.ImportStoriesResponse, trial bool, left int) *importReport {
	r := &importReport{ImportStoriesResponse: answer, Trial: trial, Left: left, counts: map[string]int{}}
	groups := map[string]int{}
	for _, file := range answer.GetFiles() {
		switch file.GetResult() {
		case "asset":
			r.Pictures = append(r.Pictures, file.GetPath())
		case "skipped":
			reason := "It is no story"
			if p := file.GetProblems(); len(p) > 0 {
				reason = p[0].GetMessage()
			}
			i, known := groups[reason]
			if !known {
				i = len(r.Skipped)
				groups[reason] = i
				r.Skipped = append(r.Skipped, skippedGroup{Reason: sentence(reason)})
			}
			r.Skipped[i].Paths = append(r.Skipped[i].Paths, file.GetPath())
		default:
			r.add(file)
		}
	}
	slices.SortStableFunc(r.Skipped, func(a, b skippedGroup) int { return cmp.Compare(len(b.Paths), len(a.Paths)) })
	return r
}

// add puts a file where it belongs. A text that a trial would begin is not there yet and has no page.
func (r *importReport) add(file *storiesv1.ImportedFile) {
	words := importWords[file.GetResult()]
	row := importedRow{ImportedFile: file, Label: words.Label, Tone: words.Tone, Icon: words.Icon}
	if !r.Trial || file.GetResult() != "created" {
		row.URL = subjectURL(file.GetText())
	}
	if file.GetResult() == "refused" {
		row.URL = ""
	}
	row.count(r)
	switch file.GetResult() {
	case "refused", "conflict":
		row.Open = true
		r.Attention = append(r.Attention, row)
	case "unchanged":
		r.Same = append(r.Same, row)
	default:
		r.Imported = append(r.Imported, row)
	}
}

// count names the notes of a file and sums them up.
func (row *importedRow) count(r *importReport) {
	counts := map[string]int{}
	said := map[string]bool{} // why the file is refused is said above the fold
	for _, p := range row.GetProblems() {
		said[fmt.Sprint(p.GetLine(), p.GetMessage())] = true
		if p.GetLine() > 0 {
			row.Says = append(row.Says, "Line "+web.FormatInt("en", int64(p.GetLine()))+": "+p.GetMessage())
		} else {
			row.Says = append(row.Says, sentence(p.GetMessage()))
		}
	}
	for _, n := range row.GetNotes() {
		if n.GetSeverity() == "refused" && said[fmt.Sprint(n.GetLine(), n.GetReason())] {
			continue
		}
		counts[n.GetSeverity()]++
		note := importedNote{ImportNote: n}
		for _, b := range became {
			if b.Severity == n.GetSeverity() {
				note.Became = b.Label
			}
		}
		row.Notes = append(row.Notes, note)
	}
	var sum []string
	for _, b := range became {
		if n := counts[b.Severity]; n > 0 {
			sum = append(sum, web.FormatInt("en", int64(n))+" "+b.Count)
		}
	}
	row.Sum = strings.Join(sum, ", ")
	for severity, n := range counts {
		r.counts[severity] += n
	}
}

// Things sums up what became of all that stands in the files of other sites; it is empty if there are none.
func (r *importReport) Things() string {
	var parts []string
	say := func(severity, one, many string) {
		if n := r.counts[severity]; n > 0 {
			parts = append(parts, web.FormatInt("en", int64(n))+" "+map[bool]string{true: one, false: many}[n == 1])
		}
	}
	say("mapped", "has its place", "have their place")
	say("open", "wants somebody", "want somebody")
	say("kept", "is kept beside the text", "are kept beside their text")
	say("skipped", "belongs to the other site", "belong to the other site")
	say("refused", "could not be taken", "could not be taken")
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return "Of what stands in the files, " + parts[0] + "."
	}
	return "Of what stands in the files, " + strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1] + "."
}

// Any reports that something came in, or would.
func (r *importReport) Any() bool { return r.GetCreated()+r.GetUpdated() > 0 }

// Wants are the paths of the pictures that the module is to upload, as JSON.
func (r *importReport) Wants() (string, error) {
	raw, err := json.Marshal(r.GetWanted())
	return string(raw), err
}

// unshown reports on the pictures that no text shows and that therefore were not sent.
func (c *chosenFiles) unshown(answer *storiesv1.ImportStoriesResponse) *storiesv1.ImportStoriesResponse {
	if answer == nil {
		return nil
	}
	told := map[string]bool{}
	for _, f := range answer.GetFiles() {
		told[f.GetPath()] = true
	}
	for _, f := range c.beside {
		if !told[f.GetPath()] {
			answer.Files = append(answer.Files, &storiesv1.ImportedFile{Path: f.GetPath(), Result: "skipped",
				Problems: []*storiesv1.Problem{{Message: "no imported text shows this file, so it was left out"}}})
			answer.Skipped++
		}
	}
	return answer
}
