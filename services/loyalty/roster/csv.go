package roster

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLines is how many lines one record of CSV may have.
const maxLines = 200

// table reads CSV: RFC 4180 with any of four delimiters. A record that cannot be read does not hold up the next.
type table struct {
	lines     *lines
	delimiter string
	header    []string
}

// record is a line of a table, or of several if a cell has ends of lines in it.
type record struct {
	line    int
	cells   []string
	problem string
}

// newTable reads the head of a table.
func newTable(l *lines, delimiter string) (*table, error) {
	t := &table{lines: l, delimiter: delimiter}
	for {
		line, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the file is empty: it needs a line with the names of its columns")
		case err != nil:
			return nil, err
		case strings.TrimSpace(line) == "":
			continue
		}
		if mark, ok := strings.CutPrefix(strings.ToLower(line), "sep="); ok && strings.Contains(",;\t|", mark) && len(mark) == 1 { // how a spreadsheet is told
			if t.delimiter == "" {
				t.delimiter = mark
			}
			continue
		}
		if err := legible(line); err != nil {
			return nil, err
		}
		l.back([]string{line})
		break
	}
	if t.delimiter == "" {
		t.delimiter = likely(l.again[0])
	}
	head, err := t.read()
	switch {
	case err != nil:
		return nil, err
	case head.problem != "":
		return nil, fmt.Errorf("line %d: %s", head.line, head.problem)
	case len(head.cells) > maxColumns:
		return nil, fmt.Errorf("line %d: there are more than %d columns", head.line, maxColumns)
	}
	for _, name := range head.cells {
		t.header = append(t.header, strings.TrimSpace(unguarded(name)))
	}
	return t, nil
}

// likely finds the delimiter of a head: the mark that stands in it most often, outside of quotes.
func likely(head string) string {
	counts := map[string]int{}
	quoted := false
	for _, r := range head {
		if r == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[string(r)]++
		}
	}
	best := ","
	for _, mark := range []string{";", "\t", "|"} {
		if counts[mark] > counts[best] {
			best = mark
		}
	}
	return best
}

// read reads the next record; io.EOF at the end. Empty lines are passed over.
func (t *table) read() (record, error) {
	for {
		text, err := t.lines.next()
		r := record{line: t.lines.number}
		switch {
		case errors.Is(err, errLong):
			r.problem = err.Error()
			return r, nil
		case err != nil:
			return r, err
		case strings.TrimSpace(text) == "":
			continue
		}
		err = t.whole(&r, text)
		return r, err
	}
}

// whole puts together the lines of a record.
func (t *table) whole(r *record, text string) error {
	var further []string
	for {
		cells, open, problem := t.split(text)
		if !open || problem != "" {
			r.cells, r.problem = cells, problem
			if err := legible(text); err != nil && problem == "" {
				r.problem = err.Error()
			}
			return nil
		}
		line, err := t.lines.next()
		if errors.Is(err, io.EOF) || errors.Is(err, errLong) || err == nil && (len(further) == maxLines || len(text)+len(line) > maxRecord) {
			if err == nil {
				further = append(further, line)
			} else {
				t.lines.number--
			}
			t.lines.back(further)
			r.problem = "a quotation mark is opened and never closed"
			return nil
		}
		if err != nil {
			return err
		}
		further = append(further, line)
		text += "\n" + line
	}
}

// split parts a text into cells. open says that it ends within quotation marks.
func (t *table) split(text string) (cells []string, open bool, problem string) {
	for {
		if !strings.HasPrefix(text, `"`) {
			cell, rest, more := strings.Cut(text, t.delimiter)
			cells = append(cells, strings.TrimSpace(cell))
			if !more {
				return cells, false, ""
			}
			text = rest
			continue
		}
		cell, rest, closed := quoted(text[1:])
		if !closed {
			return cells, true, ""
		}
		cells = append(cells, cell)
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			return cells, false, ""
		}
		if !strings.HasPrefix(rest, t.delimiter) {
			return nil, false, fmt.Sprintf("column %d goes on behind its closing quotation mark: double those within", len(cells))
		}
		text = rest[len(t.delimiter):]
	}
}

// quoted reads up to the closing quotation mark. A doubled one is one of the text.
func quoted(text string) (cell, rest string, closed bool) {
	var b strings.Builder
	for {
		part, after, found := strings.Cut(text, `"`)
		if !found {
			return "", "", false
		}
		b.WriteString(part)
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, true
		}
		b.WriteByte('"')
		text = after[1:]
	}
}

// A spreadsheet takes a cell that begins with one of these for a formula, and runs it. Written with an apostrophe before it, it is a text; read, the apostrophe goes.
const formula = "=+-@\t\r'"

// guarded makes a text one that no spreadsheet runs.
func guarded(cell string) string {
	if cell != "" && strings.ContainsRune(formula, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func unguarded(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte(formula, cell[1]) >= 0 {
		return cell[1:]
	}
	return cell
}

// excess reports whether a record has other columns than the head; empty ones at the end are no matter.
func (t *table) excess(r *record) bool {
	if len(r.cells) > len(t.header) && !slices.ContainsFunc(r.cells[len(t.header):], func(c string) bool { return c != "" }) {
		r.cells = r.cells[:len(t.header)]
	}
	return len(r.cells) != len(t.header)
}
