package studio

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

func zoneOf(program *loyaltyv1.Program) *time.Location {
	zone, err := time.LoadLocation(program.GetTimeZone())
	if err != nil {
		return time.UTC
	}
	return zone
}

// dayIn reads a date as the beginning of the day so many days later, by the programme's clock; nil if it is no date.
func dayIn(program *loyaltyv1.Program, text string, later int) *timestamppb.Timestamp {
	t, err := time.ParseInLocation(time.DateOnly, text, zoneOf(program))
	if err != nil {
		return nil
	}
	return timestamppb.New(t.AddDate(0, 0, later))
}

// numberOrEmpty writes a number, and nothing for zero.
func numberOrEmpty(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// decimalOf is a decimal as the interface reads it: people write commas and signs of their own.
func decimalOf(text string) string {
	return strings.NewReplacer(",", ".", "−", "-", " ", "", "\u00a0", "").Replace(text)
}

// minorOf is an amount that is written in the code, in minor units.
func minorOf(text, currency string) int64 {
	n, _ := web.ParseMoney(text, currency)
	return n
}

func walletField(program *loyaltyv1.Program, name, label, chosen string) web.Field {
	f := web.Field{Name: name, Label: label, Type: "select", Required: true}
	for i, w := range program.GetWallets() {
		f.Options = append(f.Options, web.Option{Value: w.GetId(), Label: w.GetPlural(), Chosen: w.GetId() == chosen || chosen == "" && i == 0})
	}
	return f
}

// dayOf writes an instant as an input of type date reads it, by the programme's clock.
func dayOf(program *loyaltyv1.Program, t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().In(zoneOf(program)).Format(time.DateOnly)
}

// lastDayOf is the last day before an instant that is the first after something.
func lastDayOf(program *loyaltyv1.Program, t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Add(-time.Millisecond).In(zoneOf(program)).Format(time.DateOnly)
}

// structures are the tier structures of a programme.
func (v *visit) structures(program *loyaltyv1.Program) ([]*loyaltyv1.TierStructure, error) {
	got, err := loyaltyv1.NewTiersServiceClient(v.conn).ListTierStructures(v.ctx(), &loyaltyv1.ListTierStructuresRequest{Program: programID(program), PageSize: 200})
	return got.GetStructures(), err
}

// tiersOf are the tiers of all structures, each id once.
func tiersOf(structures []*loyaltyv1.TierStructure) []*loyaltyv1.Tier {
	var out []*loyaltyv1.Tier
	had := map[string]bool{}
	for _, s := range structures {
		for _, t := range s.GetTiers() {
			if !had[t.GetId()] {
				had[t.GetId()] = true
				out = append(out, t)
			}
		}
	}
	return out
}
