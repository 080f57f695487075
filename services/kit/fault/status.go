package fault

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Domain is the ErrorInfo domain of every refusal that Renown makes itself.
const Domain = "renown"

// The fixed texts of failures whose cause is nobody's business but ours.
const (
	internalText    = "Something went wrong on our side. It was logged under the request id."
	canceledText    = "The caller went away before the answer."
	deadlineText    = "The request did not finish in its time."
	unavailableText = "A part that this request needs is not available right now."
)

// Of finds the Error that err amounts to: the one in its chain, one for a context's end or for another service's status, or Internal with a fixed text and
// err as its cause. It returns nil for nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := As(err); ok {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled.New(canceledText).Wrap(err)
	case errors.Is(err, context.DeadlineExceeded):
		return DeadlineExceeded.New(deadlineText).Wrap(err)
	}
	if _, ok := status.FromError(err); ok {
		return FromStatus(err)
	}
	return Internal.New(internalText).Wrap(err)
}

// ToStatus returns the gRPC status of Of(err), with ErrorInfo and, where fields are named, BadRequest. The cause is not in it. It returns nil for nil.
func ToStatus(err error) *status.Status {
	e := Of(err)
	if e == nil {
		return nil
	}
	st := status.New(e.Reason.Code, e.Message)
	info := &errdetails.ErrorInfo{Reason: e.Reason.Name, Domain: Domain, Metadata: e.Meta}
	var withDetails *status.Status
	var detailErr error
	if len(e.Fields) == 0 {
		withDetails, detailErr = st.WithDetails(info)
	} else {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: f.Path, Description: f.Message})
		}
		withDetails, detailErr = st.WithDetails(info, bad)
	}
	if detailErr != nil {
		// Only text that is not UTF-8 cannot be encoded; the code and reason are worth more than the details.
		return status.New(e.Reason.Code, e.Reason.Title)
	}
	return withDetails
}

// FromStatus turns the error of a gRPC call back into the Error that the server made, err being its cause. Failures that no Renown server described, such as a
// lost connection, become Canceled, DeadlineExceeded, Unavailable or Internal with a fixed text. It returns nil for nil.
func FromStatus(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := As(err); ok {
		return e
	}
	st, _ := status.FromError(err)
	out := &Error{Message: st.Message(), Cause: err}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == Domain {
				out.Reason = known(d.GetReason(), st.Code())
				out.Meta = d.GetMetadata()
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				out.Fields = append(out.Fields, Field{Path: v.GetField(), Message: v.GetDescription()})
			}
		}
	}
	if out.Reason.Name != "" {
		return out
	}
	return undescribed(st.Code(), err)
}

// Passing reports whether a part of Renown said of itself that it cannot answer just now, here or over the network: it starts, stops, or has others to serve first. Its own
// log tells more. A part that cannot be reached says nothing, and may be gone for good.
func (e *Error) Passing() bool {
	if e.Reason.Name != Unavailable.Name {
		return false
	}
	if inner, ok := As(e.Cause); ok {
		return inner.Passing()
	}
	return e.Cause == nil || described(e.Cause)
}

// described reports whether a Renown server made the error of a call.
func described(err error) bool {
	st, _ := status.FromError(err)
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return true
		}
	}
	return false
}

// known looks a reason up; one that a newer server made keeps its name and takes the HTTP status of its code's commonest reason.
func known(name string, code codes.Code) Reason {
	if r, ok := table[name]; ok {
		return r
	}
	r := Reason{Name: name, Code: code, HTTP: http.StatusInternalServerError, Title: Internal.Title}
	for _, like := range []Reason{InvalidArgument, Unauthenticated, PermissionDenied, NotFound, AlreadyExists, IllegalState, Conflict, RateLimited,
		Canceled, DeadlineExceeded, Unavailable} {
		if like.Code == code {
			r.HTTP, r.Title = like.HTTP, like.Title
		}
	}
	return r
}

func undescribed(code codes.Code, err error) *Error {
	switch code {
	case codes.Canceled:
		return Canceled.New(canceledText).Wrap(err)
	case codes.DeadlineExceeded:
		return DeadlineExceeded.New(deadlineText).Wrap(err)
	case codes.Unavailable:
		return Unavailable.New(unavailableText).Wrap(err)
	case codes.ResourceExhausted:
		// gRPC itself says this of a message over its bound, before any code of ours sees it.
		return TooLarge.New("The message is too large.").Wrap(err)
	default:
		return Internal.New(internalText).Wrap(err)
	}
}

// GRPCStatus lets gRPC's own functions, such as status.Code, understand an Error.
func (e *Error) GRPCStatus() *status.Status { return ToStatus(e) }
