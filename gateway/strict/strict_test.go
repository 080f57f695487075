package strict_test

import (
	"net/url"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/gateway/strict"
	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

var (
	save   = (&storiesv1.SaveTextRequest{}).ProtoReflect().Descriptor()
	attest = (&storiesv1.AttestConsentRequest{}).ProtoReflect().Descriptor()
	upload = (&storiesv1.UploadAssetRequest{}).ProtoReflect().Descriptor()
	users  = (&partnersv1.UpdateUserRequest{}).ProtoReflect().Descriptor()
	audit  = (&storiesv1.AuditEntry{}).ProtoReflect().Descriptor()
	texts  = (&storiesv1.ListTextsRequest{}).ProtoReflect().Descriptor()
	event  = (&storiesv1.Event{}).ProtoReflect().Descriptor()
	events = (&storiesv1.ListEventsRequest{}).ProtoReflect().Descriptor()
)

func TestBody(t *testing.T) {
	taken := map[string]bool{"story": true, "locale": true}
	deep := strings.Repeat(`{"content":`, 40) + "1" + strings.Repeat("}", 40)
	tests := []struct {
		name string
		md   protoreflect.MessageDescriptor
		body string
		// want is "path: part of the message" for each fault, in order.
		want []string
	}{
		{"good", save, `{"text":{"content":{"locale":"en","blocks":[{"metric":{"value":"38"}}]}},"autosave":true}`, nil},
		{"null is absent", save, `{"text":null}`, nil},
		{"empty object", save, `{}`, nil},
		{"good enums and time", attest, `{"scopes":["CONSENT_SCOPE_WEB"],"giveTime":"2026-03-02T10:00:00.5+01:00"}`, nil},
		{"good base64", upload, `{"data":"aGVsbG8="}`, nil},
		{"good base64url", upload, `{"data":"_-8"}`, nil},
		{"good map", audit, `{"details":{"from":"DRAFT"}}`, nil},
		{"number in a string", event, `{"sequence":"12"}`, nil},
		{"unknown at the top", save, `{"text":{},"author":"x"}`, []string{"author: is not known"}},
		{"unknown deep", save, `{"text":{"content":{"blocks":[{"text":{}},{"image":{"alt":"","src":"x"}}]}}}`, []string{"text.content.blocks[1].image.src: is not known"}},
		{"unknown with a tree below", save, `{"x":{"y":[1,{"z":2}]},"autosave":1}`, []string{"x: is not known", "autosave: is a number and must be true or false"}},
		{"name of the proto", attest, `{"given_by":"x"}`, []string{`given_by: is not known; "givenBy" is`}},
		{"given by the address", save, `{"story":"other"}`, []string{"story: is given by the address"}},
		{"wrong types", save, `{"text":[],"etag":7,"autosave":"yes"}`,
			[]string{"text: is a list and must be an object", "etag: is a number and must be a string", "autosave: is a string and must be true or false"}},
		{"object for list", save, `{"text":{"content":{"blocks":{}}}}`, []string{"text.content.blocks: is an object and must be a list"}},
		{"null in list", save, `{"text":{"content":{"blocks":[null]}}}`, []string{"text.content.blocks[0]: is null"}},
		{"unknown enum", attest, `{"scopes":["WEB"]}`, []string{"scopes[0]: is not known; it must be one of CONSENT_SCOPE_WEB"}},
		{"number for enum", attest, `{"scopes":[1]}`, []string{"scopes[0]: is a number and must be one of"}},
		{"broken time", attest, `{"giveTime":"2 March"}`, []string{"giveTime: is not a time"}},
		{"time of a month too many", attest, `{"giveTime":"2026-13-02T10:00:00Z"}`, []string{"giveTime: is not a time"}},
		{"broken base64", upload, `{"data":"a b"}`, []string{"data: is not base64"}},
		{"base64 of two alphabets", upload, `{"data":"ab-/"}`, []string{"data: is not base64"}},
		{"duplicate", save, `{"etag":"1","etag":"2"}`, []string{"etag: is given twice"}},
		{"duplicate by escape", save, `{"etag":"1","\u0065tag":"2"}`, []string{"etag: is given twice"}},
		{"two of a oneof", save, `{"text":{"markdown":"x","content":{}}}`, []string{"text.content: cannot be given together with markdown"}},
		{"NUL", save, `{"text":{"markdown":"a\u0000b"}}`, []string{"text.markdown: has a NUL"}},
		{"number too large", event, `{"sequence":9223372036854775808}`, []string{"sequence: must be a whole number"}},
		{"number with a fraction", event, `{"sequence":1.5}`, []string{"sequence: must be a whole number"}},
		{"number without end", event, `{"sequence":` + strings.Repeat("9", 100000) + `}`, []string{"sequence: must be a whole number"}},
		{"map value of wrong type", audit, `{"details":{"a.b":1}}`, []string{`details["a.b"]: is a number`}},
		{"map key twice", audit, `{"details":{"a":"1","a":"2"}}`, []string{`details["a"]: is given twice`}},
		{"list of strings", users, `{"grantedRoles":["editor",["admin"]]}`, []string{"grantedRoles[1]: is a list and must be a string"}},
		{"not an object", save, `[]`, []string{": is a list and must be an object"}},
		{"nothing", save, ``, []string{": ends in the middle"}},
		{"cut off", save, `{"text":{"markdown":"x`, []string{"text.markdown: ends in the middle"}},
		{"not JSON", save, `{"etag":'7'}`, []string{"etag: is not JSON at byte"}},
		{"two documents", save, `{}{}`, []string{": goes on after its end"}},
		{"a comma too many", save, `{"etag":"7",}`, []string{"is not JSON"}},
		{"invalid UTF-8", save, "{\"etag\":\"\xff\"}", []string{": is not UTF-8 at byte 9"}},
		{"too deep", save, deep, []string{"content: is not known", "nests deeper than 32"}},
		{"too deep where unknown", save, `{"x":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, []string{"x: is not known", "nests deeper than 32"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, strict.Body([]byte(tt.body), tt.md, taken), fault.MalformedBody, tt.want) })
	}
}

func TestBodyNamesAtMostTwentyFaults(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 100 {
		b.WriteString(`"x` + strings.Repeat("y", i) + `":1,`)
	}
	b.WriteString(`"etag":"7"}`)
	if got := len(strict.Body([]byte(b.String()), save, nil).Fields); got != 20 {
		t.Errorf("%d faults", got)
	}
}

func TestQuery(t *testing.T) {
	tests := []struct {
		name, query string
		md          protoreflect.MessageDescriptor
		body        bool
		want        []string
	}{
		{"good", "state=TEXT_STATE_DRAFT&pageSize=5&pageToken=x", texts, false, nil},
		{"unknown", "state=TEXT_STATE_DRAFT&size=5&sort=x", texts, false, []string{"size: is not known", "sort: is not known"}},
		{"name of the proto", "page_size=5", texts, false, []string{`page_size: is not known; "pageSize" is`}},
		{"twice", "pageSize=5&pageSize=6", texts, false, []string{"pageSize: is given twice"}},
		{"not a number", "pageSize=five", texts, false, []string{"pageSize: must be a whole number"}},
		{"too large a number", "pageSize=2147483648", texts, false, []string{"pageSize: must be a whole number, from 0 to "}},
		{"unknown enum", "state=1", texts, false, []string{"state: is not known; it must be one of"}},
		{"NUL", "pageToken=%00", texts, false, []string{"pageToken: has a NUL"}},
		{"invalid UTF-8", "pageToken=%ff", texts, false, []string{"pageToken: is not UTF-8"}},
		{"int64", "after=12", events, false, nil},
		{"beside a body", "etag=7", save, true, []string{"etag: belongs into the body"}},
		{"of the path", "story=x", save, false, []string{"story: is not known"}},
		{"a message", "text=x", save, false, []string{"text: is not known"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			check(t, strict.Query(q, tt.md, map[string]bool{"story": true}, tt.body), fault.InvalidArgument, tt.want)
		})
	}
}

func TestPath(t *testing.T) {
	version := (&storiesv1.GetVersionRequest{}).ProtoReflect().Descriptor()
	check(t, strict.Path(map[string]string{"story": "a", "version": "3"}, version), fault.InvalidArgument, nil)
	check(t, strict.Path(map[string]string{"version": "three"}, version), fault.InvalidArgument, []string{"version: must be a whole number"})
	check(t, strict.Path(map[string]string{"story": "\xff"}, version), fault.InvalidArgument, []string{"story: is not UTF-8"})
}

func check(t *testing.T, got *fault.Error, reason fault.Reason, want []string) {
	t.Helper()
	if len(want) == 0 {
		if got != nil {
			t.Fatalf("refused: %v", got)
		}
		return
	}
	if got == nil {
		t.Fatalf("passed, want %v", want)
	}
	if got.Reason != reason {
		t.Errorf("reason %s", got.Reason.Name)
	}
	if len(got.Fields) != len(want) {
		t.Fatalf("faults %v, want %v", got.Fields, want)
	}
	for i, f := range got.Fields {
		if line := f.Path + ": " + f.Message; !strings.Contains(line, want[i]) {
			t.Errorf("fault %d is %q, want %q", i, line, want[i])
		}
	}
}
