package web

import (
	"fmt"
	"math"
	"testing"
)

// Every pair of roles in use reads well in both schemes, for the accent that comes with Renown and for hard ones.
func TestContrastOfEveryPairInUse(t *testing.T) {
	accents := []string{defaultAccent, "#ffd400", "#00e5a0", "#000000", "#ffffff", "#7f7f7f", "#e4002b", "#8a2be2", "oklch(0.9 0.2 110)"}
	for _, accent := range accents {
		for _, hue := range []float64{85, 264} {
			theme := Theme{Name: "T", Accent: accent, PaperHue: &hue}
			light, dark, err := theme.Palettes()
			if err != nil {
				t.Fatal(err)
			}
			for scheme, palette := range map[string]Palette{"light": light, "dark": dark} {
				for _, p := range pairsInUse() {
					if got := Contrast(palette[p.fore], palette[p.back]); got < p.min {
						t.Errorf("%s, %s: %s on %s has contrast %.2f, needs %.1f", accent, scheme, p.fore, p.back, got, p.min)
					}
				}
			}
		}
	}
}

func TestContrastOfKnownColours(t *testing.T) {
	white, black, grey := mustColor(t, "#ffffff"), mustColor(t, "#000000"), mustColor(t, "#767676")
	for _, c := range []struct {
		a, b OKLCH
		want float64
	}{{white, black, 21}, {white, white, 1}, {white, grey, 4.54}, {mustColor(t, "#ff0000"), white, 4.0}} {
		if got := Contrast(c.a, c.b); math.Abs(got-c.want) > 0.01 {
			t.Errorf("contrast of %s and %s is %.3f, want %.2f", c.a.Hex(), c.b.Hex(), got, c.want)
		}
	}
}

func TestParseColorKeepsWhatItReads(t *testing.T) {
	for _, hex := range []string{"#ffffff", "#000000", "#e4002b", "#1f6feb", "#00a36c", "#767676"} {
		if got := mustColor(t, hex).Hex(); !near(got, hex) {
			t.Errorf("%s came back as %s", hex, got)
		}
	}
	if got := mustColor(t, "oklch(62.8% 0.2577 29.23)").Hex(); !near(got, "#ff0000") {
		t.Errorf("red came back as %s", got)
	}
	for _, bad := range []string{"", "red", "#12345", "#1234567", "#gggggg", "oklch(1 2)", "oklch(0.5 0.9 20)", "oklch(NaN 0 0)", "oklch(0.5 0.1 20); } body{display:none}"} {
		if c, err := ParseColor(bad); err == nil {
			t.Errorf("%q was read as %v", bad, c)
		}
	}
}

func mustColor(t *testing.T, text string) OKLCH {
	t.Helper()
	c, err := ParseColor(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// near allows the last bit of each channel: chroma is taken away in steps at the edge of the gamut.
func near(a, b string) bool {
	var x, y [3]int
	for i := range 3 {
		if _, err := fmt.Sscanf(a[1+2*i:3+2*i], "%02x", &x[i]); err != nil {
			return false
		}
		if _, err := fmt.Sscanf(b[1+2*i:3+2*i], "%02x", &y[i]); err != nil {
			return false
		}
		if d := x[i] - y[i]; d < -2 || d > 2 {
			return false
		}
	}
	return true
}
