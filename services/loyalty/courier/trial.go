package courier

import (
	"context"
	"hash/maphash"
	"slices"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// trial is what a dry run was told so far. The service forgets a portion that it only tries as soon as it has answered, and a member may come again in another.
type trial struct {
	seed maphash.Seed
	// of finds members by digests of what they are found by: there may be millions. Two that are taken for one only have the service told more than it needs.
	of map[uint64]int
	// lines are those by which a member would have been enrolled or changed, as they were sent. Others leave nothing behind.
	lines [][][]byte
}

func newTrial() *trial { return &trial{seed: maphash.MakeSeed(), of: map[uint64]int{}} }

// send has a portion tried as if those before were imported. Who is there already may be known to the service by more than the list says: what was told of them before
// is found by the answer, and sent with the portion again.
func (t *trial) send(ctx context.Context, i *Import, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
	told := map[int]bool{}
	for _, m := range req.GetMembers() {
		for _, at := range t.names(m, "") {
			if n, known := t.of[at]; known {
				told[n] = true
			}
		}
	}
	for {
		var err error
		if req.Earlier, err = t.earlier(told); err != nil {
			return nil, err
		}
		resp, err := i.Send(ctx, req, key)
		if err != nil || len(resp.GetResults()) != len(req.GetMembers()) {
			return resp, err
		}
		before := len(told)
		for _, r := range resp.GetResults() {
			if n, known := t.of[t.digest("", r.GetMember())]; known {
				told[n] = true
			}
		}
		if len(told) == before {
			return resp, t.keep(req.GetMembers(), resp.GetResults())
		}
	}
}

// earlier are the lines of some members, in the order of the list for each.
func (t *trial) earlier(members map[int]bool) (out []*loyaltyv1.ImportedMember, err error) {
	var order []int
	for n := range members {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, n := range order {
		for _, line := range t.lines[n] {
			m := &loyaltyv1.ImportedMember{}
			if err := proto.Unmarshal(line, m); err != nil {
				return nil, err
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// keep remembers what would have been done.
func (t *trial) keep(members []*loyaltyv1.ImportedMember, results []*loyaltyv1.ImportedResult) error {
	for i, r := range results {
		if r.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED && r.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED {
			continue
		}
		line, err := proto.Marshal(members[i])
		if err != nil {
			return err
		}
		names, n := t.names(members[i], r.GetMember()), len(t.lines)
		for _, at := range names {
			if known, found := t.of[at]; found && r.GetOutcome() == loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED {
				n = known
			}
		}
		if n == len(t.lines) {
			t.lines = append(t.lines, nil)
		}
		t.lines[n] = append(t.lines[n], line)
		for _, at := range names {
			t.of[at] = n
		}
	}
	return nil
}

// names are the digests of what a member is found by: the identifiers, and the name that the service calls it by, if there is one.
func (t *trial) names(m *loyaltyv1.ImportedMember, name string) (out []uint64) {
	for _, id := range m.GetIdentifiers() {
		out = append(out, t.digest(id.GetKind().String(), id.GetValue()))
	}
	if name != "" {
		out = append(out, t.digest("", name))
	}
	return out
}

func (t *trial) digest(kind, value string) uint64 { return maphash.String(t.seed, kind+"\x00"+value) }
