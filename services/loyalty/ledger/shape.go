package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"renown.example/loyalty/document"
)

// How lots are kept. A page is read and written as a whole, a redemption changes thousands of lots, and most of what is to be said of lots that lie side by side is the
// same. So they stand in columns: of each property a list with a value for each lot, or one value that all have; what none has is left out. Only the numbers, "n", are
// never one for all. They are a list, or, of four or more that follow upon each other, the first and the last:
//
//	{"id":"2027-03/000001","lots":{"n":[1,2],"points":10,"open":[10,4],"issuedAt":[1790000000000,1790000005000],"policy":"rules/visit@1",...}}
//
// Changes of lots of one page that follow upon each other, and change nothing but figures, stand together in the same way in a transaction's list of changes, and so do
// the takes of a hold: {"page":"2027-03/000001","n":{"first":1,"last":32},"open":-10}.

// Sealed returns the page with its text, for one writing: what is changed in it afterwards would not be in that text.
func (p Page) Sealed(text []byte) Page {
	p.stored = text
	return p
}

// frame is a page's text without the figures of its lots: what goes before them and what comes behind. print is that of the lots, zero if it is yet to be made.
type frame struct {
	head, tail []byte
	print      uint64
}

// ReadPage reads a page from a text that never changes. The page remembers it, so that a Book in which nothing but figures changes writes nothing but figures.
func ReadPage(in []byte) (p Page, err error) {
	r := &lotReader{Reader: document.Reader{Rest: in}}
	if p = r.page(); !r.Done() {
		err = p.UnmarshalJSON(in)
		return p, err
	}
	if r.head != nil && !r.loose {
		p.frame = &frame{head: in[:len(in)-len(r.head)], tail: in[len(in)-len(r.tail):]}
	}
	return p, nil
}

// Ready returns the page ready for a step that changes nothing but figures: who reads pages ahead, beside the step, does for it what it would begin with.
func (p Page) Ready() Page {
	if p.frame != nil {
		p.frame.print = printOf(p.Lots)
	}
	return p
}

func (f *frame) around(lots []Lot) []byte {
	w := &document.Writer{Out: make([]byte, 0, len(f.head)+len(f.tail)+64)}
	w.Out = append(w.Out, f.head...)
	writeFigures(w, lots)
	return append(w.Out, f.tail...)
}

func writeFigures(w *document.Writer, lots []Lot) {
	document.Column(w, "open", len(lots), func(i int) int64 { return lots[i].Open }, w.Number)
	document.Column(w, "reserved", len(lots), func(i int) int64 { return lots[i].Reserved }, w.Number)
}

// MarshalJSON writes a page.
func (p Page) MarshalJSON() ([]byte, error) {
	switch {
	case p.stored != nil:
		return p.stored, nil
	case p.frame != nil:
		return p.frame.around(p.Lots), nil
	}
	w := &document.Writer{Out: make([]byte, 0, 256+24*len(p.Lots))}
	w.Open()
	w.Text("id", p.ID)
	w.Name("lots")
	writeLots(w, p.Lots)
	w.Close()
	return w.Out, nil
}

// fewestInRow is from how many on numbers that follow upon each other are written as the first and the last.
const fewestInRow = 4

// writeNumbers writes the numbers of lots, which say how many there are.
func writeNumbers(w *document.Writer, count int, number func(i int) int64) {
	inRow := count >= fewestInRow
	for i := 1; i < count && inRow; i++ {
		inRow = number(i) == number(i-1)+1
	}
	if inRow {
		w.Name("n")
		w.Open()
		w.Int("first", number(0))
		w.Int("last", number(count-1))
		w.Close()
		return
	}
	w.Ints("n", count, number)
}

func writeLots(w *document.Writer, lots []Lot) {
	count := len(lots)
	ints := func(name string, value func(l *Lot) int64) {
		document.Column(w, name, count, func(i int) int64 { return value(&lots[i]) }, w.Number)
	}
	texts := func(name string, value func(l *Lot) string) {
		document.Column(w, name, count, func(i int) string { return value(&lots[i]) }, w.String)
	}
	refs := func(name string, value func(l *Lot) *LotRef) {
		document.Column(w, name, count, func(i int) *LotRef { return value(&lots[i]) }, func(r *LotRef) { r.write(w) })
	}
	w.Open()
	writeNumbers(w, count, func(i int) int64 { return lots[i].N })
	ints("points", func(l *Lot) int64 { return l.Points })
	writeFigures(w, lots)
	document.Column(w, "pending", count, func(i int) bool { return lots[i].Pending }, w.Bool)
	ints("activatesAt", func(l *Lot) int64 { return int64(l.ActivatesAt) })
	ints("issuedAt", func(l *Lot) int64 { return int64(l.IssuedAt) })
	ints("expiresAt", func(l *Lot) int64 { return int64(l.ExpiresAt) })
	texts("life", func(l *Lot) string { return l.Life })
	texts("policy", func(l *Lot) string { return l.Policy })
	ints("frozenAt", func(l *Lot) int64 { return int64(l.FrozenAt) })
	texts("rule", func(l *Lot) string { return l.Rule })
	texts("source", func(l *Lot) string { return l.Source })
	ints("tx", func(l *Lot) int64 { return l.Tx })
	refs("from", func(l *Lot) *LotRef { return l.From })
	refs("movedTo", func(l *Lot) *LotRef { return l.MovedTo })
	w.Close()
}

// figures reports whether a change is one of figures only, so that it may stand in a column.
func (c *LotChange) figures() bool {
	return c.Opened == nil && !c.Activated && !c.Froze && !c.Unfroze && c.ExpiresAt == 0 && c.MovedTo == nil
}

// together is how many changes from the first on stand in columns.
func together(changes []LotChange) int {
	n := 0
	for n < len(changes) && changes[n].Page == changes[0].Page && changes[n].figures() {
		n++
	}
	return n
}

func writeChanges(w *document.Writer, changes []LotChange) {
	w.OpenList()
	for len(changes) > 0 {
		w.Next()
		n := together(changes)
		if n < 2 {
			changes[0].write(w)
			changes = changes[1:]
			continue
		}
		same := changes[:n]
		changes = changes[n:]
		w.Open()
		w.Text("page", same[0].Page)
		writeNumbers(w, n, func(i int) int64 { return same[i].N })
		document.Column(w, "open", n, func(i int) int64 { return same[i].Open }, w.Number)
		document.Column(w, "reserved", n, func(i int) int64 { return same[i].Reserved }, w.Number)
		w.Close()
	}
	w.CloseList()
}

// Room is about how many bytes the transaction takes when it is written.
func (t *Transaction) Room() int {
	room := 0
	for i := range t.Lots {
		switch c := &t.Lots[i]; {
		case c.Opened != nil:
			room += 256
		case i == 0 || c.Page != t.Lots[i-1].Page || !c.figures():
			room += 96
		case c.N != t.Lots[i-1].N+1:
			room += 8
		}
	}
	return room
}

func writeTakes(w *document.Writer, takes []Take) {
	w.OpenList()
	for len(takes) > 0 {
		n := 0
		for n < len(takes) && takes[n].Page == takes[0].Page {
			n++
		}
		same := takes[:n]
		takes = takes[n:]
		w.Next()
		w.Open()
		w.Text("page", same[0].Page)
		if n == 1 {
			w.Int("n", same[0].N)
			w.Int("points", same[0].Points)
		} else {
			writeNumbers(w, n, func(i int) int64 { return same[i].N })
			document.Column(w, "points", n, func(i int) int64 { return same[i].Points }, w.Number)
		}
		w.Close()
	}
	w.CloseList()
}

// UnmarshalJSON reads a page. A redemption may have to read hundreds of them, so that the text which MarshalJSON makes of a Page is read in one go; whatever else
// there is in it, such as spaces or escapes, is left to encoding/json.
func (p *Page) UnmarshalJSON(in []byte) error {
	r := &lotReader{Reader: document.Reader{Rest: in}}
	if page := r.page(); r.Done() {
		*p = page
		return nil
	}
	var loose struct {
		ID   string          `json:"id"`
		Lots json.RawMessage `json:"lots"`
	}
	if err := json.Unmarshal(in, &loose); err != nil {
		return err
	}
	page := Page{ID: loose.ID}
	if loose.Lots == nil {
		*p = page
		return nil
	}
	rows, err := unfold(loose.Lots)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(rows, &page.Lots); err != nil {
		return err
	}
	*p = page
	return nil
}

// unfold makes of columns a list of objects.
func unfold(columns json.RawMessage) (json.RawMessage, error) {
	var of map[string]json.RawMessage
	if err := json.Unmarshal(columns, &of); err != nil {
		return nil, err
	}
	numbers, err := unfoldNumbers(of["n"])
	if err != nil {
		return nil, err
	}
	delete(of, "n")
	rows := make([]map[string]json.RawMessage, len(numbers))
	for i := range rows {
		rows[i] = map[string]json.RawMessage{"n": numbers[i]}
	}
	for name, column := range of {
		var values []json.RawMessage
		if len(column) > 0 && column[0] == '[' {
			if err := json.Unmarshal(column, &values); err != nil {
				return nil, err
			}
		} else {
			values = slices.Repeat([]json.RawMessage{column}, len(rows))
		}
		if len(values) != len(rows) {
			return nil, fmt.Errorf("ledger: %d values of %s for %d lots", len(values), name, len(rows))
		}
		for i := range rows {
			rows[i][name] = values[i]
		}
	}
	return json.Marshal(rows)
}

// unfoldNumbers makes of numbers that follow upon each other a list.
func unfoldNumbers(in json.RawMessage) (numbers []json.RawMessage, err error) {
	if len(in) == 0 || in[0] != '{' {
		return numbers, json.Unmarshal(in, &numbers)
	}
	var row struct{ First, Last int64 }
	d := json.NewDecoder(bytes.NewReader(in))
	d.DisallowUnknownFields()
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	if !inRow(row.First, row.Last) {
		return nil, fmt.Errorf("ledger: no page has the lots %d to %d", row.First, row.Last)
	}
	for n := row.First; n <= row.Last; n++ {
		numbers = append(numbers, strconv.AppendInt(nil, n, 10))
	}
	return numbers, nil
}

// inRow reports whether these can be the first and the last of lots on one page.
func inRow(first, last int64) bool { return first > 0 && first <= last && last-first < PageSize }

// unfoldList makes of a list, in which columns may stand for several objects, a list of objects.
func unfoldList(in json.RawMessage) (json.RawMessage, error) {
	var elements, out []json.RawMessage
	if err := json.Unmarshal(in, &elements); err != nil {
		return nil, err
	}
	for _, e := range elements {
		var number struct {
			N json.RawMessage `json:"n"`
		}
		if err := json.Unmarshal(e, &number); err != nil {
			return nil, err
		}
		if len(number.N) == 0 || number.N[0] != '[' && number.N[0] != '{' {
			out = append(out, e)
			continue
		}
		rows, err := unfold(e)
		if err != nil {
			return nil, err
		}
		var several []json.RawMessage
		if err := json.Unmarshal(rows, &several); err != nil {
			return nil, err
		}
		out = append(out, several...)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads a transaction.
func (t *Transaction) UnmarshalJSON(in []byte) error {
	r := &document.Reader{Rest: in}
	var got Transaction
	if got.Read(r); r.Done() {
		*t = got
		return nil
	}
	type plain Transaction
	loose := struct {
		*plain
		Lots json.RawMessage `json:"lots"`
	}{plain: (*plain)(&Transaction{})}
	if err := json.Unmarshal(in, &loose); err != nil {
		return err
	}
	if loose.Lots != nil {
		rows, err := unfoldList(loose.Lots)
		if err == nil {
			err = json.Unmarshal(rows, &loose.plain.Lots)
		}
		if err != nil {
			return err
		}
	}
	*t = Transaction(*loose.plain)
	return nil
}

// MarshalJSON writes a transaction.
func (t Transaction) MarshalJSON() ([]byte, error) {
	w := &document.Writer{}
	t.Write(w)
	return w.Out, nil
}

// UnmarshalJSON reads a hold.
func (h *Hold) UnmarshalJSON(in []byte) error {
	r := &document.Reader{Rest: in}
	if got := readHold(r); r.Done() {
		*h = got
		return nil
	}
	type plain Hold
	loose := struct {
		*plain
		Takes json.RawMessage `json:"takes"`
	}{plain: (*plain)(&Hold{})}
	if err := json.Unmarshal(in, &loose); err != nil {
		return err
	}
	rows, err := unfoldList(loose.Takes)
	if err == nil {
		err = json.Unmarshal(rows, &loose.plain.Takes)
	}
	if err != nil {
		return err
	}
	*h = Hold(*loose.plain)
	return nil
}

// MarshalJSON writes a hold.
func (h Hold) MarshalJSON() ([]byte, error) {
	w := &document.Writer{}
	h.write(w)
	return w.Out, nil
}
