package ledger

// Multipliers are odd, so that no two values of a property look the same; apart from that any would do.
const (
	ofNumber uint64 = 0x9e3779b97f4a7c15 + 2*iota
	ofPoints
	ofActivation
	ofIssue
	ofEnd
	ofFreeze
	ofTx
	ofPending
	ofLife
	ofPolicy
	ofRule
	ofSource
	ofFrom
	ofMove
	ofNext
)

// printOf is a number that changes when anything of the lots but their figures does. It is there to find mistakes, not to withstand anybody: a copy of ten thousand
// lots to compare them with would take a redemption longer than all its arithmetic.
func printOf(lots []Lot) uint64 {
	print, before := ofNext, &Lot{}
	for i := range lots {
		l := &lots[i]
		sum := uint64(l.N)*ofNumber + uint64(l.Points)*ofPoints + uint64(l.ActivatesAt)*ofActivation + uint64(l.IssuedAt)*ofIssue +
			uint64(l.ExpiresAt)*ofEnd + uint64(l.FrozenAt)*ofFreeze + uint64(l.Tx)*ofTx
		if l.Pending {
			sum += ofPending
		}
		// Texts are mostly those of the lot before: how one differs from it says as much.
		sum += printUnlike(l.Life, before.Life)*ofLife + printUnlike(l.Policy, before.Policy)*ofPolicy +
			printUnlike(l.Rule, before.Rule)*ofRule + printUnlike(l.Source, before.Source)*ofSource
		if l.From != nil || l.MovedTo != nil {
			sum += l.From.print()*ofFrom + l.MovedTo.print()*ofMove
		}
		print = (print ^ sum) * ofNext
		before = l
	}
	return print | 1 // never zero
}

func printUnlike(text, before string) uint64 {
	if text == before {
		return 0
	}
	return printText(text)
}

// printText is FNV-1a.
func printText(text string) uint64 {
	print := uint64(14695981039346656037)
	for i := range len(text) {
		print = (print ^ uint64(text[i])) * 1099511628211
	}
	return print
}

func (r *LotRef) print() uint64 {
	if r == nil {
		return 0
	}
	return uint64(r.N)*ofNumber + printText(r.Page) | 1
}
