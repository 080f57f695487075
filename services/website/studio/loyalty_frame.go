package studio

import (
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// loyaltySections are the pages about a programme, as the tabs above each of them.
var loyaltySections = []struct{ Key, Label string }{
	{"", "What we owe"}, {"retention", "Retention"}, {"whatif", "What if"}, {"rules", "Earning rules"}, {"tiers", "Tiers"}, {"rewards", "Rewards"}, {"achievements", "Achievements"}, {"referrals", "Referrals"},
	{"reviews", "To look at"}, {"settings", "Settings"},
}

// loyaltyURL is the address of a section of a programme; the report is the empty one.
func loyaltyURL(program *loyaltyv1.Program, section string) string {
	if section == "" {
		return "/studio/loyalty?program=" + programID(program)
	}
	return "/studio/loyalty/" + programID(program) + "/" + section
}

func loyaltyTabs(program *loyaltyv1.Program, current string) []web.Tab {
	var out []web.Tab
	for _, s := range loyaltySections {
		out = append(out, web.Tab{Label: s.Label, URL: loyaltyURL(program, s.Key), Current: s.Key == current})
	}
	return out
}

// programmePage shows a page of a section. Title is that of the page within the section, "" on the section's own page.
func (v *visit) programmePage(status int, page string, program *loyaltyv1.Program, section, title string, f *form, data map[string]any) error {
	label := ""
	for _, s := range loyaltySections {
		if s.Key == section {
			label = s.Label
		}
	}
	view := &web.View{Title: title, Section: "loyalty", Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty"}, {Label: program.GetDisplayName(), URL: loyaltyURL(program, "")}}}
	if title == "" {
		view.Title, view.Trail = label, append(view.Trail, web.Link{Label: label})
	} else {
		view.Trail = append(view.Trail, web.Link{Label: label, URL: loyaltyURL(program, section)}, web.Link{Label: title})
	}
	if f != nil {
		view.Notice = f.Notice()
	}
	data["Program"], data["Sections"], data["Form"], data["Home"] = program, loyaltyTabs(program, section), f, loyaltyURL(program, section)
	if modules, ok := data["Modules"].([]string); ok {
		view.Modules = modules
	}
	view.Data = data
	v.show(status, page, view)
	return nil
}

// program is the programme of the address.
func (v *visit) program() (*loyaltyv1.Program, error) {
	got, err := loyaltyv1.NewProgramsServiceClient(v.conn).GetProgram(v.ctx(), &loyaltyv1.GetProgramRequest{Program: v.r.PathValue("program")})
	return got.GetProgram(), err
}

// typed is what was posted, if it has to be shown again.
func (v *visit) typed(problem *api.Problem) *form {
	if problem == nil {
		return newForm(nil, nil)
	}
	return newForm(v.r.PostForm, problem)
}

// lastPart is the last part of a resource name.
func lastPart(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// lines are the lines of a text that say something, without space around them.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// options make a select or group of what may be chosen: values and labels alternate.
func options(chosen []string, pairs ...string) []web.Option {
	var out []web.Option
	for i := 0; i+1 < len(pairs); i += 2 {
		o := web.Option{Value: pairs[i], Label: pairs[i+1]}
		for _, c := range chosen {
			o.Chosen = o.Chosen || c == o.Value
		}
		out = append(out, o)
	}
	return out
}
