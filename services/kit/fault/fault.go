// Package fault is the one way in which Renown says that something went wrong.
//
// Code that refuses makes an Error from a Reason of the table in reasons.go; the reason carries the gRPC code and the HTTP status, so that no handler ever
// chooses one. rpc turns an Error into a gRPC status with ErrorInfo and BadRequest details, the gateway turns that into an RFC 9457 problem.
// Errors of any other type are faults of ours: they are logged with the request id and answered with a fixed text.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// Field names one part of the input that is at fault.
type Field struct {
	// Path leads to the field in the request, JSON names joined by dots, list positions in brackets: "content.blocks[2].image.alt".
	Path string
	// Message says what is wrong with it and what would be right, as a sentence for people.
	Message string
}

// Error is a refusal that its receiver may read.
type Error struct {
	Reason  Reason
	Message string
	Fields  []Field
	// Meta holds machine-readable facts, such as the table and index of a violated unique index.
	Meta map[string]string
	// Cause is for our log and never leaves the process.
	Cause error
}

// Error returns the reason, the message and the cause: it is for logs, the receiver gets Message.
func (e *Error) Error() string {
	s := e.Reason.Name + ": " + e.Message
	for _, f := range e.Fields {
		s += fmt.Sprintf("; %s: %s", f.Path, f.Message)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an Error of the same reason, so that errors.Is(err, fault.NotFound.New("")) holds.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason.Name == e.Reason.Name
}

// With returns a copy of the error that also names these fields.
func (e *Error) With(fields ...Field) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), fields...)
	return &c
}

// WithMeta returns a copy of the error that also carries the fact key=value.
func (e *Error) WithMeta(key, value string) *Error {
	c := *e
	c.Meta = maps.Clone(e.Meta)
	if c.Meta == nil {
		c.Meta = map[string]string{}
	}
	c.Meta[key] = value
	return &c
}

// Wrap returns a copy of the error with the cause.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// New makes an Error of the reason. The message is a sentence for people and says what to do next where that is not plain.
func (r Reason) New(format string, args ...any) *Error {
	return &Error{Reason: r, Message: fmt.Sprintf(format, args...)}
}

// Invalid is the commonest refusal: one field of the input is wrong.
func Invalid(path, format string, args ...any) *Error {
	m := fmt.Sprintf(format, args...)
	return InvalidArgument.New("%s: %s", path, m).With(Field{Path: path, Message: m})
}

// As finds the Error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Has reports whether err is an Error of reason r.
func Has(err error, r Reason) bool {
	e, ok := As(err)
	return ok && e.Reason.Name == r.Name
}
