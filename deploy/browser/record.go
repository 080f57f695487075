package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// Request is something that a page asked for.
type Request struct {
	Method, URL string
	// Kind is "Document", "Stylesheet", "Script", "Font", "Image", "Fetch" or another of Chromium's words.
	Kind string
	// Status is 0 while there is no answer.
	Status int
	// Header is that of the answer, with names in lower case.
	Header map[string]string
	// Bytes is what went over the wire for the answer, headers included, as compressed.
	Bytes int64
	// Failed says why there was no answer, or is "".
	Failed string
}

// record is what happened in a page since it was last cleared.
type record struct {
	mu       sync.Mutex
	loads    int
	moves    int
	problems []Problem
	// requests are those that may still be told of, order is all of them.
	requests map[network.RequestID]*Request
	order    []*Request
}

// Problem is something that the reader of a page does not see and its author should.
type Problem struct {
	// Kind is "console", "exception", "policy" or "log".
	Kind, Text, URL string
}

func (p Problem) String() string { return strings.TrimSpace(p.Kind + ": " + p.Text + " " + p.URL) }

func newRecord() *record { return &record{requests: map[network.RequestID]*Request{}} }

// hear is called with each event, in order, by the goroutine that reads them.
func (r *record) hear(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case *page.EventLoadEventFired:
		r.loads++
	case *page.EventNavigatedWithinDocument:
		r.moves++
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert || e.Type == runtime.ConsoleAPICalledTypeWarning {
			r.problems = append(r.problems, Problem{Kind: "console", Text: words(e.Args)})
		}
	case *runtime.EventExceptionThrown:
		r.problems = append(r.problems, Problem{Kind: "exception", Text: exception(e.ExceptionDetails), URL: e.ExceptionDetails.URL})
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			r.problems = append(r.problems, Problem{Kind: "log", Text: e.Entry.Text, URL: e.Entry.URL})
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue && e.Issue.Details != nil && e.Issue.Details.ContentSecurityPolicyIssueDetails != nil {
			d := e.Issue.Details.ContentSecurityPolicyIssueDetails
			r.problems = append(r.problems, Problem{Kind: "policy", Text: "violates " + d.ViolatedDirective, URL: d.BlockedURL})
		}
	default:
		r.hearNetwork(event)
	}
}

func (r *record) hearNetwork(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		// Where a request is led on to another address it keeps its id, and both are told of.
		q := &Request{Method: e.Request.Method, URL: e.Request.URL, Kind: string(e.Type)}
		if before := r.requests[e.RequestID]; before != nil && e.RedirectResponse != nil {
			before.Status = int(e.RedirectResponse.Status)
		}
		r.requests[e.RequestID] = q
		r.order = append(r.order, q)
	case *network.EventResponseReceived:
		if q := r.requests[e.RequestID]; q != nil {
			q.Status, q.Header = int(e.Response.Status), map[string]string{}
			for name, value := range e.Response.Headers {
				q.Header[strings.ToLower(name)] = fmt.Sprint(value)
			}
		}
	case *network.EventLoadingFinished:
		if q := r.requests[e.RequestID]; q != nil {
			q.Bytes = int64(e.EncodedDataLength)
		}
	case *network.EventLoadingFailed:
		if q := r.requests[e.RequestID]; q != nil && !e.Canceled {
			q.Failed = e.ErrorText
		}
	}
}

func words(args []*runtime.RemoteObject) string {
	var out []string
	for _, a := range args {
		text := strings.Trim(string(a.Value), `"`)
		if text == "" {
			text = a.Description
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// Forget begins the record anew. Requests under way are forgotten too.
func (p *Page) Forget() {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	p.record.problems, p.record.order = nil, nil
	clear(p.record.requests)
}

// Requests are those since the record began, in their order.
func (p *Page) Requests() []Request {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	out := make([]Request, 0, len(p.record.order))
	for _, q := range p.record.order {
		out = append(out, *q)
	}
	return out
}

// Problems is what the console, the policy and the loader complained about since the record began, and every request to an origin that is not among allowed.
// Chromium logs an answer of 400 and above as an error even for the document itself; that one is what a page of a problem is, and is left out.
func (p *Page) Problems(allowed ...string) []Problem {
	requests := p.Requests()
	p.record.mu.Lock()
	out := slices.Clone(p.record.problems)
	p.record.mu.Unlock()
	documents := map[string]bool{}
	for _, q := range requests {
		if q.Kind == "Document" {
			documents[q.URL] = true
		}
		if q.Failed != "" {
			out = append(out, Problem{Kind: "network", Text: q.Failed, URL: q.URL})
		}
		if at := origin(q.URL); at != "" && !slices.Contains(allowed, at) {
			out = append(out, Problem{Kind: "origin", Text: "asked another origin", URL: q.URL})
		}
	}
	return slices.DeleteFunc(out, func(p Problem) bool {
		// On a busy machine a page can be there before the animation from the last one has begun. Chromium then leaves the animation out, and says so.
		unanimated := p.Kind == "exception" && strings.Contains(p.Text, "Transition was ")
		return unanimated || p.Kind == "log" && documents[p.URL] && strings.Contains(p.Text, "the server responded with a status of")
	})
}

// origin is scheme and host of an address that leads over a network, else "".
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "data" || u.Scheme == "blob" || u.Scheme == "about" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
