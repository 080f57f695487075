package leak

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Metadata returns what a picture's file says besides its pixels: EXIF, XMP, IPTC, comments, what follows the picture. Pictures are freed from all of that
// before they are stored; this looks at the bytes all the same. What can be read anywhere in the file, pixels included, are outputs marked Raw.
func Metadata(file []byte) []Output {
	var parts [][]byte
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		parts = pngParts(file[8:])
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		parts = jpegParts(file[2:])
	case len(file) >= 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		parts = webpParts(file[12:])
	}
	var out []Output
	for _, p := range parts {
		for _, text := range readable(p, 2) {
			out = append(out, Output{Text: text})
		}
	}
	for _, text := range runs(string(file), longRun) {
		out = append(out, Output{Text: text, Raw: true})
	}
	return out
}

// longRun is the length from which characters in a row are taken for words among pixels, where anything can stand by chance.
const longRun = 8

// maxInflated bounds what one compressed text of a picture is unpacked to.
const maxInflated = 1 << 20

func pngParts(b []byte) [][]byte {
	var out [][]byte
	for len(b) >= 12 {
		size := int64(binary.BigEndian.Uint32(b))
		if size > int64(len(b)-12) {
			break
		}
		kind, data := string(b[4:8]), b[8:8+size]
		switch kind {
		case "IHDR", "PLTE", "IDAT", "tRNS", "gAMA", "cHRM", "sRGB", "pHYs", "sBIT", "bKGD", "iCCP":
		case "IEND":
			return append(out, b[12:])
		default:
			out = append(out, data, inflated(data))
		}
		b = b[12+size:]
	}
	return append(out, b)
}

// inflated unpacks the first compressed stream in a chunk of text, if there is one.
func inflated(data []byte) []byte {
	for i := range min(len(data), 400) {
		if i+1 >= len(data) || data[i] != 0x78 {
			continue
		}
		r, err := zlib.NewReader(bytes.NewReader(data[i:]))
		if err != nil {
			continue
		}
		// A stream that breaks off has said what it has said.
		if text, _ := io.ReadAll(io.LimitReader(r, maxInflated)); len(text) > 0 {
			return text
		}
	}
	return nil
}

func jpegParts(b []byte) [][]byte {
	var out [][]byte
	for len(b) >= 4 && b[0] == 0xff {
		marker := b[1]
		if marker == 0xff {
			b = b[1:]
			continue
		}
		size := int(binary.BigEndian.Uint16(b[2:]))
		if marker == 0xda || size < 2 || size+2 > len(b) {
			break
		}
		if segment := b[4 : 2+size]; (marker >= 0xe0 && marker <= 0xef || marker == 0xfe) && !bytes.HasPrefix(segment, []byte("ICC_PROFILE\x00")) {
			out = append(out, segment)
		}
		b = b[2+size:]
	}
	if i := bytes.LastIndex(b, []byte{0xff, 0xd9}); i >= 0 {
		out = append(out, b[i+2:])
	}
	return out
}

func webpParts(b []byte) [][]byte {
	var out [][]byte
	for len(b) >= 8 {
		size := int64(binary.LittleEndian.Uint32(b[4:]))
		if size > int64(len(b)-8) {
			break
		}
		switch kind := string(b[:4]); kind {
		case "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP":
		default:
			out = append(out, b[8:8+size])
		}
		b = b[min(int64(len(b)), 8+size+size%2):]
	}
	return append(out, b)
}

// readable returns the runs of at least so many characters that can be read in bytes, in UTF-8 and in both orders of UTF-16.
func readable(b []byte, least int) []string {
	out := runs(string(b), least)
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, odd := range []int{0, 1} {
			if odd > len(b) {
				continue
			}
			units := make([]uint16, 0, len(b)/2)
			for i := odd; i+1 < len(b); i += 2 {
				// Letters of other scripts are left to UTF-8: as UTF-16 any two bytes are a letter of some.
				if u := order.Uint16(b[i:]); u < 0x250 {
					units = append(units, u)
				} else {
					units = append(units, 0)
				}
			}
			out = append(out, runs(string(utf16.Decode(units)), least)...)
		}
	}
	return out
}

func runs(s string, least int) []string {
	var out []string
	for _, run := range strings.FieldsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError || r == 0x7f
	}) {
		if utf8.RuneCountInString(run) >= least {
			out = append(out, run)
		}
	}
	return out
}
