//go:build unix

package loyalty_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/rpctest"
	"renown.example/loyalty/verify"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// killed is the service in a process of its own, which is killed and started again on the same folder and address.
type killed struct {
	*rig
	binary, folder, address string
	cmd                     *exec.Cmd
	// life ends with the process: nobody waits for an answer of the dead.
	life context.Context
	end  context.CancelFunc
}

// builtIn is the folder of the binary, which is built once.
var builtIn string

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "renown-loyalty-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	binary := filepath.Join(dir, "loyalty")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "renown.example/loyalty/cmd/loyalty").CombinedOutput(); err != nil {
		return "", fmt.Errorf("the service does not build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

func newKilled(t *testing.T) *killed {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	k := &killed{rig: &rig{}, binary: binary, folder: filepath.Join(t.TempDir(), "data")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k.address = l.Addr().String()
	l.Close()
	key := auth.GenerateKey()
	if k.minter, err = auth.NewMinter(clock.System(), key); err != nil {
		t.Fatal(err)
	}
	k.config.IdentityKeys = []auth.PublicKey{key.Public()}
	t.Cleanup(k.kill)
	return k
}

// start starts the service and returns when it answers.
func (k *killed) start(t *testing.T) {
	t.Helper()
	k.cmd = exec.Command(k.binary, "--data", k.folder, "--mongodb-uri", k.config.MongoDBURI, "--listen", k.address, "--admin", "-", "--log-level", "error", "--website-url", "http://127.0.0.1:1", "--identity-keys", k.config.IdentityKeys[0].String())
	k.cmd.Stdout, k.cmd.Stderr = t.Output(), t.Output()
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k.life, k.end = context.WithCancel(context.Background())
	conn, err := rpc.Dial(k.address, rpc.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := rpctest.Enduring(conn)
	k.members, k.points, k.ledger = loyaltyv1.NewMembersServiceClient(c), loyaltyv1.NewPointsServiceClient(c), loyaltyv1.NewLedgerServiceClient(c)
	deadline := time.Now().Add(2 * time.Minute)
	for {
		_, err := k.members.GetMember(k.shop(t), &loyaltyv1.GetMemberRequest{Program: "customers", Member: "nobody"})
		if fault.Has(err, fault.NotFound) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not answer: %v", err)
		}
		<-clock.System().After(20 * time.Millisecond)
	}
}

func (k *killed) kill() {
	if k.cmd == nil {
		return
	}
	_ = k.cmd.Process.Signal(syscall.SIGKILL)
	_ = k.cmd.Wait()
	k.end()
	k.cmd = nil
}

// move is a command that was sent, and what was acknowledged of it.
type move struct {
	key, member string
	points      int64
	hash        string
	refused     bool
}

// send gives or takes points; acknowledged is false if the service did not answer.
func (k *killed) send(t *testing.T, m *move) (acknowledged, replayed bool) {
	var header metadata.MD
	ctx, cancel := context.WithCancel(k.manager(t, m.key))
	defer cancel()
	defer context.AfterFunc(k.life, cancel)()
	resp, err := k.points.AdjustPoints(ctx, &loyaltyv1.AdjustPointsRequest{
		Program: "customers", Member: m.member, Points: m.points, Reason: "By hand",
	}, grpc.Header(&header))
	switch {
	case err == nil:
		m.hash = resp.GetEntry().GetHash()
	case fault.Has(err, fault.InsufficientPoints):
		m.refused = true
	default:
		return false, false
	}
	return true, len(header["idempotency-replayed"]) > 0
}

// Killed again and again while many give and take points, the service loses nothing that it acknowledged, does nothing twice, and its ledger is whole after each kill.
func TestKilledItLosesNothingAndDoesNothingTwice(t *testing.T) {
	rounds := 3
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		rounds = 50
	}
	k := newKilled(t)
	k.start(t)
	members := []string{k.enrol(t, "Ida"), k.enrol(t, "Jon"), k.enrol(t, "Mai")}
	var mu sync.Mutex
	var moves []*move // every command that was acknowledged
	for round := range rounds {
		var open []*move
		var all sync.WaitGroup
		for worker := range 16 {
			random := rand.New(rand.NewPCG(uint64(round), uint64(worker)))
			all.Go(func() {
				for n := 0; ; n++ {
					m := &move{key: fmt.Sprintf("%d-%d-%d", round, worker, n), member: members[random.IntN(len(members))], points: random.Int64N(41) - 20}
					if m.points == 0 {
						m.points = 1
					}
					done, _ := k.send(t, m)
					mu.Lock()
					if done {
						moves = append(moves, m)
					} else {
						open = append(open, m)
					}
					mu.Unlock()
					if !done {
						return
					}
				}
			})
		}
		<-clock.System().After(time.Duration(100+rand.IntN(400)) * time.Millisecond)
		k.kill()
		all.Wait()
		file, err := verify.OpenFile(t.Context(), k.folder)
		if err != nil {
			t.Fatal(err)
		}
		report, err := verify.All(t.Context(), file, nil)
		if err != nil || !report.Whole() {
			t.Fatalf("round %d: after the kill: %+v, %v", round, report, err)
		}
		file.Close()
		k.start(t)
		// What was under way is sent again: it happens now, or it had happened.
		for _, m := range open {
			if done, _ := k.send(t, m); !done {
				t.Fatalf("round %d: %s is not answered", round, m.key)
			}
			moves = append(moves, m)
		}
	}
	k.same(t, members, moves)
	t.Logf("%d kills, %d commands acknowledged", rounds, len(moves))
}

// same looks whether what was acknowledged is there, each once.
func (k *killed) same(t *testing.T, members []string, moves []*move) {
	t.Helper()
	want, entries := map[string]int64{}, map[string]int64{}
	hashes := map[string]bool{}
	for _, m := range moves {
		again := *m
		if done, replayed := k.send(t, &again); !done || !replayed || again.hash != m.hash || again.refused != m.refused {
			t.Fatalf("%s was acknowledged as %+v, and is now answered as %+v, replayed: %v", m.key, *m, again, replayed)
		}
		if m.refused {
			continue
		}
		if hashes[m.hash] {
			t.Errorf("%s has the entry of another", m.key)
		}
		hashes[m.hash] = true
		want[m.member] += m.points
		entries[m.member]++
	}
	for _, member := range members {
		if a := k.account(t, member); a.GetAvailable() != want[member] || a.GetEntries() != entries[member] {
			t.Errorf("%s has %v, acknowledged were %d points in %d entries", member, a, want[member], entries[member])
		}
	}
}
