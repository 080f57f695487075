package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// compare looks whether the account is stored as its entries have made it.
func (a *replay) compare() {
	a.report.Lots += int64(len(a.lots))
	if id := text(a.row, "member") + "/" + text(a.row, "wallet"); id != a.id {
		a.note(Accounts, a.id, ".member", "it says that it is %s", id)
	}
	stored := member(a.row, "ledger")
	if at := differs(".ledger", a.ledger(), plainHolds(stored)); at != "" {
		a.note(Accounts, a.id, at, "its entries lead to something else")
	}
	if a.seq == 0 {
		return
	}
	state := maps.Clone(a.row)
	state["ledger"] = without(stored, "head")
	if hash := hashOf("renown.account.1", a.id, state); hash != a.state {
		a.note(Accounts, a.id, "", "it is not what the last entry has left")
	}
}

// plainHolds returns a stored account whose holds list their takes one by one.
func plainHolds(stored object) object {
	holds := list(stored, "holds")
	if len(holds) == 0 {
		return stored
	}
	stored = maps.Clone(stored)
	var plain []any
	for _, h := range holds {
		o, ok := h.(object)
		if ok {
			o = maps.Clone(o)
			o["takes"] = unfoldAll(list(o, "takes"))
			h = o
		}
		plain = append(plain, h)
	}
	stored["holds"] = plain
	return stored
}

// plainLot gives a lot of a page the figures that are left out where they are zero for all.
func plainLot(l any) {
	if lot, ok := l.(object); ok {
		for _, name := range []string{"points", "open", "issuedAt", "tx"} {
			if _, there := lot[name]; !there {
				lot[name] = int64(0)
			}
		}
	}
}

// ledger is the account as its entries have made it.
func (a *replay) ledger() object {
	life := object{}
	for _, name := range []string{"earned", "spent", "expired"} {
		life[name] = a.life[name]
	}
	o := object{"id": a.id, "balances": a.balances(), "lifetime": life, "seq": a.seq, "lots": int64(len(a.lots))}
	set(o, "head", a.hash)
	set(o, "recordedAt", a.wrote)
	set(o, "dueAt", a.next())
	first := ""
	for i, l := range a.lots {
		if page := a.places[i]; number(l, "open") > 0 && (first == "" || page < first) {
			first = page
		}
	}
	set(o, "first", first)
	if n := len(a.places); n > 0 {
		last := a.places[n-1]
		var lots int64
		for _, page := range a.places {
			if page == last {
				lots++
			}
		}
		o["tail"] = object{"page": last, "lots": lots}
	}
	if len(a.idle) > 0 {
		var idle []any
		for _, life := range slices.Sorted(maps.Keys(a.idle)) {
			d := maps.Clone(a.idle[life])
			set(d, "free", number(d, "free"))
			idle = append(idle, d)
		}
		o["idle"] = idle
	}
	if len(a.holds) > 0 {
		var holds []any
		for _, h := range a.holds {
			holds = append(holds, h)
		}
		o["holds"] = holds
	}
	return o
}

// next is when something happens to the account by itself.
func (a *replay) next() (due int64) {
	sooner := func(at int64) {
		if at != 0 && (due == 0 || at < due) {
			due = at
		}
	}
	for _, l := range a.lots {
		open := number(l, "open")
		if open > 0 && flag(l, "pending") {
			sooner(number(l, "activatesAt"))
		}
		if open > number(l, "reserved") && number(l, "frozenAt") == 0 {
			sooner(number(l, "expiresAt"))
		}
	}
	for _, d := range a.idle {
		if number(d, "free") > 0 {
			sooner(number(d, "endsAt"))
		}
	}
	for _, h := range a.holds {
		sooner(number(h, "endsAt"))
	}
	return due
}

// pages looks whether the lots are stored as the entries have made them, each on its page.
func (a *replay) pages(ctx context.Context, r Reader) error {
	want := map[string][]object{}
	for i, l := range a.lots {
		want[a.places[i]] = append(want[a.places[i]], l)
	}
	a.seq = 0
	from, before := within(a.id)
	for {
		rows, err := r.Rows(ctx, LotPages, from, before, chunk)
		if err != nil {
			return err
		}
		for _, row := range rows {
			from = behind(row.ID)
			page := strings.TrimPrefix(row.ID, a.id+"/")
			a.page(row, page, want[page])
			delete(want, page)
		}
		a.left -= len(rows)
		if len(rows) < chunk {
			break
		}
	}
	for page := range want {
		a.note(LotPages, a.id+"/"+page, "", "it is missing")
	}
	return nil
}

// mostLots is how many lots a page has room for.
const mostLots = 32

func (a *replay) page(row Row, page string, lots []object) {
	got, err := parse(row.Text)
	if err != nil {
		a.note(LotPages, row.ID, "", "it cannot be read: %v", err)
		return
	}
	if row.Version < 1 {
		a.note(LotPages, row.ID, "", "it is in version %d", row.Version)
	}
	all := []any{}
	for _, l := range lots {
		all = append(all, l)
		if prefix := belongs(l); !strings.HasPrefix(page, prefix) {
			a.note(LotPages, row.ID, "", "lot %d belongs on a page of %s", number(l, "n"), prefix)
		}
	}
	if len(all) == 0 || len(all) > mostLots {
		a.note(LotPages, row.ID, "", "there should be %d lots on it", len(all))
	}
	if columns := member(got, "lots"); columns != nil {
		rows := unfold(columns)
		for _, l := range rows {
			plainLot(l)
		}
		got["lots"] = rows
	}
	if at := differs("", object{"id": page, "lots": all}, got); at != "" {
		a.note(LotPages, row.ID, at, "the entries lead to something else")
	}
}

// belongs is the beginning of the pages on which a lot belongs.
func belongs(l object) string {
	end := number(l, "expiresAt")
	switch {
	case end != 0:
		return time.UnixMilli(end).UTC().Format("2006-01/")
	case flag(l, "pending") && number(l, "activatesAt") == 0:
		return "pending/"
	}
	return "~/"
}

// checkpoints verifies the next ones.
func (p *part) checkpoints(ctx context.Context, c Cursor) (Cursor, error) {
	var seals []Row
	var position, grown int64
	err := p.source.View(ctx, func(ctx context.Context, r Reader) (err error) {
		if seals, err = r.Rows(ctx, Checkpoints, checkpointID(c.Number+1), "", 20); err != nil {
			return err
		}
		rows, err := r.Rows(ctx, Positions, Sealer, behind(Sealer), 1)
		if err == nil && len(rows) > 0 {
			o, _ := parse(rows[0].Text)
			position = number(o, "after")
		}
		if err == nil && len(seals) == 0 && position > c.Seq {
			grown, err = sealedTo(ctx, r, c.Number)
		}
		return err
	})
	if err != nil {
		return c, err
	}
	for _, row := range seals {
		if c, err = p.checkpoint(ctx, row, c); err != nil {
			return c, err
		}
	}
	if len(seals) > 0 {
		return c, nil
	}
	if position != c.Seq && position != grown {
		p.report.add(Finding{Table: Checkpoints, ID: checkpointID(c.Number + 1), Problem: fmt.Sprintf("entries are sealed up to %d, the checkpoints go to %d", position, c.Seq)})
	}
	return p.unsealed(ctx, c)
}

// sealedTo is where a checkpoint ends now. The last one grows while the service runs, and may have grown since it was verified: what it has grown by is left to the next
// verification, and looked through like what is not sealed yet.
func sealedTo(ctx context.Context, r Reader, checkpoint int64) (int64, error) {
	rows, err := r.Rows(ctx, Checkpoints, checkpointID(checkpoint), checkpointID(checkpoint+1), 1)
	if err != nil || len(rows) == 0 || rows[0].ID != checkpointID(checkpoint) {
		return 0, err
	}
	o, err := parse(rows[0].Text)
	if err != nil {
		return 0, nil // it was found when it was verified
	}
	return number(o, "to"), nil
}

// unsealed goes through what no checkpoint seals yet. An entry of an account is missed by those that follow it; one that moves no points, by its number.
func (p *part) unsealed(ctx context.Context, c Cursor) (Cursor, error) {
	end, err := p.source.End(ctx)
	if err != nil {
		return c, err
	}
	gap := func(before string, next int64) {
		if next > c.Seq+1 {
			p.report.add(Finding{Table: Journal, ID: before, Problem: fmt.Sprintf("before it %d entries are missing: %d to %d", next-c.Seq-1, c.Seq+1, next-1)})
		}
	}
	for {
		rows, err := p.source.Feed(ctx, c.Seq, chunk)
		if err != nil {
			return c, err
		}
		if len(rows) == 0 {
			gap("the end", end+1)
			return Cursor{Phase: 4}, nil
		}
		for _, row := range rows {
			gap(row.ID, row.Seq)
			c.Seq = row.Seq
		}
		p.report.Unsealed += int64(len(rows))
	}
}

func checkpointID(n int64) string { return fmt.Sprintf("%010d", n) }

// checkpoint verifies that one seals the entries that are there.
func (p *part) checkpoint(ctx context.Context, row Row, c Cursor) (Cursor, error) {
	p.report.Checkpoints++
	c.Number++
	note := func(field, format string, args ...any) {
		p.report.add(Finding{Table: Checkpoints, ID: row.ID, Field: field, Problem: fmt.Sprintf(format, args...)})
	}
	got, err := parse(row.Text)
	if err != nil {
		note("", "it cannot be read: %v", err)
		return c, nil
	}
	if row.ID != checkpointID(c.Number) || row.Version < 1 {
		note("", "the next checkpoint should be %s", checkpointID(c.Number))
	}
	want := object{"prev": c.Digest, "from": int64(0), "to": c.Seq, "count": int64(0)}
	for done := false; !done; {
		rows, err := p.source.Feed(ctx, c.Seq, chunk)
		if err != nil {
			return c, err
		}
		done = len(rows) < chunk
		for _, e := range rows {
			if e.Seq > number(got, "to") {
				done = true
				break
			}
			entry, _ := parse(e.Text)
			c.Digest = hashOf("renown.checkpoint.1", c.Digest, e.Seq, e.ID, text(entry, "hash"))
			if c.Seq = e.Seq; want["from"] == int64(0) {
				want["from"] = e.Seq
			}
			want["to"], want["count"] = e.Seq, number(want, "count")+1
			p.left--
		}
	}
	p.report.Sealed += number(want, "count")
	want["digest"] = c.Digest
	if at := differs("", want, got); at != "" {
		note(at, "the entries lead to something else")
		// What it seals from here on is told by the next itself: one that was altered is told once.
		c.Digest, c.Seq = text(got, "digest"), number(got, "to")
	}
	return c, nil
}
