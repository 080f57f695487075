package loyalty_test

import (
	"fmt"
	"path"
	"sync"
	"testing"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// TestWhatIsRememberedOfAnAccountIsNeverOlderThanTheAccount has commands that share updates, and remember the account, run beside such as have updates of their own and
// add lots: whatever is remembered of an account goes with the account's row.
func TestWhatIsRememberedOfAnAccountIsNeverOlderThanTheAccount(t *testing.T) {
	r := newRig(t)
	bring := func(key string, points int64) (string, error) {
		resp, err := r.members.ImportMembers(r.shop(t, key), &loyaltyv1.ImportMembersRequest{Program: "customers", Source: key, Members: []*loyaltyv1.ImportedMember{{
			Identifiers: []*loyaltyv1.MemberIdentifier{{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, Value: "ida"}},
			Balances:    []*loyaltyv1.ImportedBalance{{Points: points}},
		}}})
		if err != nil {
			return "", err
		}
		return path.Base(resp.GetResults()[0].GetMember()), nil
	}
	ida, err := bring("first", 50_000)
	if err != nil {
		t.Fatal(err)
	}
	const each = 80
	var wg sync.WaitGroup
	for g := range 9 {
		do := func(key string, n int) error { // of nine, three bring lots along, three are refused, three spend and get
			var err error
			switch g % 3 {
			case 0:
				_, err = bring(key, 1)
			case 1:
				if _, err = r.adjust(t, key, ida, -1_000_000); fault.Has(err, fault.InsufficientPoints) {
					err = nil
				}
			case 2:
				_, err = r.adjust(t, key, ida, int64(2-n))
			}
			return err
		}
		wg.Go(func() {
			for n := range each {
				if err := do(fmt.Sprintf("deed-%d-%d", g, n), 1+n%2*2); err != nil {
					t.Errorf("%d, the %dth: %v", g, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
