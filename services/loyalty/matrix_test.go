package loyalty_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Who may call what is decided in the protos. This file makes each change of it visible.
func TestMatrix(t *testing.T) {
	got, err := rpc.Matrix(
		&loyaltyv1.ProgramsService_ServiceDesc,
		&loyaltyv1.MembersService_ServiceDesc,
		&loyaltyv1.PointsService_ServiceDesc,
		&loyaltyv1.RewardsService_ServiceDesc,
		&loyaltyv1.RedemptionsService_ServiceDesc,
		&loyaltyv1.LoyaltyEventsService_ServiceDesc,
		&loyaltyv1.LedgerService_ServiceDesc,
		&loyaltyv1.EarningRulesService_ServiceDesc,
		&loyaltyv1.OrdersService_ServiceDesc,
		&loyaltyv1.ReportsService_ServiceDesc,
		&loyaltyv1.StatementsService_ServiceDesc,
		&loyaltyv1.TiersService_ServiceDesc,
		&loyaltyv1.ReviewsService_ServiceDesc,
		&loyaltyv1.AchievementsService_ServiceDesc,
		&loyaltyv1.ReferralsService_ServiceDesc,
	)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "matrix.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("who may call what has changed (-golden +protos); if that is meant, run with -update:\n%s", d)
	}
}
