package loyalty_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

func phone(value string) *loyaltyv1.MemberIdentifier {
	return &loyaltyv1.MemberIdentifier{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_PHONE, Value: value}
}

func email(value string) *loyaltyv1.MemberIdentifier {
	return &loyaltyv1.MemberIdentifier{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL, Value: value}
}

func external(value string) *loyaltyv1.MemberIdentifier {
	return &loyaltyv1.MemberIdentifier{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, Value: value}
}

func (r *rig) lookup(t testing.TB, i *loyaltyv1.MemberIdentifier) (*loyaltyv1.Member, error) {
	resp, err := r.members.LookupMember(r.shop(t), &loyaltyv1.LookupMemberRequest{Program: "customers", Identifier: i})
	return resp.GetMember(), err
}

func (r *rig) member(t testing.TB, id string) *loyaltyv1.Member {
	t.Helper()
	resp, err := r.members.GetMember(r.shop(t), &loyaltyv1.GetMemberRequest{Program: "customers", Member: id})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetMember()
}

func idOf(m *loyaltyv1.Member) string { return m.GetName()[strings.LastIndex(m.GetName(), "/")+1:] }

func TestAMemberIsFoundByEachIdentifierHoweverItIsWritten(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida", phone("+49 (0)30 123-4567"), email("Ida@Example.ORG"), external("K-1"),
		&loyaltyv1.MemberIdentifier{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD, Value: "ab12 34"})
	for _, i := range []*loyaltyv1.MemberIdentifier{
		phone("0049301234567"), email("ida@example.org"), external("K-1"), {Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD, Value: "AB-1234"},
	} {
		if m, err := r.lookup(t, i); err != nil || idOf(m) != ida {
			t.Errorf("%v: %v, %v", i, m, err)
		}
	}
	for _, i := range []*loyaltyv1.MemberIdentifier{email("K-1@example.org"), external("k-1"), external("ida@example.org")} {
		_, err := r.lookup(t, i)
		refused(t, i.GetValue(), err, fault.NotFound)
	}
	_, err := r.members.CreateMember(r.shop(t, "twice"), &loyaltyv1.CreateMemberRequest{Program: "customers", Identifiers: []*loyaltyv1.MemberIdentifier{external("x"), email("IDA@example.org")}})
	refused(t, "an identifier of another", err, fault.AlreadyExists)
	if _, err := r.members.CreateMember(r.shop(t, "other"), &loyaltyv1.CreateMemberRequest{Program: "employees", Identifiers: []*loyaltyv1.MemberIdentifier{email("ida@example.org")}}); err != nil {
		t.Errorf("in another programme: %v", err)
	}
}

func TestOfManyWhoClaimAnIdentifierOneGetsIt(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	var names []string
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			resp, err := r.members.CreateMember(r.shop(t, fmt.Sprint("race-", i)), &loyaltyv1.CreateMemberRequest{Program: "customers", Identifiers: []*loyaltyv1.MemberIdentifier{phone("+49301234567")}})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				names = append(names, resp.GetMember().GetName())
			} else if !fault.Has(err, fault.AlreadyExists) {
				t.Errorf("refused with %v", err)
			}
		})
	}
	all.Wait()
	if m, err := r.lookup(t, phone("+49301234567")); err != nil || len(names) != 1 || m.GetName() != names[0] {
		t.Errorf("enrolled %v, found %v, %v", names, m, err)
	}
}

func TestWhatIsKnownOfAMemberChanges(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida", phone("+49301234567"))
	per := r.enrol(t, "Per", email("per@example.org"))
	update := func(change *loyaltyv1.UpdateMemberRequest) (*loyaltyv1.Member, error) {
		change.Program = "customers"
		if change.Member == "" {
			change.Member = ida
		}
		resp, err := r.members.UpdateMember(r.shop(t), change)
		return resp.GetMember(), err
	}
	m, err := update(&loyaltyv1.UpdateMemberRequest{
		DisplayName: proto.String("Ida Hahn"), AddIdentifiers: []*loyaltyv1.MemberIdentifier{email("Ida@example.org"), phone("0049 30 1234567")},
		AddTags: []string{"vip", "gold"}, Attributes: map[string]string{"store": "Mitte", "shoe": "38"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m.GetDisplayName() != "Ida Hahn" || len(m.GetIdentifiers()) != 2 || len(m.GetTags()) != 2 || m.GetAttributes()["store"] != "Mitte" {
		t.Errorf("after the first change: %v", m)
	}
	_, err = update(&loyaltyv1.UpdateMemberRequest{Etag: `"1"`})
	refused(t, "an etag of before", err, fault.EtagMismatch)
	_, err = update(&loyaltyv1.UpdateMemberRequest{AddIdentifiers: []*loyaltyv1.MemberIdentifier{email("per@example.org")}, DisplayName: proto.String("?")})
	refused(t, "an identifier of another", err, fault.AlreadyExists)
	m, err = update(&loyaltyv1.UpdateMemberRequest{
		RemoveIdentifiers: []*loyaltyv1.MemberIdentifier{phone("+49301234567"), external("nobody")}, RemoveTags: []string{"vip", "tin"}, Attributes: map[string]string{"shoe": ""}, Etag: m.GetEtag(),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.restart(t)
	got := r.member(t, ida)
	if !proto.Equal(got, m) || got.GetDisplayName() != "Ida Hahn" || len(got.GetIdentifiers()) != 1 || !slices.Equal(got.GetTags(), []string{"gold"}) || len(got.GetAttributes()) != 1 {
		t.Errorf("after the second change: %v, answered %v", got, m)
	}
	_, err = r.lookup(t, phone("+49301234567"))
	refused(t, "what was taken away", err, fault.NotFound)
	if _, err := update(&loyaltyv1.UpdateMemberRequest{Member: per, AddIdentifiers: []*loyaltyv1.MemberIdentifier{phone("+49301234567")}}); err != nil {
		t.Errorf("what was given up is free: %v", err)
	}
}

func TestTwoMembersBecomeOne(t *testing.T) {
	r := newRig(t)
	ida, old := r.enrol(t, "Ida", phone("+49301234567")), r.enrol(t, "I.Hahn", email("ida@example.org"))
	end := timestamppb.New(start.Add(100 * 24 * time.Hour))
	for i, m := range []string{ida, old, old} {
		if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("give-", i)), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: m, Points: int64(100 * (i + 1)), Reason: "A gift", ExpireTime: end,
		}); err != nil {
			t.Fatal(err)
		}
		r.clock.Step(time.Hour)
	}
	merge := func(into, from, key string) (*loyaltyv1.Member, error) {
		ctx := r.shop(t)
		if key != "" {
			ctx = r.shop(t, key)
		}
		resp, err := r.members.MergeMembers(ctx, &loyaltyv1.MergeMembersRequest{Program: "customers", Member: into, Merged: from})
		return resp.GetMember(), err
	}
	_, err := merge(ida, ida, "")
	refused(t, "a member and itself", err, fault.InvalidArgument)
	m, err := merge(ida, old, "merge")
	if err != nil {
		t.Fatal(err)
	}
	if m.GetAccounts()[0].GetAvailable() != 600 || len(m.GetIdentifiers()) != 2 || m.GetDisplayName() != "Ida" {
		t.Errorf("merged: %v", m)
	}
	if again, err := merge(ida, old, "merge"); err != nil || !proto.Equal(again, m) {
		t.Errorf("again by the same key: %v, %v", again, err)
	}
	for _, pair := range [][2]string{{ida, old}, {old, ida}} {
		if again, err := merge(pair[0], pair[1], ""); err != nil || again.GetAccounts()[0].GetAvailable() != 600 || idOf(again) != ida {
			t.Errorf("again: %v, %v", again, err)
		}
	}
	r.restart(t)
	if found, err := r.lookup(t, email("ida@example.org")); err != nil || idOf(found) != ida {
		t.Errorf("the other's address leads to %v, %v", found, err)
	}
	if got := r.member(t, old); idOf(got) != ida {
		t.Errorf("the other's name leads to %v", got)
	}
	// Whoever still has the former name moves the points of the one who is left.
	if e, err := r.adjust(t, "later", old, 5); err != nil || !strings.HasPrefix(e.GetName(), "programs/customers/members/"+ida+"/") {
		t.Errorf("points for the former name went to %v, %v", e, err)
	}
	r.keepDates(t, ida, end)
	for id, want := range map[string]int{ida: 3, old: 3} {
		list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: id})
		if err != nil || len(list.GetEntries()) != want {
			t.Errorf("history of %s: %v, %v", id, list, err)
		}
	}
}

// keepDates looks whether the lots that came to a member in TestTwoMembersBecomeOne have their dates of before.
func (r *rig) keepDates(t *testing.T, ida string, end *timestamppb.Timestamp) {
	t.Helper()
	lots, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: ida})
	if err != nil {
		t.Fatal(err)
	}
	issued := map[int64]time.Time{}
	for _, l := range lots.GetLots() {
		issued[l.GetPoints()] = l.GetIssueTime().AsTime()
		if l.GetPoints() > 5 && !proto.Equal(l.GetExpireTime(), end) {
			t.Errorf("the end of %v has changed", l)
		}
	}
	if !issued[200].Equal(start.Add(time.Hour)) || !issued[300].Equal(start.Add(2*time.Hour)) {
		t.Errorf("lots were issued at %v", issued)
	}
}

// secrets are words that stand in whatever is personal of a member in TestNothingPersonalIsLeftOfWhoWasErased.
var secrets = []string{"Zubrowka", "4930999888777", "zubrowka@example.org", "KUNDE-ZUB", "ruft immer abends", "Zubrowkastrasse"}

// withSecrets enrols mia, into whom old is merged, and another member. create is the request that enrolled mia.
func (r *rig) withSecrets(t *testing.T) (mia, old, other string, create *loyaltyv1.CreateMemberRequest) {
	t.Helper()
	old = r.enrol(t, "Frau-Zubrowka", email("zubrowka@example.org"))
	mia = r.enrol(t, "Mia-Zubrowka", phone("+49 30 999 888 777"), external("KUNDE-ZUB"))
	other = r.enrol(t, "Somebody", phone("+49301234567"))
	create = &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: "Mia-Zubrowka", Identifiers: []*loyaltyv1.MemberIdentifier{phone("+49 30 999 888 777"), external("KUNDE-ZUB")}}
	if again, err := r.members.CreateMember(r.shop(t, "enrol-Mia-Zubrowka"), create); err != nil || again.GetMember().GetDisplayName() != "Mia-Zubrowka" {
		t.Fatalf("before the erasure, the same again: %v, %v", again, err)
	}
	if _, err := r.members.UpdateMember(r.shop(t, "move"), &loyaltyv1.UpdateMemberRequest{Program: "customers", Member: mia, Attributes: map[string]string{"street": "Zubrowkastrasse 1"}}); err != nil {
		t.Fatal(err)
	}
	for i, m := range []string{mia, old, other} {
		if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("gift-", i)), &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: m, Points: 70, Reason: "Sie ruft immer abends an"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: mia, Merged: old}); err != nil {
		t.Fatal(err)
	}
	entries, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: mia})
	if err != nil || entries.GetEntries()[1].GetReason() != "Sie ruft immer abends an" {
		t.Fatalf("before the erasure: %v, %v", entries, err)
	}
	return mia, old, other, create
}

func TestNothingPersonalIsLeftOfWhoWasErased(t *testing.T) {
	r := newRig(t)
	if r.config.MongoDBURI != "" {
		t.Skip("what MongoDB keeps in its files is a matter of how it is run")
	}
	mia, old, other, create := r.withSecrets(t)
	before := keysIn(t, r.config.Data)
	erased, err := r.members.EraseMember(r.manager(t), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: mia})
	if err != nil {
		t.Fatal(err)
	}
	m := erased.GetMember()
	if m.GetState() != loyaltyv1.MemberState_MEMBER_STATE_ERASED || m.GetDisplayName() != "" || len(m.GetIdentifiers())+len(m.GetTags())+len(m.GetAttributes()) != 0 || m.GetAccounts()[0].GetAvailable() != 0 {
		t.Errorf("what is left: %v", m)
	}
	leftIn(t, r.config.Data, "while the service runs")
	if left := partsIn(t, r.config.Data, before); len(before) != 3 || left != 1 {
		t.Errorf("of %d keys something is left of %d, want 3 and 1", len(before), left)
	}
	if _, err := r.members.EraseMember(r.manager(t), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: old}); err != nil {
		t.Errorf("erased twice: %v", err)
	}
	for _, i := range []*loyaltyv1.MemberIdentifier{phone("+4930999888777"), external("KUNDE-ZUB"), email("zubrowka@example.org")} {
		_, err := r.lookup(t, i)
		refused(t, i.GetValue(), err, fault.NotFound)
	}
	_, err = r.members.CreateMember(r.shop(t, "enrol-Mia-Zubrowka"), create)
	refused(t, "the answer of before", err, fault.IllegalState)
	_, err = r.adjust(t, "too-late", mia, 5)
	refused(t, "points for nobody", err, fault.IllegalState)
	for _, id := range []string{mia, old} {
		entries, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: id})
		if err != nil || len(entries.GetEntries()) < 2 {
			t.Errorf("the history of %s: %v, %v", id, entries, err)
		}
		for _, e := range entries.GetEntries() {
			if e.GetReason() != "" {
				t.Errorf("an entry still says %q", e.GetReason())
			}
		}
	}
	if entries, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: other}); err != nil || entries.GetEntries()[0].GetReason() == "" {
		t.Errorf("another's history has lost its words: %v, %v", entries, err)
	}
	r.restart(t)
	leftIn(t, r.config.Data, "after a restart")
	if again := r.enrol(t, "Mia", phone("+4930999888777")); again == mia {
		t.Error("who comes back is the one who was erased")
	}
}

// leftIn looks for the secrets in the files of a folder, as they are and as base64 of any alignment.
func leftIn(t *testing.T, dir, when string) {
	t.Helper()
	all := contents(t, dir)
	for _, s := range secrets {
		forms := []string{s}
		for shift := range 3 {
			coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + s))
			forms = append(forms, coded[4:len(coded)-4])
		}
		for _, f := range forms {
			if bytes.Contains(all, []byte(f)) {
				t.Errorf("%s: the files still hold %q", when, f)
			}
		}
	}
}

var storedKey = regexp.MustCompile(`\{"key":"([A-Za-z0-9+/]{43}=)"\}`)

// keysIn finds the members' keys in the files of a folder.
func keysIn(t *testing.T, dir string) []string {
	t.Helper()
	var keys []string
	for _, m := range storedKey.FindAllSubmatch(contents(t, dir), -1) {
		if !slices.Contains(keys, string(m[1])) {
			keys = append(keys, string(m[1]))
		}
	}
	return keys
}

// partsIn counts the keys of which any twelve characters are in the files of a folder.
func partsIn(t *testing.T, dir string, keys []string) int {
	t.Helper()
	all, n := contents(t, dir), 0
	for _, k := range keys {
		for i := 0; i+12 <= len(k); i++ {
			if bytes.Contains(all, []byte(k[i:i+12])) {
				n++
				break
			}
		}
	}
	return n
}

func contents(t *testing.T, dir string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files: %v, %v", files, err)
	}
	var all []byte
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
