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
	// Do does an operation to its end and says what it answers: stored are its effects, or, if it was refused, what was due. The error is the ledger's refusal, or what
	// went wrong.
	Do(o Operation) (Outcome, error)
	// State reads an account and its pages of lots, by id, as they are stored. Head may be set.
	State(account string) (ledger.Account, []ledger.Page, error)
	// Transactions reads those of an account from a number on.
	Transactions(account string, from int64) ([]ledger.Transaction, error)
}

// Counts says how much was compared.
type Counts struct {
	Done         map[Verb]int
	Refused      map[ledger.Code]int
	Transactions map[string]int
}

// Agree does random operations on a ledger and on the model, and returns where they first do not agree: in an answer, a refusal, a transaction, a balance, a lot or a
// hold.
func Agree(l Ledger, seed uint64, operations int, accounts ...string) (Counts, error) {
	c := Counts{Done: map[Verb]int{}, Refused: map[ledger.Code]int{}, Transactions: map[string]int{}}
	g := NewRandom(seed, accounts...)
	for n := range operations {
		o := g.Next()
		if err := c.one(l, g, o); err != nil {
			return c, fmt.Errorf("operation %d, %+v: %w", n, o, err)
		}
	}
	return c, nil
}

func (c *Counts) one(l Ledger, g *Random, o Operation) error {
	known := int(g.Model.Account(o.Account).Seq)
	want, code := g.Model.Do(o)
	got, err := l.Do(o)
	var refusal *ledger.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	switch {
	case refusal == nil && code != "":
		return fmt.Errorf("it was done, and not refused as %q", code)
	case refusal != nil && refusal.Code != code:
		return fmt.Errorf("it was refused as %q (%s), by the model as %q", refusal.Code, refusal.Message, code)
	case refusal != nil:
		c.Refused[code]++
	case !reflect.DeepEqual(got, want):
		return fmt.Errorf("it answers %+v, the model %+v", got, want)
	default:
		c.Done[o.Verb]++
		g.Did(o, want)
	}
	txs, err := l.Transactions(o.Account, int64(known)+1)
	if err != nil {
		return err
	}
	entries := g.Model.Entries(o.Account, known)
	if len(txs) != len(entries) {
		return fmt.Errorf("there are %d more transactions, of the model %d", len(txs), len(entries))
	}
	for i, tx := range txs {
		if e := told(tx); !reflect.DeepEqual(e, entries[i]) || tx.Seq != int64(known+i+1) {
			return fmt.Errorf("transaction %d is %+v, the model's %+v", tx.Seq, e, entries[i])
		}
		c.Transactions[string(tx.Kind)]++
	}
	account, pages, err := l.State(o.Account)
	if err != nil {
		return err
	}
	return Same(g.Model, account, pages)
}

// told tells a transaction as the model does.
func told(tx ledger.Transaction) Entry {
	e := Entry{Kind: string(tx.Kind), Effective: int64(tx.EffectiveAt), Recorded: int64(tx.RecordedAt), Legs: map[string]int64{}, Hold: tx.Hold, EndsAt: int64(tx.EndsAt)}
	for _, l := range tx.Legs {
		e.Legs[l.Account] += l.Points
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
	for _, kind := range []ledger.Kind{ledger.KindExpire, ledger.KindLapse} {
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
