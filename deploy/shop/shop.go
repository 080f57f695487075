// Package shop is the past of the demo's shop: two years of a points programme, made from a seed. Script says what happened and when, as a plain list; Play makes it happen,
// by calls of the API like anybody's, on a clock that is stepped through the past.
//
// Every person, address, telephone number and article is invented. Mail goes to domains that are kept for examples, telephone numbers are of ranges that are kept for
// fiction.
package shop

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Seed and Members are those of the demo: what its script is made of, and how many people take part.
const (
	Seed    = 20261127
	Members = 200
)

const (
	// days is how long ago the first joined, first how many joined then.
	days  = 730
	first = 12
	// hour is when the till sends what happened during the day, by UTC.
	hour = 21
)

// Day is what happened on one day, in the order in which the till sends it.
type Day struct {
	// At is the evening on which it is sent.
	At time.Time
	// Joined are the people who joined.
	Joined []Person
	// Visits are numbers of those who came.
	Visits []int
	Orders []Order
	// Returns name orders of earlier days.
	Returns []Return
	// Wants are those who take a reward if they have the points.
	Wants []Want
	// Adjusted is what the manager gave or took by hand.
	Adjusted []Adjustment
	// Suspects are those whose last points the manager sets aside, Decided what became of those of earlier days.
	Suspects []int
	Decided  []Decision
}

// Person is somebody who takes part.
type Person struct {
	// Number counts from 0 in the order in which they joined.
	Number             int
	Name, Email, Phone string
	// Card is the number of the customer card.
	Card string
	Tags []string
	// often is how many orders they place in a year, turns how likely they are to take a reward on a day.
	often, turns float64
}

// Order is a purchase.
type Order struct {
	ID     string
	Member int
	At     time.Time
	Lines  []Line
}

// Line is an article of an order.
type Line struct {
	ID      string
	Article Article
	Pieces  int
}

// Return is what came back of an order: all of it, or its first line. Generous returns take points that are spent already, and leave a debt.
type Return struct {
	ID, Order string
	Member    int
	All, Debt bool
}

// Want is somebody's wish for a reward.
type Want struct {
	Member int
	// Rank picks among the rewards that they can have, the dearest first.
	Rank int
	// End is what becomes of it.
	End End
}

// End is what becomes of a reservation.
type End int

// The ends of a reservation.
const (
	Taken End = iota
	Cancelled
	// Forgotten ones lapse by themselves.
	Forgotten
)

// Adjustment is points given or taken by hand.
type Adjustment struct {
	Member int
	Points int64
	Reason string
	// Story is the story for whose telling they were given.
	Story string
}

// Decision is what became of points that were set aside.
type Decision struct {
	Member  int
	Release bool
	Words   string
}

// Article is something that the shop sells.
type Article struct {
	SKU, Category string
	// Cents is its price.
	Cents int64
}

var articles = []Article{
	{"mount-sun", "mounts", 2490}, {"mount-dash", "mounts", 3990}, {"mount-magnet", "mounts", 1990}, {"charger-duo", "power", 2990}, {"charger-truck", "power", 4990},
	{"battery-10", "power", 5490}, {"scanner-ring", "scanners", 18900}, {"scanner-pocket", "scanners", 12900}, {"labels-500", "labels", 1490}, {"labels-2000", "labels", 4490},
	{"printer-belt", "printers", 21900}, {"gloves-touch", "clothing", 1290}, {"vest-bright", "clothing", 2190}, {"jacket-rain", "clothing", 6990}, {"crate-fold", "van", 1790},
	{"lamp-head", "van", 2690}, {"net-cargo", "van", 3290}, {"map-wall", "office", 3490}, {"pad-route", "office", 690}, {"pen-three", "office", 390},
}

var (
	givenNames = strings.Fields("Alva Bram Cleo Dario Edda Finn Greta Hanno Ilse Jora Kalle Lioba Milo Nele Okko Pia Quirin Runa Sven Thea Ulla Veit Wiebke Xenia Yorick Zora " +
		"Aino Bela Carla Dorit Emre Fenja Gesine Hilko Imke Jannis")
	familyNames = strings.Fields("Abendroth Brackwasser Cassebaum Dornfelder Eschenbach Fahrenkrog Grünwaldt Hollerbusch Immenhof Jasperneite Kesselring Lindqvist Mooswinkel Nachtigall " +
		"Osterkamp Pfefferkorn Quellental Ravensdal Silberhorn Tannhauser Uhlenbrock Vosskuhl Wiesengrund Yngling Zeidler Altwasser Birkenfeld Distelkamp")
	domains = []string{"example.com", "example.org", "example.net"}
	trades  = []string{"courier", "craft", "care", "field-service"}
)

// Script says what happened in the two years before now to so many people, a dozen at least.
func Script(seed uint64, members int, now time.Time) []Day {
	w := &writer{r: rand.New(rand.NewPCG(seed, seed))}
	today := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, time.UTC)
	w.list = make([]Day, days)
	for n := range w.list {
		w.list[n].At = today.AddDate(0, 0, n-days)
	}
	joining := w.joining(max(members, first))
	for n := range w.list {
		d := &w.list[n]
		for len(w.people) < len(joining) && joining[len(w.people)] <= n {
			p := w.person()
			w.people = append(w.people, p)
			d.Joined = append(d.Joined, p)
		}
		for i := range w.people {
			w.dayOf(n, i)
		}
	}
	w.byHand()
	return w.list
}

// writer makes a script up.
type writer struct {
	r      *rand.Rand
	list   []Day
	people []Person
	orders int
}

// joining are the days on which people join: more and more of them for a year and a half, and a few after it.
func (w *writer) joining(members int) []int {
	out := make([]int, members)
	for i := range out {
		share := w.r.Float64()
		if i < first {
			share = 0 // the first day's queue
		}
		out[i] = int(float64(days-20) * (0.15*share + 0.85*share*share*(3-2*share)) * 0.95)
	}
	slices.Sort(out)
	return out
}

func (w *writer) person() Person {
	n := len(w.people)
	given, family := givenNames[w.r.IntN(len(givenNames))], familyNames[(n*5+w.r.IntN(3))%len(familyNames)]
	address := strings.NewReplacer("ü", "ue", "ö", "oe", "ä", "ae").Replace(strings.ToLower(given + "." + family))
	p := Person{
		Number: n, Name: given + " " + family, Email: fmt.Sprintf("%s.%d@%s", address, n, domains[n%len(domains)]),
		// Numbers that are kept for drama.
		Phone: fmt.Sprintf("+4477009%05d", n), Card: fmt.Sprintf("HW-%06d", 100042+7*n), Tags: []string{trades[w.r.IntN(len(trades))]},
	}
	// Most buy now and then, some every week.
	p.often = 6 + 14*w.r.ExpFloat64()
	p.turns = 0.004 + 0.02*w.r.Float64()
	return p
}

// season is how much more is bought on a day than on others: growth, the weeks before the holidays, quiet weekends.
func (w *writer) season(n int) float64 {
	at := w.list[n].At
	factor := 0.8 + 0.5*float64(n)/days
	switch at.Month() {
	case time.November:
		factor *= 1.35
	case time.December:
		factor *= 1.6
	case time.January, time.July, time.August:
		factor *= 0.75
	}
	if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
		factor *= 0.45
	}
	return factor
}

// dayOf is somebody's day.
func (w *writer) dayOf(n, i int) {
	d, p := &w.list[n], w.people[i]
	if w.r.Float64() < 0.012 {
		d.Visits = append(d.Visits, i)
	}
	if w.r.Float64() < p.often/365*w.season(n) {
		w.order(n, i)
	}
	if w.r.Float64() < p.turns {
		end := Taken
		switch x := w.r.Float64(); {
		case x > 0.96:
			end = Forgotten
		case x > 0.88:
			end = Cancelled
		}
		d.Wants = append(d.Wants, Want{Member: i, Rank: w.r.IntN(3), End: end})
	}
}

func (w *writer) order(n, i int) {
	d := &w.list[n]
	w.orders++
	o := Order{ID: fmt.Sprintf("%d", 10000+w.orders), Member: i, At: d.At.Add(-time.Duration(1+w.r.IntN(13*60)) * time.Minute)}
	for l := range 1 + w.r.IntN(3) {
		o.Lines = append(o.Lines, Line{ID: fmt.Sprint(l + 1), Article: articles[w.r.IntN(len(articles))], Pieces: 1 + w.r.IntN(3)/2})
	}
	d.Orders = append(d.Orders, o)
	if back := n + 2 + w.r.IntN(25); w.r.Float64() < 0.055 && back < days {
		w.list[back].Returns = append(w.list[back].Returns, Return{ID: "r-" + o.ID, Order: o.ID, Member: i, All: w.r.Float64() < 0.4})
	}
}

// byHand is what the manager does.
func (w *writer) byHand() {
	at := func(n int) *Day { return &w.list[n] }
	reasons := []string{"The parcel came late", "Helped us test the ring scanner", "A card was read twice", "Ten years with us"}
	for k := range 14 {
		n := 90 + k*44
		points := int64(50 + 25*w.r.IntN(5))
		reason := reasons[k%len(reasons)]
		if reason == "A card was read twice" {
			points = -20
		}
		at(n).Adjusted = append(at(n).Adjusted, Adjustment{Member: w.r.IntN(first), Points: points, Reason: reason})
	}
	// The stories that the demo's customers tell.
	at(days - 40).Adjusted = append(at(days-40).Adjusted, Adjustment{Member: 3, Points: 500, Reason: "For telling the story", Story: "stories/nordhafen-logistics"})
	at(days - 33).Adjusted = append(at(days-33).Adjusted, Adjustment{Member: 7, Points: 350, Reason: "For telling the story", Story: "stories/aarlift"})
	for k, m := range []int{4, 8, 9} {
		at(days - 200 + 40*k).Suspects = append(at(days-200+40*k).Suspects, m)
	}
	at(days - 195).Decided = append(at(days-195).Decided, Decision{Member: 4, Release: true, Words: "A family that shares a card"})
	at(days - 150).Decided = append(at(days-150).Decided, Decision{Member: 8, Words: "Orders of one person under four names"})
	for k, m := range []int{1, 5, 10} { // these are not looked at yet
		at(days - 9 + 3*k).Suspects = append(at(days-9+3*k).Suspects, m)
	}
	w.inDebt()
}

// inDebt lets somebody spend the points of a large order, and send it back.
func (w *writer) inDebt() {
	back := days - 8
	returned := map[string]bool{}
	for _, d := range w.list {
		for _, r := range d.Returns {
			returned[r.Order] = true
		}
	}
	var largest Order
	for n := days - 60; n < days-25; n++ {
		for _, o := range w.list[n].Orders {
			if o.Cents() > largest.Cents() && !returned[o.ID] {
				largest = o
			}
		}
	}
	w.list[back].Returns = append(w.list[back].Returns, Return{ID: "r-" + largest.ID, Order: largest.ID, Member: largest.Member, All: true, Debt: true})
}

// Cents is what an order comes to.
func (o Order) Cents() int64 {
	var sum int64
	for _, l := range o.Lines {
		sum += l.Article.Cents * int64(l.Pieces)
	}
	return sum
}

// Regular is somebody who came from the first days on and buys often: a page worth looking at.
func Regular(script []Day) int {
	best, most := 0, 0.0
	for _, p := range script[0].Joined {
		if p.often > most {
			best, most = p.Number, p.often
		}
	}
	return best
}
