package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"renown.example/kit/fault"
)

func TestEveryReasonSurvivesTheWire(t *testing.T) {
	for name, reason := range fault.Reasons() {
		sent := reason.New("a sentence about %s", name).With(fault.Field{Path: "content.blocks[2].alt", Message: "is missing"}).WithMeta("table", "stories").
			Wrap(errors.New("secret cause"))
		st := fault.ToStatus(fmt.Errorf("handler: %w", sent))
		if st.Code() != reason.Code {
			t.Errorf("%s: code %v, want %v", name, st.Code(), reason.Code)
		}
		if strings.Contains(st.Proto().String(), "secret cause") {
			t.Errorf("%s: the cause left the process: %v", name, st.Proto())
		}
		got := fault.FromStatus(st.Err())
		if got.Reason != reason {
			t.Errorf("%s: came back as %v", name, got.Reason)
		}
		if got.Message != sent.Message {
			t.Errorf("%s: message %q, want %q", name, got.Message, sent.Message)
		}
		if d := cmp.Diff(sent.Fields, got.Fields); d != "" {
			t.Errorf("%s: fields (-sent +got):\n%s", name, d)
		}
		if d := cmp.Diff(sent.Meta, got.Meta); d != "" {
			t.Errorf("%s: meta (-sent +got):\n%s", name, d)
		}
	}
}

func TestErrorsThatAreNotFaults(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want fault.Reason
	}{
		{"cancelled", fmt.Errorf("query: %w", context.Canceled), fault.Canceled},
		{"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), fault.DeadlineExceeded},
		{"anything else", errors.New("disk on fire at 10.0.0.7"), fault.Internal},
		{"lost connection", status.Error(codes.Unavailable, "dial tcp 10.0.0.7:9000: connection refused"), fault.Unavailable},
		{"another service's fault", fault.ToStatus(fault.Withdrawn.New("gone")).Err(), fault.Withdrawn},
		{"gRPC's own bound", status.Error(codes.ResourceExhausted, "message larger than max at 10.0.0.7"), fault.TooLarge},
		{"a status of nobody's", status.Error(codes.DataLoss, "at 10.0.0.7"), fault.Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := fault.ToStatus(tt.err)
			if got := fault.FromStatus(st.Err()); got.Reason != tt.want {
				t.Errorf("reason %s, want %s", got.Reason.Name, tt.want.Name)
			}
			if strings.Contains(st.Proto().String(), "10.0.0.7") {
				t.Errorf("the cause left the process: %v", st.Proto())
			}
			if !errors.Is(fault.Of(tt.err), tt.err) && fault.Of(tt.err).Cause == nil {
				t.Error("the cause is lost to our log")
			}
		})
	}
}

func TestReasonOfANewerServerKeepsNameAndCode(t *testing.T) {
	newer := fault.Reason{Name: "INVENTED_LATER", Code: codes.NotFound}
	got := fault.FromStatus(fault.ToStatus(newer.New("x")).Err())
	if got.Reason.Name != "INVENTED_LATER" || got.Reason.Code != codes.NotFound || got.Reason.HTTP != 404 {
		t.Errorf("got %+v", got.Reason)
	}
}

func TestNil(t *testing.T) {
	if fault.Of(nil) != nil || fault.ToStatus(nil) != nil || fault.FromStatus(nil) != nil {
		t.Error("nil must stay nil")
	}
}

func TestTextThatIsNotUTF8StillHasItsCode(t *testing.T) {
	st := fault.ToStatus(fault.NotFound.New("x").WithMeta("k", "\xff"))
	if st.Code() != codes.NotFound {
		t.Errorf("code %v", st.Code())
	}
}

// What a part says of itself passes, over the network too; what nobody said, because nobody could be reached, may not.
func TestWhatPasses(t *testing.T) {
	starting := fault.Unavailable.New("This part is starting.")
	for want, errs := range map[bool][]*fault.Error{
		true: {
			starting, fault.FromStatus(fault.ToStatus(starting).Err()), fault.Unavailable.New("A part is starting.").Wrap(fault.FromStatus(fault.ToStatus(starting).Err())),
		},
		false: {
			fault.FromStatus(status.Error(codes.Unavailable, "connection refused")), fault.Unavailable.New("No page.").Wrap(errors.New("no route")),
			fault.Unavailable.New("No page.").Wrap(fault.FromStatus(status.Error(codes.Unavailable, "connection refused"))), fault.Internal.New("A fault."),
		},
	} {
		for _, e := range errs {
			if e.Passing() != want {
				t.Errorf("%v, because of %v: passing is %v", e, e.Cause, !want)
			}
		}
	}
}
