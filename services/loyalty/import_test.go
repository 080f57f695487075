package loyalty_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

func day(n int) *timestamppb.Timestamp {
	return timestamppb.New(start.AddDate(0, 0, n))
}

// people makes members of an import.
func people(from, to int) []*loyaltyv1.ImportedMember {
	var out []*loyaltyv1.ImportedMember
	for i := from; i < to; i++ {
		out = append(out, &loyaltyv1.ImportedMember{
			DisplayName: fmt.Sprint("Member ", i), Identifiers: []*loyaltyv1.MemberIdentifier{external(fmt.Sprint("K-", i)), email(fmt.Sprintf("m%d@example.org", i))},
			Tags: []string{"old"}, Attributes: map[string]string{"store": "Mitte"}, EnrollTime: day(-1000 + i%900),
			Balances: []*loyaltyv1.ImportedBalance{
				{Points: int64(100 + i), IssueTime: day(-30), ExpireTime: day(200)}, {Points: 7, IssueTime: day(-2), ActivateTime: day(9), ExpireTime: day(300)},
			},
		})
	}
	return out
}

func (r *rig) take(t testing.TB, req *loyaltyv1.ImportMembersRequest, key ...string) *loyaltyv1.ImportMembersResponse {
	t.Helper()
	if req.Program == "" {
		req.Program = "customers"
	}
	resp, err := r.members.ImportMembers(r.shop(t, key...), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestMembersComeWithTheirBalancesAndDatesAndTheSameTwiceChangesNothing(t *testing.T) {
	r := newRig(t)
	list := people(0, 20)
	trial := r.take(t, &loyaltyv1.ImportMembersRequest{Members: list, ValidateOnly: true})
	if trial.GetCreated() != 20 || trial.GetPoints() != 20*107+190 {
		t.Errorf("the trial says %v", trial)
	}
	if all, err := r.members.ListMembers(r.shop(t), &loyaltyv1.ListMembersRequest{Program: "customers"}); err != nil || len(all.GetMembers()) != 0 {
		t.Fatalf("the trial has left %v, %v", all, err)
	}
	first := r.take(t, &loyaltyv1.ImportMembersRequest{Members: list}, "portion-1")
	if first.GetCreated() != 20 || first.GetPoints() != trial.GetPoints() {
		t.Errorf("the import says %v", first)
	}
	r.restart(t)
	if again := r.take(t, &loyaltyv1.ImportMembersRequest{Members: list}, "portion-1"); !proto.Equal(again, first) {
		t.Errorf("by the same key: %v", again)
	}
	if again := r.take(t, &loyaltyv1.ImportMembersRequest{Members: append(list, list...)}); again.GetUnchanged() != 40 || again.GetPoints() != 0 {
		t.Errorf("the same again, twice: %v", again)
	}
	m, err := r.lookup(t, email("m3@example.org"))
	if err != nil || !proto.Equal(m.GetEnrollTime(), day(-997)) || m.GetAccounts()[0].GetAvailable() != 103 || m.GetAccounts()[0].GetPending() != 7 || m.GetDisplayName() != "Member 3" {
		t.Errorf("found %v, %v", m, err)
	}
	lots, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: idOf(m)})
	if err != nil || len(lots.GetLots()) != 2 || !proto.Equal(lots.GetLots()[0].GetIssueTime(), day(-30)) || !proto.Equal(lots.GetLots()[0].GetExpireTime(), day(200)) {
		t.Errorf("lots: %v, %v", lots, err)
	}
	other := people(3, 4)
	other[0].Balances[0].Points = 5
	got := r.take(t, &loyaltyv1.ImportMembersRequest{Members: other})
	if got.GetRefused() != 1 || got.GetResults()[0].GetProblems()[0].GetField() != "balances[0]" {
		t.Errorf("another balance from the same source: %v", got)
	}
	if got := r.take(t, &loyaltyv1.ImportMembersRequest{Members: other, Source: "till"}); got.GetUpdated() != 1 || got.GetPoints() != 12 {
		t.Errorf("a balance from another source: %v", got)
	}
}

// Members who became one keep that their balances were opened: neither the row of one nor that of the other opens them again, through a chain of merges either.
func TestTheSameListAfterAMergeOpensNothingTwice(t *testing.T) {
	r := newRig(t)
	list := people(0, 2)
	if got := r.take(t, &loyaltyv1.ImportMembersRequest{Members: list, Source: "till"}, "first"); got.GetCreated() != 2 {
		t.Fatal(got)
	}
	find := func(n int) string {
		t.Helper()
		m, err := r.lookup(t, external(fmt.Sprint("K-", n)))
		if err != nil {
			t.Fatal(err)
		}
		return idOf(m)
	}
	into := r.enrol(t, "Into", external("K-new"))
	r.merge(t, "chain", find(1), find(0))
	r.merge(t, "last", into, find(1))
	before := r.account(t, into)
	other := people(1, 2)
	other[0].Balances[0].Points = 5
	for _, dry := range []bool{true, false} {
		got := r.take(t, &loyaltyv1.ImportMembersRequest{Members: append(list, list...), Source: "till", ValidateOnly: dry})
		if got.GetPoints() != 0 || got.GetUnchanged() != 4 {
			t.Errorf("the same list (dry %v): %v", dry, got)
		}
		if got = r.take(t, &loyaltyv1.ImportMembersRequest{Members: other, Source: "till", ValidateOnly: dry}); got.GetRefused() != 1 || got.GetResults()[0].GetProblems()[0].GetField() != "balances[0]" {
			t.Errorf("other figures (dry %v): %v", dry, got)
		}
	}
	if after := r.account(t, into); !proto.Equal(after, before) || after.GetAvailable() != 201 {
		t.Errorf("the account was %v and is %v", before, after)
	}
	if got := r.take(t, &loyaltyv1.ImportMembersRequest{Members: other, Source: "web"}); got.GetUpdated() != 1 || got.GetPoints() != 12 {
		t.Errorf("from another source: %v", got)
	}
}

func TestWhatIsWrongWithOneMemberDoesNotHoldUpTheOthers(t *testing.T) {
	r := newRig(t)
	r.enrol(t, "A", external("A"))
	r.enrol(t, "B", external("B"))
	with := func(change func(m *loyaltyv1.ImportedMember)) *loyaltyv1.ImportedMember {
		m := people(0, 1)[0]
		change(m)
		return m
	}
	bad := []struct {
		field string
		m     *loyaltyv1.ImportedMember
	}{
		{"identifiers", with(func(m *loyaltyv1.ImportedMember) { m.Identifiers = nil })},
		{"identifiers[0]", with(func(m *loyaltyv1.ImportedMember) { m.Identifiers[0] = email("nobody") })},
		{"identifiers[0]", with(func(m *loyaltyv1.ImportedMember) { m.Identifiers[0].Kind = 0 })},
		{"identifiers", with(func(m *loyaltyv1.ImportedMember) {
			m.Identifiers = []*loyaltyv1.MemberIdentifier{external("A"), external("B")}
		})},
		{"enrollTime", with(func(m *loyaltyv1.ImportedMember) { m.EnrollTime = day(1) })},
		{"balances[0].issueTime", with(func(m *loyaltyv1.ImportedMember) { m.Balances[0].IssueTime = day(1) })},
		{"balances[0].expireTime", with(func(m *loyaltyv1.ImportedMember) { m.Balances[0].ExpireTime = day(-1) })},
		{"balances[1].points", with(func(m *loyaltyv1.ImportedMember) { m.Balances[1].Points = -1 })},
		{"balances[1].points", with(func(m *loyaltyv1.ImportedMember) { m.Balances[1].Debt = 1 })},
		{"balances[0].wallet", with(func(m *loyaltyv1.ImportedMember) { m.Balances[0].Wallet = "miles" })},
		{"attributes.1", with(func(m *loyaltyv1.ImportedMember) { m.Attributes = map[string]string{"1": "x"} })},
	}
	var list []*loyaltyv1.ImportedMember
	for _, b := range bad {
		list = append(list, b.m)
	}
	list = append(list, people(50, 51)...)
	got := r.take(t, &loyaltyv1.ImportMembersRequest{Members: list})
	if got.GetCreated() != 1 || int(got.GetRefused()) != len(bad) {
		t.Errorf("got %v", got)
	}
	for i, b := range bad {
		if p := got.GetResults()[i].GetProblems(); len(p) != 1 || p[0].GetField() != b.field || p[0].GetMessage() == "" {
			t.Errorf("member %d: %v, want %s", i, p, b.field)
		}
	}
	_, err := r.members.ImportMembers(r.shop(t), &loyaltyv1.ImportMembersRequest{Program: "customers"})
	refused(t, "nobody", err, fault.InvalidArgument)
}

func TestTwoImportsAtOnceMakeEachMemberOnce(t *testing.T) {
	r := newRig(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	var created int32
	for worker := range 2 {
		all.Go(func() {
			for from := 0; from < 100; from += 50 {
				resp, err := r.members.ImportMembers(r.shop(t, fmt.Sprintf("w%d-%d", worker, from)), &loyaltyv1.ImportMembersRequest{Program: "customers", Members: people(from, from+50)})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				created += resp.GetCreated()
				mu.Unlock()
			}
		})
	}
	all.Wait()
	m, err := r.lookup(t, external("K-99"))
	if created != 100 || err != nil || m.GetAccounts()[0].GetAvailable() != 199 {
		t.Errorf("enrolled %d; the last is %v, %v", created, m, err)
	}
}

func (r *rig) export(t testing.TB, program string) []*loyaltyv1.ImportedMember {
	t.Helper()
	var out []*loyaltyv1.ImportedMember
	token := ""
	for {
		resp, err := r.members.ExportMembers(r.shop(t), &loyaltyv1.ExportMembersRequest{Program: program, PageSize: 7, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, resp.GetMembers()...)
		if token = resp.GetNextPageToken(); token == "" {
			return out
		}
	}
}

func TestAnImportedExportIsTheSame(t *testing.T) {
	r := newRig(t)
	list := people(0, 30)
	list[4].Balances = []*loyaltyv1.ImportedBalance{{Debt: 9}, {Points: 4, Pending: true}, {Points: 3, Frozen: true, ExpireTime: day(50)}}
	list[5].Balances = nil
	r.take(t, &loyaltyv1.ImportMembersRequest{Members: list})
	m, err := r.lookup(t, external("K-7"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.adjust(t, "spend", idOf(m), -50); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(time.Hour)
	exported := r.export(t, "customers")
	if len(exported) != 30 {
		t.Fatalf("exported %d", len(exported))
	}
	got := r.take(t, &loyaltyv1.ImportMembersRequest{Program: "employees", Members: exported})
	if got.GetCreated() != 30 {
		t.Fatalf("imported %v", got)
	}
	again := r.export(t, "employees")
	for i := range exported {
		if !proto.Equal(exported[i], again[i]) {
			t.Errorf("member %d was\n%v, is\n%v", i, exported[i], again[i])
		}
	}
}
