package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"slices"
	"strings"
	"time"

	"renown.example/stories/card"
	"renown.example/stories/images"
)

// The widest and the highest of which a thousand million points are made.
const bombWidth, bombHeight = 40_000, 25_000

// cards measures how long it takes to draw a card, in each of the scripts whose fonts come with Renown.
func cards(ctx context.Context, b *benchmark) (result, error) {
	fonts, err := card.LoadFonts("")
	if err != nil {
		return result{}, err
	}
	picture := image.NewRGBA(image.Rect(0, 0, 1600, 1200))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * 7)
	}
	part := card.Part(picture, 50, 50)
	var all []card.Card
	for _, headline := range []string{
		"A ferry line of invented people halved the time that its ships wait for their berths, in every harbour and every season",
		"خفضت شركة عبّارات خيالية وقت انتظار سفنها إلى النصف في كل ميناء وفي كل فصل",
		"חברת מעבורות בדיונית חתכה לחצי את זמן ההמתנה של ספינותיה בכל נמל ובכל עונה",
		"Μια φανταστική εταιρεία πλοίων μείωσε στο μισό τον χρόνο αναμονής · Вымышленная паромная линия",
	} {
		all = append(all, card.Card{Headline: headline, Customer: "Strandby Ferries", Value: "50", Unit: "%", Label: "less waiting", Company: "Holmway", Accent: color.RGBA{11, 107, 95, 255}, Picture: part})
	}
	at := 0
	return timed(ctx, b, "a card of 1200 x 630 with a picture, in four scripts in turn, on one processor at a time", func() error {
		at++
		_, err := fonts.Draw(all[at%len(all)])
		return err
	})
}

// bombs measures how long it takes to refuse pictures that say that they have a thousand million points.
func bombs(ctx context.Context, b *benchmark) (result, error) {
	files := [][]byte{hugePNG(), hugeJPEG()}
	at := 0
	return timed(ctx, b, fmt.Sprintf("PNG and JPEG of %d x %d points in turn; the PNG holds all of them in %d kB", bombWidth, bombHeight, len(files[0])>>10), func() error {
		at++
		if _, _, err := images.Clean(files[at%len(files)]); err == nil || !strings.Contains(err.Error(), "pixels") {
			return fmt.Errorf("a picture of %d x %d points is not refused for its size: %w", bombWidth, bombHeight, err)
		}
		return nil
	})
}

// timed does something again and again, one after the other, and takes the time of each.
func timed(ctx context.Context, b *benchmark, note string, once func() error) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	var m measured
	for range b.rounds {
		var times []time.Duration
		for begun := clk.Now(); clk.Now().Sub(begun) < b.duration || len(times) < 20; {
			if err := ctx.Err(); err != nil {
				return result{}, err
			}
			from := clk.Now()
			if err := once(); err != nil {
				return result{}, err
			}
			times = append(times, clk.Now().Sub(from))
		}
		var sum time.Duration
		for _, t := range times {
			sum += t
		}
		slices.Sort(times)
		milli := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		m.add(loadResult{Answers: len(times), Seconds: sum.Seconds(), P50: milli(quantile(times, 0.5)), P99: milli(quantile(times, 0.99))})
	}
	return result{Ours: m.side("Renown"), Value: spreadOf(m.p99), Notes: []string{note}}, nil
}

// hugePNG is a well-formed picture of one bit a point, all of them black.
func hugePNG() []byte {
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		_ = binary.Write(&out, binary.BigEndian, uint32(len(data))) // a buffer takes everything
		body := append([]byte(name), data...)
		out.Write(body)
		_ = binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, bombWidth), bombHeight)
	chunk("IHDR", append(head, 1, 0, 0, 0, 0))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	row := make([]byte, 1+bombWidth/8)
	for range bombHeight {
		_, _ = z.Write(row)
	}
	_ = z.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// hugeJPEG is the beginning of a picture, which is all that tells its size.
func hugeJPEG() []byte {
	frame := []byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xc0, 0, 11, 8}
	frame = binary.BigEndian.AppendUint16(frame, bombHeight)
	frame = binary.BigEndian.AppendUint16(frame, bombWidth)
	return append(frame, 1, 1, 0x11, 0, 0xff, 0xd9)
}
