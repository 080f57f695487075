// Package ready holds answers to GET requests as ready bytes, and forgets them the moment they change.
//
// A Holder follows streams of revisions: what changed, and heartbeats that say "you have heard everything up to now". It serves from memory only while every
// stream it follows was heard within the last 1.5 s. Otherwise something may have been withdrawn without its knowing: then it asks anew for each request and
// keeps nothing, and if that fails it answers 503. A holder passes heartbeats on (Subscribe, ServeStream); it never makes them.
//
// An answer that was being fetched while something that it depends on changed is given to those who were waiting for it already, and is not kept.
//
// Answers have a strong ETag with a suffix per content coding ("abc", "abc-gz", "abc-br", "abc-zs"), Vary: Accept-Encoding, and answer If-None-Match and HEAD.
package ready

import (
	"context"
	"net/http"
	"time"
)

// Answer is what a fill found out: an HTTP answer, what it depends on, and how long it may be given.
type Answer struct {
	// Status is the HTTP status; 0 means 200.
	Status int
	// Header holds Content-Type and whatever else belongs to the answer. ETag, Vary, Content-Encoding and Content-Length are made here; Cache-Control is
	// "no-cache" unless set.
	Header http.Header
	Body   []byte
	// ETag names these bytes, without quotes and suffix; "" means the digest of status, Content-Type and body.
	ETag string
	// Tags name what the answer depends on. A revision of "stories/abc" drops the answers tagged "stories/abc" and those tagged "stories".
	// An answer without tags is dropped by every revision. They are sent as its surrogate keys.
	Tags []string
	// ValidUntil is the instant from which the answer may not be given any more; zero means none.
	ValidUntil time.Time
}

// SurrogateKey is the header field with the names that an answer depends on, parted by spaces. Caches in front that know it can drop just what a change concerns.
const SurrogateKey = "Surrogate-Key"

// EverythingKey is the surrogate key of every answer that has keys: a cache that is told to forget it forgets everything.
const EverythingKey = "renown"

// Fill fetches an answer. Errors go to Options.Problem and are not kept; a refusal that may be kept, such as 410, is an Answer with that status.
type Fill func(ctx context.Context) (Answer, error)

// Revision is a message of a stream: something changed, or nothing did.
type Revision struct {
	// Name is what changed, a resource name such as "stories/abc". Empty in a heartbeat.
	Name string
	// All says that anything may have changed.
	All bool
	// Number is the position of the change, or up to which a heartbeat's maker has read, for those who look at the stream; holders do not use it.
	Number int64
	// Age is how old a heartbeat's knowledge was when it was sent: everything that happened longer ago has been told. It lets a chain of holders forget as
	// quickly as one.
	Age time.Duration
}

// Heartbeat reports whether the revision says that nothing changed.
func (r Revision) Heartbeat() bool { return r.Name == "" && !r.All }

// Source reads a stream of revisions and calls heard for each, in order, until the stream breaks or ctx ends. It returns why.
type Source func(ctx context.Context, heard func(Revision)) error
