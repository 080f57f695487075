package domain

import (
	"fmt"

	"renown.example/kit/fault"
)

// ValidatePublishable checks that c is complete enough for readers: title, summary and customer, some text, and for every image an alternative text in this
// language or the declaration that it is decorative. It refuses with fault.NotPublishable and names each gap with its block and locale. c is valid already.
func ValidatePublishable(c Content) error {
	var f findings
	missing := func(field, value, why string) {
		if value == "" {
			f.add("content."+field, "%s (locale %s)", why, c.Locale)
		}
	}
	missing("title", c.Title, "a published story needs a title")
	missing("summary", c.Summary, "a published story needs a summary for lists and search results")
	missing("customer", c.Customer, "a published story names its customer")
	text := false
	for i, b := range c.Blocks {
		text = text || b.Kind == KindText
		if b.Kind == KindImage && b.Image != nil && b.Image.Alt == "" && !b.Image.Decorative {
			f.add(fmt.Sprintf("content.blocks[%d].image.alt", i),
				"describe the image of block %d for those who do not see it, or mark it as decorative (locale %s)", i+1, c.Locale)
		}
	}
	if !text {
		f.add("content.blocks", "a published story needs at least one block of text (locale %s)", c.Locale)
	}
	return f.fault(fault.NotPublishable, "The text cannot be published")
}
