package rpctest_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/rpctest"
)

// answers is a connection that answers with one after another.
type answers struct {
	rpc.Conn
	of   []error
	sent int
}

func (a *answers) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	a.sent++
	return a.of[min(a.sent, len(a.of))-1]
}

// Only what nobody knows the outcome of is sent again, and not for ever.
func TestWhatIsNotAnsweredInTimeIsSentAgain(t *testing.T) {
	late, refusal := fault.DeadlineExceeded.New("late"), fault.IllegalState.New("no")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx  context.Context
		of   []error
		sent int
		want error
	}{
		"answered":       {t.Context(), []error{nil}, 1, nil},
		"answered later": {t.Context(), []error{late, late, nil}, 3, nil},
		"refused":        {t.Context(), []error{refusal}, 1, refusal},
		"refused later":  {t.Context(), []error{late, refusal}, 2, refusal},
		"never":          {t.Context(), []error{late}, 5, late},
		"given up":       {ended, []error{late}, 1, late},
	} {
		a := &answers{of: c.of}
		if err := rpctest.Enduring(a).Invoke(c.ctx, "/probe", nil, nil); err != c.want || a.sent != c.sent {
			t.Errorf("%s: %v after %d calls, want %v after %d", name, err, a.sent, c.want, c.sent)
		}
	}
}
