package web

import (
	"fmt"
	"strings"
)

// Role names what a colour is for; style sheets use roles only, as var(--<role>).
type Role string

// The roles. A wash is the ground of a notice or a marked part, edge is a line that carries meaning (the border of a
// field), line one that does not (a rule between rows).
const (
	Ink        Role = "ink"
	Ink2       Role = "ink-2"
	Paper      Role = "paper"
	Paper2     Role = "paper-2"
	Line       Role = "line"
	Edge       Role = "edge"
	Accent     Role = "accent"
	AccentDeep Role = "accent-deep"
	OnAccent   Role = "on-accent"
	Wash       Role = "wash"
	Good       Role = "good"
	GoodWash   Role = "good-wash"
	Warn       Role = "warn"
	WarnWash   Role = "warn-wash"
	Bad        Role = "bad"
	BadWash    Role = "bad-wash"
	OnBad      Role = "on-bad"
)

var roleOrder = []Role{Ink, Ink2, Paper, Paper2, Line, Edge, Accent, AccentDeep, OnAccent, Wash,
	Good, GoodWash, Warn, WarnWash, Bad, BadWash, OnBad}

// Palette is the colour of every role in one scheme, light or dark.
type Palette map[Role]OKLCH

// pair is a role in use upon another, with the contrast that WCAG 2.2 AA asks of it.
type pair struct {
	fore, back Role
	min        float64
}

// pairsInUse is the contract between the style sheets and the palettes: a new combination in a style sheet is added here first.
func pairsInUse() []pair {
	grounds := []Role{Paper, Paper2, Wash}
	var out []pair
	for _, ground := range grounds {
		for _, text := range []Role{Ink, Ink2, Accent} {
			out = append(out, pair{text, ground, 4.5})
		}
		out = append(out, pair{Edge, ground, 3})
	}
	for _, state := range []struct{ text, wash Role }{{Good, GoodWash}, {Warn, WarnWash}, {Bad, BadWash}} {
		out = append(out, pair{state.text, state.wash, 4.5}, pair{Ink, state.wash, 4.5}, pair{Ink2, state.wash, 4.5},
			pair{state.text, Paper, 4.5}, pair{state.text, Paper2, 4.5}, pair{Accent, state.wash, 4.5})
	}
	return append(out, pair{OnAccent, Accent, 4.5}, pair{OnAccent, AccentDeep, 4.5}, pair{OnBad, Bad, 4.5},
		pair{Paper, Ink, 4.5})
}

// derive makes both palettes from the accent and the hue of the paper. Colours that text is set in are moved in lightness
// until they can be read, so that any accent gives a readable site.
func derive(accent OKLCH, paperHue float64) (light, dark Palette) {
	return deriveLight(accent, paperHue), deriveDark(accent, paperHue)
}

func deriveLight(accent OKLCH, hue float64) Palette {
	p := Palette{
		Paper: {0.987, 0.005, hue}, Paper2: {0.958, 0.009, hue}, Line: {0.885, 0.012, hue},
		Ink: {0.225, 0.018, accent.H}, Ink2: {0.45, 0.018, accent.H}, Edge: {0.62, 0.015, hue},
		Wash:     {0.945, min(0.028, accent.C), accent.H},
		GoodWash: {0.955, 0.03, 155}, WarnWash: {0.955, 0.036, 85}, BadWash: {0.952, 0.022, 20},
		Good: {0.46, 0.11, 155}, Warn: {0.5, 0.11, 65}, Bad: {0.5, 0.18, 25},
	}
	p[Accent] = OKLCH{min(accent.L, 0.6), accent.C, accent.H}
	return finish(p, -0.005)
}

func deriveDark(accent OKLCH, hue float64) Palette {
	p := Palette{
		Paper: {0.185, 0.008, accent.H}, Paper2: {0.23, 0.011, accent.H}, Line: {0.33, 0.013, accent.H},
		Ink: {0.935, 0.006, hue}, Ink2: {0.74, 0.01, hue}, Edge: {0.54, 0.015, accent.H},
		Wash:     {0.265, min(0.055, accent.C), accent.H},
		GoodWash: {0.27, 0.045, 155}, WarnWash: {0.28, 0.045, 75}, BadWash: {0.27, 0.055, 22},
		Good: {0.78, 0.13, 155}, Warn: {0.82, 0.12, 80}, Bad: {0.75, 0.14, 25},
	}
	p[Accent] = OKLCH{max(accent.L, 0.72), min(accent.C, 0.14), accent.H}
	return finish(p, 0.005)
}

// finish moves every text colour by step in lightness until its pairs hold, then chooses what stands on the accent and on bad.
func finish(p Palette, step float64) Palette {
	for role, c := range p {
		p[role] = c.fitGamut()
	}
	for _, role := range []Role{Edge, Ink2, Accent, Good, Warn, Bad} {
		for !holds(p, role) && p[role].L > 0.02 && p[role].L < 0.98 {
			c := p[role]
			c.L += step
			p[role] = c.fitGamut()
		}
	}
	deep := p[Accent]
	deep.L += step * 10
	p[AccentDeep] = deep.fitGamut()
	p[OnAccent] = better(p, Accent)
	p[OnBad] = better(p, Bad)
	return p
}

func holds(p Palette, role Role) bool {
	for _, pr := range pairsInUse() {
		if pr.fore == role && Contrast(p[role], p[pr.back]) < pr.min {
			return false
		}
	}
	return true
}

// better is whichever of paper and ink reads better on the ground.
func better(p Palette, ground Role) OKLCH {
	if Contrast(p[Paper], p[ground]) >= Contrast(p[Ink], p[ground]) {
		return p[Paper]
	}
	return p[Ink]
}

// css is the theme's style sheet: every role for both schemes; data-scheme on the root holds a page to one of them.
func rolesCSS(light, dark Palette) string {
	var b strings.Builder
	b.WriteString(":root{color-scheme:light dark")
	for _, role := range roleOrder {
		fmt.Fprintf(&b, ";--%s:light-dark(%s,%s)", role, light[role], dark[role])
	}
	b.WriteString("}\n@media print{:root{color-scheme:light}}\n")
	return b.String()
}
