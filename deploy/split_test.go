package deploy_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/deploy/idp"
	"renown.example/kit/auth"
	"renown.example/kit/store/enginetest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == idp.Arg {
		os.Exit(idp.Child(os.Stdin, os.Stdout, os.Stderr))
	}
	status := m.Run()
	if bin != "" {
		os.RemoveAll(bin)
	}
	os.Exit(status)
}

// patience bounds what a busy machine may need for anything at all.
const patience = 2 * time.Minute

// split is an installation whose parts are processes of their own.
type split struct {
	cases.Target
	parts map[string]*part
}

// part is one binary with its settings, which outlive its processes.
type part struct {
	name string
	args []string
	env  []string
	log  *os.File
	cmd  *exec.Cmd
}

func (p *part) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(filepath.Join(bin, p.name), p.args...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// end sends a signal and waits; it returns the status.
func (p *part) end(signal os.Signal) int {
	_ = p.cmd.Process.Signal(signal) // it may have ended
	_ = p.cmd.Wait()                 // how is in ProcessState
	return p.cmd.ProcessState.ExitCode()
}

// bin is where build has put the binaries.
var bin string

// build builds every binary once. Without tables for debuggers linking takes half the time.
var build = sync.OnceValue(func() (err error) {
	if bin, err = os.MkdirTemp("", "renown-bin-"); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "renown.example/stories/cmd/stories", "renown.example/partners/cmd/partners", "renown.example/loyalty/cmd/loyalty",
		"renown.example/gateway/cmd/gateway", "renown.example/website/cmd/website")
	cmd.Stderr = os.Stderr
	return cmd.Run()
})

// free returns addresses of this machine that nobody listens on.
func free(t *testing.T, n int) []string {
	t.Helper()
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().String())
	}
	return out
}

// newSplit starts all parts. mongodb is the address of a MongoDB, empty for the embedded database; forStories is that under which the stories find it.
func newSplit(t *testing.T, mongodb, forStories string) *split {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	at := free(t, 5)
	stories, partners, rest, site, loyalty := at[0], at[1], at[2], at[3], at[4]
	s := &split{Target: cases.Target{Website: "http://" + site, API: "http://" + rest}, parts: map[string]*part{}}
	provider, err := idp.Start(context.Background(), idp.Config{Addr: "127.0.0.1:0", Users: idp.DemoUsers("northwind.example"), Clients: []idp.Client{
		{ID: "renown", Secret: "a secret of the provider's", RedirectURIs: []string{s.Website + "/signin/callback"}},
	}}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Stop)
	key := auth.GenerateKey()
	private, err := key.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// By name, as the services of a cluster are found.
	named := func(address string) string { return "localhost" + address[strings.LastIndex(address, ":"):] }
	public := "RENOWN_IDENTITY_KEYS=" + key.Public().String()
	oidc := []string{"RENOWN_OIDC_ISSUER=" + provider.Issuer, "RENOWN_OIDC_CLIENT_ID=renown"}
	own := auth.GenerateKey()
	secret, err := own.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	s.add(t, "stories", []string{public, "RENOWN_MONGODB_URI=" + forStories, "RENOWN_LOYALTY_KEY=" + string(secret)}, "--data", filepath.Join(dir, "stories"), "--listen", stories, "--admin", "-",
		"--company", "Northwind", "--website-url", s.Website, "--locales", "en,de", "--loyalty-addr", named(loyalty))
	s.add(t, "partners", append(oidc, public, "RENOWN_MONGODB_URI="+mongodb), "--data", filepath.Join(dir, "partners"), "--listen", partners, "--admin", "-",
		"--group-roles", "author=author,editor=editor,approver=approver,manager=manager,admin=admin")
	s.add(t, "loyalty", []string{public, "RENOWN_MONGODB_URI=" + mongodb, "RENOWN_PART_KEYS=" + own.Public().String()}, "--data", filepath.Join(dir, "loyalty"), "--listen", loyalty, "--admin", "-", "--website-url", s.Website)
	s.add(t, "gateway", []string{"RENOWN_IDENTITY_KEY=" + string(private)}, "--api", rest, "--admin=", "--public-url", s.API, "--stories-addr", named(stories),
		"--partners-addr", named(partners), "--loyalty-addr", named(loyalty), "--trusted-proxy", "127.0.0.0/8")
	s.add(t, "website", append(oidc, "RENOWN_OIDC_CLIENT_SECRET=a secret of the provider's"), "--website", site, "--admin=", "--gateway", s.API, "--public-url", s.Website)
	cases.Eventually(t, patience, "everything is ready", func() bool { return s.answers(s.API+"/readyz") && s.answers(s.Website+"/stories") })
	return s
}

// add starts a part, and lets it tell what it logged if the test fails.
func (s *split) add(t *testing.T, name string, env []string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &part{name: name, args: args, env: env, log: log}
	s.parts[name] = p
	p.start(t)
	t.Cleanup(func() {
		p.end(os.Kill)
		log.Close()
		if b, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s logged:\n%s", name, b[max(0, len(b)-4000):])
		}
	})
}

func (s *split) answers(address string) bool {
	res, err := http.Get(address)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func TestEveryBinaryApart(t *testing.T) {
	for _, name := range []string{"embedded", "mongodb"} {
		t.Run(name, func(t *testing.T) {
			uri := ""
			if name == "mongodb" {
				if uri = enginetest.FreshURI(t, "stories", "partners"); uri == "" {
					t.Skip("NOT TESTED ON MONGODB: RENOWN_TEST_MONGODB_URI does not name a replica set")
				}
			}
			s := newSplit(t, uri, uri)
			cases.Run(t, s.Target)
			s.survivesTheStories(t)
			for _, name := range []string{"website", "gateway", "partners", "stories"} {
				if status := s.parts[name].end(syscall.SIGTERM); status != 0 {
					t.Errorf("%s ended with status %d", name, status)
				}
			}
		})
	}
}

// survivesTheStories kills the stories: nothing stale is served two seconds later, and everything is back when they are.
func (s *split) survivesTheStories(t *testing.T) {
	t.Helper()
	session := "Session " + s.SignIn(t, "edda")
	p := s.parts["stories"]
	p.end(os.Kill)
	list := s.API + "/v1/stories"
	cases.Eventually(t, cases.Within, "REST says that it cannot tell", func() bool {
		status, _, _ := cases.Get(t, list)
		return status == http.StatusServiceUnavailable
	})
	if status, header, _ := cases.Get(t, s.Website+"/stories"); status != http.StatusServiceUnavailable || header.Get("Cache-Control") == "" {
		t.Errorf("the website answers %d", status)
	}
	if s.answers(s.API + "/readyz") {
		t.Error("the gateway calls itself ready")
	}
	if status, _, _ := cases.Get(t, s.API+"/v1/me", "Authorization", session); status != http.StatusOK {
		t.Errorf("what needs no stories answers %d", status)
	}
	p.start(t)
	cases.Eventually(t, patience, "everything is back", func() bool { return s.answers(list) && s.answers(s.Website+"/stories") && s.answers(s.API+"/readyz") })
}
