//go:build unix

package loyalty_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"renown.example/loyalty/verify"
)

// damage is done to the log of a database whose process was killed.
type damage struct {
	what string
	do   func(log []byte) []byte
	// loses says that what was acknowledged may be gone: the disk has lost what it had confirmed.
	loses bool
}

// damages are a write that was torn at its end, and logs that were cut or changed at any place.
func damages() []damage {
	junk := make([]byte, 1+rand.IntN(5_000))
	for i := range junk {
		junk[i] = byte(rand.Uint32())
	}
	all := []damage{
		{"nothing", func(log []byte) []byte { return log }, false},
		{"junk behind it", func(log []byte) []byte { return append(log, junk...) }, false},
		{"a write that was begun", func(log []byte) []byte { return append(log, log[len(log)-2_000:]...) }, false},
		{"all of it gone", func([]byte) []byte { return nil }, true},
	}
	each := 2
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		each = 50
	}
	for i := range each {
		all = append(all,
			damage{fmt.Sprint("cut ", i), func(log []byte) []byte { return log[:len(log)-1-rand.IntN(len(log)/2)] }, true},
			damage{fmt.Sprint("changed ", i), func(log []byte) []byte { log[rand.IntN(len(log))] ^= 1 << rand.IntN(8); return log }, true})
	}
	return all
}

// copied copies a folder's files.
func copied(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// term ends the service as an operator does.
func (k *killed) term(t *testing.T) {
	t.Helper()
	if err := k.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := k.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	k.end()
	k.cmd = nil
}

// A write that a kill has torn is as if it had not been: everything that was acknowledged is there, and the ledger is whole. Where the disk has lost more than that, the
// ledger is what it was at an earlier moment, whole, and whoever sends again with the same keys has all there once. Few places are tried, a hundred with RENOWN_TEST_FULL.
func TestATornWriteLeavesAWholeLedger(t *testing.T) {
	k := newKilled(t)
	k.start(t)
	members := []string{k.enrol(t, "Ida"), k.enrol(t, "Jon")}
	k.term(t)
	k.start(t)
	var moves []*move
	for i := range 60 {
		m := &move{key: fmt.Sprint("move-", i), member: members[i%2], points: rand.Int64N(40) + 1}
		if done, _ := k.send(t, m); !done {
			t.Fatalf("%s is not answered", m.key)
		}
		moves = append(moves, m)
	}
	k.kill()
	folder := k.folder
	for i, d := range damages() {
		k.folder = copied(t, folder)
		name := filepath.Join(k.folder, "loyalty.db-wal")
		log, err := os.ReadFile(name)
		if err != nil || len(log) < 10_000 {
			t.Fatalf("the log has %d bytes, %v", len(log), err)
		}
		if err := os.WriteFile(name, d.do(log), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := verify.OpenFile(t.Context(), k.folder)
		if err != nil {
			t.Errorf("%s: %v", d.what, err)
			continue
		}
		report, err := verify.All(t.Context(), file, nil)
		if err != nil || !report.Whole() || report.Entries > int64(len(moves)) || !d.loses && report.Entries != int64(len(moves)) {
			t.Errorf("%s: %+v, %v", d.what, report, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		if i == 1 || i == 3 || os.Getenv("RENOWN_TEST_FULL") != "" {
			k.recovers(t, members, moves, d)
		}
	}
}

// recovers starts the service on what is left, and sends everything once more.
func (k *killed) recovers(t *testing.T, members []string, moves []*move, d damage) {
	t.Helper()
	k.start(t)
	defer k.kill()
	want, entries := map[string]int64{}, map[string]int64{}
	for _, m := range moves {
		again := *m
		done, replayed := k.send(t, &again)
		if !done || !d.loses && (!replayed || again.hash != m.hash) {
			t.Errorf("%s: %+v is answered %+v, %v, replayed: %v", d.what, m, again, done, replayed)
		}
		want[m.member] += m.points
		entries[m.member]++
	}
	for _, member := range members {
		if a := k.account(t, member); a.GetAvailable() != want[member] || a.GetEntries() != entries[member] {
			t.Errorf("%s: %s has %v, want %d points in %d entries", d.what, member, a, want[member], entries[member])
		}
	}
}
