package document

// Column writes what n things of one kind have under a name: nothing if all have the zero value, one value if all have the same, else a list.
func Column[T comparable](w *Writer, name string, n int, value func(i int) T, write func(v T)) {
	var zero T
	first, same := zero, true
	if n > 0 {
		first = value(0)
	}
	for i := 1; i < n && same; i++ {
		same = value(i) == first
	}
	switch {
	case same && first == zero:
		return
	case same:
		w.Name(name)
		write(first)
		return
	}
	w.Name(name)
	w.OpenList()
	for i := range n {
		w.Next()
		write(value(i))
	}
	w.CloseList()
}

// Ints writes a list of integers, and never one for all: it says how many there are.
func (w *Writer) Ints(name string, n int, value func(i int) int64) {
	w.Name(name)
	w.OpenList()
	for i := range n {
		w.Next()
		w.Number(value(i))
	}
	w.CloseList()
}

// Column reads what n things have under a name, each by one.
func (r *Reader) Column(n int, one func(i int)) {
	if len(r.Rest) > 0 && r.Rest[0] == '[' {
		i := 0
		r.List(func() {
			if i < n {
				one(i)
			} else {
				r.Strange = true
			}
			i++
		})
		r.Strange = r.Strange || i != n
		return
	}
	value := r.Rest
	for i := range n {
		r.Rest = value
		one(i)
	}
}

// IntColumn reads what n things have under a name that are numbers; at says where each goes.
func (r *Reader) IntColumn(n int, at func(i int) *int64) {
	if len(r.Rest) > 0 && r.Rest[0] == '[' {
		r.Column(n, func(i int) { *at(i) = r.Int() })
		return
	}
	if n > 0 {
		v := r.Int()
		for i := range n {
			*at(i) = v
		}
	}
}

// TextColumn reads what n things have under a name that are texts.
func (r *Reader) TextColumn(n int, at func(i int) *string) {
	if len(r.Rest) > 0 && r.Rest[0] == '[' {
		last := ""
		r.Column(n, func(i int) {
			last = r.TextLike(last)
			*at(i) = last
		})
		return
	}
	if n > 0 {
		v := r.Text()
		for i := range n {
			*at(i) = v
		}
	}
}
