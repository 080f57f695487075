package gateway_test

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// seen is what a service learned of a call.
type seen struct {
	caller auth.Identity
	md     metadata.MD
}

// stories are small services that hold what the tests put in.
type stories struct {
	published *published
	workspace *workspace
	signoff   *signoff
}

type published struct {
	storiesv1.UnimplementedPublishedServiceServer
	mu     sync.Mutex
	titles map[string]string // slug to title; "" is withdrawn
	moved  map[string]string
	ends   map[string]*timestamppb.Timestamp
	fail   error
	calls  atomic.Int64
	// watchers take what WatchRevisions sends; open is how many there are.
	watchers map[chan *storiesv1.WatchRevisionsResponse]bool
	refuse   bool
}

type workspace struct {
	storiesv1.UnimplementedWorkspaceServiceServer
	mu    sync.Mutex
	last  seen
	saved []*storiesv1.SaveTextRequest
	keys  map[string]bool
	fail  error
	block chan struct{}
	// waiting is how many calls wait for block.
	waiting atomic.Int64
}

type signoff struct {
	storiesv1.UnimplementedSignoffServiceServer
	mu   sync.Mutex
	last seen
}

func newStories() *stories {
	return &stories{
		&published{titles: map[string]string{}, moved: map[string]string{}, ends: map[string]*timestamppb.Timestamp{}, watchers: map[chan *storiesv1.WatchRevisionsResponse]bool{}},
		&workspace{keys: map[string]bool{}}, &signoff{},
	}
}

func (p *published) ListPublishedStories(_ context.Context, req *storiesv1.ListPublishedStoriesRequest) (*storiesv1.ListPublishedStoriesResponse, error) {
	p.calls.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return nil, p.fail
	}
	if req.GetPageToken() != "" && req.GetPageToken() != "second" {
		return nil, fault.PageTokenInvalid.New("This page token is not one of ours.").With(fault.Field{Path: "pageToken", Message: "was altered"})
	}
	out := &storiesv1.ListPublishedStoriesResponse{Locale: "en"}
	for slug, title := range p.titles {
		if title != "" {
			out.Stories = append(out.Stories, &storiesv1.PublishedSummary{Slug: slug, Title: title, Locale: "en"})
			out.TotalSize++
		}
	}
	return out, nil
}

func (p *published) GetPublishedStory(_ context.Context, req *storiesv1.GetPublishedStoryRequest) (*storiesv1.GetPublishedStoryResponse, error) {
	p.calls.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	title, ok := p.titles[req.GetSlug()]
	switch {
	case p.fail != nil:
		return nil, p.fail
	case p.moved[req.GetSlug()] != "":
		return nil, fault.Moved.New("It is called %s now.", p.moved[req.GetSlug()]).WithMeta("location", "/v1/stories/"+p.moved[req.GetSlug()])
	case !ok:
		return nil, fault.NotFound.New("There is no story %q.", req.GetSlug())
	case title == "":
		return nil, fault.Withdrawn.New("The story %q was withdrawn.", req.GetSlug())
	}
	return &storiesv1.GetPublishedStoryResponse{Story: &storiesv1.PublishedStory{
		Summary:        &storiesv1.PublishedSummary{Name: "stories/" + req.GetSlug(), Slug: req.GetSlug(), Title: title, Locale: "en"},
		NextChangeTime: p.ends[req.GetSlug()],
	}, ValidUntilTime: p.ends[req.GetSlug()]}, nil
}

func (p *published) GetPublishedAsset(context.Context, *storiesv1.GetPublishedAssetRequest) (*storiesv1.GetPublishedAssetResponse, error) {
	p.calls.Add(1)
	return &storiesv1.GetPublishedAssetResponse{Body: &httpbody.HttpBody{ContentType: "image/png", Data: []byte("\x89PNG bytes")}}, nil
}

func (p *published) WatchRevisions(_ *storiesv1.WatchRevisionsRequest, s grpc.ServerStreamingServer[storiesv1.WatchRevisionsResponse]) error {
	ch := make(chan *storiesv1.WatchRevisionsResponse)
	p.mu.Lock()
	if p.refuse {
		p.mu.Unlock()
		return fault.Unavailable.New("Cut off.")
	}
	p.watchers[ch] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.watchers, ch)
		p.mu.Unlock()
	}()
	for {
		select {
		case m, ok := <-ch:
			if !ok {
				return fault.Unavailable.New("Cut off.")
			}
			if err := s.Send(m); err != nil {
				return err
			}
		case <-s.Context().Done():
			return s.Context().Err()
		}
	}
}

// set publishes, changes or (with "") withdraws a story.
func (p *published) set(slug, title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.titles[slug] = title
}

func (w *workspace) note(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = seen{auth.From(ctx), md}
	return w.fail
}

func (w *workspace) GetText(ctx context.Context, req *storiesv1.GetTextRequest) (*storiesv1.GetTextResponse, error) {
	if err := w.note(ctx); err != nil {
		return nil, err
	}
	return &storiesv1.GetTextResponse{Text: &storiesv1.Text{Etag: `"7"`, Summary: &storiesv1.TextSummary{Name: "stories/" + req.GetStory(), Locale: req.GetLocale()}}}, nil
}

func (w *workspace) SaveText(ctx context.Context, req *storiesv1.SaveTextRequest) (*storiesv1.SaveTextResponse, error) {
	if err := w.note(ctx); err != nil {
		return nil, err
	}
	if req.GetEtag() != `"7"` && req.GetEtag() != "*" && req.GetEtag() != "" {
		return nil, fault.EtagMismatch.New("The text is at 7.")
	}
	w.mu.Lock()
	w.saved = append(w.saved, req)
	w.mu.Unlock()
	return &storiesv1.SaveTextResponse{Text: &storiesv1.Text{Etag: `"8"`}}, nil
}

func (w *workspace) CreateStory(ctx context.Context, req *storiesv1.CreateStoryRequest) (*storiesv1.CreateStoryResponse, error) {
	if err := w.note(ctx); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if key := rpc.IdempotencyKey(ctx); w.keys[key] {
		if err := grpc.SetHeader(ctx, metadata.Pairs(rpc.ReplayedHeader, "true")); err != nil {
			return nil, err
		}
	} else {
		w.keys[key] = true
	}
	return &storiesv1.CreateStoryResponse{Story: &storiesv1.Story{Name: "stories/" + req.GetStoryId()}}, nil
}

func (w *workspace) ListTexts(ctx context.Context, _ *storiesv1.ListTextsRequest) (*storiesv1.ListTextsResponse, error) {
	if err := w.note(ctx); err != nil {
		return nil, err
	}
	return &storiesv1.ListTextsResponse{}, nil
}

func (w *workspace) PreviewText(ctx context.Context, req *storiesv1.PreviewTextRequest) (*storiesv1.PreviewTextResponse, error) {
	if err := w.note(ctx); err != nil {
		return nil, err
	}
	if w.block != nil {
		w.waiting.Add(1)
		select {
		case <-w.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &storiesv1.PreviewTextResponse{Markdown: req.GetText().GetMarkdown()}, nil
}

func (w *workspace) ExportStories(ctx context.Context, _ *storiesv1.ExportStoriesRequest) (*storiesv1.ExportStoriesResponse, error) {
	return &storiesv1.ExportStoriesResponse{Zip: []byte("PK zip")}, w.note(ctx)
}

func (w *workspace) UploadAsset(ctx context.Context, req *storiesv1.UploadAssetRequest) (*storiesv1.UploadAssetResponse, error) {
	return &storiesv1.UploadAssetResponse{Asset: "a", Width: int32(len(req.GetData()))}, w.note(ctx)
}

func (s *signoff) GetSignoff(ctx context.Context, _ *storiesv1.GetSignoffRequest) (*storiesv1.GetSignoffResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = seen{caller: auth.From(ctx)}
	return &storiesv1.GetSignoffResponse{Page: &storiesv1.SignoffPage{State: "open"}}, nil
}

// partners know the credentials that the tests put in.
type partners struct {
	sessions    *sessions
	credentials *credentials
}

type sessions struct {
	partnersv1.UnimplementedSessionsServiceServer
}

type credentials struct {
	partnersv1.UnimplementedCredentialsServiceServer
	clock *clock.Fake
	mu    sync.Mutex
	known map[string]*partnersv1.ResolveCredentialResponse
	calls atomic.Int64
	fail  error
	last  auth.Identity
}

// The credentials that every test's world knows.
const (
	editorSession = "rs_editor_0123456789"
	appKey        = "rn_live_key_app_0123456789"
	readKey       = "rn_live_key_read_0123456789"
	slowKey       = "rn_live_key_slow_0123456789"
)

func newPartners(c *clock.Fake) *partners {
	known := map[string]*partnersv1.ResolveCredentialResponse{
		editorSession: {Kind: "user", Subject: "users/jonna", DisplayName: "Jonna Fjeld", Email: "jonna@northwind.example", Roles: []string{"editor"}, CredentialId: "s1"},
		appKey:        {Kind: "app", Subject: "apps/shop", DisplayName: "Shop", Scopes: []string{"stories.read", "stories.write"}, CredentialId: "k1"},
		readKey:       {Kind: "app", Subject: "apps/reader", Scopes: []string{"stories.read"}, CredentialId: "k2"},
		slowKey:       {Kind: "app", Subject: "apps/slow", Scopes: []string{"stories.read"}, CredentialId: "k3", RequestsPerMinute: 2},
	}
	return &partners{&sessions{}, &credentials{clock: c, known: known}}
}

func (s *sessions) GetMe(ctx context.Context, _ *partnersv1.GetMeRequest) (*partnersv1.GetMeResponse, error) {
	who := auth.From(ctx)
	return &partnersv1.GetMeResponse{User: &partnersv1.User{Name: "users/" + who.Subject, DisplayName: who.Name, Email: who.Email, Roles: who.Roles}}, nil
}

func (c *credentials) ResolveCredential(ctx context.Context, req *partnersv1.ResolveCredentialRequest) (*partnersv1.ResolveCredentialResponse, error) {
	c.calls.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = auth.From(ctx)
	if c.fail != nil {
		return nil, c.fail
	}
	found, ok := c.known[req.GetCredential()]
	if !ok {
		return nil, fault.Unauthenticated.New("This credential is not known, has expired or was revoked.")
	}
	return found, nil
}

func (c *credentials) IssueAccessToken(_ context.Context, req *partnersv1.IssueAccessTokenRequest) (*partnersv1.IssueAccessTokenResponse, error) {
	if req.GetClientId() != "k1" || req.GetClientSecret() != appKey {
		return nil, fault.Unauthenticated.New("No.")
	}
	scopes := req.GetScopes()
	if len(scopes) == 0 {
		scopes = []string{"stories.read", "stories.write"}
	}
	for _, s := range scopes {
		if s != "stories.read" && s != "stories.write" {
			return nil, fault.PermissionDenied.New("No such scope.")
		}
	}
	return &partnersv1.IssueAccessTokenResponse{AccessToken: "rn_live_at_1", ExpiresIn: 3600, Scopes: scopes}, nil
}

// revoke forgets a credential.
func (c *credentials) revoke(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, secret)
}

func (w *workspace) failWith(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = err
}
