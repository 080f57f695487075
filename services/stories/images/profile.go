package images

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
)

// maxProfile bounds a colour profile: those of screens and cameras have some kilobytes.
const maxProfile = 256 << 10

// profileOf returns the colour profile of a picture, nil if it has none that says anything: none at all, sRGB, which everybody assumes, or one that is not of RGB.
func profileOf(mediaType string, b []byte) []byte {
	var p []byte
	switch mediaType {
	case "image/jpeg":
		p = jpegProfile(b)
	case "image/png":
		p = pngProfile(b)
	case "image/webp":
		p = webpProfile(b)
	}
	const space = 16
	if len(p) < 128 || len(p) > maxProfile || string(p[space:space+4]) != "RGB " || bytes.Contains(p, []byte("sRGB")) || bytes.Contains(p, []byte("s\x00R\x00G\x00B")) {
		return nil
	}
	return p
}

const iccHeader = "ICC_PROFILE\x00"

func jpegProfile(b []byte) []byte {
	segments, err := jpegSegments(b)
	if err != nil {
		return nil
	}
	var out []byte
	for number := byte(1); ; number++ {
		found := false
		for _, s := range segments {
			if isICC(s) && len(s.data) > len(iccHeader)+2 && s.data[len(iccHeader)] == number {
				out, found = append(out, s.data[len(iccHeader)+2:]...), true
				break
			}
		}
		if !found || number == math.MaxUint8 {
			return out
		}
	}
}

func pngProfile(b []byte) []byte {
	const magic, frame = 8, 12
	for rest := b[magic:]; len(rest) >= frame; {
		size := int64(binary.BigEndian.Uint32(rest)) + frame
		if size > int64(len(rest)) {
			return nil
		}
		if chunk := rest[8 : size-4]; string(rest[4:8]) == "iCCP" {
			_, packed, ok := bytes.Cut(chunk, []byte{0})
			if !ok || len(packed) < 1 {
				return nil
			}
			r, err := zlib.NewReader(bytes.NewReader(packed[1:]))
			if err != nil {
				return nil
			}
			p, err := io.ReadAll(io.LimitReader(r, maxProfile+1))
			if err != nil {
				return nil
			}
			return p
		}
		rest = rest[size:]
	}
	return nil
}

func webpProfile(b []byte) []byte {
	for rest := b[12:]; len(rest) >= 8; {
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		if 8+size > int64(len(rest)) {
			return nil
		}
		if string(rest[:4]) == "ICCP" {
			return rest[8 : 8+size]
		}
		rest = rest[min(int64(len(rest)), 8+size+size%2):]
	}
	return nil
}

// jpegWithProfile puts a colour profile into a JPEG file.
func jpegWithProfile(b, profile []byte) []byte {
	if profile == nil {
		return b
	}
	const most = 65_519
	parts := (len(profile) + most - 1) / most
	out := bytes.NewBuffer(append(make([]byte, 0, len(b)+len(profile)+64*parts), b[:2]...))
	for i := range parts {
		part := profile[i*most : min(len(profile), (i+1)*most)]
		out.Write([]byte{0xff, jpegAPP2})
		out.Write(binary.BigEndian.AppendUint16(nil, uint16(2+len(iccHeader)+2+len(part))))
		out.WriteString(iccHeader)
		out.Write([]byte{byte(i + 1), byte(parts)})
		out.Write(part)
	}
	out.Write(b[2:])
	return out.Bytes()
}

// pngWithProfile puts a colour profile into a PNG file, after the header.
func pngWithProfile(b, profile []byte) []byte {
	if profile == nil {
		return b
	}
	var chunk bytes.Buffer
	chunk.WriteString("iCCPicc\x00\x00")
	packer := zlib.NewWriter(&chunk)
	packer.Write(profile) // a buffer takes everything
	packer.Close()
	const afterHeader = 8 + 12 + 13
	out := bytes.NewBuffer(append(make([]byte, 0, len(b)+chunk.Len()+8), b[:afterHeader]...))
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(chunk.Len()-4)))
	out.Write(chunk.Bytes())
	out.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk.Bytes())))
	out.Write(b[afterHeader:])
	return out.Bytes()
}

// decibel is the peak signal to noise of so many values of 8 bits with a sum of squared differences.
func decibel(sum, values int) float64 {
	if sum == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(255*255*float64(values)/float64(sum))
}
