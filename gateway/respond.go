package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/gateway/compact"
	"renown.example/kit/ready"
	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// answer is a whole answer in memory, before it is known whether it will be sent or compared.
type answer struct {
	header http.Header
	status int
	body   []byte
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

// marshaler writes messages as JSON in lowerCamelCase. Fields with their zero value are written, so that clients can rely on them; messages that are not there,
// such as an unknown time, are left out.
type marshaler struct {
	runtime.JSONPb
	rendered rendered
}

func newMarshaler() runtime.Marshaler {
	return &runtime.HTTPBodyMarshaler{Marshaler: &marshaler{JSONPb: runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true}}}}
}

// Marshal leaves out the white space that protojson varies from build to build on purpose: the same answer has the same bytes in every replica.
func (m *marshaler) Marshal(v any) ([]byte, error) {
	if list, ok := v.(*storiesv1.ListPublishedStoriesResponse); ok {
		if out, ok := m.rendered.list(list); ok {
			return out, nil
		}
	}
	if one, ok := v.(proto.Message); ok {
		return compact.JSON(one)
	}
	b, err := m.JSONPb.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(len(b))
	if err := json.Compact(&out, b); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// describe sets the headers that follow from the message of an answer, before it is written.
func (g *Gateway) describe(ctx context.Context, w http.ResponseWriter, m proto.Message) error {
	ex := exchangeOf(ctx)
	ex.depends(m.ProtoReflect().Interface()) // m may be a wrapper that knows where its body is
	body := m
	if inner, ok := m.(interface{ XXX_ResponseBody() any }); ok {
		body, _ = inner.XXX_ResponseBody().(proto.Message)
	}
	if file, ok := body.(*httpbody.HttpBody); ok {
		w.Header().Set("Content-Type", file.GetContentType())
		w.Header().Set("X-Content-Type-Options", "nosniff")
		return nil
	}
	if zipFile(ex, m) != nil {
		w.Header().Set("Content-Type", zipType)
		w.Header().Set("Content-Disposition", `attachment; filename="renown-stories.zip"`)
		return nil
	}
	if body != nil {
		ex.depends(body)
		ex.etag = etagOf(body.ProtoReflect())
		if lang := localeOf(body.ProtoReflect()); lang != "" {
			w.Header().Set("Content-Language", lang)
		}
	}
	return nil
}

// zipType is the media type by which an export is asked for as the file itself.
const zipType = "application/zip"

// zipFile returns the file that m holds if it is the export and the caller wants the file itself.
func zipFile(ex *exchange, m proto.Message) *httpbody.HttpBody {
	if export, ok := m.(*storiesv1.ExportStoriesResponse); ok && ex.wantsZip {
		return &httpbody.HttpBody{ContentType: zipType, Data: export.GetZip()}
	}
	return nil
}

// rewrite replaces the message of an answer by the file in it where that is what the caller wants.
func rewrite(ctx context.Context, m proto.Message) (any, error) {
	if file := zipFile(exchangeOf(ctx), m); file != nil {
		return file, nil
	}
	return m, nil
}

// localeOf is the language of an answer that is all in one: its own field, or that of its summary.
func localeOf(m protoreflect.Message) string {
	if !m.IsValid() {
		return ""
	}
	fields := m.Descriptor().Fields()
	if fd := fields.ByName("locale"); fd != nil && fd.Kind() == protoreflect.StringKind {
		return m.Get(fd).String()
	}
	if fd := fields.ByName("summary"); fd != nil && fd.Message() != nil {
		return localeOf(m.Get(fd).Message())
	}
	return ""
}

// toHTTP chooses which metadata of a service's answer become headers.
func toHTTP(key string) (string, bool) {
	if key == rpc.ReplayedHeader {
		return "Idempotency-Replayed", true
	}
	return "", false
}

func nothing(string) (string, bool) { return "", false }

// respond sends the answer of a generated handler, or 304 where the caller has it already.
func (g *Gateway) respond(w http.ResponseWriter, r *http.Request, ex *exchange, from *route, a *answer) {
	h := a.header
	if a.status == http.StatusOK && from.method == http.MethodGet {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Authorization, Accept")
		ready.Fixed(ready.Answer{Header: h, Body: a.body, ETag: makeEtag(ex.etag, a.body)}).ServeHTTP(w, r)
		return
	}
	if a.status == http.StatusOK {
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	maps.Copy(w.Header(), h)
	w.WriteHeader(a.status)
	// An error here is the caller's going away, which the access log sees as fewer bytes.
	_, _ = w.Write(a.body)
}
