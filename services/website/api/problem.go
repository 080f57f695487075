package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"

	"renown.example/kit/fault"
)

// Problem is a refusal as RFC 9457 writes it.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail is a sentence for people.
	Detail string `json:"detail"`
	// Code is the name of a fault.Reason.
	Code      string       `json:"code"`
	RequestID string       `json:"requestId"`
	Errors    []FieldError `json:"errors"`
	// Location is where a moved resource is now.
	Location string `json:"-"`
	cause    error
}

// FieldError names a part of the request, as a JSON pointer ("/text/blocks/2/alt"), and what is wrong with it.
type FieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Error is for logs; people read Detail.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail)
	for _, f := range p.Errors {
		text += "; " + f.Pointer + ": " + f.Detail
	}
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

// Unwrap is what kept the gateway from being reached, or from being the one that answered, if that is the problem.
func (p *Problem) Unwrap() error { return p.cause }

// At is what is wrong with the field that the pointer names, or "".
func (p *Problem) At(pointer string) string {
	for _, f := range p.Errors {
		if f.Pointer == pointer {
			return f.Detail
		}
	}
	return ""
}

// AsProblem finds the Problem in err's chain; any other error becomes one of code INTERNAL, so that a page always has words.
func AsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	r := fault.Internal
	return &Problem{Title: r.Title, Status: r.HTTP, Detail: r.Title + ".", Code: r.Name, cause: err}
}

// Level says how loudly a log tells of a page that could not be made. That a part cannot answer just now passes by itself, if it says so itself; a fault, and a part that
// cannot be reached, are for somebody to look at.
func Level(err error) slog.Level {
	if passing(err) {
		return slog.LevelWarn
	}
	return slog.LevelError
}

func passing(err error) bool {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status == http.StatusServiceUnavailable && p.cause == nil
	}
	own, is := fault.As(err)
	return is && own.Passing()
}

// Is reports whether err is a Problem of the reason.
func Is(err error, r fault.Reason) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == r.Name
}

// problemOf reads a refusal. What is no problem document, such as the page of a proxy in between, is judged by its status.
func problemOf(res *http.Response, raw []byte) error {
	p := &Problem{}
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || media != "application/problem+json" || json.Unmarshal(raw, p) != nil || p.Code == "" {
		r := fault.Unavailable
		switch {
		case res.StatusCode == http.StatusNotFound:
			r = fault.NotFound
		case res.StatusCode == http.StatusGone:
			r = fault.Withdrawn
		case res.StatusCode >= 300 && res.StatusCode < 400:
			r = fault.Moved
		case res.StatusCode == http.StatusInternalServerError:
			r = fault.Internal
		}
		p = &Problem{Title: r.Title, Detail: r.Title + ".", Code: r.Name, cause: errors.New("the answer is no problem document")}
	}
	p.Status, p.Location = res.StatusCode, res.Header.Get("Location")
	if p.RequestID == "" {
		p.RequestID = res.Header.Get("X-Request-Id")
	}
	return p
}

// unreachable is a call that got no answer; one whose caller gave up keeps the context's error.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	// Its address holds what was asked for, which is nobody's business in a log.
	var at *url.Error
	if errors.As(err, &at) {
		err = errors.Join(ctx.Err(), at.Err)
	}
	r := fault.Unavailable
	return &Problem{Title: r.Title, Status: r.HTTP, Detail: r.Title + ".", Code: r.Name, cause: err}
}
