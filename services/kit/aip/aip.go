// Package aip is how what every service keeps is said in its API, by the rules of aip.dev: instants as timestamps, versions as etags.
package aip

import (
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Timestamp is an instant in an answer; zero, which means none, is absent.
func Timestamp(m clock.Millis) *timestamppb.Timestamp {
	if m == 0 {
		return nil
	}
	return timestamppb.New(m.Time())
}

// Instant reads a timestamp of a request, to the millisecond; absent is zero. field is where it lies in the request: fault.InvalidArgument names it.
func Instant(field string, t *timestamppb.Timestamp) (clock.Millis, error) {
	if t == nil {
		return 0, nil
	}
	if !t.IsValid() {
		return 0, fault.Invalid(field, "it is not an instant")
	}
	return clock.At(t.AsTime()), nil
}

// Etag is the etag of a row's version.
func Etag(version int64) string { return fmt.Sprintf(`"%d"`, version) }

// CheckEtag refuses a change that is based on another version than the present one with fault.EtagMismatch; an empty etag means that the caller does not mind.
func CheckEtag(given string, version int64) error {
	if given == "" || given == "*" || given == Etag(version) {
		return nil
	}
	return fault.EtagMismatch.New("It has changed since you read it: its etag is %s now.", Etag(version)).WithMeta("etag", Etag(version))
}
