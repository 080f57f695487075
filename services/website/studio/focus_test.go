package studio

import (
	"strings"
	"testing"
)

// A point is written into the blocks of its picture and nowhere else, and read back as it was written.
func TestFocusInABody(t *testing.T) {
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	body := "Words.\n\n::: image\nsrc: images/" + one + "\nalt: \"A \\\"crane\\\"\"\n:::\n\n::: quote\ntext: \"focus: 1 2\"\n:::\n\n::: image\nsrc: \"images/" + two + "\"\nfocus: 5 95\ndecorative: true\n:::\n\n::: image\nsrc: images/" + one + "\n:::\n"
	got := picturesIn(body)
	if len(got) != 2 || got[0] != (focused{Asset: one, Alt: `A "crane"`}) || got[1] != (focused{Asset: two, X: "5", Y: "95"}) {
		t.Fatalf("the pictures are %+v", got)
	}
	set := withFocus(body, one, "30 0")
	if strings.Count(set, "\nfocus: 30 0\n:::") != 2 || withFocus(set, one, "") != body || strings.Replace(set, "focus: 30 0\n", "", 2) != body {
		t.Errorf("set: %s", set)
	}
	if moved := withFocus(set, two, "1 1"); strings.Contains(moved, "5 95") || picturesIn(moved)[1].X != "1" || picturesIn(moved)[0].Y != "0" {
		t.Errorf("moved: %s", moved)
	}
	for words, want := range map[[2]string]string{{"", ""}: "", {"0", "100"}: "0 100", {"07", "50"}: "7 50", {"", "5"}: "refused", {"101", "5"}: "refused", {"-1", "5"}: "refused", {"1.5", "5"}: "refused"} {
		point, err := pointOf(words[0], words[1])
		if err != nil {
			point = "refused"
		}
		if point != want {
			t.Errorf("%q is %q, want %q", words, point, want)
		}
	}
}
