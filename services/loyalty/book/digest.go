package book

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// What is hashed is not the text of a document but its content, so that an engine may keep it in a form of its own. Each value is written with its kind and
// length before it, so that no two documents read the same:
//
//	object  "o" number of members ":" then for each, keys in the order of their bytes, the key as a string and the value
//	array   "a" number of elements ":" then the elements
//	string  "s" number of bytes ":" the bytes, UTF-8
//	number  "n" number of digits ":" the digits as in JSON; only integers occur
//	true "t", false "f", null "z"
//
// The hash of a journal entry is the SHA-256, in hexadecimal, of the strings "renown.journal.1" and the entry's id, and of the entry without its member "hash". The
// state that an entry leaves its account in is the SHA-256 of the string "renown.account.1", the account's id, and the account without the member "head" of its
// ledger.
const (
	journalDomain = "renown.journal.1"
	accountDomain = "renown.account.1"
)

// Digest returns the SHA-256 of a document, which encoding/json has made, under its domain and id, in hexadecimal.
func Digest(domain, id string, doc []byte) (string, error) {
	c := canonicals.Get().(*canonical)
	defer canonicals.Put(c)
	c.out, c.members = slices.Grow(c.out[:0], len(doc)+len(doc)/2), c.members[:0]
	c.text([]byte(domain))
	c.text([]byte(id))
	rest, err := c.value(doc)
	if err != nil {
		return "", err
	}
	if len(rest) != 0 {
		return "", fmt.Errorf("book: %d bytes behind a document", len(rest))
	}
	sum := sha256.Sum256(c.out)
	if cap(c.out) > mostKept {
		*c = canonical{}
	}
	return hex.EncodeToString(sum[:]), nil
}

// canonicals are kept for the next document, but for those that a very large one has made large.
var canonicals = sync.Pool{New: func() any { return new(canonical) }}

const mostKept = 64 << 10

// canonical reads compact JSON, as encoding/json makes it, and writes what is hashed.
type canonical struct {
	out []byte
	// former is where members stand while they are put in order; members are those of the objects that are being read, one within the other.
	former  []byte
	members []member
}

func (c *canonical) head(kind byte, n int) {
	c.out = append(c.out, kind)
	c.out = strconv.AppendInt(c.out, int64(n), 10)
	c.out = append(c.out, ':')
}

func (c *canonical) text(s []byte) {
	c.head('s', len(s))
	c.out = append(c.out, s...)
}

func (c *canonical) value(in []byte) (rest []byte, err error) {
	if len(in) == 0 {
		return nil, fmt.Errorf("book: a document ends too early")
	}
	switch in[0] {
	case '{':
		return c.object(in)
	case '[':
		return c.array(in)
	case '"':
		s, rest, err := text(in)
		c.text(s)
		return rest, err
	case 't':
		return c.word(in, "true", 't')
	case 'f':
		return c.word(in, "false", 'f')
	case 'n':
		return c.word(in, "null", 'z')
	}
	n := 0
	for n < len(in) && (in[n] == '-' || in[n] >= '0' && in[n] <= '9') {
		n++
	}
	if n == 0 || n < len(in) && in[n] != ',' && in[n] != '}' && in[n] != ']' {
		return nil, fmt.Errorf("book: only integers are hashed, not %.20q", in)
	}
	c.head('n', n)
	c.out = append(c.out, in[:n]...)
	return in[n:], nil
}

func (c *canonical) word(in []byte, word string, kind byte) ([]byte, error) {
	if !bytes.HasPrefix(in, []byte(word)) {
		return nil, fmt.Errorf("book: no JSON: %.20q", in)
	}
	c.out = append(c.out, kind)
	return in[len(word):], nil
}

func (c *canonical) array(in []byte) ([]byte, error) {
	start, n := len(c.out), 0
	in = in[1:]
	for len(in) > 0 && in[0] != ']' {
		var err error
		if in, err = c.value(in); err != nil {
			return nil, err
		}
		n++
		if len(in) > 0 && in[0] == ',' {
			in = in[1:]
		}
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("book: an array does not end")
	}
	// How many there are stands before them, and is known only now.
	elements := len(c.out)
	c.head('a', n)
	head := string(c.out[elements:])
	copy(c.out[start+len(head):], c.out[start:elements])
	copy(c.out[start:], head)
	return in[1:], nil
}

// member is a key of an object, and where key and value stand in what is hashed, from the object's beginning on.
type member struct {
	// front is the key's first eight bytes as a number, which tells most keys apart.
	front    uint64
	key      []byte
	from, to int
}

func compare(a, b *member) int {
	if a.front != b.front {
		return cmp.Compare(a.front, b.front)
	}
	return bytes.Compare(a.key, b.key)
}

// front returns the first eight bytes of a key, as if zeros followed where it has fewer.
func front(key []byte) (n uint64) {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	for i, b := range key {
		n |= uint64(b) << (56 - 8*i)
	}
	return n
}

func (c *canonical) object(in []byte) ([]byte, error) {
	base, start := len(c.members), len(c.out)
	in = in[1:]
	for len(in) > 0 && in[0] != '}' {
		m := member{from: len(c.out) - start}
		var err error
		if m.key, in, err = text(in); err != nil || len(in) == 0 || in[0] != ':' {
			return nil, fmt.Errorf("book: no member: %.20q", in)
		}
		m.front = front(m.key)
		c.text(m.key)
		if in, err = c.value(in[1:]); err != nil {
			return nil, err
		}
		m.to = len(c.out) - start
		c.members = append(c.members, m)
		if len(in) > 0 && in[0] == ',' {
			in = in[1:]
		}
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("book: an object does not end")
	}
	c.order(c.members[base:], start)
	c.members = c.members[:base]
	return in[1:], nil
}

// order puts the members of an object, which stand from start on, in the order of their keys. Few are sorted as fast by insertion as by anything else.
func (c *canonical) order(members []member, start int) {
	if len(members) > 64 {
		slices.SortFunc(members, func(a, b member) int { return compare(&a, &b) })
	}
	for i := 1; i < len(members); i++ {
		m, at := members[i], i
		for ; at > 0 && compare(&m, &members[at-1]) < 0; at-- {
			members[at] = members[at-1]
		}
		members[at] = m
	}
	c.former = append(c.former[:0], c.out[start:]...)
	c.out = c.out[:start]
	c.head('o', len(members))
	for i := range members {
		c.out = append(c.out, c.former[members[i].from:members[i].to]...)
	}
}

// text reads a string.
func text(in []byte) (s, rest []byte, err error) {
	if len(in) == 0 || in[0] != '"' {
		return nil, nil, fmt.Errorf("book: no string: %.20q", in)
	}
	if end := bytes.IndexByte(in[1:], '"'); end >= 0 && bytes.IndexByte(in[1:1+end], '\\') < 0 {
		return in[1 : 1+end], in[2+end:], nil
	}
	for i := 1; i < len(in); i++ {
		switch in[i] {
		case '\\':
			i++
		case '"':
			var plain string
			if err := json.Unmarshal(in[:i+1], &plain); err != nil {
				return nil, nil, err
			}
			return []byte(plain), in[i+1:], nil
		}
	}
	return nil, nil, fmt.Errorf("book: a value does not end")
}
