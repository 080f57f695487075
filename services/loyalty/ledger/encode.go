package ledger

import "renown.example/loyalty/document"

func (l *Lot) write(w *document.Writer) {
	w.Open()
	w.Int("n", l.N)
	w.Int("points", l.Points)
	w.Int("open", l.Open)
	w.SomeInt("reserved", l.Reserved)
	w.SomeTrue("pending", l.Pending)
	w.SomeInt("activatesAt", int64(l.ActivatesAt))
	w.Int("issuedAt", int64(l.IssuedAt))
	w.SomeInt("expiresAt", int64(l.ExpiresAt))
	w.SomeText("life", l.Life)
	w.SomeText("policy", l.Policy)
	w.SomeInt("frozenAt", int64(l.FrozenAt))
	w.SomeText("rule", l.Rule)
	w.SomeText("source", l.Source)
	w.Int("tx", l.Tx)
	writeRef(w, "from", l.From)
	writeRef(w, "movedTo", l.MovedTo)
	w.Close()
}

func writeRef(w *document.Writer, name string, r *LotRef) {
	if r != nil {
		w.Name(name)
		r.write(w)
	}
}

func (r *LotRef) write(w *document.Writer) {
	if r == nil {
		w.Null()
		return
	}
	w.Open()
	w.Text("page", r.Page)
	w.Int("n", r.N)
	w.Close()
}

func (v *Balances) write(w *document.Writer, name string) {
	w.Name(name)
	w.Open()
	w.Int("pending", v.Pending)
	w.Int("available", v.Available)
	w.Int("reserved", v.Reserved)
	w.Int("frozen", v.Frozen)
	w.Int("debt", v.Debt)
	w.Close()
}

// Write writes a transaction in the form of shape.go.
func (t *Transaction) Write(w *document.Writer) {
	w.Open()
	w.Text("account", t.Account)
	w.Int("seq", t.Seq)
	w.Text("kind", string(t.Kind))
	w.Int("effectiveAt", int64(t.EffectiveAt))
	w.Int("recordedAt", int64(t.RecordedAt))
	if len(t.Legs) > 0 {
		w.Name("legs")
		w.OpenList()
		for _, l := range t.Legs {
			w.Next()
			w.Open()
			w.Text("account", l.Account)
			w.Int("points", l.Points)
			w.Close()
		}
		w.CloseList()
	}
	if len(t.Lots) > 0 {
		w.Name("lots")
		writeChanges(w, t.Lots)
	}
	w.SomeText("hold", t.Hold)
	w.SomeInt("endsAt", int64(t.EndsAt))
	if len(t.Idle) > 0 {
		w.Name("idle")
		w.OpenList()
		for _, d := range t.Idle {
			w.Next()
			w.Open()
			w.Text("life", d.Life)
			w.Int("endsAt", int64(d.EndsAt))
			w.Close()
		}
		w.CloseList()
	}
	t.After.write(w, "after")
	w.Close()
}

func (c *LotChange) write(w *document.Writer) {
	w.Open()
	w.Text("page", c.Page)
	w.Int("n", c.N)
	w.SomeInt("open", c.Open)
	w.SomeInt("reserved", c.Reserved)
	if c.Opened != nil {
		w.Name("opened")
		c.Opened.write(w)
	}
	w.SomeTrue("activated", c.Activated)
	w.SomeTrue("froze", c.Froze)
	w.SomeTrue("unfroze", c.Unfroze)
	w.SomeInt("points", c.Points)
	w.SomeInt("expiresAt", int64(c.ExpiresAt))
	writeRef(w, "movedTo", c.MovedTo)
	w.Close()
}

// Write writes an account in the form of shape.go.
func (a *Account) Write(w *document.Writer) {
	w.Open()
	w.Text("id", a.ID)
	a.Balances.write(w, "balances")
	w.Name("lifetime")
	w.Open()
	w.Int("earned", a.Lifetime.Earned)
	w.Int("spent", a.Lifetime.Spent)
	w.Int("expired", a.Lifetime.Expired)
	w.Close()
	w.Int("seq", a.Seq)
	w.SomeText("head", a.Head)
	w.Int("lots", a.Lots)
	w.SomeInt("recordedAt", int64(a.RecordedAt))
	w.SomeInt("dueAt", int64(a.DueAt))
	w.SomeText("first", a.First)
	if a.Tail != (Tail{}) {
		w.Name("tail")
		w.Open()
		w.Text("page", a.Tail.Page)
		w.Int("lots", int64(a.Tail.Lots))
		w.Close()
	}
	if len(a.Holds) > 0 {
		w.Name("holds")
		w.OpenList()
		for i := range a.Holds {
			w.Next()
			a.Holds[i].write(w)
		}
		w.CloseList()
	}
	a.writeIdle(w)
	w.Close()
}

func (a *Account) writeIdle(w *document.Writer) {
	if len(a.Idle) == 0 {
		return
	}
	w.Name("idle")
	w.OpenList()
	for _, d := range a.Idle {
		w.Next()
		w.Open()
		w.Text("life", d.Life)
		w.Int("endsAt", int64(d.EndsAt))
		w.Int("open", d.Open)
		w.SomeInt("free", d.Free)
		w.Close()
	}
	w.CloseList()
}

func (h *Hold) write(w *document.Writer) {
	w.Open()
	w.Text("id", h.ID)
	w.Int("points", h.Points)
	w.Int("endsAt", int64(h.EndsAt))
	w.Name("takes")
	writeTakes(w, h.Takes)
	w.Int("created", int64(h.Created))
	w.Close()
}
