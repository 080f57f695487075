package domain

import (
	"strconv"
	"strings"
)

// ParsePoint reads a point of a picture, "50 30": percent of its width and height, each in the one way in which the number is written.
func ParsePoint(s string) (x, y int, ok bool) {
	left, right, two := strings.Cut(s, " ")
	x, okX := percent(left)
	y, okY := percent(right)
	return x, y, two && okX && okY
}

func percent(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= 100 && strconv.Itoa(n) == s
}

// Point is where the picture's focus lies: its middle where nothing else is said.
func (i Image) Point() (x, y int) {
	if x, y, ok := ParsePoint(i.Focus); ok {
		return x, y
	}
	return 50, 50
}
