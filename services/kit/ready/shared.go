package ready

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Shared says how long a cache in front, such as a content delivery network, may keep answers without asking. It is for caches that are told what to forget by
// surrogate keys; browsers always ask again. The zero value lets it keep nothing. MaxAge counts in whole seconds.
type Shared struct {
	MaxAge    time.Duration `name:"max-age" help:"How long a cache in front may keep public answers without asking. Set it only where that cache is told what to forget: see the stories service's --purge-url." default:"0s"`
	TagHeader string        `name:"tag-header" help:"Second header that carries the surrogate keys, parted by commas, such as Cache-Tag." placeholder:"NAME"`
}

// staleFor is how long a cache in front may give an answer whose time is over while it asks for the new one: no longer than a withdrawal may take.
const staleFor = 2 * time.Second

// policy returns the Cache-Control of an answer that has names and ends by itself at an instant, zero if never. It never reaches beyond the end, and near it, nothing may
// be given that is stale.
func (s Shared) policy(now, validUntil time.Time) string {
	if !validUntil.IsZero() {
		left := validUntil.Sub(now).Truncate(time.Second)
		if left <= 0 {
			return private
		}
		if left <= s.MaxAge+staleFor {
			return "public, max-age=0, s-maxage=" + seconds(min(left, s.MaxAge))
		}
	}
	return "public, max-age=0, s-maxage=" + seconds(s.MaxAge) + ", stale-while-revalidate=" + seconds(staleFor)
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// give writes an entry, with what a cache in front may do with it. Only what names the changes that concern it may be kept there.
func (h *Holder) give(w http.ResponseWriter, r *http.Request, e *entry, now time.Time) {
	s := h.opts.Shared
	if s.MaxAge < time.Second || e.status != http.StatusOK || len(e.tags) == 0 || e.policy != private {
		e.serve(w, r)
		return
	}
	e.serve(&policyWriter{ResponseWriter: w, policy: s.policy(now, e.validUntil), tagHeader: s.TagHeader, tags: e.tags}, r)
}

// policyWriter sets the policy when the header is written: it is another at each instant, while an entry's header is made once.
type policyWriter struct {
	http.ResponseWriter
	policy, tagHeader string
	tags              []string
}

// WriteHeader implements http.ResponseWriter.
func (w *policyWriter) WriteHeader(status int) {
	w.Header().Set("Cache-Control", w.policy)
	if w.tagHeader != "" {
		w.Header().Set(w.tagHeader, strings.Join(w.tags, ",")+","+EverythingKey)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *policyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
