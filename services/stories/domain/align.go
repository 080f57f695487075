package domain

import "slices"

// step is one move through two sequences: over an element of the first (Removed), of the second (Added), or of both (Same).
type step struct {
	change        Change
	before, after int
}

// maxAlign bounds the work of align: it is a number of cells of the table of common subsequences, some 16 MB.
const maxAlign = 4 << 20

// align finds the longest common subsequence of a and b and returns the way through both, removals before additions. What both begin and end with costs
// nothing; when the rest is too long for the table, it is taken to be all different, which is true of texts that differ so much.
func align(a, b []string) []step {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []step
	for i := range head {
		out = append(out, step{Same, i, i})
	}
	middle := alignMiddle(a[head:len(a)-tail], b[head:len(b)-tail])
	for _, s := range middle {
		out = append(out, step{s.change, s.before + head, s.after + head})
	}
	for i := range tail {
		out = append(out, step{Same, len(a) - tail + i, len(b) - tail + i})
	}
	return out
}

func alignMiddle(a, b []string) []step {
	n, m := len(a), len(b)
	table := make([][]int32, n+1)
	if (n+1)*(m+1) <= maxAlign {
		for i := range table {
			table[i] = make([]int32, m+1)
		}
		for i, j := range backwards(n, m) {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	} else {
		table = nil
	}
	var out []step
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case table != nil && i < n && j < m && a[i] == b[j]:
			out = append(out, step{Same, i, j})
			i, j = i+1, j+1
		case i < n && (table == nil || j == m || table[i+1][j] >= table[i][j+1]):
			out = append(out, step{Removed, i, j})
			i++
		default:
			out = append(out, step{Added, i, j})
			j++
		}
	}
	return slices.Clip(out)
}

// backwards yields every cell of an n by m table from the last to the first.
func backwards(n, m int) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		for i := n - 1; i >= 0; i-- {
			for j := m - 1; j >= 0; j-- {
				if !yield(i, j) {
					return
				}
			}
		}
	}
}
