package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

// memories are accounts in memory. Besides what it is asked for, this ledger takes steps that it undoes, and views that must not show in what it stores.
type memories struct {
	accounts map[string]*ledgertest.Memory
	txs      map[string][]ledger.Transaction
	r        *rand.Rand
	other    *ledgertest.Random
}

func newMemories(seed uint64) *memories {
	return &memories{
		accounts: map[string]*ledgertest.Memory{}, txs: map[string][]ledger.Transaction{}, r: rand.New(rand.NewPCG(seed, 9)),
		other: ledgertest.NewRandom(seed+1, "other"),
	}
}

func (l *memories) account(id string) *ledgertest.Memory {
	if l.accounts[id] == nil {
		l.accounts[id] = ledgertest.NewMemory(id)
	}
	return l.accounts[id]
}

func (l *memories) Do(operations []ledgertest.Operation) (answers []ledgertest.Answer, err error) {
	for _, o := range operations {
		a, err := ledgertest.Answered(l.do(o))
		if err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func (l *memories) do(o ledgertest.Operation) (ledgertest.Outcome, error) {
	m := l.account(o.Account)
	b := m.Open()
	if l.r.IntN(4) == 0 {
		if err := b.Settle(o.Step.Now); err != nil {
			return ledgertest.Outcome{}, err
		}
		if err := l.astray(b, o); err != nil {
			return ledgertest.Outcome{}, err
		}
	}
	out, err := o.Do(b)
	if err != nil && !ledger.IsRefusal(err) {
		return out, err
	}
	if due := b.Account().DueAt; due != 0 && due <= max(o.Step.Now, b.Account().RecordedAt) {
		return out, fmt.Errorf("after the step something is due since %d", due)
	}
	l.txs[o.Account] = append(l.txs[o.Account], b.Transactions()...)
	m.Store(b)
	return out, err
}

// astray takes steps and goes back, and looks into the future.
func (l *memories) astray(b *ledger.Book, o ledgertest.Operation) error {
	was, changed := b.Account(), b.Changed()
	mark := b.Mark()
	for range 1 + l.r.IntN(3) {
		other := l.other.Next()
		other.Step = ledger.Step{Now: o.Step.Now}
		if other.Verb == ledgertest.Reserve {
			other.EndsAt = o.Step.Now + day
		}
		if _, err := other.Do(b); err != nil && !ledger.IsRefusal(err) {
			return err
		}
	}
	later := o.Step.Now + clock.Millis(l.r.Int64N(100))*day
	if view, err := b.AsOf(later); err != nil || view.Account().DueAt != 0 && view.Account().DueAt <= later {
		return fmt.Errorf("the view of %d is %+v, %v", later, view.Account(), err)
	}
	b.Reset(mark)
	if now := b.Account(); !reflect.DeepEqual(now, was) || !reflect.DeepEqual(changed, b.Changed()) {
		return fmt.Errorf("after steps that were undone the account is %+v, was %+v", now, was)
	}
	return nil
}

func (l *memories) State(id string) (ledger.Account, []ledger.Page, error) {
	m := l.account(id)
	return m.Account, m.Stored(), nil
}

func (l *memories) Transactions(id string, from int64) ([]ledger.Transaction, error) {
	return l.txs[id][from-1:], nil
}

// seed is that of RENOWN_TEST_SEED, or another each time.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	if set, err := strconv.ParseUint(os.Getenv("RENOWN_TEST_SEED"), 10, 64); err == nil {
		s = set
	}
	t.Logf("RENOWN_TEST_SEED=%d", s)
	return s
}

// 100,000 random operations, 1,000,000 with RENOWN_TEST_FULL: core and model agree on every answer, refusal, transaction, balance, hold and lot.
func TestTheCoreAgreesWithTheModel(t *testing.T) {
	operations, accounts := 100_000, 1_000
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		operations, accounts = 1_000_000, 4_000
	}
	s := seed(t)
	var ids []string
	for i := range accounts {
		ids = append(ids, fmt.Sprintf("member%d/points", i))
	}
	counts, err := ledgertest.Agree(newMemories(s), ledgertest.Plan{Seed: s, Operations: operations, Together: 1, Accounts: ids})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(counts)
	if missing := counts.Missing(); len(missing) != 0 {
		t.Errorf("these never occurred: %q", missing)
	}
}
