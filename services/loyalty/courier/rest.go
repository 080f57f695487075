package courier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// REST talks to a gateway with a partner's key.
type REST struct {
	// URL is the address of the API, such as "https://api.example.org".
	URL, Key string
	Client   *http.Client
	Clock    clock.Clock
}

// attempts bounds how often a call is tried that met a gateway that could not answer just then.
const attempts = 6

// Import sends a portion of members.
func (r *REST) Import(ctx context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
	body := proto.CloneOf(req)
	body.Program = "" // it stands in the address
	resp := &loyaltyv1.ImportMembersResponse{}
	return resp, r.call(ctx, http.MethodPost, "/v1/programs/"+url.PathEscape(req.GetProgram())+"/members:import", key, body, resp)
}

// Export fetches a page of members.
func (r *REST) Export(ctx context.Context, program, token string) (*loyaltyv1.ExportMembersResponse, error) {
	resp := &loyaltyv1.ExportMembersResponse{}
	address := "/v1/programs/" + url.PathEscape(program) + "/members:export?pageSize=500&pageToken=" + url.QueryEscape(token)
	return resp, r.call(ctx, http.MethodGet, address, "", nil, resp)
}

// Ledger fetches a page of everything that a programme holds of its members.
func (r *REST) Ledger(ctx context.Context, program, token string) (*loyaltyv1.ExportLedgerResponse, error) {
	resp := &loyaltyv1.ExportLedgerResponse{}
	address := "/v1/programs/" + url.PathEscape(program) + "/ledger:export?pageToken=" + url.QueryEscape(token)
	return resp, r.call(ctx, http.MethodGet, address, "", nil, resp)
}

func (r *REST) call(ctx context.Context, method, path, key string, in, out proto.Message) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = protojson.Marshal(in); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		again, err := r.once(ctx, method, path, key, body, out)
		if err == nil || !again || attempt == attempts {
			return err
		}
		select {
		case <-r.Clock.After(time.Second << attempt):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once makes a call. again says that the same call may succeed later.
func (r *REST) once(ctx context.Context, method, path, key string, body []byte, out proto.Message) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Authorization", "Bearer "+r.Key)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := r.Client.Do(req)
	if err != nil {
		return true, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return true, err
	}
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Title, Detail string }
		if json.Unmarshal(text, &problem) != nil || problem.Title == "" {
			problem.Title = resp.Status
		}
		return resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500, errors.New(sentences(problem.Title, problem.Detail))
	}
	return false, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, out)
}

// sentences puts title and detail of a problem one behind the other, each with its end.
func sentences(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		if !strings.ContainsAny(p[len(p)-1:], ".!?") {
			p += "."
		}
		out = append(out, p)
	}
	return strings.Join(out, " ")
}
