// Package problem writes refusals as RFC 9457 problems.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"renown.example/kit/fault"
)

// ContentType is the media type of every problem.
const ContentType = "application/problem+json"

// Problem is the body of a refusal.
type Problem struct {
	// Type is the address of the page that explains the code.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Instance is the path that was asked for, without its query, which may hold what is nobody's business.
	Instance string `json:"instance"`
	// Code is the reason's name, for programs.
	Code string `json:"code"`
	// Errors names the parts of the request that are at fault.
	Errors []Part `json:"errors,omitempty"`
	// Available and Wanted are points, where there were too few of them.
	Available string `json:"available,omitempty"`
	Wanted    string `json:"wanted,omitempty"`
	RequestID string `json:"requestId"`
}

// Part is one part of the request that is at fault.
type Part struct {
	// Pointer is an RFC 6901 pointer into the request's message; parameters of path and query are members of it.
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Writer writes problems.
type Writer struct {
	// Base is the public address under which /docs/problems/ is served, without a slash at its end.
	Base string
}

// Write answers the request with e. Headers that the reason calls for are set: Location, WWW-Authenticate, Retry-After.
func (p Writer) Write(w http.ResponseWriter, r *http.Request, requestID string, e *fault.Error) {
	h := w.Header()
	for _, stale := range []string{"Content-Encoding", "Content-Length", "Content-Language", "ETag", "Last-Modified"} {
		h.Del(stale)
	}
	switch e.Reason.HTTP {
	case http.StatusMovedPermanently:
		h.Set("Location", e.Meta["location"])
		h.Set("Cache-Control", "no-cache")
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(r))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", retryAfter(e))
		}
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Type", ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	body := append(p.Body(r.URL.Path, requestID, e), '\n')
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.Reason.HTTP)
	if r.Method != http.MethodHead {
		// A caller that has gone away is the access log's business.
		_, _ = w.Write(body)
	}
}

// Body returns the problem as JSON.
func (p Writer) Body(instance, requestID string, e *fault.Error) []byte {
	out := Problem{
		Type: p.Base + "/docs/problems/" + e.Reason.Name, Title: e.Reason.Title, Status: e.Reason.HTTP, Detail: e.Message,
		Instance: instance, Code: e.Reason.Name, RequestID: requestID,
	}
	for _, f := range e.Fields {
		out.Errors = append(out.Errors, Part{Pointer: Pointer(f.Path), Detail: f.Message})
	}
	if e.Reason.Name == fault.InsufficientPoints.Name {
		out.Available, out.Wanted = e.Meta["available"], e.Meta["wanted"]
	}
	body, err := json.Marshal(out)
	if err != nil { // strings and numbers only: cannot be
		return []byte(`{"code":"INTERNAL"}`)
	}
	return body
}

func challenge(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="renown"`
	}
	return `Bearer realm="renown", error="invalid_token"`
}

func retryAfter(e *fault.Error) string {
	if s := e.Meta["retry_after"]; s != "" {
		return s
	}
	return "1"
}

// Pointer turns a field's path, JSON names joined by dots with positions and quoted keys in brackets, into an RFC 6901 pointer.
func Pointer(path string) string {
	var b strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for path != "" {
		if path[0] == '[' {
			inside, rest := bracket(path[1:])
			b.WriteString("/" + escape.Replace(inside))
			path = strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		b.WriteString("/" + escape.Replace(path[:end]))
		path = strings.TrimPrefix(path[end:], ".")
	}
	return b.String()
}

// bracket splits what follows an opening bracket into its content and the rest.
func bracket(s string) (inside, rest string) {
	if quoted, err := strconv.QuotedPrefix(s); err == nil {
		if key, err := strconv.Unquote(quoted); err == nil {
			return key, strings.TrimPrefix(s[len(quoted):], "]")
		}
	}
	inside, rest, _ = strings.Cut(s, "]")
	return inside, rest
}
