package domain

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCanonicalJSON holds the parts of RFC 8785's own examples (3.2.2, 3.2.3) that do without numbers.
func TestCanonicalJSON(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"literals", ` [ null , true , false ] `, `[null,true,false]`},
		{"escapes", `"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"`, `"€$\u000f\nA'B\"\\\\\"/"`},
		{"order by UTF-16", `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",` +
			`"\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\"," +
				"\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"},
		{"no escapes for HTML or line separators", "\"<&>\u2028\"", "\"<&>\u2028\""},
		{"control characters", `"\u0000\b\t\n\u000b\f\r\u001f\u007f"`, "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\u007f\""},
		{"nested", `{"b":[{"d":"","c":{}}],"a":[]}`, `{"a":[],"b":[{"c":{},"d":""}]}`},
	}
	for _, c := range cases {
		got, err := CanonicalJSON([]byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v\nwant %s", c.name, got, err, c.want)
		}
		again, err := CanonicalJSON(got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%s: not idempotent: %s, %v", c.name, again, err)
		}
	}
	for _, bad := range []string{"", "1", `{"a":1.5}`, `"a" "b"`, "[", `{"a":"b","a":"c"}`, "\"\xff\"", `{"a"}`, "[,]", strings.Repeat("[", 200) + strings.Repeat("]", 200)} {
		if got, err := CanonicalJSON([]byte(bad)); err == nil {
			t.Errorf("%q was accepted as %s", bad, got)
		}
	}
}

// TestHashIsStable guards what customers have signed: when it fails, every consent ever given has lost its text.
func TestHashIsStable(t *testing.T) {
	c := sample()
	const canonical = `{"blocks":[{"kind":"text","text":{"markdown":"Some *text* with a [link](https://a.example/b)."}},` +
		`{"image":{"alt":"A crane","asset":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"},"kind":"image"},` +
		`{"kind":"quote","quote":{"by":"Jonna Fjeld","text":"Yes."}}],"customer":"Nordhafen Logistics","industry":["Logistics"],"locale":"en",` +
		`"summary":"A summary.","title":"A title"}`
	if got := string(Canonical(c)); got != canonical {
		t.Errorf("canonical form is\n%s", got)
	}
	const want = "f28ae2fe7f0db25fb3e61eef0cf54692311b2ba28fd58b87546ddca3707683d0"
	if got := Hash(c); got != want {
		t.Errorf("hash is %s", got)
	}
}

func TestOneWordChangedChangesTheHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genContent().Draw(t, "content")
		before := Hash(c)
		changed := Normalize(c) // shares nothing with c
		places := []*string{&changed.Title, &changed.Summary, &changed.Customer, &changed.Size}
		for _, list := range [][]string{changed.Industry, changed.Region, changed.Product, changed.UseCase} {
			for i := range list {
				places = append(places, &list[i])
			}
		}
		for i := range changed.Blocks {
			for _, a := range changed.Blocks[i].attributes() {
				places = append(places, a.value)
			}
		}
		place := rapid.SampledFrom(places).Draw(t, "place")
		words := strings.SplitAfter(*place, " ")
		i := rapid.IntRange(0, len(words)-1).Draw(t, "word")
		words[i] = rapid.SampledFrom([]string{words[i] + "not ", "x" + words[i]}).Draw(t, "instead")
		*place = strings.Join(words, "")
		if Hash(changed) == before {
			t.Fatalf("hash is the same after changing a word to %q", *place)
		}
	})
}

func TestTheOrderOfBlocksIsSigned(t *testing.T) {
	c := sample()
	before := Hash(c)
	c.Blocks[0], c.Blocks[2] = c.Blocks[2], c.Blocks[0]
	if Hash(c) == before {
		t.Error("moving blocks does not change the hash")
	}
}
