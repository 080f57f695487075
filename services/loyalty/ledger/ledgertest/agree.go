package ledgertest

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"renown.example/loyalty/ledger"
)

// Ledger is what is compared with the model.
type Ledger interface {
	// Do does operations one after the other, each to its end: stored are its effects, or, if it was refused, what was due. The error is that something went wrong.
	Do(operations []Operation) ([]Answer, error)
	// State reads an account and its pages of lots, by id, as they are stored. Head may be set.
	State(account string) (ledger.Account, []ledger.Page, error)
	// Transactions reads those of an account from a number on.
	Transactions(account string, from int64) ([]ledger.Transaction, error)
}

// Answer is what a ledger says to an operation.
type Answer struct {
	Outcome Outcome
	Refused *ledger.Refusal
}

// Answered makes an answer of what a step returned.
func Answered(out Outcome, err error) (Answer, error) {
	var r *ledger.Refusal
	if errors.As(err, &r) {
		return Answer{Refused: r}, nil
	}
	return Answer{Outcome: out}, err
}

// Counts says how much was compared.
type Counts struct {
	Done         map[Verb]int
	Refused      map[ledger.Code]int
	Transactions map[string]int
}

// Plan is what is compared: that many operations on these accounts, up to Together of them at a time.
type Plan struct {
	Seed                 uint64
	Operations, Together int
	Accounts             []string
}

// Agree does random operations on a ledger and on the model, and returns where they first do not agree: in an answer, a refusal, a transaction, a balance, a lot or a
// hold.
func Agree(l Ledger, p Plan) (Counts, error) {
	c := Counts{Done: map[Verb]int{}, Refused: map[ledger.Code]int{}, Transactions: map[string]int{}}
	g := NewRandom(p.Seed, p.Accounts...)
	for n := 0; n < p.Operations; {
		some := 1 + n%p.Together
		if err := c.some(l, g, some); err != nil {
			return c, fmt.Errorf("operations from %d on: %w", n, err)
		}
		n += some
	}
	return c, nil
}

// some does and compares some operations.
func (c *Counts) some(l Ledger, g *Random, n int) error {
	var operations []Operation
	var wanted []Answer
	known := map[string]int{}
	for range n {
		o := g.Next()
		if _, ok := known[o.Account]; !ok {
			known[o.Account] = int(g.Model.Account(o.Account).Seq)
		}
		want, code := g.Model.Do(o)
		if code == "" {
			wanted = append(wanted, Answer{Outcome: want})
			g.Did(o, want)
		} else {
			wanted = append(wanted, Answer{Refused: &ledger.Refusal{Code: code}})
		}
		operations = append(operations, o)
	}
	answers, err := l.Do(operations)
	if err != nil {
		return fmt.Errorf("%+v: %w", operations, err)
	}
	for i, o := range operations {
		if err := c.answered(o, answers[i], wanted[i]); err != nil {
			return fmt.Errorf("%+v: %w", o, err)
		}
	}
	for account, from := range known {
		if err := c.stands(l, g.Model, account, from); err != nil {
			return fmt.Errorf("account %s after %+v: %w", account, operations, err)
		}
	}
	return nil
}

func (c *Counts) answered(o Operation, got, want Answer) error {
	switch {
	case got.Refused == nil && want.Refused != nil:
		return fmt.Errorf("it was done, and not refused as %q", want.Refused.Code)
	case got.Refused != nil && want.Refused == nil:
		return fmt.Errorf("it was refused as %q: %s", got.Refused.Code, got.Refused.Message)
	case got.Refused != nil && got.Refused.Code != want.Refused.Code:
		return fmt.Errorf("it was refused as %q (%s), by the model as %q", got.Refused.Code, got.Refused.Message, want.Refused.Code)
	case got.Refused != nil:
		c.Refused[got.Refused.Code]++
	case !reflect.DeepEqual(got, want):
		return fmt.Errorf("it answers %+v, the model %+v", got, want)
	default:
		c.Done[o.Verb]++
		if o.Reach == ledger.WithinBalance && got.Outcome.Reversal.AsDebt > 0 {
			c.Transactions[owedWhileHeld]++
		}
	}
	return nil
}

// stands compares what is stored of an account, and its transactions behind those that are known.
func (c *Counts) stands(l Ledger, m *Model, account string, known int) error {
	txs, err := l.Transactions(account, int64(known)+1)
	if err != nil {
		return err
	}
	entries := m.Entries(account, known)
	if len(txs) != len(entries) {
		return fmt.Errorf("there are %d more transactions, of the model %d", len(txs), len(entries))
	}
	for i, tx := range txs {
		if e := told(tx); !reflect.DeepEqual(e, entries[i]) || tx.Seq != int64(known+i+1) {
			return fmt.Errorf("transaction %d is %+v, the model's %+v", tx.Seq, e, entries[i])
		}
		c.Transactions[string(tx.Kind)]++
		if len(tx.Idle) > 0 {
			c.Transactions["deadline"]++
		}
	}
	stored, pages, err := l.State(account)
	if err != nil {
		return err
	}
	return Same(m, stored, pages)
}

// told tells a transaction as the model does.
func told(tx ledger.Transaction) Entry {
	e := Entry{Kind: string(tx.Kind), Effective: int64(tx.EffectiveAt), Recorded: int64(tx.RecordedAt), Legs: map[string]int64{}, Hold: tx.Hold, EndsAt: int64(tx.EndsAt)}
	for _, l := range tx.Legs {
		e.Legs[l.Account] += l.Points
	}
	for _, d := range tx.Idle {
		if e.Idle == nil {
			e.Idle = map[string]int64{}
		}
		e.Idle[d.Life] = int64(d.EndsAt)
	}
	return e
}

// Same returns in what an account and its pages are not as the model has them.
func Same(m *Model, got ledger.Account, pages []ledger.Page) error {
	want := m.Account(got.ID)
	want.Head = got.Head
	if !slices.EqualFunc(got.Holds, want.Holds, func(x, y ledger.Hold) bool {
		xs, ys := x.Takes, y.Takes
		x.Takes, y.Takes = nil, nil
		return slices.Equal(xs, ys) && reflect.DeepEqual(x, y)
	}) {
		return fmt.Errorf("the holds are %+v, the model's %+v", got.Holds, want.Holds)
	}
	got.Holds, want.Holds = nil, nil
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("the account is %+v, the model's %+v", got, want)
	}
	lots, before := int64(0), ""
	for _, p := range pages {
		if p.ID <= before || len(p.Lots) == 0 || len(p.Lots) > ledger.PageSize {
			return fmt.Errorf("page %s has %d lots and comes after page %s", p.ID, len(p.Lots), before)
		}
		before = p.ID
		for j, l := range p.Lots {
			lots++
			want, page, ok := m.Lot(got.ID, l.N)
			if !ok || page != p.ID || !alike(l, want) || j > 0 && l.N <= p.Lots[j-1].N {
				return fmt.Errorf("a lot on page %s is %+v, the model's on page %s %+v", p.ID, l, page, want)
			}
		}
	}
	if lots != got.Lots {
		return fmt.Errorf("there are %d lots on the pages, and %d in all", lots, got.Lots)
	}
	return nil
}

func alike(x, y ledger.Lot) bool {
	ref := func(r *ledger.LotRef) ledger.LotRef {
		if r == nil {
			return ledger.LotRef{}
		}
		return *r
	}
	if ref(x.From) != ref(y.From) || ref(x.MovedTo) != ref(y.MovedTo) {
		return false
	}
	x.From, x.MovedTo, y.From, y.MovedTo = nil, nil, nil, nil
	return x == y
}

// owedWhileHeld counts reversals within the balance that found points in holds.
const owedWhileHeld = "owed while held"

// Missing lists the verbs, refusals and kinds of transactions that did not occur: a comparison that never tries something proves nothing of it.
func (c Counts) Missing() []string {
	var missing []string
	for _, v := range []Verb{Settle, Issue, Spend, Reserve, Commit, Cancel, Restore, Reverse, Activate, Freeze, Unfreeze, TransferOut, TransferIn, Note} {
		if c.Done[v] == 0 {
			missing = append(missing, string(v))
		}
	}
	for _, code := range []ledger.Code{ledger.Insufficient, ledger.Overflow, ledger.Invalid, ledger.NoHold, ledger.NoLot, ledger.Exists} {
		if c.Refused[code] == 0 {
			missing = append(missing, string(code))
		}
	}
	for _, kind := range []ledger.Kind{ledger.KindExpire, ledger.KindLapse, "deadline", owedWhileHeld} {
		if c.Transactions[string(kind)] == 0 {
			missing = append(missing, string(kind))
		}
	}
	return missing
}

// String says it in one line.
func (c Counts) String() string {
	sum := 0
	for n := range maps.Values(c.Transactions) {
		sum += n
	}
	return fmt.Sprintf("%d transactions; done %v; refused %v", sum, c.Done, c.Refused)
}
