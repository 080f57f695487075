package images

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

var (
	errTruncated = errors.New("it ends too early")
	errAnimated  = errors.New("animated pictures are not accepted")
)

// pngKept are the chunks that say how the picture looks. All others are notes, or belong to an animation.
var pngKept = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sRGB", "sBIT", "bKGD", "pHYs"}

func stripPNG(b []byte) ([]byte, error) {
	const magic = 8
	out := bytes.NewBuffer(make([]byte, 0, len(b)))
	out.Write(b[:magic])
	for rest := b[magic:]; ; {
		if len(rest) < 12 {
			return nil, errTruncated
		}
		size := uint64(binary.BigEndian.Uint32(rest)) + 12
		if size > uint64(len(rest)) {
			return nil, errTruncated
		}
		name := string(rest[4:8])
		if slices.Contains(pngKept, name) {
			out.Write(rest[:size])
		}
		if name == "IEND" {
			return out.Bytes(), nil
		}
		rest = rest[size:]
	}
}

// segment is one marker of a JPEG file with its data.
type segment struct {
	marker byte
	// data are the bytes after the length.
	data []byte
	// whole are all bytes: marker, length, data, and after a start of scan the coded picture.
	whole []byte
}

// JPEG markers, the second of their two bytes.
const (
	jpegSOI, jpegEOI, jpegSOS, jpegTEM = 0xd8, 0xd9, 0xda, 0x01
	jpegRST0, jpegRST7                 = 0xd0, 0xd7
	jpegAPP0, jpegAPP1, jpegAPP2       = 0xe0, 0xe1, 0xe2
	jpegAPP14, jpegAPP15, jpegCOM      = 0xee, 0xef, 0xfe
)

// jpegSegments cuts a JPEG file at its markers, without the first (SOI) and last (EOI), and ends there.
func jpegSegments(b []byte) ([]segment, error) {
	var out []segment
	for i := 2; ; {
		start := i
		for i < len(b) && b[i] == 0xff { // any number of fill bytes may stand before a marker
			i++
		}
		if i >= len(b) {
			return nil, errTruncated
		}
		if i == start {
			return nil, errors.New("a marker was expected")
		}
		marker := b[i]
		i++
		switch {
		case marker == jpegEOI:
			return out, nil
		case marker == jpegTEM || marker >= jpegRST0 && marker <= jpegSOI:
			continue // these carry nothing where they stand
		case len(b)-i < 2:
			return nil, errTruncated
		}
		size := int(binary.BigEndian.Uint16(b[i:]))
		if size < 2 || size > len(b)-i {
			return nil, errTruncated
		}
		s := segment{marker: marker, data: b[i+2 : i+size]}
		begin := i - 2
		i += size
		if marker == jpegSOS {
			i = codedEnd(b, i)
		}
		s.whole = b[begin:i]
		out = append(out, s)
	}
}

// codedEnd returns where the coded picture that begins at i ends: at the next marker that is neither a stuffed byte nor a restart.
func codedEnd(b []byte, i int) int {
	for i+1 < len(b) {
		if b[i] == 0xff && b[i+1] != 0 && b[i+1] != 0xff && (b[i+1] < jpegRST0 || b[i+1] > jpegRST7) {
			return i
		}
		i++
	}
	return len(b)
}

func stripJPEG(b []byte) ([]byte, error) {
	segments, err := jpegSegments(b)
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, len(b)))
	out.Write([]byte{0xff, jpegSOI})
	for _, s := range segments {
		if keepSegment(s) {
			out.Write(s.whole)
		}
	}
	out.Write([]byte{0xff, jpegEOI})
	return out.Bytes(), nil
}

func keepSegment(s segment) bool {
	switch {
	case s.marker == jpegAPP0:
		return bytes.HasPrefix(s.data, []byte("JFIF\x00")) && len(s.data) == 14 // a longer one has a thumbnail
	case s.marker == jpegAPP2:
		return isICC(s)
	case s.marker == jpegAPP14:
		return bytes.HasPrefix(s.data, []byte("Adobe")) && len(s.data) == 12 // it says how the colours are coded
	case s.marker >= jpegAPP0 && s.marker <= jpegAPP15:
		return false
	}
	return s.marker != jpegCOM
}

func isICC(s segment) bool {
	return s.marker == jpegAPP2 && bytes.HasPrefix(s.data, []byte("ICC_PROFILE\x00"))
}

// webpKept are the chunks of a still picture.
var webpKept = []string{"VP8X", "VP8 ", "VP8L", "ALPH", "ICCP"}

// webpNotes are the flags of VP8X that speak of what is taken out: Exif and XMP.
const webpAnimated, webpNotes = 0x02, 0x0c

func stripWebP(b []byte) ([]byte, error) {
	size := uint64(binary.LittleEndian.Uint32(b[4:])) + 8
	if size > uint64(len(b)) || size < 12 {
		return nil, errTruncated
	}
	out := bytes.NewBuffer(make([]byte, 0, len(b)))
	out.Write(b[:12])
	for rest := b[12:size]; len(rest) > 0; {
		if len(rest) < 8 {
			return nil, errTruncated
		}
		length := uint64(binary.LittleEndian.Uint32(rest[4:]))
		padded := 8 + length + length%2
		if padded > uint64(len(rest)) {
			return nil, errTruncated
		}
		name, chunk := string(rest[:4]), slices.Clone(rest[:padded])
		rest = rest[padded:]
		if name == "VP8X" && length > 0 {
			if chunk[8]&webpAnimated != 0 {
				return nil, errAnimated
			}
			chunk[8] &^= webpNotes
		}
		if name == "ANIM" || name == "ANMF" {
			return nil, errAnimated
		}
		if slices.Contains(webpKept, name) {
			out.Write(chunk)
		}
	}
	cleaned := out.Bytes()
	binary.LittleEndian.PutUint32(cleaned[4:], uint32(len(cleaned)-8))
	return cleaned, nil
}

// GIF block introducers and labels.
const gifExtension, gifImage, gifTrailer, gifControl = 0x21, 0x2c, 0x3b, 0xf9

func stripGIF(b []byte) ([]byte, error) {
	const screen = 13
	if len(b) < screen {
		return nil, errTruncated
	}
	i := screen + colourTable(b[10])
	if i > len(b) {
		return nil, errTruncated
	}
	out := bytes.NewBuffer(make([]byte, 0, len(b)))
	out.Write(b[:i])
	pictures := 0
	for i < len(b) {
		start, keep := i, false
		switch b[i] {
		case gifTrailer:
			if pictures == 0 {
				return nil, errors.New("it holds no picture")
			}
			out.WriteByte(gifTrailer)
			return out.Bytes(), nil
		case gifExtension:
			if i+2 > len(b) {
				return nil, errTruncated
			}
			keep = b[i+1] == gifControl
			i += 2
		case gifImage:
			if pictures++; pictures > 1 {
				return nil, errAnimated
			}
			if i+10 > len(b) {
				return nil, errTruncated
			}
			keep = true
			i += 10 + colourTable(b[i+9]) + 1
		default:
			return nil, fmt.Errorf("it holds a block of unknown type %#x", b[i])
		}
		var err error
		if i, err = gifSubBlocks(b, i); err != nil {
			return nil, err
		}
		if keep {
			out.Write(b[start:i])
		}
	}
	return nil, errTruncated
}

// colourTable returns the size in bytes of the colour table that the packed flags announce.
func colourTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// gifSubBlocks returns the position after the chain of sub-blocks that begins at i.
func gifSubBlocks(b []byte, i int) (int, error) {
	for i < len(b) {
		n := int(b[i])
		i += 1 + n
		if n == 0 {
			return i, nil
		}
	}
	return 0, errTruncated
}
