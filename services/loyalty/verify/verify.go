// Package verify looks whether a stored ledger is whole: that every entry is as it was written, that the entries lead to the accounts and lots as they are stored, and
// that nothing is missing between them. It shares no code with what writes the ledger: it reads the rows as they are stored, hashes and replays them by itself.
//
// What is hashed, and how, is said where the ledger is written (package book); what a transaction means, where it is made (package ledger). Checkpoints seal the order
// of the whole journal: the digest after an entry is the SHA-256 of the string "renown.checkpoint.1", the digest before it ("" before the first), its number in the
// feed, its id and its hash.
package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Row is a stored row. Text is its document as JSON; Seq is its place in the feed, zero where it was not asked for.
type Row struct {
	ID      string
	Version int64
	Seq     int64
	Text    []byte
}

// The tables that are read.
const (
	Journal     = "journal"
	Accounts    = "accounts"
	LotPages    = "lot_pages"
	Checkpoints = "checkpoints"
	Positions   = "event_positions"
)

// Sealer is the name under which the position of whoever writes the checkpoints is kept.
const Sealer = "checkpoints"

// Reader reads one state of the tables.
type Reader interface {
	// Rows returns up to limit rows of a table, by id, whose ids are from "from" on and before "before"; an empty one sets no bound.
	Rows(ctx context.Context, table, from, before string, limit int) ([]Row, error)
}

// Source is a stored ledger.
type Source interface {
	// View gives fn one state of the tables.
	View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error
	// Feed returns up to limit rows of the journal, in the order of their numbers, which are greater than after.
	Feed(ctx context.Context, after int64, limit int) ([]Row, error)
	// End is the last number that a row of the journal has got. Numbers follow each other without a gap.
	End(ctx context.Context) (int64, error)
}

// Finding is a place where the ledger is not whole.
type Finding struct {
	// Table and ID say which row.
	Table, ID string
	// Account and Number say which entry, if it is about one.
	Account string
	Number  int64
	// Field is the place within the row, empty if it is about the row.
	Field   string
	Problem string
}

func (f Finding) String() string {
	at := f.Table + " " + f.ID
	if f.Field != "" {
		at += " at " + strings.TrimPrefix(f.Field, ".")
	}
	return at + ": " + f.Problem
}

// Sum is what the entries of one wallet add up to, over all programmes.
type Sum struct {
	// Members is what lies in the members' accounts by bucket, System what came from and went to the accounts of the system by their kinds. All together is zero.
	Members map[string]int64
	System  map[string]int64
}

// Total is zero in a ledger that is whole.
func (s Sum) Total() (total int64) {
	for _, points := range s.Members {
		total += points
	}
	for _, points := range s.System {
		total += points
	}
	return total
}

// Report is what was found.
type Report struct {
	Accounts, Entries, Lots, Others int64
	// Sealed is how many entries checkpoints seal, Unsealed how many came later.
	Checkpoints, Sealed, Unsealed int64
	Wallets                       map[string]Sum
	// Budgets is how many budgets of campaigns were reckoned again.
	Budgets int64
	// Findings are the first of them, Found is how many there are.
	Findings []Finding
	Found    int64
}

// mostFindings bounds how many are told.
const mostFindings = 100

// Whole reports whether nothing was found.
func (r *Report) Whole() bool { return r.Found == 0 }

func (r *Report) add(f Finding) {
	if r.Found++; len(r.Findings) < mostFindings {
		r.Findings = append(r.Findings, f)
	}
}

// Merge adds the report of another part.
func (r *Report) Merge(part *Report) {
	r.Accounts += part.Accounts
	r.Entries += part.Entries
	r.Lots += part.Lots
	r.Others += part.Others
	r.Checkpoints += part.Checkpoints
	r.Sealed += part.Sealed
	r.Unsealed += part.Unsealed
	r.Budgets += part.Budgets
	r.Found += part.Found
	r.Findings = append(r.Findings, part.Findings[:min(len(part.Findings), mostFindings-len(r.Findings))]...)
	for name, sum := range part.Wallets {
		into := r.wallet(name)
		plus(into.Members, sum.Members)
		plus(into.System, sum.System)
	}
}

func plus(into, from map[string]int64) {
	for name, points := range from {
		into[name] += points
	}
}

func (r *Report) wallet(name string) Sum {
	s, ok := r.Wallets[name]
	if !ok {
		s = Sum{Members: map[string]int64{}, System: map[string]int64{}}
		if r.Wallets == nil {
			r.Wallets = map[string]Sum{}
		}
		r.Wallets[name] = s
	}
	return s
}

// Cursor is how far a verification has come, so that it can go on in another call. The zero Cursor is its beginning.
type Cursor struct {
	// Phase is 0 for the accounts, 1 for what the journal holds besides, 2 for lots without an account, 3 for the checkpoints, 4 for the budgets of campaigns, 5 when
	// all is done.
	Phase int `json:"phase"`
	// After is the id before which all is done, Seq, Digest and Number the last checkpoint that is.
	After  string `json:"after,omitempty"`
	Seq    int64  `json:"seq,omitempty"`
	Digest string `json:"digest,omitempty"`
	Number int64  `json:"number,omitempty"`
	// Budgets are what the entries up to Seq have used up of the budgets behind After. More says that there are others behind the Last of them.
	Budgets map[string]Budget `json:"budgets,omitempty"`
	More    bool              `json:"more,omitempty"`
	Last    string            `json:"last,omitempty"`
}

// Done reports whether everything was verified.
func (c Cursor) Done() bool { return c.Phase > 4 }

// All verifies a whole ledger. Progress, if not nil, is told what was found so far.
func All(ctx context.Context, s Source, progress func(Report)) (Report, error) {
	var whole Report
	for c := (Cursor{}); !c.Done(); {
		part, next, err := partOf(ctx, s, c, 20_000, roomInMemory, func() bool { return false })
		if err != nil {
			return whole, err
		}
		whole.Merge(&part)
		if c = next; progress != nil {
			progress(whole)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(whole.Wallets)) {
		if total := whole.Wallets[name].Total(); total != 0 {
			whole.add(Finding{Table: Journal, Problem: fmt.Sprintf("all entries of the wallet %q add up to %d", name, total)})
		}
	}
	return whole, nil
}

// Part verifies about as many rows as it is told from a cursor on, or fewer if enough says so on the way, and returns where to go on. It goes on by an account or a
// chunk of rows at least. The cursor, as JSON, stays below 1,500 bytes.
func Part(ctx context.Context, s Source, c Cursor, rows int, enough func() bool) (Report, Cursor, error) {
	return partOf(ctx, s, c, rows, roomInToken, enough)
}

func partOf(ctx context.Context, s Source, c Cursor, rows, room int, enough func() bool) (Report, Cursor, error) {
	p := part{source: s, left: rows, room: room, enough: enough}
	var err error
	for begun := false; !c.Done() && err == nil && !(begun && p.spent()); begun = true {
		switch c.Phase {
		case 0:
			c, err = p.accounts(ctx, c)
		case 1:
			c, err = p.others(ctx, c)
		case 2:
			c, err = p.strays(ctx, c)
		case 3:
			c, err = p.checkpoints(ctx, c)
		default:
			c, err = p.budgets(ctx, c)
		}
	}
	return p.report, c, err
}

// part is a part of a verification at work.
type part struct {
	source Source
	report Report
	left   int
	enough func() bool
	// room is how many bytes a cursor has for budgets, taken how many of them are.
	room, taken int
}

// spent reports whether the part has done what one part does.
func (p *part) spent() bool { return p.left <= 0 || p.enough() }

// chunk is how many rows are read at a time.
const chunk = 500

// accounts verifies accounts with all that belongs to them.
func (p *part) accounts(ctx context.Context, c Cursor) (Cursor, error) {
	err := p.source.View(ctx, func(ctx context.Context, r Reader) error {
		rows, err := r.Rows(ctx, Accounts, behind(c.After), "", 50)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			c = Cursor{Phase: 1}
			return nil
		}
		for _, row := range rows {
			if err := p.account(ctx, r, row); err != nil {
				return err
			}
			if c.After = row.ID; p.spent() {
				break
			}
		}
		return nil
	})
	return c, err
}

// behind is the first id that is greater.
func behind(id string) string {
	if id == "" {
		return ""
	}
	return id + "\x00"
}

// within returns the bounds of the ids that begin with an account's.
func within(account string) (from, before string) { return account + "/", account + "0" }

// others verifies what the journal holds besides transactions, and finds those of accounts that are not there.
func (p *part) others(ctx context.Context, c Cursor) (Cursor, error) {
	err := p.source.View(ctx, func(ctx context.Context, r Reader) error {
		rows, err := r.Rows(ctx, Journal, c.After, "", 1)
		if err != nil || len(rows) == 0 {
			c = Cursor{Phase: 2}
			return err
		}
		if id := rows[0].ID; !strings.HasPrefix(id, "~") {
			c.After, err = p.stray(ctx, r, Journal, id, 1)
			return err
		}
		if rows, err = r.Rows(ctx, Journal, c.After, "", chunk); err != nil {
			return err
		}
		for _, row := range rows {
			p.other(row)
		}
		c.After = behind(rows[len(rows)-1].ID)
		p.left -= len(rows)
		return nil
	})
	return c, err
}

// other verifies an entry that moves no points.
func (p *part) other(row Row) {
	p.report.Others++
	f := Finding{Table: Journal, ID: row.ID}
	if !strings.HasPrefix(row.ID, "~") {
		f.Problem = "it is no id of an entry"
		p.report.add(f)
		return
	}
	entry, problem := readEntry(row)
	switch {
	case problem != "":
		f.Problem = problem
	case entry["tx"] != nil || entry["prev"] != nil:
		f.Problem = "it is a transaction that belongs to no account"
	default:
		return
	}
	p.report.add(f)
}

// strays finds pages of lots whose account is not there.
func (p *part) strays(ctx context.Context, c Cursor) (Cursor, error) {
	err := p.source.View(ctx, func(ctx context.Context, r Reader) error {
		rows, err := r.Rows(ctx, LotPages, c.After, "", 1)
		if err != nil || len(rows) == 0 {
			c = Cursor{Phase: 3}
			return err
		}
		c.After, err = p.stray(ctx, r, LotPages, rows[0].ID, 2)
		return err
	})
	return c, err
}

// stray looks whether the account is there whose id is a row's but for its last parts, and returns where the rows of that account end.
func (p *part) stray(ctx context.Context, r Reader, table, id string, parts int) (string, error) {
	p.left--
	account := id
	for range parts {
		account = account[:max(0, strings.LastIndexByte(account, '/'))]
	}
	if strings.Count(account, "/") != 1 {
		p.report.add(Finding{Table: table, ID: id, Problem: "its id names no account"})
		return behind(id), nil
	}
	rows, err := r.Rows(ctx, Accounts, account, behind(account), 1)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		p.report.add(Finding{Table: table, ID: id, Account: account, Problem: "its account is not there"})
	}
	_, before := within(account)
	return before, nil
}

// readEntry reads an entry of the journal and looks whether it is as it was written.
func readEntry(row Row) (object, string) {
	entry, err := parse(row.Text)
	if err != nil {
		return nil, "it cannot be read: " + err.Error()
	}
	if row.Version != 1 {
		return nil, fmt.Sprintf("it is in version %d: entries never change", row.Version)
	}
	if hash := hashOf("renown.journal.1", row.ID, without(entry, "hash")); hash != text(entry, "hash") {
		return nil, "it is not what was hashed"
	}
	return entry, ""
}
