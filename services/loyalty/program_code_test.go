package loyalty_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

func TestAProgrammeGoesOutAsADocumentAndComesInAgain(t *testing.T) {
	r := newRig(t)
	export := func(program string) *loyaltyv1.ProgramDocument {
		t.Helper()
		resp, err := r.programs.ExportProgram(r.manager(t), &loyaltyv1.ExportProgramRequest{Program: program})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetDocument()
	}
	put := func(program string, d *loyaltyv1.ProgramDocument, trial bool) (*loyaltyv1.ImportProgramResponse, error) {
		return r.programs.ImportProgram(r.manager(t), &loyaltyv1.ImportProgramRequest{Program: program, Document: d, ValidateOnly: trial})
	}
	d := export("customers")
	if got, err := put("customers", d, false); err != nil || got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UNCHANGED || got.GetProgram().GetVersion() != 1 {
		t.Errorf("the same again: %v, %v", got, err)
	}
	for _, trial := range []bool{true, false} {
		if got, err := put("partners", d, trial); err != nil || got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED {
			t.Errorf("another, trial %v: %v, %v", trial, got, err)
		}
	}
	if again := export("partners"); !proto.Equal(again, d) {
		t.Errorf("came in as %v, went out as %v", d, again)
	}
	d.TimeZone = "Europe/Berlin"
	d.Wallets = append(d.Wallets, &loyaltyv1.Wallet{Id: "miles", Singular: "mile", Plural: "miles"})
	for _, trial := range []bool{true, false} {
		got, err := put("partners", d, trial)
		if err != nil || got.GetOutcome() != loyaltyv1.ImportOutcome_IMPORT_OUTCOME_UPDATED || !slices.Equal(got.GetChanges(), []string{"wallets", "timeZone"}) {
			t.Errorf("changed, trial %v: %v, %v", trial, got, err)
		}
		if trial == proto.Equal(export("partners"), d) {
			t.Errorf("after the change, trial %v: %v", trial, export("partners"))
		}
	}
	r.restart(t)
	bad := proto.CloneOf(d)
	bad.Currency = "USD"
	_, err := put("partners", bad, true)
	refused(t, "another currency", err, fault.InvalidArgument)
	bad = proto.CloneOf(d)
	bad.Wallets = bad.Wallets[1:]
	_, err = put("partners", bad, true)
	refused(t, "a wallet less", err, fault.InvalidArgument)
	bad = proto.CloneOf(d)
	bad.TimeZone = "Mars/Base"
	_, err = put("partners", bad, true)
	refused(t, "no zone", err, fault.InvalidArgument)
}
