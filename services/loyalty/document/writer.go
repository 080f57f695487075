// Package document writes and reads the JSON of what the service stores again and again. It makes the text that encoding/json would make, and reads that text in one
// go; whatever else there may be in a text is left to encoding/json. A row of the journal is written, hashed and read several times for each change of an account, so
// that most of the time of a change would go to reflection otherwise.
package document

import (
	"encoding/json"
	"strconv"
)

// Writer appends to a text. Its zero value is ready.
type Writer struct{ Out []byte }

// Open begins an object, Close ends it.
func (w *Writer) Open()  { w.Out = append(w.Out, '{') }
func (w *Writer) Close() { w.Out = append(w.Out, '}') }

// OpenList begins an array, CloseList ends it. Next goes before each of its elements.
func (w *Writer) OpenList()  { w.Out = append(w.Out, '[') }
func (w *Writer) CloseList() { w.Out = append(w.Out, ']') }

// Next parts what follows from what went before it in the same object or array.
func (w *Writer) Next() {
	if last := w.Out[len(w.Out)-1]; last != '{' && last != '[' {
		w.Out = append(w.Out, ',')
	}
}

// Name begins a member, whose value follows.
func (w *Writer) Name(name string) {
	w.Next()
	w.Out = append(w.Out, '"')
	w.Out = append(w.Out, name...)
	w.Out = append(w.Out, '"', ':')
}

// Int writes a member that is an integer.
func (w *Writer) Int(name string, v int64) {
	w.Name(name)
	w.Out = strconv.AppendInt(w.Out, v, 10)
}

// SomeInt writes it unless it is zero.
func (w *Writer) SomeInt(name string, v int64) {
	if v != 0 {
		w.Int(name, v)
	}
}

// Text writes a member that is a string.
func (w *Writer) Text(name, s string) {
	w.Name(name)
	w.String(s)
}

// SomeText writes it unless it is empty.
func (w *Writer) SomeText(name, s string) {
	if s != "" {
		w.Text(name, s)
	}
}

// SomeTrue writes a member that is true, or nothing.
func (w *Writer) SomeTrue(name string, is bool) {
	if is {
		w.Name(name)
		w.Out = append(w.Out, "true"...)
	}
}

// Number, Bool and Null write values.
func (w *Writer) Number(v int64) { w.Out = strconv.AppendInt(w.Out, v, 10) }
func (w *Writer) Bool(v bool)    { w.Out = strconv.AppendBool(w.Out, v) }
func (w *Writer) Null()          { w.Out = append(w.Out, "null"...) }

// String writes a string as encoding/json does.
func (w *Writer) String(s string) {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b >= 0x80 || b == '"' || b == '\\' || b == '<' || b == '>' || b == '&' {
			text, _ := json.Marshal(s) // a string always can be
			w.Out = append(w.Out, text...)
			return
		}
	}
	w.Out = append(w.Out, '"')
	w.Out = append(w.Out, s...)
	w.Out = append(w.Out, '"')
}

// Value writes a member by encoding/json.
func (w *Writer) Value(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Raw(name, text)
	return nil
}

// Raw writes a member whose text is compact JSON already.
func (w *Writer) Raw(name string, text []byte) {
	w.Name(name)
	w.Out = append(w.Out, text...)
}
