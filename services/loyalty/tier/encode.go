package tier

import (
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/document"
)

// Taught says that Write knows every field of what it writes. If not, encoding/json has to do it.
var Taught = document.HasFields[Standing](10) && document.HasFields[Base](2) && document.HasFields[State](4) && document.HasFields[Day](4)

// Write writes a standing as encoding/json would.
func (s *Standing) Write(w *document.Writer) {
	w.Open()
	writeDate(w, "enrolled", s.Enrolled)
	w.SomeText("tier", s.Tier)
	w.SomeInt("since", int64(s.Since))
	w.SomeInt("version", s.Version)
	w.SomeInt("at", int64(s.At))
	w.SomeInt("due", int64(s.Due))
	w.SomeInt("balance", s.Balance)
	if len(s.Days) > 0 {
		w.Name("days")
		w.OpenList()
		for _, d := range s.Days {
			w.Next()
			d.write(w)
		}
		w.CloseList()
	}
	writeDate(w, "open", s.Open)
	w.Name("base")
	s.Base.write(w)
	w.Close()
}

func (d Day) write(w *document.Writer) {
	w.Open()
	writeDate(w, "date", d.Date)
	w.SomeInt("earned", d.Earned)
	w.SomeInt("spend", d.Spend)
	w.SomeInt("visits", d.Visits)
	w.Close()
}

func (b *Base) write(w *document.Writer) {
	w.Open()
	writeDate(w, "day", b.Day)
	if b.State != (State{}) {
		w.Name("state")
		w.Open()
		w.SomeText("tier", b.State.Tier)
		w.SomeInt("version", b.State.Version)
		someDate(w, "short", b.State.Short)
		someDate(w, "held", b.State.Held)
		w.Close()
	}
	w.Close()
}

func writeDate(w *document.Writer, name string, d calendar.Date) {
	w.Name(name)
	w.Out = append(d.Append(append(w.Out, '"')), '"')
}

func someDate(w *document.Writer, name string, d calendar.Date) {
	if !d.IsZero() {
		writeDate(w, name, d)
	}
}
