package ready

import "net/http"

// Fixed serves one answer for as long as it is used, with codings, ETag and 304 as a Holder does. ValidUntil and Tags mean nothing to it.
func Fixed(a Answer) http.Handler {
	e := newEntry("", a)
	return http.HandlerFunc(e.serve)
}
