package studio_test

import (
	"net/http"
	"strings"
	"testing"
)

// A term is added with its labels, words that nobody manages are found and merged into it, and only editors change any of it.
func TestTermsInTheStudio(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	edda, pavel := in.as(t, "edda"), in.as(t, "pavel")
	ada.submit(ada.get(at), "/submit")
	pavel.submit(pavel.get(at), "/approve")
	asked := edda.submit(edda.get(at), "/signoff", "contact_name", "Jonna Fjeld", "contact_email", "jonna@nordhafen.example", "scopes", "web")
	customer := in.browser(t)
	customerSigns(t, customer, link(t, asked))
	edda.submit(edda.get(at), "/publish").says(http.StatusOK, "Published")

	edda.get("/studio/terms").says(http.StatusOK, "No terms are managed here yet", "Words that belong to no term", "Shipping", "Logistics")
	edda.submit(edda.get("/studio/terms"), "/studio/terms", "term_id", "Freight!", "label-en", "Freight").says(http.StatusBadRequest, "lower-case letters")
	edda.submit(edda.get("/studio/terms"), "/studio/terms", "term_id", "freight", "label-en", "Freight", "label-de", "Fracht", "aliases", "Logistics").
		says(http.StatusOK, "The term is saved", "Fracht", "Logistics1")
	edda.submit(edda.get("/studio/terms/industry/shipping"), "/merge", "into", "freight").says(http.StatusOK, "The terms are one")
	term := edda.get("/studio/terms/industry/freight")
	term.says(http.StatusOK, "1 published text belongs to it", "It cannot be removed while published texts belong to it")
	edda.submit(term, "/save", "label-en", "Freight and haulage").says(http.StatusOK, "Freight and haulage")
	list := customer.get("/stories?industry=freight")
	list.says(http.StatusOK, "Freight and haulage", "Nordhafen Logistics")
	if words := ada.get("/studio/terms/industry/freight").text(); strings.Contains(words, "Merge") || strings.Contains(words, "Save") {
		t.Error("an author is offered what only editors may do")
	}
}
