package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// start measures how long it takes from the start of the process on existing data to the first answered requests: a story over REST and as a page.
func start(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	folder, err := b.prepared(ctx, b.stories)
	if err != nil {
		return result{}, err
	}
	i, err := b.platform(ctx, folder, own...)
	if err != nil {
		return result{}, err
	}
	var rest, page []float64
	for range b.rounds {
		began := clk.Now()
		if err := i.launch(); err != nil {
			return result{}, err
		}
		for _, of := range []struct {
			address string
			took    *[]float64
		}{{"http://" + i.api + "/v1/stories/" + storyID(1), &rest}, {"http://" + i.website + "/stories/" + storyID(1), &page}} {
			err := i.await(ctx, of.address+" is answered", func() (bool, error) {
				status, _, err := fetch(ctx, of.address, nil)
				return err == nil && status == http.StatusOK, nil
			})
			if err != nil {
				return result{}, errors.Join(err, i.stop())
			}
			*of.took = append(*of.took, clk.Now().Sub(began).Seconds())
		}
		if err := i.stop(); err != nil {
			return result{}, err
		}
	}
	return result{Value: spreadOf(page), Notes: []string{
		fmt.Sprintf("asked every 2 ms from the start of the process on; a story over REST is there after %s s, then its page; %d stories", spreadOf(rest), b.stories),
	}}, nil
}

// memory looks at how much of it the platform holds when nobody does anything: after the demo's first start, and after a start on what that left.
func memory(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	i, err := b.platform(ctx, filepath.Join(b.work, "demo"))
	if err != nil {
		return result{}, err
	}
	var sizes []float64
	var notes []string
	for _, when := range []string{"first start, which loads the demo", "start on existing data"} {
		if err := i.start(ctx); err != nil {
			return result{}, err
		}
		select {
		case <-ctx.Done():
			return result{}, errors.Join(ctx.Err(), i.stop())
		case <-clk.After(b.idle):
		}
		own, err := resident(i.cmd.Process.Pid)
		if err != nil {
			return result{}, errors.Join(err, i.stop())
		}
		provider, err := childrenResident(i.cmd.Process.Pid)
		if err := errors.Join(err, i.stop()); err != nil {
			return result{}, err
		}
		sizes = append(sizes, own)
		notes = append(notes, fmt.Sprintf("%s MB %s after its %s; the demo's identity provider, a process of its own that installations do not have, holds %s MB", number(own), b.idle, when, number(provider)))
	}
	return result{Value: spreadOf(sizes), Notes: notes}, nil
}

const megabyte = 1e6

// resident is how much memory a process holds, in megabytes.
func resident(pid int) (float64, error) {
	text := field(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
	kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	if err != nil {
		return 0, fmt.Errorf("how much memory a process holds is not known here: %q", text)
	}
	return kilobytes * 1024 / megabyte, nil
}

// childrenResident is how much memory the children of a process hold. The kernel lists them by the thread that started them.
func childrenResident(pid int) (float64, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, child := range strings.Fields(string(b)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return 0, err
			}
			size, err := resident(n)
			if err != nil {
				return 0, err
			}
			sum += size
		}
	}
	return sum, nil
}

// tick is the unit in which the kernel counts processor time.
const tick = 10 * time.Millisecond

// processorTime is how much of the processors a process has taken so far.
func processorTime(pid int) time.Duration {
	return processorTimeOf(fmt.Sprintf("/proc/%d/stat", pid))
}

// ownProcessorTime is the same of this process.
func ownProcessorTime() time.Duration { return processorTimeOf("/proc/self/stat") }

func processorTimeOf(file string) time.Duration {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	// The name of the program stands in brackets and may have blanks; user and system time are the 12th and 13th fields behind it.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	var sum time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		sum += time.Duration(n) * tick
	}
	return sum
}
