package loyalty_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// link makes a link to a member's page and returns who its holder is, at any time: what vouches for a caller lasts a minute.
func (r *rig) link(t testing.TB, req *loyaltyv1.CreateStatementLinkRequest) func() context.Context {
	t.Helper()
	made, err := r.statements.CreateStatementLink(r.shop(t), req)
	if err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(made.GetUrl(), "https://www.northwind.example/points/")
	if !ok {
		t.Fatalf("the link is %q", made.GetUrl())
	}
	return func() context.Context { return r.as(t, auth.Identity{Kind: auth.KindLink, Link: token}) }
}

func TestAMemberSeesTheirOwnPointsByALink(t *testing.T) {
	r := newRig(t)
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for key, hours := range map[string]time.Duration{"a": 48, "b": 24, "c": 48} {
		_, err := r.points.AdjustPoints(r.manager(t, key), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: ida, Points: 50, Reason: "A gift", ExpireTime: timestamppb.New(start.Add(hours * time.Hour)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.adjust(t, "d", jon, 7); err != nil {
		t.Fatal(err)
	}
	holder := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})
	got, err := r.statements.GetStatement(holder(), &loyaltyv1.GetStatementRequest{})
	if err != nil {
		t.Fatal(err)
	}
	w := got.GetStatement().GetWallets()[0]
	if got.GetStatement().GetDisplayName() != "Ida" || w.GetAccount().GetAvailable() != 150 || len(w.GetExpirations()) != 2 {
		t.Fatalf("the statement is %v", got)
	}
	if first := w.GetExpirations()[0]; first.GetPoints() != 50 || !first.GetTime().AsTime().Equal(start.Add(24*time.Hour)) || w.GetExpirations()[1].GetPoints() != 100 {
		t.Errorf("expires: %v", w.GetExpirations())
	}
	if w.GetMoreExpirations() || w.GetExpirations()[0].GetDay() != start.Add(24*time.Hour).Add(-time.Millisecond).UTC().Format(time.DateOnly) {
		t.Errorf("the days are %v, more: %t", w.GetExpirations(), w.GetMoreExpirations())
	}
	r.metals(t, nil)
	got, err = r.statements.GetStatement(holder(), &loyaltyv1.GetStatementRequest{})
	if tier := got.GetStatement().GetWallets()[0].GetAccount().GetTier(); err != nil || tier.GetDisplayName() != "Silver" || tier.GetUp().GetMissing() != 350 || got.GetStatement().GetCurrency() != "EUR" {
		t.Errorf("among the tiers: %v, %v", got, err)
	}
	r.clock.Step(25 * time.Hour)
	if got, err = r.statements.GetStatement(holder(), &loyaltyv1.GetStatementRequest{}); err != nil || got.GetStatement().GetWallets()[0].GetAccount().GetAvailable() != 100 {
		t.Errorf("a day later: %v, %v", got, err)
	}
	list, err := r.statements.ListStatementEntries(holder(), &loyaltyv1.ListStatementEntriesRequest{})
	if err != nil || len(list.GetEntries()) < 3 {
		t.Errorf("the entries are %v, %v", list, err)
	}
	for _, e := range list.GetEntries() {
		if !strings.Contains(e.GetName(), ida) {
			t.Errorf("an entry of somebody else: %s", e.GetName())
		}
	}
}

func TestLinksToPagesEnd(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	old := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})
	fresh := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida, Days: 2, Replace: true})
	_, err := r.statements.GetStatement(old(), &loyaltyv1.GetStatementRequest{})
	refused(t, "a link that was replaced", err, fault.LinkInvalid)
	if _, err := r.statements.GetStatement(fresh(), &loyaltyv1.GetStatementRequest{}); err != nil {
		t.Error(err)
	}
	r.clock.Step(49 * time.Hour)
	_, err = r.statements.GetStatement(fresh(), &loyaltyv1.GetStatementRequest{})
	refused(t, "a link that has ended", err, fault.LinkInvalid)
	_, err = r.statements.GetStatement(r.shop(t), &loyaltyv1.GetStatementRequest{})
	refused(t, "an app without a link", err, fault.PermissionDenied)
}
