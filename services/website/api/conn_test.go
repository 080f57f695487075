package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"renown.example/kit/fault"
	"renown.example/kit/telemetry"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// recorded is what a gateway saw of a call.
type recorded struct {
	verb, uri, body string
	header          http.Header
}

func serve(t *testing.T, answer http.HandlerFunc) (*api.Conn, *recorded) {
	t.Helper()
	seen := &recorded{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*seen = recorded{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()}
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return api.New(srv.URL, nil), seen
}

// reader is somebody by their addresses.
type reader string

func (r reader) Chain() string { return string(r) }

func (r reader) Calling(ctx context.Context) context.Context {
	return telemetry.WithRequestID(ctx, telemetry.RequestID(ctx)+"-call")
}

func TestCallsFollowTheAnnotations(t *testing.T) {
	conn, seen := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		_, _ = io.WriteString(w, `{"summary":{"title":"Done","version":3},"etag":"7","somethingNew":true}`)
	})
	var meta api.Meta
	reply, err := storiesv1.NewWorkspaceServiceClient(conn.As(api.Session("s3cret"))).SaveText(
		api.ForReader(telemetry.WithRequestID(t.Context(), "req-1"), reader("203.0.113.9, 10.0.0.1")),
		&storiesv1.SaveTextRequest{Story: "a/b", Locale: "pt-BR", Text: &storiesv1.TextInput{}},
		api.IdempotencyKey("k1"), api.IfMatch(`"6"`), api.Into(&meta))
	if err != nil {
		t.Fatal(err)
	}
	if got := reply.GetText().GetSummary().GetTitle(); got != "Done" || meta.ETag != `"7"` {
		t.Errorf("title is %q, etag %q", got, meta.ETag)
	}
	if seen.verb != http.MethodPut || seen.uri != "/v1/workspace/stories/a%2Fb/texts/pt-BR" {
		t.Errorf("called %s %s", seen.verb, seen.uri)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(seen.body), &body); err != nil || body["story"] != nil || body["text"] == nil {
		t.Errorf("body is %s (%v)", seen.body, err)
	}
	for name, want := range map[string]string{"Authorization": "Session s3cret", "Idempotency-Key": "k1", "If-Match": `"6"`, "X-Request-Id": "req-1-call", "X-Forwarded-For": "203.0.113.9, 10.0.0.1"} {
		if got := seen.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// An error goes into logs, where what somebody looked for has no business.
func TestUnreachableSaysNothingOfTheQuery(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	_, err := storiesv1.NewPublishedServiceClient(api.New(away.URL, nil)).ListPublishedStories(t.Context(), &storiesv1.ListPublishedStoriesRequest{Query: "whisper"})
	if err == nil || strings.Contains(err.Error(), "whisper") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the error is %v", err)
	}
}

func TestReadsPutTheRestInTheQuery(t *testing.T) {
	conn, seen := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"stories":[{"slug":"a"}],"totalSize":1}`)
	})
	reply, err := storiesv1.NewPublishedServiceClient(conn).ListPublishedStories(t.Context(),
		&storiesv1.ListPublishedStoriesRequest{Locale: "de", PageSize: 12})
	if err != nil || len(reply.GetStories()) != 1 {
		t.Fatal(reply, err)
	}
	if seen.uri != "/v1/stories?locale=de&pageSize=12" {
		t.Errorf("called %s", seen.uri)
	}
}

func TestFilesComeAsTheyAre(t *testing.T) {
	conn, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, "\x89PNG")
	})
	reply, err := storiesv1.NewPublishedServiceClient(conn).GetPublishedAsset(t.Context(), &storiesv1.GetPublishedAssetRequest{Asset: "ab"})
	want := &httpbody.HttpBody{ContentType: "image/png", Data: []byte("\x89PNG")}
	if err != nil || reply.GetBody().GetContentType() != want.ContentType || string(reply.GetBody().GetData()) != string(want.Data) {
		t.Errorf("got %v, %v", reply, err)
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	for name, c := range map[string]struct {
		status          int
		media, body     string
		code, at, where string
	}{
		"a problem": {422, "application/problem+json; charset=utf-8",
			`{"title":"x","status":422,"detail":"d","code":"NOT_PUBLISHABLE","requestId":"r","errors":[{"pointer":"/blocks/2/alt","detail":"needs words"}]}`,
			"NOT_PUBLISHABLE", "needs words", ""},
		"a proxy's page": {502, "text/html", "<h1>Bad gateway</h1>", "UNAVAILABLE", "", ""},
		"gone":           {410, "text/plain", "", "WITHDRAWN", "", ""},
		"moved":          {301, "application/problem+json", `{"code":"MOVED","status":301}`, "MOVED", "", "/v1/stories/b"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.media)
				w.Header().Set("Location", c.where)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := storiesv1.NewPublishedServiceClient(conn).GetPublishedStory(t.Context(), &storiesv1.GetPublishedStoryRequest{Slug: "a"})
			var p *api.Problem
			if !errors.As(err, &p) {
				t.Fatalf("error is %v", err)
			}
			if p.Status != c.status || p.Code != c.code || p.At("/blocks/2/alt") != c.at || p.Location != c.where {
				t.Errorf("problem is %+v", p)
			}
		})
	}
}

func TestUnreachableIsUnavailable(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	_, err := storiesv1.NewPublishedServiceClient(api.New(srv.URL, nil)).GetPublishedStory(t.Context(), &storiesv1.GetPublishedStoryRequest{Slug: "a"})
	if !api.Is(err, fault.Unavailable) {
		t.Errorf("error is %v", err)
	}
}

// A field of several words is found for the address by the name that it has in JSON.
func TestAFieldOfSeveralWordsIsInTheAddress(t *testing.T) {
	conn, seen := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	_, err := loyaltyv1.NewEarningRulesServiceClient(conn).GetEarningRule(t.Context(), &loyaltyv1.GetEarningRuleRequest{Program: "customers", RuleId: "euro", Version: 2})
	if err != nil || seen.uri != "/v1/programs/customers/rules/euro?version=2" {
		t.Errorf("asked for %s: %v", seen.uri, err)
	}
}

// A page that cannot be made because a part says that it cannot answer just now is no fault that somebody has to look at. A gateway that cannot be reached, by us or by a proxy
// in between, may be gone for good.
func TestHowLoudlyALogTellsOfAPage(t *testing.T) {
	ask := func(conn *api.Conn) error {
		_, err := loyaltyv1.NewProgramsServiceClient(conn).ListPrograms(t.Context(), &loyaltyv1.ListProgramsRequest{})
		if !api.Is(err, fault.Unavailable) {
			t.Errorf("out of reach: %v", err)
		}
		return err
	}
	nobody := httptest.NewServer(http.NotFoundHandler())
	nobody.Close()
	gone := ask(api.New(nobody.URL, nil))
	proxy, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	proxied := ask(proxy)
	for want, errs := range map[slog.Level][]error{
		slog.LevelWarn: {
			fault.Unavailable.New("Try again."), fmt.Errorf("the list: %w", &api.Problem{Status: 503, Code: "UNAVAILABLE"}),
			fault.Unavailable.New("Try again.").Wrap(&api.Problem{Status: 503, Code: "UNAVAILABLE"}),
		},
		slog.LevelError: {
			errors.New("a fault"), &api.Problem{Status: 500, Code: "INTERNAL"}, fault.Internal.New("A fault."),
			fault.Unavailable.New("Out of reach.").Wrap(errors.New("no route")), gone, proxied,
		},
	} {
		for _, err := range errs {
			if got := api.Level(err); got != want {
				t.Errorf("%v: %v, want %v", err, got, want)
			}
		}
	}
}
