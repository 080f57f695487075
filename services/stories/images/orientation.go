package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
)

// turnedQuality is that of a JPEG that had to be encoded anew: at 92 of 100 the loss cannot be seen.
const turnedQuality = 92

// orientation returns what Exif says about how the camera was held, 1 to 8, where 1 is upright and also stands for "nothing is said".
func orientation(b []byte) int {
	segments, err := jpegSegments(b)
	if err != nil {
		return 1
	}
	for _, s := range segments {
		if exif, is := bytes.CutPrefix(s.data, []byte("Exif\x00\x00")); is && s.marker == jpegAPP1 {
			return exifOrientation(exif)
		}
	}
	return 1
}

// exifOrientation looks up the tag Orientation in the first directory of a TIFF structure.
func exifOrientation(tiff []byte) int {
	const tagOrientation, typeShort, entrySize = 0x0112, 3, 12
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	entries := tiff[at+2:]
	for i := 0; i < count && (i+1)*entrySize <= len(entries); i++ {
		e := entries[i*entrySize:]
		if order.Uint16(e) == tagOrientation && order.Uint16(e[2:]) == typeShort {
			if o := int(order.Uint16(e[8:])); o >= 1 && o <= 8 {
				return o
			}
		}
	}
	return 1
}

// turn decodes a JPEG without Exif, turns it upright and encodes it again, with the colour profile it had.
func turn(b []byte, orientation int) ([]byte, error) {
	picture, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, upright(picture, orientation), &jpeg.Options{Quality: turnedQuality}); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, encoded.Len()))
	out.Write(encoded.Bytes()[:2])
	if picture.ColorModel() != color.CMYKModel { // what is encoded is never CMYK, so its profile would not fit
		segments, err := jpegSegments(b)
		if err != nil {
			return nil, err
		}
		for _, s := range segments {
			if isICC(s) {
				out.Write(s.whole)
			}
		}
	}
	out.Write(encoded.Bytes()[2:])
	return out.Bytes(), nil
}

// upright applies one of Exif's eight orientations.
func upright(picture image.Image, orientation int) image.Image {
	from := image.NewRGBA(image.Rectangle{Max: picture.Bounds().Size()})
	draw.Draw(from, from.Bounds(), picture, picture.Bounds().Min, draw.Src)
	w, h := from.Rect.Dx(), from.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := place(orientation, x, y, w, h)
			copy(to.Pix[to.PixOffset(tx, ty):][:4], from.Pix[from.PixOffset(x, y):][:4])
		}
	}
	return to
}

// place tells where the pixel x, y of a picture of w by h goes.
func place(orientation, x, y, w, h int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}
