package strict_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"renown.example/gateway/strict"
	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// FuzzBody checks bodies: what passes is a message for protojson too, as it may be sent on, and a refusal says why.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		`{"text":{"content":{"locale":"en","blocks":[{"metric":{"value":"38"}}]}},"autosave":true}`, `{"text":null}`, `{"text":[],"etag":7}`, `{"etag":"\u0000"}`,
		`{"text":{"content":{"blocks":[{"text":{}},{"image":{"alt":"","src":"x"}}]}}}`, "{\"etag\":\"\xff\"}", `{"etag":"\ud800"}`, `{"text":{"markdown":"a","content":{}}}`, `{}{}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		refused := strict.Body(body, save, nil)
		if refused != nil {
			if refused.Reason.Name != fault.MalformedBody.Name || len(refused.Fields) == 0 || refused.Message == "" {
				t.Fatalf("%q is refused as %+v", body, refused)
			}
			return
		}
		if err := protojson.Unmarshal(body, &storiesv1.SaveTextRequest{}); err != nil {
			t.Fatalf("%q passes and cannot be read: %v", body, err)
		}
	})
}
