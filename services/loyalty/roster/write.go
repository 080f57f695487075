package roster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
)

// object is a row in Renown's own form, as a JSON line.
type object struct {
	External   []string          `json:"external,omitempty"`
	Email      []string          `json:"email,omitempty"`
	Phone      []string          `json:"phone,omitempty"`
	Card       []string          `json:"card,omitempty"`
	Name       string            `json:"name,omitempty"`
	Tags       []string          `json:"tags,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Enrolled   string            `json:"enrolled,omitempty"`
	Balances   []balance         `json:"balances,omitempty"`
}

type balance struct {
	Wallet    string `json:"wallet,omitempty"`
	Points    int64  `json:"points,omitempty"`
	Debt      int64  `json:"debt,omitempty"`
	Issued    string `json:"issued,omitempty"`
	Expires   string `json:"expires,omitempty"`
	Activates string `json:"activates,omitempty"`
	Pending   bool   `json:"pending,omitempty"`
	Frozen    bool   `json:"frozen,omitempty"`
}

func instantText(at clock.Millis) string {
	if at == 0 {
		return ""
	}
	return at.Time().UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

func objectOf(r *Row) object {
	o := object{Name: r.Name, Tags: r.Tags, Attributes: r.Attributes, Enrolled: instantText(r.EnrolledAt)}
	for _, id := range r.Identifiers {
		to := map[member.Kind]*[]string{member.External: &o.External, member.Email: &o.Email, member.Phone: &o.Phone, member.Card: &o.Card}[id.Kind]
		*to = append(*to, id.Value)
	}
	for _, b := range r.Balances {
		o.Balances = append(o.Balances, balance{
			Wallet: b.Wallet, Points: b.Points, Debt: b.Debt, Issued: instantText(b.IssuedAt), Expires: instantText(b.ExpiresAt), Activates: instantText(b.ActivatesAt),
			Pending: b.Pending, Frozen: b.Frozen,
		})
	}
	return o
}

// Writer writes members in Renown's own form.
type Writer struct {
	out  *bufio.Writer
	json bool
	// attributes are the keys that have a column of their own in CSV.
	attributes []string
	begun      bool
}

// NewJSONWriter writes JSON lines.
func NewJSONWriter(out io.Writer) *Writer {
	return &Writer{out: bufio.NewWriterSize(out, 64<<10), json: true}
}

// NewCSVWriter writes CSV, with a column for each of the attributes. Cells that a spreadsheet would run have an apostrophe before them, which a Reader takes away.
func NewCSVWriter(out io.Writer, attributes []string) *Writer {
	attributes = slices.Clone(attributes)
	slices.Sort(attributes)
	return &Writer{out: bufio.NewWriterSize(out, 64<<10), attributes: attributes}
}

// Write writes a member.
func (w *Writer) Write(r *Row) error {
	if w.json {
		e := json.NewEncoder(w.out)
		e.SetEscapeHTML(false)
		return e.Encode(objectOf(r))
	}
	if !w.begun {
		w.begun = true
		head := slices.Clone(Targets[:15])
		for _, key := range w.attributes {
			head = append(head, attributePrefix+key)
		}
		if err := w.line(head); err != nil {
			return err
		}
	}
	o := objectOf(r)
	for _, key := range slices.Sorted(maps.Keys(r.Attributes)) {
		if !slices.Contains(w.attributes, key) {
			return fmt.Errorf("the attribute %q has no column: name it among those that get one", key)
		}
	}
	balances := o.Balances
	if len(balances) == 0 {
		balances = []balance{{}}
	}
	for _, b := range balances {
		cells := []string{several(o.External), several(o.Email), several(o.Phone), several(o.Card), o.Name, several(o.Tags), o.Enrolled,
			b.Wallet, number(b.Points), number(b.Debt), b.Issued, b.Expires, b.Activates, truth(b.Pending), truth(b.Frozen)}
		for _, key := range w.attributes {
			cells = append(cells, r.Attributes[key])
		}
		if err := w.line(cells); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what is buffered.
func (w *Writer) Flush() error { return w.out.Flush() }

func (w *Writer) line(cells []string) error {
	_, err := w.out.WriteString(CSVLine(cells))
	return err
}

// CSVLine is a line of CSV with its end, in which no cell is a formula.
func CSVLine(cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		cell = guarded(cell)
		if strings.ContainsAny(cell, "\",;\t|\r\n") || strings.TrimSpace(cell) != cell {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		b.WriteString(cell)
	}
	b.WriteString("\r\n")
	return b.String()
}

func several(values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = strings.ReplaceAll(v, "|", `\|`)
	}
	return strings.Join(escaped, "|")
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func truth(v bool) string {
	if v {
		return "true"
	}
	return ""
}

// Zone returns the mapping with the zone of dates that have none, unless it names one itself.
func (m Mapping) InZone(z *time.Location) Mapping {
	if m.Zone == time.UTC {
		m.Zone = z
	}
	return m
}
