package document

import (
	"bytes"

	"renown.example/kit/clock"
)

// Reader reads the JSON that encoding/json, or a Writer, makes. Strange says that it met something else, after which nothing that it returns means anything.
type Reader struct {
	Rest    []byte
	Strange bool
}

// Done reports whether everything was read and nothing was strange.
func (r *Reader) Done() bool { return !r.Strange && len(r.Rest) == 0 }

// Next takes a byte if it is the one that comes.
func (r *Reader) Next(b byte) bool {
	if len(r.Rest) == 0 || r.Rest[0] != b {
		return false
	}
	r.Rest = r.Rest[1:]
	return true
}

// Must takes a byte that has to come.
func (r *Reader) Must(b byte) {
	if !r.Next(b) {
		r.Strange = true
	}
}

// Bytes reads a string, and finds those strange that do not stand there as they are. It is good until the text is changed.
func (r *Reader) Bytes() []byte {
	r.Must('"')
	for i, b := range r.Rest {
		if b == '"' {
			s := r.Rest[:i]
			r.Rest = r.Rest[i+1:]
			return s
		}
		if b == '\\' || b < ' ' || b >= 0x80 {
			break
		}
	}
	r.Strange = true
	return nil
}

// Text reads a string.
func (r *Reader) Text() string { return string(r.Bytes()) }

// TextLike reads a string that may be the same as another.
func (r *Reader) TextLike(like string) string {
	if s := r.Bytes(); string(s) != like {
		return string(s)
	}
	return like
}

// Int reads an integer of at most 18 digits.
func (r *Reader) Int() int64 {
	negative := r.Next('-')
	var n int64
	digits := 0
	for ; digits < len(r.Rest) && digits < 18 && r.Rest[digits]-'0' < 10; digits++ {
		n = n*10 + int64(r.Rest[digits]-'0')
	}
	if digits == 0 || digits > 1 && r.Rest[0] == '0' {
		r.Strange = true
	}
	r.Rest = r.Rest[digits:]
	if negative {
		return -n
	}
	return n
}

// Instant reads an instant.
func (r *Reader) Instant() clock.Millis { return clock.Millis(r.Int()) }

// Bool reads true or false.
func (r *Reader) Bool() bool {
	if r.word("true") {
		return true
	}
	r.Strange = !r.word("false") || r.Strange
	return false
}

// Null takes null if it comes.
func (r *Reader) Null() bool { return r.word("null") }

func (r *Reader) word(word string) bool {
	if !bytes.HasPrefix(r.Rest, []byte(word)) {
		return false
	}
	r.Rest = r.Rest[len(word):]
	return true
}

// Object reads the members of an object.
func (r *Reader) Object(member func(key []byte)) {
	r.Must('{')
	for more := !r.Next('}'); more && !r.Strange; {
		key := r.Bytes()
		r.Must(':')
		member(key)
		if more = r.Next(','); !more {
			r.Must('}')
		}
	}
}

// List reads the elements of an array.
func (r *Reader) List(element func()) {
	r.Must('[')
	for more := !r.Next(']'); more && !r.Strange; {
		element()
		if more = r.Next(','); !more {
			r.Must(']')
		}
	}
}

// Raw reads a value of any kind. Whether it is JSON inside, as everything is that was stored, is not looked at.
func (r *Reader) Raw() []byte {
	depth := 0
	for i := 0; i < len(r.Rest); i++ {
		switch r.Rest[i] {
		case '"':
			end := stringEnd(r.Rest[i+1:])
			if end < 0 {
				r.Strange = true
				return nil
			}
			if i += end; depth == 0 {
				return r.cut(i + 1)
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return r.cut(i)
			}
			if depth--; depth == 0 {
				return r.cut(i + 1)
			}
		case ',':
			if depth == 0 {
				return r.cut(i)
			}
		case ' ', '\t', '\n', '\r':
			r.Strange = true
			return nil
		}
	}
	r.Strange = true
	return nil
}

// stringEnd is how many bytes a string has, its closing quote included, -1 if it does not end.
func stringEnd(s []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(s[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		escapes := 0
		for escapes < i && s[i-1-escapes] == '\\' {
			escapes++
		}
		if from = i + 1; escapes%2 == 0 {
			return from
		}
	}
}

func (r *Reader) cut(n int) []byte {
	value := r.Rest[:n:n]
	r.Strange = r.Strange || n == 0
	r.Rest = r.Rest[n:]
	return value
}
