package public

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/ready"
	"renown.example/kit/telemetry"
	"renown.example/website/api"
	"renown.example/website/web"
)

// The policies of the two kinds of pages: a link that somebody was sent is a secret and is told to nobody, not even as a referrer.
var (
	openly     = web.Policy{}
	inPrivate  = web.Policy{Private: true}
	readMethod = "GET, HEAD"
)

// Handler serves every address of the public site, and 404 for those that lead nowhere. It sets the request's pattern, as a ServeMux does.
func (s *Site) Handler() http.Handler {
	guard := http.NewCrossOriginProtection()
	private := web.Secure(inPrivate, guard.Handler(http.HandlerFunc(s.signoff)))
	shown := web.Secure(inPrivate, http.HandlerFunc(s.preview))
	open := web.Secure(openly, http.HandlerFunc(s.serve))
	reported := web.Secure(openly, guard.Handler(http.HandlerFunc(s.report)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = patternOf(r.URL.Path)
		if strings.HasPrefix(r.URL.Path, "/signoff/") {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Robots-Tag", "noindex")
			private.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/preview/") {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Robots-Tag", "noindex")
			shown.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == "/readings" {
			reported.ServeHTTP(w, r)
			return
		}
		open.ServeHTTP(w, r)
	})
}

// Count sends on what readers did, until ctx ends.
func (s *Site) Count(ctx context.Context) { s.counter.run(ctx) }

func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", readMethod)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	if to := s.tidy(r.URL.Path); to != "" {
		maps.Copy(w.Header(), headerOf(find(to, s.DefaultLocale).kind))
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusMovedPermanently)
		return
	}
	if fixed := s.fixed[r.URL.Path]; fixed != nil {
		fixed.ServeHTTP(w, r)
		return
	}
	key := r.URL.Path
	if r.URL.RawQuery != "" {
		switch find(r.URL.Path, s.DefaultLocale).kind {
		case index:
			key += "?" + findingOf(r.URL.Query()).values().Encode()
		case story:
			key += pastKey(r.URL.Query())
		case oembed:
			key += "?" + oembedKey(r.URL.Query())
		}
	}
	s.holder.ServeOr(w, r, key, func(ctx context.Context) (ready.Answer, error) {
		ctx, keys := api.Collecting(ctx)
		p, err := s.build(ctx, r.URL)
		if err != nil {
			return ready.Answer{}, err
		}
		if p.until = keys.Until(); p.names == nil {
			p.names = keys.Names()
		}
		if p.status >= 400 && p.status != http.StatusGone {
			return ready.Answer{}, &missing{p}
		}
		return p.answer(), nil
	})
}

// answer is the page for the holder. It depends on what the gateway's answers depend on that it was made of; a page that something was missing for is dropped by
// whatever is published or withdrawn.
func (p *page) answer() ready.Answer {
	h := http.Header{"Content-Type": {p.contentType}}
	maps.Copy(h, p.header)
	if p.location != "" {
		h.Set("Location", p.location)
	}
	if p.language != "" {
		h.Set("Content-Language", p.language)
	}
	return ready.Answer{Status: p.status, Header: h, Body: p.body, Tags: p.names, ValidUntil: p.until}
}

// missing carries the page for an address that leads nowhere, or that cannot be understood, past the holder: there are infinitely many of those, and keeping
// them would push out the pages that there are.
type missing struct{ page *page }

func (m *missing) Error() string { return "there is no page at this address" }

// Follow drops held pages as the source tells of changes, until ctx ends. Before it is called, and whenever the source falls silent,
// every page is made anew for every request.
func (s *Site) Follow(ctx context.Context, source ready.Source) {
	told := "" // the last trouble that the log was told of, so that it hears of each once
	ever, absence := false, ready.NewAbsence(s.Machine.Now())
	tracked := func(ctx context.Context, heard func(ready.Revision)) error {
		return source(ctx, func(r ready.Revision) {
			if told != "" {
				s.Log.InfoContext(ctx, "the stream of revisions is there")
				told = ""
			}
			ever = true
			heard(r)
		})
	}
	s.holder.Follow(ctx, tracked, func(err error) {
		switch {
		case !ever && absence.Overdue(s.Machine.Now()):
			s.Log.WarnContext(ctx, "the stream of revisions is still not there: is the gateway where this site looks for it? Pages are made anew until it is heard", "error", err)
		case err.Error() == told:
			return
		case !ever: // as at a start, when others are not ready yet
			s.Log.InfoContext(ctx, "the stream of revisions is not there yet; pages are made anew until it is", "error", err)
		default:
			s.Log.WarnContext(ctx, "the stream of revisions broke; pages are made anew until it is back", "error", err)
		}
		told = err.Error()
	})
}

// unable answers when there is no page to show, and says in the log why.
func (s *Site) unable(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the reader went away
	}
	var m *missing
	if errors.As(err, &m) {
		writePage(w, m.page)
		return
	}
	status := http.StatusInternalServerError
	var own *fault.Error
	if errors.As(err, &own) && own.Reason.HTTP == http.StatusServiceUnavailable {
		status = http.StatusServiceUnavailable
	}
	if p := api.AsProblem(err); p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout || p.Status == http.StatusTooManyRequests {
		status = http.StatusServiceUnavailable
	}
	s.Log.Log(r.Context(), api.Level(err), "a public page could not be made", "path", r.URL.Path, "error", err)
	s.broken(w, r, status, telemetry.RequestID(r.Context()))
}

// tidy is the one address of a page that was asked for by another spelling, or "".
func (s *Site) tidy(path string) string {
	trimmed := strings.TrimRight(path, "/")
	first := strings.TrimPrefix(trimmed, "/")
	switch {
	case first == "":
		return ""
	case first == s.DefaultLocale:
		return "/"
	case strings.HasPrefix(first, s.DefaultLocale+"/stories"):
		return strings.TrimPrefix(trimmed, "/"+s.DefaultLocale)
	case !strings.Contains(first, "/") && localeShape.MatchString(first) && first != "stories":
		if path == trimmed {
			return path + "/"
		}
		return ""
	case path != trimmed:
		return trimmed
	}
	return ""
}

func writePage(w http.ResponseWriter, p *page) {
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	h.Set("Cache-Control", "no-cache")
	maps.Copy(h, p.header)
	if p.language != "" {
		h.Set("Content-Language", p.language)
	}
	w.WriteHeader(p.status)
	// A reader who went away is not an error of ours.
	_, _ = w.Write(p.body)
}
