package search

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/bits-and-blooms/bitset"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// nowhere is the slot of documents whose edition is not known: it was withdrawn before the process began.
const nowhere = ^uint32(0)

// part is a segment of the index with the slots of its documents. Segments do not change; what is gone is told by the snapshot.
type part struct {
	*scorch.SegmentSnapshot
	slots []uint32
}

// view is a snapshot of the index. It is closed when the last one that looks through it lets go.
type view struct {
	snapshot *scorch.IndexSnapshot
	parts    []part

	mu      sync.Mutex
	lookers int
	retired bool
}

// look returns false if the view is closed already.
func (v *view) look() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.retired && v.lookers == 0 {
		return false
	}
	v.lookers++
	return true
}

func (v *view) leave() {
	v.mu.Lock()
	v.lookers--
	over := v.retired && v.lookers == 0
	v.mu.Unlock()
	if over {
		// Nothing is lost with a snapshot that cannot be closed but its memory.
		_ = v.snapshot.Close()
	}
}

func (v *view) retire() {
	v.mu.Lock()
	v.retired = true
	over := v.lookers == 0
	v.mu.Unlock()
	if over {
		_ = v.snapshot.Close()
	}
}

// slotsOf finds the slots of a segment's documents.
func slotsOf(s *scorch.SegmentSnapshot, slot func(edition string) (uint, bool)) ([]uint32, error) {
	out := make([]uint32, s.Segment().Count())
	for i := range out {
		id, err := s.DocID(uint64(i))
		if err != nil {
			return nil, err
		}
		out[i] = nowhere
		if at, ok := slot(string(id)); ok {
			out[i] = uint32(at)
		}
	}
	return out, nil
}

// editions returns the ids of the documents that the snapshot holds.
func (v *view) editions(each func(edition string)) error {
	for _, p := range v.parts {
		for it := p.DocNumbersLive().Iterator(); it.HasNext(); {
			id, err := p.DocID(uint64(it.Next()))
			if err != nil {
				return err
			}
			each(string(id))
		}
	}
	return nil
}

// collect adds the slots of the documents that have a term in a field.
func (v *view) collect(into *bitset.BitSet, field, term string) error {
	for _, p := range v.parts {
		dict, err := p.Segment().Dictionary(field)
		if err != nil {
			return err
		}
		if err := p.add(into, dict, []byte(term)); err != nil {
			return err
		}
	}
	return nil
}

// collectPrefix adds the slots of the documents that have a term with a beginning in a field.
func (v *view) collectPrefix(into *bitset.BitSet, field, prefix string) error {
	begin, end := []byte(prefix), behind(prefix)
	for _, p := range v.parts {
		dict, err := p.Segment().Dictionary(field)
		if err != nil {
			return err
		}
		for it := dict.AutomatonIterator(nil, begin, end); ; {
			entry, err := it.Next()
			if err != nil {
				return err
			}
			if entry == nil {
				break
			}
			if err := p.add(into, dict, []byte(entry.Term)); err != nil {
				return err
			}
		}
	}
	return nil
}

// behind is the first term that does not begin with the prefix, nil if there is none.
func behind(prefix string) []byte {
	end := []byte(prefix)
	for len(end) > 0 && end[len(end)-1] == 0xff {
		end = end[:len(end)-1]
	}
	if len(end) > 0 {
		end[len(end)-1]++
	}
	return end
}

// similar returns the words of a field that are one letter away from a word: another, one more, one less, or two exchanged.
func (v *view) similar(field, word string) ([]string, error) {
	dict, err := v.snapshot.FieldDictFuzzy(field, word, 1, "")
	if err != nil {
		return nil, err
	}
	defer dict.Close()
	var out []string
	for {
		entry, err := dict.Next()
		if err != nil || entry == nil {
			slices.Sort(out)
			return slices.Compact(out), err
		}
		if entry.Term != word && !strings.HasPrefix(entry.Term, stemMark) && !strings.HasPrefix(entry.Term, beginMark) {
			out = append(out, entry.Term)
		}
	}
}

// add adds the slots of a term's documents.
func (p part) add(into *bitset.BitSet, dict segment.TermDictionary, term []byte) error {
	list, err := dict.PostingsList(term, p.Deleted(), nil)
	if err != nil {
		return err
	}
	it := list.Iterator(false, false, false, nil)
	if quick, ok := it.(segment.OptimizablePostingsIterator); ok {
		if doc, one := quick.DocNum1Hit(); one {
			p.set(into, uint32(doc))
			return nil
		}
		if docs := quick.ActualBitmap(); docs != nil {
			p.setAll(into, docs)
			return nil
		}
	}
	for {
		posting, err := it.Next()
		if err != nil || posting == nil {
			return err
		}
		p.set(into, uint32(posting.Number()))
	}
}

func (p part) set(into *bitset.BitSet, doc uint32) {
	if int(doc) < len(p.slots) && p.slots[doc] != nowhere {
		into.Set(uint(p.slots[doc]))
	}
}

func (p part) setAll(into *bitset.BitSet, docs *roaring.Bitmap) {
	var buffer [512]uint32
	for it := docs.ManyIterator(); ; {
		n := it.NextMany(buffer[:])
		if n == 0 {
			return
		}
		for _, doc := range buffer[:n] {
			p.set(into, doc)
		}
	}
}

// newView takes a snapshot of an index. known are the slots of segments of the view before.
func newView(idx *scorch.Scorch, known map[uint64][]uint32, slot func(edition string) (uint, bool)) (*view, map[uint64][]uint32, error) {
	reader, err := idx.Reader()
	if err != nil {
		return nil, nil, err
	}
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok || snapshot == nil {
		return nil, nil, fmt.Errorf("search: the index gives no snapshot")
	}
	v, slots := &view{snapshot: snapshot}, map[uint64][]uint32{}
	for _, s := range snapshot.Segments() {
		list, ok := known[s.Id()]
		if !ok || uint64(len(list)) != s.Segment().Count() {
			if list, err = slotsOf(s, slot); err != nil {
				_ = snapshot.Close()
				return nil, nil, err
			}
		}
		slots[s.Id()] = list
		v.parts = append(v.parts, part{s, list})
	}
	return v, slots, nil
}
