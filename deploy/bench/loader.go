package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// loadTask is what a loader does: it asks for one path after the other over a number of connections that stay open, each of which waits for its answer.
type loadTask struct {
	// Address is host and port.
	Address string
	// Paths are asked for in their order, from the first one again at the end. Header lines end with CRLF.
	Paths  []string
	Header string
	// First is where in Paths to begin, so that a later round goes on where an earlier one stopped.
	First       int
	Connections int
	Duration    time.Duration
	// Once says that no path may be asked for twice: the round ends early where they run out.
	Once bool
	// Status is what every answer must be, Size its length where that is known; else negative.
	Status, Size int
}

// loadResult is what it saw.
type loadResult struct {
	Answers int
	Seconds float64
	// P50, P99 and Max are in milliseconds.
	P50, P99, Max float64
	// Next is the first path that was not asked for.
	Next int
	// Bytes is the mean length of a body.
	Bytes float64
}

func (r loadResult) perSecond() float64 { return float64(r.Answers) / r.Seconds }

func loaderRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t loadTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	r, err := t.run(ctx)
	if err != nil {
		return err
	}
	return say(r)
}

// run loads for a tenth of the time first, so that connections and caches are warm, and then counts.
func (t loadTask) run(ctx context.Context) (loadResult, error) {
	if len(t.Paths) == 0 {
		return loadResult{}, errors.New("there is nothing to ask for")
	}
	clients := make([]*client, t.Connections)
	for i := range clients {
		c, err := t.dial(ctx)
		if err != nil {
			return loadResult{}, err
		}
		defer c.conn.Close()
		clients[i] = c
	}
	var next atomic.Int64
	next.Store(int64(t.First))
	if _, err := t.round(ctx, clients, &next, t.Duration/10); err != nil {
		return loadResult{}, err
	}
	took, err := t.round(ctx, clients, &next, t.Duration)
	if err != nil {
		return loadResult{}, err
	}
	return summary(clients, took, int(next.Load())), nil
}

// round has every client ask for as long as it lasts.
func (t loadTask) round(ctx context.Context, clients []*client, next *atomic.Int64, lasts time.Duration) (time.Duration, error) {
	began := clk.Now()
	end := began.Add(lasts)
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, c := range clients {
		c.took, c.bytes = c.took[:0], 0
		wg.Go(func() { errs[i] = c.loop(ctx, t, next, end) })
	}
	wg.Wait()
	return clk.Now().Sub(began), errors.Join(errs...)
}

func summary(clients []*client, took time.Duration, next int) loadResult {
	var all []time.Duration
	bytes := 0
	for _, c := range clients {
		all, bytes = append(all, c.took...), bytes+c.bytes
	}
	slices.Sort(all)
	r := loadResult{Answers: len(all), Seconds: took.Seconds(), Next: next}
	if len(all) > 0 {
		r.P50, r.P99, r.Max = millis(quantile(all, 0.5)), millis(quantile(all, 0.99)), millis(all[len(all)-1])
		r.Bytes = float64(bytes) / float64(len(all))
	}
	return r
}

// quantile of sorted values: the smallest that at least that part of them does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	i := int(float64(len(sorted))*q+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// client is one connection. It does next to nothing besides writing and reading, so that the server is what is measured.
type client struct {
	conn  net.Conn
	in    *bufio.Reader
	out   []byte
	took  []time.Duration
	bytes int
}

func (t loadTask) dial(ctx context.Context) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// answerWithin is how long an answer may take before the run is called broken.
const answerWithin = 30 * time.Second

func (c *client) loop(ctx context.Context, t loadTask, next *atomic.Int64, end time.Time) error {
	for ctx.Err() == nil {
		n := int(next.Add(1)) - 1
		if t.Once && n >= len(t.Paths) {
			return nil
		}
		path := t.Paths[n%len(t.Paths)]
		began := clk.Now()
		if !began.Before(end) {
			return nil
		}
		if len(c.took)%1024 == 0 {
			if err := c.conn.SetDeadline(began.Add(answerWithin)); err != nil {
				return err
			}
		}
		c.out = append(append(append(append(append(append(c.out[:0], "GET "...), path...), " HTTP/1.1\r\nHost: "...), t.Address...), "\r\n"...), t.Header...)
		c.out = append(c.out, "\r\n"...)
		if _, err := c.conn.Write(c.out); err != nil {
			return err
		}
		status, size, err := c.answer()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if status != t.Status || t.Size >= 0 && size != t.Size {
			return fmt.Errorf("%s answers %d with %d bytes instead of %d with %d", path, status, size, t.Status, t.Size)
		}
		c.took = append(c.took, clk.Now().Sub(began))
		c.bytes += size
	}
	return ctx.Err()
}

var lengthField = []byte("Content-Length: ")

// answer reads past one answer.
func (c *client) answer() (status, size int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < 12 {
		return 0, 0, fmt.Errorf("%q is not HTTP", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	size = -1
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		if len(line) == 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, lengthField); ok {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, err
			}
		}
	}
	if status == 304 {
		return status, 0, nil
	}
	if size < 0 {
		return 0, 0, fmt.Errorf("an answer %d without a length", status)
	}
	_, err = io.CopyN(io.Discard, c.in, int64(size))
	return status, size, err
}
