// Package earning decides what points an order or an event earns. It is pure: rules and facts go in, awards with their arithmetic come out, and the same go-in gives
// the same come-out byte for byte, today and in ten years. So an award can be explained, and checked, by doing it again.
//
// # From an order to points
//
//  1. Each rule is considered by itself: is it archived, does the order set it off, is it in its window, does its condition hold, which lines count. It then has an
//     exact number of points, a fraction of whole numbers that nothing is ever rounded from but once, at the end, in the way that the rule states.
//  2. Caps leave all of that, some of it, or nothing: those that reject first, against what the rule wants, then those that reduce, one after the other.
//  3. Rules of one wallet, group and mode compete for the place, by what caps left of them. The winner is given, and uses up the counters of its caps.
//  4. Multipliers come after all others and by the same steps; they add to what was given, never to one another.
//
// A rule that gives nothing says why.
//
// # From points to lines, and back
//
// The whole points of an award are attributed to the lines that earned them: the first k lines together have what they come to together, rounded as the award is, or
// what falls to them of the points that a cap left, rounded down; all lines have all. A return takes of each line's points that part which has come back of it in all, rounded down, less what was taken before. So any sequence of partial
// returns that brings everything back takes exactly what was given.
//
// # Numbers
//
// There are no floating-point numbers, and expressions cannot make any: amounts and quantities are exact decimals, which are divided to a stated number of places.
package earning
