package loyalty_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// The name of a member is nobody's external id: a list that names somebody meets that member and no other.
func TestTheNameOfAMemberIsNobodysExternalID(t *testing.T) {
	r := newRig(t)
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	name := external("programs/customers/members/" + ida)
	_, err := r.members.CreateMember(r.shop(t, "third"), &loyaltyv1.CreateMemberRequest{Program: "customers", Identifiers: []*loyaltyv1.MemberIdentifier{email("a@example.org"), name}})
	refused(t, "an enrolment by another's name", err, fault.InvalidArgument)
	fieldOf(t, err, "identifiers[1].value")
	_, err = r.members.UpdateMember(r.shop(t, "update"), &loyaltyv1.UpdateMemberRequest{Program: "customers", Member: jon, AddIdentifiers: []*loyaltyv1.MemberIdentifier{name}})
	refused(t, "a change to another's name", err, fault.InvalidArgument)
	fieldOf(t, err, "addIdentifiers[0].value")

	points := &loyaltyv1.ImportMembersRequest{Source: "till", Members: []*loyaltyv1.ImportedMember{{
		Identifiers: []*loyaltyv1.MemberIdentifier{name}, Balances: []*loyaltyv1.ImportedBalance{{Points: 9}},
	}}}
	if got := r.take(t, points); got.GetUpdated() != 1 || got.GetResults()[0].GetMember() != name.GetValue() {
		t.Errorf("an import by name: %v", got)
	}
	r.merge(t, "merge", jon, ida)
	points.Source = "late"
	if got := r.take(t, points); got.GetUpdated() != 1 || idOf(r.member(t, ida)) != jon || r.account(t, jon).GetAvailable() != 18 {
		t.Errorf("by the name of one who was merged: %v", got)
	}
	if _, err := r.members.EraseMember(r.manager(t, "erase"), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: jon}); err != nil {
		t.Fatal(err)
	}
	points.Source = "later"
	for _, only := range []bool{true, false} {
		points.ValidateOnly = only
		got := r.take(t, points)
		if got.GetRefused() != 1 || !strings.Contains(got.GetResults()[0].GetProblems()[0].GetMessage(), "was erased") {
			t.Errorf("by the name of one who was erased, tried %t: %v", only, got)
		}
	}
}

// many makes tags or names of attributes.
func many(prefix string, n int) (tags []string, attributes map[string]string) {
	attributes = map[string]string{}
	for i := range n {
		tags = append(tags, fmt.Sprint(prefix, i))
		attributes[fmt.Sprint(prefix, i)] = "x"
	}
	return tags, attributes
}

// However they come together, a member has at most 30 tags and 30 attributes; and who is refused is as before.
func TestTagsAndAttributesAreBoundedHoweverTheyCome(t *testing.T) {
	r := newRig(t)
	someTags, someAttributes := many("a", 20)
	moreTags, moreAttributes := many("b", 11)
	enrol := func(key string, tags []string, attributes map[string]string) string {
		resp, err := r.members.CreateMember(r.shop(t, key), &loyaltyv1.CreateMemberRequest{
			Program: "customers", Identifiers: []*loyaltyv1.MemberIdentifier{external(key)}, Tags: tags, Attributes: attributes,
		})
		if err != nil {
			t.Fatal(err)
		}
		return idOf(resp.GetMember())
	}
	full := enrol("full", someTags, someAttributes)
	for _, c := range []struct {
		what, field, says string
		tags              []string
		attributes        map[string]string
	}{
		{"tags", "addTags", "31 tags", moreTags, nil},
		{"attributes", "attributes", "31 attributes", nil, moreAttributes},
	} {
		other := enrol("other-"+c.what, c.tags, c.attributes)
		if _, err := r.adjust(t, "points-"+c.what, other, 5); err != nil {
			t.Fatal(err)
		}
		before, beforeOther := r.member(t, full), r.member(t, other)

		_, err := r.members.UpdateMember(r.shop(t, "update-"+c.what), &loyaltyv1.UpdateMemberRequest{Program: "customers", Member: full, AddTags: c.tags, Attributes: c.attributes})
		refused(t, "more "+c.what, err, fault.InvalidArgument)
		fieldOf(t, err, c.field)

		for _, only := range []bool{true, false} {
			_, err = r.members.MergeMembers(r.manager(t, "merge-"+c.what), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: full, Merged: other, ValidateOnly: only})
			if refused(t, "a merge to more "+c.what, err, fault.IllegalState); err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("a merge says %v", err)
			}
			got := r.take(t, &loyaltyv1.ImportMembersRequest{ValidateOnly: only, Members: []*loyaltyv1.ImportedMember{
				{Identifiers: []*loyaltyv1.MemberIdentifier{external("full"), email("new@example.org")}, Tags: c.tags, Attributes: c.attributes, Balances: []*loyaltyv1.ImportedBalance{{Points: 9}}},
				{Identifiers: []*loyaltyv1.MemberIdentifier{external("next-" + c.what)}},
			}})
			if got.GetRefused() != 1 || got.GetCreated() != 1 || got.GetResults()[0].GetProblems()[0].GetField() != c.what || !strings.Contains(got.GetResults()[0].GetProblems()[0].GetMessage(), c.says) {
				t.Errorf("an import to more %s, tried %t: %v", c.what, only, got)
			}
		}
		if after, afterOther := r.member(t, full), r.member(t, other); !proto.Equal(after, before) || !proto.Equal(afterOther, beforeOther) {
			t.Errorf("%s: left are %v and %v", c.what, after, afterOther)
		}
	}
}
