package deploy_test

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"renown.example/deploy/cases"
	"renown.example/kit/store/enginetest"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// wire carries bytes between a replica and the database until it is cut: from then on connections stay, and nothing comes through, as behind a broken switch.
type wire struct {
	net.Listener
	cut atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
	all   sync.WaitGroup
}

// newWire returns a wire to the server of a URI, and the URI that leads through it.
func newWire(t *testing.T, uri string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l}
	server := u.Host
	w.all.Go(func() { w.serve(server) })
	t.Cleanup(func() {
		_ = l.Close() // it ends serve
		w.mu.Lock()
		for _, c := range w.conns {
			_ = c.Close()
		}
		w.mu.Unlock()
		w.all.Wait()
	})
	u.Host = l.Addr().String()
	q := u.Query()
	q.Set("directConnection", "true")
	u.RawQuery = q.Encode()
	return w, u.String()
}

func (w *wire) serve(server string) {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", server)
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, client, far)
		w.mu.Unlock()
		w.all.Go(func() { w.carry(client, far) })
		w.all.Go(func() { w.carry(far, client) })
	}
}

// carry takes what comes from one end to the other, or nowhere.
func (w *wire) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	_, _ = io.Copy(writer(func(b []byte) (int, error) {
		if w.cut.Load() {
			return len(b), nil
		}
		return to.Write(b)
	}), from)
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// A replica that is cut off from MongoDB cannot know what another one withdraws. Two seconds later it shows nothing that it holds, least of all that.
func TestAReplicaCutOffFromMongoDBShowsNothing(t *testing.T) {
	uri := enginetest.FreshURI(t, "stories", "partners")
	if uri == "" {
		t.Skip("NOT TESTED ON MONGODB: RENOWN_TEST_MONGODB_URI does not name a replica set")
	}
	w, through := newWire(t, uri)
	s := newSplit(t, uri, through)
	other := s.second(t, uri)
	// People sign in at one address; the services know them at any.
	editor := other.Rest().As(api.Session(s.SignIn(t, "edda")))
	kept, withdrawn := cases.Publish(t, s.Target, "kept"), cases.Publish(t, s.Target, "withdrawn")
	for _, slug := range []string{kept, withdrawn} {
		for _, at := range []string{s.API + "/v1/stories/" + slug, s.Website + "/stories/" + slug} {
			cases.Eventually(t, cases.Within, "the replica shows "+at, func() bool { return s.answers(at) })
		}
	}
	w.cut.Store(true)
	if _, err := storiesv1.NewReviewServiceClient(editor).UnpublishText(t.Context(), &storiesv1.UnpublishTextRequest{Story: withdrawn, Locale: "en", Reason: "as agreed"}); err != nil {
		t.Fatal(err)
	}
	other.IsGone(t, withdrawn)
	// What the other replica's readers saw gone within two seconds, this one's saw no longer than that.
	for _, path := range []string{"/stories/" + kept, "/stories/" + withdrawn, "/stories"} {
		for _, at := range []string{s.API + "/v1" + path, s.Website + path} {
			cases.Eventually(t, cases.Within, at+" is refused", func() bool {
				status, _, _ := cases.Get(t, at)
				return slices.Contains([]int{http.StatusServiceUnavailable, http.StatusGone}, status)
			})
			if status, _, body := cases.Get(t, at); status != http.StatusServiceUnavailable {
				t.Errorf("cut off, %s answers %d: %.200s", at, status, body)
			}
		}
	}
	w.cut.Store(false)
	cases.Eventually(t, patience, "everything is back", func() bool { return s.answers(s.API+"/v1/stories/"+kept) && s.answers(s.Website+"/stories/"+kept) })
	s.IsGone(t, withdrawn)
}

// second starts another replica of stories, gateway and website on the same data.
func (s *split) second(t *testing.T, uri string) cases.Target {
	t.Helper()
	at := free(t, 3)
	stories, rest, site := at[0], at[1], at[2]
	first := s.parts
	s.add(t, "stories", with(first["stories"].env, "RENOWN_MONGODB_URI="+uri), with(first["stories"].args, "--data", filepath.Join(t.TempDir(), "stories"), "--listen", stories)...)
	s.add(t, "gateway", first["gateway"].env, with(first["gateway"].args, "--api", rest, "--stories-addr", stories)...)
	s.add(t, "website", first["website"].env, with(first["website"].args, "--website", site, "--gateway", "http://"+rest)...)
	target := cases.Target{Website: "http://" + site, API: "http://" + rest}
	cases.Eventually(t, patience, "the second replica is ready", func() bool { return s.answers(target.API+"/readyz") && s.answers(target.Website+"/stories") })
	return target
}

// with returns settings to which others are added: the last of a kind counts.
func with(settings []string, more ...string) []string { return append(slices.Clone(settings), more...) }
