package loyalty_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// ordersOf are all orders of a member as they are listed in pages of a size: the order and whom it was recorded for.
func (r *rig) ordersOf(t testing.TB, member string, size int32) (out []string) {
	t.Helper()
	req := &loyaltyv1.ListOrdersRequest{Program: "customers", Member: member, PageSize: size}
	for {
		page, err := r.orders.ListOrders(r.shop(t), req)
		if err != nil || len(page.GetOrders()) > int(size) {
			t.Fatalf("%v, %v", page, err)
		}
		for _, o := range page.GetOrders() {
			out = append(out, strings.TrimPrefix(o.GetName(), "programs/customers/orders/")+" "+o.GetMember())
		}
		if len(out) > 1_000 {
			t.Fatal("the list has no end")
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return out
		}
	}
}

// Orders from before a merge, and from before a merge before that, are the survivor's, in the order in which they were recorded, whatever the size of pages.
func TestOrdersFromBeforeAMergeAreListedUnderTheSurvivor(t *testing.T) {
	r := newRig(t)
	ids := []string{r.enrol(t, "Ida"), r.enrol(t, "Jon"), r.enrol(t, "Kim"), r.enrol(t, "Lou")}
	var want []string
	for i := range 24 {
		who := ids[i*i%7%4]
		if i%3 > 0 { // some of one instant
			r.clock.Step(time.Minute)
		}
		if _, err := r.order(t, who, orderOf(fmt.Sprint(i), 1_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.adjust(t, fmt.Sprint("a", i), who, 1); err != nil {
			t.Fatal(err)
		}
		if who != ids[3] {
			want = append(want, fmt.Sprint(i, " ", who))
		}
	}
	slices.Reverse(want)
	alone := len(r.ordersOf(t, ids[0], 100))
	r.merge(t, "first", ids[1], ids[2])
	r.merge(t, "second", ids[0], ids[1])
	if alone == len(want) {
		t.Fatal("nothing was merged")
	}
	whole := r.ordersOf(t, ids[0], 100)
	if sorted(whole) != sorted(want) {
		t.Errorf("listed %v, want %v", whole, want)
	}
	minute := map[string]int{}
	for i := range 24 {
		minute[fmt.Sprint(i)] = i - i/3
	}
	if !slices.IsSortedFunc(whole, func(a, b string) int {
		x, _, _ := strings.Cut(a, " ")
		y, _, _ := strings.Cut(b, " ")
		return minute[y] - minute[x]
	}) {
		t.Errorf("not the last first: %v", whole)
	}
	for _, size := range []int32{1, 2, 5} {
		if got := r.ordersOf(t, ids[0], size); !slices.Equal(got, whole) {
			t.Errorf("in pages of %d: %v, want %v", size, got, whole)
		}
	}
	// The former name leads to the same; the other member's are the other's.
	if got := r.ordersOf(t, ids[2], 7); !slices.Equal(got, whole) {
		t.Errorf("by a former name: %v", got)
	}
	if got := r.ordersOf(t, ids[3], 7); len(got) != 24-len(whole) {
		t.Errorf("the other member's: %v", got)
	}
	_, err := r.orders.ListOrders(r.shop(t), &loyaltyv1.ListOrdersRequest{Program: "employees", Member: ids[0]})
	refused(t, "in another programme", err, fault.NotFound)
}

func sorted(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(list, ",")
}
