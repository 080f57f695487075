//go:build unix

package crash_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/png"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"renown.example/deploy/idp"
	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// own is an installation of somebody's own, without the demo, whose people sign in at a provider of its own.
func own(t *testing.T, folder string) *program {
	t.Helper()
	p := newProgram(t, folder)
	provider, err := idp.Start(t.Context(), idp.Config{Addr: "127.0.0.1:0", Users: idp.DemoUsers("northwind.example"), Clients: []idp.Client{
		{ID: "renown", Secret: "known to both", RedirectURIs: []string{p.Website + "/signin/callback"}},
	}}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Stop)
	p.extra = []string{"--demo=false", "--company", "Northwind", "--oidc-issuer", provider.Issuer, "--oidc-client-id", "renown", "--oidc-client-secret", "known to both",
		"--group-roles", idp.GroupRoles}
	p.start(t, startBound)
	return p
}

// people signs in whom a tale needs.
func (p *program) people(t *testing.T) cast {
	t.Helper()
	return cast{editor: p.As(t, "edda"), approver: p.As(t, "pavel"), admin: p.As(t, "agnes"), nobody: p.Rest()}
}

// tell takes a new tale that stays up to its end, and returns it.
func (p *program) tell(t *testing.T, c cast, id string) *tale {
	t.Helper()
	w := &writer{rand: mathrand.New(mathrand.NewPCG(1, 1)), tales: []*tale{{id: id, plot: "stays", steps: append(beginning(), plots["stays"]...)}}}
	l := &load{t: t, at: p.Target, cast: c, journal: newJournal(), tally: &tally{}, gun: newGun("", 1, 0, nil)}
	for !w.tales[0].finished() {
		if err := l.next(w, w.tales[0]); err != nil {
			t.Fatalf("%v\n%s", err, l.journal.of(id))
		}
	}
	return w.tales[0]
}

// isWhole checks everything about tales.
func (p *program) isWhole(t *testing.T, c cast, tales ...*tale) {
	t.Helper()
	w, err := lookAt(t.Context(), p.Target, c)
	if err != nil {
		t.Fatal(err)
	}
	w.checkTales(t, tales, newJournal())
	w.checkLists(t, tales)
}

func TestASecondProgramOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	p := own(t, filepath.Join(t.TempDir(), "data"))
	second := *p
	at := freeAddresses(t, 3)
	second.Website, second.API, second.admin = "http://"+at[0], "http://"+at[1], at[2]
	cmd := second.command()
	cmd.Stdout, cmd.Stderr = nil, nil
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(said), "Another Renown works on") {
		t.Errorf("a second program on the folder: %v, %s", err, said)
	}
	if !p.ready() {
		t.Error("the first is not ready any more")
	}
	p.kill(true)
	if took := p.start(t, startBound); took > startBound {
		t.Errorf("a killed program's lock stays: %s", took)
	}
}

// TestAskedToStopItAnswersWhoHasBegunToAsk stops the program while a request is half sent.
func TestAskedToStopItAnswersWhoHasBegunToAsk(t *testing.T) {
	t.Parallel()
	p := own(t, filepath.Join(t.TempDir(), "data"))
	token := p.SignIn(t, "edda")
	story := &storiesv1.CreateStoryRequest{StoryId: "half-sent", Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: &storiesv1.Content{
		Title: "Half sent", Summary: "Finished all the same.", Customer: "Strandby Ferries",
	}}}}
	body, err := protojson.Marshal(story)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(p.API, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(clk.Now().Add(startBound)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST /v1/workspace/stories HTTP/1.1\r\nHost: renown\r\nAuthorization: Session %s\r\nIdempotency-Key: half-sent\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		token, len(body))
	answers := bufio.NewReader(c)
	// "Continue" is what it says when it begins to read: the request runs.
	if res, err := http.ReadResponse(answers, nil); err != nil || res.StatusCode != http.StatusContinue {
		t.Fatalf("it says %v, %v", res, err)
	}
	if _, err := c.Write(body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.awaitRefusal(t)
	if _, err := c.Write(body[len(body)/2:]); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(answers, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the running request is answered %v, %v", res, err)
	}
	res.Body.Close()
	p.awaitEnd(t)
	p.start(t, startBound)
	reply, err := storiesv1.NewWorkspaceServiceClient(p.Rest().As(api.Session(token))).GetText(t.Context(), &storiesv1.GetTextRequest{Story: "half-sent", Locale: "en"})
	if err != nil || reply.GetText().GetSummary().GetTitle() != "Half sent" {
		t.Errorf("what was acknowledged while it stopped is %v, %v", reply, err)
	}
}

// awaitRefusal waits until nobody new is let in.
func (p *program) awaitRefusal(t *testing.T) {
	t.Helper()
	over := clk.After(startBound)
	for {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.API, "http://"))
		if err != nil {
			return
		}
		c.Close()
		select {
		case <-p.done:
			t.Fatalf("it did not wait for the running request: %v", p.cmd.ProcessState)
		case <-over:
			t.Fatal("it goes on letting people in")
		case <-clk.After(10 * time.Millisecond):
		}
	}
}

// TestOnAFullDiskReadingGoesOn fills the disk below a running program and makes room again.
func TestOnAFullDiskReadingGoesOn(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	p := own(t, filepath.Join(disk, "data"))
	c := p.people(t)
	before := p.tell(t, c, "before-the-flood")
	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	// A large write is refused before small ones are, for which the database's files may still have room.
	_, refused := (&tale{}).uploadLarge(t.Context(), c)
	isStorageFull(t, refused)
	var taken []*tale
	for refused = nil; refused == nil && len(taken) < 3000; {
		x := &tale{id: fmt.Sprintf("flood-%d", len(taken)), plot: "stays", steps: append(beginning(), plots["stays"]...)}
		if _, refused = create.send(t.Context(), c, x, api.IdempotencyKey(x.keyOf(0))); refused == nil {
			x.acked = 1
			taken = append(taken, x)
		}
	}
	isStorageFull(t, refused)
	t.Logf("%d stories were taken before the disk was full to its last page", len(taken))
	last := append(taken[max(0, len(taken)-20):], before)
	p.isWhole(t, c, last...)
	p.isFound(t, before)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	last = append(last, p.tell(t, c, "after-the-flood"))
	p.isWhole(t, c, last...)
	p.finds(t, c, last...)
	// Once more, and now it dies on the full disk.
	fill(t, filler)
	_, refused = (&tale{}).uploadLarge(t.Context(), c)
	isStorageFull(t, refused)
	p.kill(false)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	p.start(t, startBound)
	last = append(last, p.tell(t, c, "after-the-second-flood"))
	p.isWhole(t, c, last...)
	p.finds(t, c, last...)
}

// isFound checks that a story that is up can be searched for, whatever else may not be possible now.
func (p *program) isFound(t *testing.T, x *tale) {
	t.Helper()
	status, body, err := get(p.API + "/v1/stories?query=" + url.QueryEscape(commonWords))
	if err != nil || status != http.StatusOK || !strings.Contains(body, `"slug":"`+x.id+`"`) {
		t.Errorf("searching answers %d, %v: %.300s", status, err, body)
	}
}

// finds checks that search, facets and site maps know what is up.
func (p *program) finds(t *testing.T, c cast, tales ...*tale) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), requestBound)
	defer cancel()
	w, err := lookAt(ctx, p.Target, c)
	if err != nil {
		t.Fatal(err)
	}
	w.checkFinding(ctx, t, tales)
}

func isStorageFull(t *testing.T, err error) {
	t.Helper()
	if p := api.AsProblem(err); !api.Is(err, fault.StorageFull) || p.Status != http.StatusInsufficientStorage || p.RequestID == "" || !strings.Contains(p.Detail, "disk") {
		t.Fatalf("on a full disk a write answers %v", err)
	}
}

// uploadLarge uploads a picture that does not become smaller.
func (t *tale) uploadLarge(ctx context.Context, c cast) (string, error) {
	img := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	rand.Read(img.Pix)
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	var b strings.Builder
	if err := png.Encode(&b, img); err != nil {
		return "", err
	}
	reply, err := storiesv1.NewWorkspaceServiceClient(c.editor).UploadAsset(ctx, &storiesv1.UploadAssetRequest{Data: []byte(b.String())})
	return reply.GetAsset(), err
}

// smallDisk mounts a small file system, or skips the test where that is not allowed.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: a full disk was not tried. Mounting a small file system needs root.")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "renown-full", dir).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: a full disk was not tried. A small file system cannot be mounted here: %v, %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

// fill writes a file until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
