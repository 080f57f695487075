package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// OKLCH is a colour by perceived lightness (0 to 1), chroma (0 to about 0.37) and hue in degrees.
type OKLCH struct{ L, C, H float64 }

// String is the colour as CSS writes it.
func (c OKLCH) String() string {
	return fmt.Sprintf("oklch(%s %s %s)", trim(c.L), trim(c.C), trim(c.H))
}

func trim(f float64) string { return strconv.FormatFloat(math.Round(f*1e4)/1e4, 'f', -1, 64) }

// linear gives the colour in linear-light sRGB; a part outside 0 to 1 cannot be shown on an sRGB screen.
func (c OKLCH) linear() [3]float64 {
	h := c.H * math.Pi / 180
	a, b := c.C*math.Cos(h), c.C*math.Sin(h)
	l := cube(c.L + 0.3963377774*a + 0.2158037573*b)
	m := cube(c.L - 0.1055613458*a - 0.0638541728*b)
	s := cube(c.L - 0.0894841775*a - 1.2914855480*b)
	return [3]float64{
		4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s,
	}
}

func cube(x float64) float64 { return x * x * x }

// inGamut says whether an sRGB screen can show the colour as it is.
func (c OKLCH) inGamut() bool {
	for _, v := range c.linear() {
		if v < -0.0005 || v > 1.0005 {
			return false
		}
	}
	return true
}

// fitGamut takes chroma away until an sRGB screen can show the colour; lightness and hue stay.
func (c OKLCH) fitGamut() OKLCH {
	for c.C > 0 && !c.inGamut() {
		c.C = math.Max(0, c.C-0.002)
	}
	return c
}

// srgb gives the colour as the eight-bit sRGB triple that a screen shows.
func (c OKLCH) srgb() [3]uint8 {
	var out [3]uint8
	for i, v := range c.linear() {
		v = math.Min(1, math.Max(0, v))
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		out[i] = uint8(math.Round(v * 255))
	}
	return out
}

// Hex is the colour as #rrggbb, for the places that know no OKLCH (the browser's theme-color, an icon's file).
func (c OKLCH) Hex() string {
	rgb := c.srgb()
	return fmt.Sprintf("#%02x%02x%02x", rgb[0], rgb[1], rgb[2])
}

// luminance is WCAG's relative luminance of what the screen shows, so after rounding to eight bits.
func (c OKLCH) luminance() float64 {
	rgb := c.srgb()
	weights := [3]float64{0.2126, 0.7152, 0.0722}
	sum := 0.0
	for i, v := range rgb {
		sum += weights[i] * decodeSRGB(v)
	}
	return sum
}

func decodeSRGB(v uint8) float64 {
	f := float64(v) / 255
	if f <= 0.04045 {
		return f / 12.92
	}
	return math.Pow((f+0.055)/1.055, 2.4)
}

// Contrast is WCAG's contrast ratio of two opaque colours, from 1 to 21.
func Contrast(a, b OKLCH) float64 {
	la, lb := a.luminance(), b.luminance()
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

// ParseColor reads "#rrggbb" or "oklch(L C H)" with L as a number or a percentage. The error names the text.
func ParseColor(text string) (OKLCH, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "#") {
		return parseHex(text)
	}
	inner, opens := strings.CutPrefix(text, "oklch(")
	inner, closes := strings.CutSuffix(inner, ")")
	if !opens || !closes {
		return OKLCH{}, fmt.Errorf("%q is no colour: write #rrggbb or oklch(0.46 0.19 264)", text)
	}
	parts := strings.Fields(inner)
	if len(parts) != 3 {
		return OKLCH{}, fmt.Errorf("%q is no colour: oklch takes lightness, chroma and hue", text)
	}
	var v [3]float64
	for i, part := range parts {
		number, percent := strings.CutSuffix(part, "%")
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return OKLCH{}, fmt.Errorf("%q is no colour: %q is not a number", text, part)
		}
		if percent {
			f /= 100
		}
		v[i] = f
	}
	c := OKLCH{v[0], v[1], math.Mod(math.Mod(v[2], 360)+360, 360)}
	if c.L < 0 || c.L > 1 || c.C < 0 || c.C > 0.5 {
		return OKLCH{}, fmt.Errorf("%q is no colour: lightness goes from 0 to 1 and chroma from 0 to 0.5", text)
	}
	return c.fitGamut(), nil
}

func parseHex(text string) (OKLCH, error) {
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil || len(text) != 7 {
		return OKLCH{}, fmt.Errorf("%q is no colour: write six digits after the #", text)
	}
	r, g, b := decodeSRGB(uint8(n>>16)), decodeSRGB(uint8(n>>8)), decodeSRGB(uint8(n))
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	lightness := 0.2104542553*l + 0.7936177850*m - 0.0040720468*s
	a := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	bb := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	hue := math.Mod(math.Atan2(bb, a)*180/math.Pi+360, 360)
	return OKLCH{lightness, math.Hypot(a, bb), hue}.fitGamut(), nil
}
