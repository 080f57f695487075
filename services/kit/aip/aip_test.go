package aip_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/aip"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

func TestInstantsComeBack(t *testing.T) {
	at := clock.At(time.Date(2026, 11, 27, 18, 0, 0, 123e6, time.UTC))
	if got, err := aip.Instant("time", aip.Timestamp(at)); err != nil || got != at {
		t.Errorf("%d came back as %d, %v", at, got, err)
	}
	if got, err := aip.Instant("time", aip.Timestamp(0)); err != nil || got != 0 {
		t.Errorf("none came back as %d, %v", got, err)
	}
	_, err := aip.Instant("fromTime", &timestamppb.Timestamp{Nanos: -1})
	if e, ok := fault.As(err); !ok || e.Reason.Name != fault.InvalidArgument.Name || e.Fields[0].Path != "fromTime" {
		t.Errorf("what is no instant: %v", err)
	}
}

func TestAChangeIsRefusedThatRestsOnAnotherVersion(t *testing.T) {
	for _, given := range []string{"", "*", aip.Etag(7)} {
		if err := aip.CheckEtag(given, 7); err != nil {
			t.Errorf("%q: %v", given, err)
		}
	}
	for _, given := range []string{aip.Etag(6), "7", `W/"7"`} {
		if err := aip.CheckEtag(given, 7); !fault.Has(err, fault.EtagMismatch) {
			t.Errorf("%q: %v", given, err)
		}
	}
}
