package studio

import (
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// remark is what the customer said about a part, or about the whole.
type remark struct {
	Text string
	When time.Time
}

// part is one block of a text as readers would see it, with what the customer said about it.
type part struct {
	Number  int
	HTML    template.HTML
	Remarks []remark
}

// blockStart is where a block begins in the HTML of a whole text: the renderer makes one element of each, on a line of its own. Nothing inside of a block
// can look like it, since the characters of a text are escaped.
var blockStart = regexp.MustCompile(`(?m)^<(?:section|figure) class="block `)

// partsOf takes the HTML of a text apart into its blocks.
func (v *visit) partsOf(html string) []part {
	starts := blockStart.FindAllStringIndex(html, -1)
	var out []part
	for i, at := range starts {
		end := len(html)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		out = append(out, part{Number: i + 1, HTML: v.trusted(html[at[0]:end])})
	}
	return out
}

// remarked puts comments beside the parts they are about; those about the whole, or about no part that there is, are returned.
func remarked(parts []part, comments []*storiesv1.SignoffComment) (whole []remark) {
	for _, c := range comments {
		r := remark{Text: c.GetText(), When: c.GetCreateTime().AsTime()}
		if i := int(c.GetBlock()); i >= 0 && i < len(parts) {
			parts[i].Remarks = append(parts[i].Remarks, r)
		} else {
			whole = append(whole, r)
		}
	}
	return whole
}

// olderParts are the commented parts of a version that is not the newest any more.
func (v *visit) olderParts(text *storiesv1.Text, s *storiesv1.Signoff) (parts []part, whole []remark, err error) {
	sum := text.GetSummary()
	got, err := v.work().GetVersion(v.ctx(), &storiesv1.GetVersionRequest{Story: storyID(sum.GetName()), Locale: sum.GetLocale(), Version: s.GetVersion()})
	if err != nil {
		return nil, nil, err
	}
	preview, err := v.work().PreviewText(v.ctx(), &storiesv1.PreviewTextRequest{Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: got.GetVersion().GetContent()}}})
	if err != nil {
		return nil, nil, err
	}
	all := v.partsOf(preview.GetHtml())
	whole = remarked(all, s.GetComments())
	return slices.DeleteFunc(all, func(p part) bool { return len(p.Remarks) == 0 }), whole, nil
}

var (
	pictureSource = regexp.MustCompile(`\ssrc="[^"]*?([0-9a-f]{64})[^"]*"`)
	pictureSet    = regexp.MustCompile(`\s(?:srcset|sizes)="[^"]*"`)
)

// trusted takes over HTML that the stories service rendered and sanitised. Its pictures are not public yet, so they are shown through the studio.
func (v *visit) trusted(html string) template.HTML {
	html = pictureSet.ReplaceAllString(html, "")
	return template.HTML(pictureSource.ReplaceAllString(html, ` src="/studio/assets/$1"`))
}

// asset shows a picture of a working text to those who may read it.
func (v *visit) asset() error {
	id := v.r.PathValue("asset")
	etag := `"` + id + `"`
	h := v.w.Header()
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", etag)
	// The id is the hash of the bytes, so a copy that was allowed once is still right; whether it is allowed still is asked each time all the same.
	got, err := v.work().GetAsset(v.ctx(), &storiesv1.GetAssetRequest{Asset: id})
	if err != nil {
		h.Del("ETag")
		return err
	}
	if v.r.Header.Get("If-None-Match") == etag {
		v.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", pictureType(got.GetContentType()))
	h.Set("Content-Disposition", "inline")
	// A reader who went away is not an error of ours.
	_, _ = v.w.Write(got.GetData())
	return nil
}

// pictureType lets through only what browsers show as a picture and never run.
func pictureType(contentType string) string {
	switch contentType {
	case "image/png", "image/jpeg", "image/webp", "image/gif":
		return contentType
	}
	return "application/octet-stream"
}
