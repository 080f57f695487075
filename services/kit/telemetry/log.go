package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "renown.example/proto/gen/renown/options/v1"
)

// Redacted stands in logs where something personal or secret was.
const Redacted = "[redacted]"

// NewLogger returns a logger that adds service, request id and trace id to each line and leaves out the values of attributes that are named like secrets.
func NewLogger(o Options) (*slog.Logger, error) {
	h, _, err := handlers(o)
	if err != nil {
		return nil, err
	}
	return slog.New(h), nil
}

// handlers returns a logger's handler, and a quicker one for lines whose attributes are few and known: it neither looks for secrets nor adds anything.
func handlers(o Options) (careful, plain slog.Handler, err error) {
	out := &inTurn{to: o.Output}
	if out.to == nil {
		out.to = os.Stderr
	}
	opts, quick := &slog.HandlerOptions{Level: o.Level, ReplaceAttr: hideSecrets}, &slog.HandlerOptions{Level: o.Level}
	switch o.Format {
	case "json":
		careful, plain = slog.NewJSONHandler(out, opts), slog.NewJSONHandler(out, quick)
	case "text", "":
		careful, plain = slog.NewTextHandler(out, opts), slog.NewTextHandler(out, quick)
	default:
		return nil, nil, fmt.Errorf("telemetry: log format %q is neither json nor text", o.Format)
	}
	careful = withRequest{careful}
	if o.Service != "" {
		named := []slog.Attr{slog.String("service", o.Service)}
		careful, plain = careful.WithAttrs(named), plain.WithAttrs(named)
	}
	return careful, plain, nil
}

// inTurn lets several handlers write their lines.
type inTurn struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (w *inTurn) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(line)
}

// secretNames are parts of attribute names whose values must not be seen.
var secretNames = []string{"password", "secret", "token", "authorization", "cookie", "email", "api_key", "apikey", "private"}

func hideSecrets(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey, slog.LevelKey, slog.MessageKey, "service", requestIDName, traceIDName, "method", "code", "took", "caller":
		return a // in the line of every call, and none of secretNames is in them
	}
	if a.Value.Kind() == slog.KindGroup {
		return a
	}
	name := strings.ToLower(a.Key)
	for _, s := range secretNames {
		if strings.Contains(name, s) {
			return slog.String(a.Key, Redacted)
		}
	}
	return a
}

// The names under which a line's request and trace are found.
const (
	requestIDName = "request_id"
	traceIDName   = "trace_id"
)

type withRequest struct{ slog.Handler }

func (h withRequest) Handle(ctx context.Context, r slog.Record) error {
	var room [2]slog.Attr
	r.AddAttrs(known(ctx, room[:0])...)
	return h.Handler.Handle(ctx, r)
}

// known appends the ids by which a line's request and trace are found.
func known(ctx context.Context, to []slog.Attr) []slog.Attr {
	if id := RequestID(ctx); id != "" {
		to = append(to, slog.String(requestIDName, id))
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		to = append(to, slog.String(traceIDName, sc.TraceID().String()))
	}
	return to
}

func (h withRequest) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(attrs)}
}
func (h withRequest) WithGroup(name string) slog.Handler {
	return withRequest{h.Handler.WithGroup(name)}
}

// Redact returns a copy of m without what its protos call personal: strings become Redacted, everything else its zero value. It is what may be logged of a
// message, where one must be.
func Redact[M proto.Message](m M) M {
	c := proto.Clone(m).(M)
	redact(c.ProtoReflect())
	return c
}

// Message is a log value of m without its personal parts. It costs nothing unless the line is written.
func Message(m proto.Message) slog.LogValuer { return message{m} }

type message struct{ m proto.Message }

func (m message) LogValue() slog.Value {
	b, err := protojson.Marshal(Redact(m.m))
	if err != nil {
		return slog.StringValue("[not readable]")
	}
	return slog.StringValue(string(b))
}

func redact(m protoreflect.Message) {
	m.SetUnknown(nil) // what we cannot name we cannot judge
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case Personal(f):
			hide(m, f)
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool { redact(v.Message()); return true })
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				redact(v.List().Get(i).Message())
			}
		case f.Message() != nil && !f.IsMap():
			redact(v.Message())
		}
		return true
	})
}

func hide(m protoreflect.Message, f protoreflect.FieldDescriptor) {
	if f.Kind() == protoreflect.StringKind && f.Cardinality() != protoreflect.Repeated {
		m.Set(f, protoreflect.ValueOfString(Redacted))
		return
	}
	m.Clear(f)
}

// Personal reports whether the field holds personal data.
func Personal(f protoreflect.FieldDescriptor) bool {
	return proto.GetExtension(f.Options(), optionsv1.E_Personal).(bool)
}
