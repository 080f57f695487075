// Package mix is the mix of queries by which search is measured: what people type, with what is hardest to answer in it.
//
//	10 %  the commonest word of all texts
//	10 %  one of the fifty commonest words
//	20 %  a rare word
//	20 %  two or three words, common and rare
//	15 %  the first letter of a word, as when somebody begins to type
//	10 %  the first two or three letters of a word
//	 5 %  a word with a typo
//	10 %  the name of a customer
//
// The same corpus gives the same queries in the same order.
package mix

import "math/rand/v2"

// Corpus says what the texts are made of.
type Corpus struct {
	// Word returns a word by its rank, the commonest first, from 0; Words is how many there are, at least 200.
	Word  func(rank int) string
	Words int
	// Customers are names of customers.
	Customers []string
}

// Queries returns n queries.
func Queries(c Corpus, n int) []string {
	r := rand.New(rand.NewPCG(14, 11))
	rare := func() string { return c.Word(c.Words/20 + r.IntN(c.Words-c.Words/20)) }
	common := func() string { return c.Word(1 + r.IntN(50)) }
	out := make([]string, n)
	for i := range out {
		switch k := r.IntN(100); {
		case k < 10:
			out[i] = c.Word(0)
		case k < 20:
			out[i] = common()
		case k < 40:
			out[i] = rare()
		case k < 60:
			out[i] = common() + " " + c.Word(r.IntN(c.Words/10))
			if k < 50 {
				out[i] += " " + common()
			}
		case k < 75:
			out[i] = beginning(c.Word(r.IntN(c.Words)), 1)
		case k < 85:
			out[i] = beginning(c.Word(r.IntN(c.Words)), 2+r.IntN(2))
		case k < 90:
			out[i] = typo(rare(), r)
		default:
			out[i] = c.Customers[r.IntN(len(c.Customers))]
		}
	}
	return out
}

func beginning(word string, n int) string {
	letters := []rune(word)
	return string(letters[:min(n, len(letters))])
}

// typo puts another letter in the place of one.
func typo(word string, r *rand.Rand) string {
	letters := []rune(word)
	i := 1 + r.IntN(max(len(letters)-1, 1))
	if i < len(letters) {
		letters[i] = 'a' + (letters[i]-'a'+1+rune(r.IntN(24)))%26
	}
	return string(letters)
}
