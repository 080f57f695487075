package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// raised is what the quota of a caller is raised to: the loader is one address, and asks more often than a reader may.
const raised = "1000000000"

// installation is a folder with data, and the platform on it while it runs.
type installation struct {
	bench  *benchmark
	folder string
	// binary is the program, ready the address that tells when it is up.
	binary, ready string
	// untraced says that it sends no traces.
	untraced bool
	args     []string
	// website, api and admin are host and port.
	website, api, admin string
	cmd                 *exec.Cmd
	log                 *os.File
	done                chan struct{}
}

// platform prepares a platform on a folder. What args say comes last.
func (b *benchmark) platform(ctx context.Context, folder string, args ...string) (*installation, error) {
	binary, err := b.build(ctx, "renown.example/deploy/local")
	if err != nil {
		return nil, err
	}
	at, err := freeAddresses(4)
	if err != nil {
		return nil, err
	}
	i := &installation{bench: b, folder: folder, binary: binary, ready: at[1], website: at[0], api: at[1], admin: at[2]}
	i.args = append([]string{"--data", folder, "--website", at[0], "--api", at[1], "--admin", at[2], "--demo-provider", at[3], "--demo-shop", "0", "--log-level", "info"}, args...)
	return i, nil
}

// own are the settings of an installation without the demo.
var own = []string{"--demo=false", "--company", company, "--quota-address", raised}

func freeAddresses(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out, nil
}

// launch starts the program and returns at once.
func (i *installation) launch() error {
	log, err := os.OpenFile(i.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	i.log, i.done = log, make(chan struct{})
	i.cmd = exec.Command(i.binary, i.args...)
	i.cmd.Dir, i.cmd.Stdout, i.cmd.Stderr = i.bench.work, log, log
	i.cmd.Env = os.Environ()
	if !i.untraced {
		i.cmd.Env = append(i.cmd.Env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+i.bench.sink.address)
	}
	if err := i.cmd.Start(); err != nil {
		log.Close()
		return err
	}
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(done)
	}(i.cmd, i.done)
	return nil
}

func (i *installation) logFile() string { return i.folder + ".log" }

// startWithin bounds a start, the demo's first and that of a large installation included.
const startWithin = 10 * time.Minute

// start launches the platform and waits until it is ready.
func (i *installation) start(ctx context.Context) error {
	if err := i.launch(); err != nil {
		return err
	}
	err := i.await(ctx, "it is ready", func() (bool, error) {
		status, _, err := fetch(ctx, "http://"+i.ready+"/readyz", nil)
		return err == nil && status == http.StatusOK, nil
	})
	if err != nil {
		return errors.Join(err, i.stop())
	}
	return nil
}

// await polls until what is so, the platform ends, or it takes too long.
func (i *installation) await(ctx context.Context, what string, so func() (bool, error)) error {
	over := clk.After(startWithin)
	for {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-i.done:
			return fmt.Errorf("the platform ended: %v. It said: %s", i.cmd.ProcessState, i.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			return fmt.Errorf("not within %s: %s. The platform said: %s", startWithin, what, i.lastWords())
		case <-clk.After(2 * time.Millisecond):
		}
	}
}

func (i *installation) lastWords() string {
	b, err := os.ReadFile(i.logFile())
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// stop ends the platform as an operator does.
func (i *installation) stop() error {
	if i.cmd == nil {
		return nil
	}
	defer func() { i.cmd = nil; i.log.Close() }()
	_ = i.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-i.done:
	case <-clk.After(20 * time.Second):
		_ = i.cmd.Process.Kill()
		<-i.done
		return errors.New("the platform did not stop")
	}
	if code := i.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the platform ended with %v. It said: %s", i.cmd.ProcessState, i.lastWords())
	}
	return nil
}

// prepared returns the folder of an installation with so many stories; it is made if it is not there.
func (b *benchmark) prepared(ctx context.Context, stories int) (string, error) {
	folder := filepath.Join(b.keep, fmt.Sprintf("stories-%d", stories))
	whole := folder + ".whole"
	if how, err := os.ReadFile(whole); err == nil {
		if text := string(how); !slices.Contains(b.installations, text) {
			b.installations = append(b.installations, text)
		}
		return folder, nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	fmt.Fprintf(b.progress, "  publishing %d stories\n", stories)
	i, err := b.platform(ctx, folder, own...)
	if err != nil {
		return "", err
	}
	if err := i.start(ctx); err != nil { // which makes the folder
		return "", err
	}
	if err := i.stop(); err != nil {
		return "", err
	}
	task := fillTask{Folder: folder, Stories: stories, Published: min(stories, 200)}
	took, err := ask[filled](ctx, "bench-fill", task)
	if err != nil {
		return "", err
	}
	how := fmt.Sprintf("%d stories in English, about %d words each, published through the RPCs of the stories service in %s (%s)",
		task.Published, storyWords, took.Publishing.Round(time.Millisecond), speed(task.Published, took.Publishing))
	if more := stories - task.Published; more > 0 {
		how += fmt.Sprintf("; %d more as copies of the rows that such a publication leaves, each with words, ids, hash and instants of its own, in %s (%s)",
			more, took.Copying.Round(time.Millisecond), speed(more, took.Copying))
	}
	b.installations = append(b.installations, how)
	return folder, os.WriteFile(whole, []byte(how), 0o600)
}

// running returns a running installation with so many stories; it is stopped at the end of the run.
func (b *benchmark) running(ctx context.Context, stories int) (*installation, error) {
	if i := b.up[stories]; i != nil {
		return i, nil
	}
	folder, err := b.prepared(ctx, stories)
	if err != nil {
		return nil, err
	}
	i, err := b.platform(ctx, folder, own...)
	if err != nil {
		return nil, err
	}
	if err := i.start(ctx); err != nil {
		return nil, err
	}
	b.up[stories] = i
	return i, nil
}

// halt stops every installation that runs: nothing may run beside a row that is about something else.
func (b *benchmark) halt() error {
	var errs []error
	for n, i := range b.up {
		errs = append(errs, i.stop())
		delete(b.up, n)
	}
	for _, h := range []*pointsHouse{b.points, b.crowd} {
		if h != nil {
			errs = append(errs, h.stop())
		}
	}
	return errors.Join(errs...)
}

var plain = &http.Client{Timeout: answerWithin, Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}

// answered is an answer that was read.
type answered struct {
	header http.Header
	body   []byte
}

func fetch(ctx context.Context, address string, header http.Header) (int, answered, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, answered{}, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := plain.Do(req)
	if err != nil {
		return 0, answered{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, answered{res.Header, body}, err
}

// download keeps what an address answers in a file.
func download(ctx context.Context, address, file string) error {
	status, answer, err := fetch(ctx, address, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers %d", address, status)
	}
	if err == nil {
		err = os.WriteFile(file, answer.body, 0o600)
	}
	return err
}
