// Package images decides which pictures may be stored, and takes out of them what nobody meant to publish. It goes by the bytes, never by a file's name.
//
// Decoding needs up to 8 bytes of memory a pixel, 320 MB for the largest picture allowed, and Variants half of that again: callers bound how many they check at a time.
package images

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"

	"renown.example/kit/fault"
)

// Bounds of a picture.
const (
	MaxBytes  = 10 << 20
	MaxPixels = 40_000_000
	// MaxSide bounds width and height in pixels: browsers fail above it.
	MaxSide = 16_384
)

// Info describes a picture.
type Info struct {
	// Type is the media type: image/png, image/jpeg, image/webp or image/gif.
	Type          string
	Width, Height int
	// SHA256 is the hash of the bytes in lower-case hex, by which assets are named.
	SHA256 string
}

// Extension returns the usual ending of file names of the type, with its dot.
func (i Info) Extension() string {
	for _, f := range formats {
		if f.mediaType == i.Type {
			return f.extension
		}
	}
	return ""
}

// format is one kind of file that is understood.
type format struct {
	mediaType, extension string
	is                   func(b []byte) bool
	config               func(b []byte) (image.Config, error)
	decode               func(b []byte) (image.Image, error)
	// strip returns the file without anything that does not serve to show the picture.
	strip func(b []byte) ([]byte, error)
}

var formats = []format{
	{"image/png", ".png", prefixed("\x89PNG\r\n\x1a\n"),
		func(b []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }, stripPNG},
	{"image/jpeg", ".jpg", prefixed("\xff\xd8\xff"),
		func(b []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }, stripJPEG},
	{"image/webp", ".webp", func(b []byte) bool { return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" },
		func(b []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(b)) },
		decodeWebP, stripWebP},
	{"image/gif", ".gif", prefixed("GIF8"),
		func(b []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(b)) },
		func(b []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(b)) }, stripGIF},
}

func prefixed(magic string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
}

// Inspect proves that b is a sound still picture within the bounds, by its size, then by its header alone, then by decoding all of it. What is not is refused
// with fault.ContentRejected, naming the field "data".
func Inspect(b []byte) (Info, error) {
	f, info, err := header(b)
	if err != nil {
		return Info{}, err
	}
	return prove(f, info, b)
}

// Clean returns the picture as it is stored: without camera data, position, comments, thumbnails, animation and whatever follows the picture in the file. The
// pixels stay as they are, except that a JPEG which its camera says to turn is turned. Cleaning twice is the same as once, so an exported asset keeps its
// hash when it is imported. The errors are those of Inspect.
func Clean(b []byte) ([]byte, Info, error) {
	f, _, err := header(b)
	if err != nil {
		return nil, Info{}, err
	}
	stripped, err := f.strip(b)
	if err != nil {
		return nil, Info{}, broken(f, err)
	}
	if f.mediaType == "image/jpeg" {
		if o := orientation(b); o > 1 {
			if stripped, err = turn(stripped, o); err != nil {
				return nil, Info{}, broken(f, err)
			}
		}
	}
	if len(stripped) > MaxBytes {
		return nil, Info{}, reject("The picture is too large once it is turned upright: at most %d MB are allowed.", MaxBytes>>20)
	}
	f, info, err := header(stripped)
	if err != nil {
		return nil, Info{}, err
	}
	info, err = prove(f, info, stripped)
	return stripped, info, err
}

// header checks what can be known without decoding a pixel.
func header(b []byte) (format, Info, error) {
	if len(b) > MaxBytes {
		return format{}, Info{}, reject("The file is too large: %d bytes, at most %d MB are allowed.", len(b), MaxBytes>>20)
	}
	for _, f := range formats {
		if !f.is(b) {
			continue
		}
		config, err := f.config(b)
		if err != nil {
			return f, Info{}, broken(f, err)
		}
		w, h := config.Width, config.Height
		switch {
		case w < 1 || h < 1:
			return f, Info{}, reject("The picture has no size.")
		case w > MaxSide || h > MaxSide:
			return f, Info{}, reject("The picture is %d by %d pixels; each side may have at most %d.", w, h, MaxSide)
		case int64(w)*int64(h) > MaxPixels:
			return f, Info{}, reject("The picture is %d by %d pixels; at most %d million pixels are allowed.", w, h, MaxPixels/1_000_000)
		}
		return f, Info{Type: f.mediaType, Width: w, Height: h}, nil
	}
	return format{}, Info{}, reject("This is not a PNG, JPEG, WebP or GIF picture.")
}

func prove(f format, info Info, b []byte) (Info, error) {
	if _, err := f.strip(b); err != nil { // it walks the file's structure, which decoders only do as far as they need
		return Info{}, broken(f, err)
	}
	picture, err := f.decode(b)
	if err != nil {
		return Info{}, broken(f, err)
	}
	if size := picture.Bounds().Size(); f.mediaType != "image/gif" && (size.X != info.Width || size.Y != info.Height) {
		return Info{}, broken(f, fmt.Errorf("the header speaks of another size"))
	}
	info.SHA256 = Sum(b)
	return info, nil
}

func reject(message string, args ...any) error {
	message = fmt.Sprintf(message, args...)
	return fault.ContentRejected.New("%s", message).With(fault.Field{Path: "data", Message: message})
}

func broken(f format, cause error) error {
	message := fmt.Sprintf("The file begins like %s but cannot be read to its end: %s.", f.mediaType, cause)
	return fault.ContentRejected.New("%s", message).With(fault.Field{Path: "data", Message: message}).Wrap(cause)
}
