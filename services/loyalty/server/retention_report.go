package server

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/report"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// GetRetention says who came back.
func (s *Server) GetRetention(ctx context.Context, req *loyaltyv1.GetRetentionRequest) (*loyaltyv1.GetRetentionResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetRetentionResponse, error) {
		cells, months, err := s.retained(ctx, tx, req.GetProgram(), req.GetFromMonth(), req.GetToMonth())
		if err != nil {
			return nil, err
		}
		out := &loyaltyv1.Retention{Cohorts: cohortProtos(cells, req.GetFromMonth())}
		for _, month := range months {
			out.Months = append(out.Months, monthProto(cells, month))
		}
		out.ThroughSequence, err = outbox.PositionOf(ctx, tx, retentionFollower)
		return &loyaltyv1.GetRetentionResponse{Retention: out}, err
	})
}

// cohortProtos are the cohorts from a month on, of cells in order.
func cohortProtos(cells []tables.RetentionCell, from string) []*loyaltyv1.RetentionCohort {
	var out []*loyaltyv1.RetentionCohort
	for _, c := range cells {
		if c.Tier != report.AllTiers || c.Cohort < from {
			continue
		}
		if c.Month == c.Cohort {
			out = append(out, &loyaltyv1.RetentionCohort{Month: c.Cohort, Members: c.Members, RepeatMembers: c.Repeat, RepeatRate: report.Rate(c.Repeat, c.Members)})
		}
		cohort := out[len(out)-1] // its first month is before all others
		cohort.Months = append(cohort.Months, &loyaltyv1.CohortMonth{
			Month: c.Month, MonthsAfter: int32(report.MonthsBetween(c.Cohort, c.Month)), Members: c.Members, Rate: report.Rate(c.Members, cohort.GetMembers()), Orders: c.Orders,
		})
	}
	return out
}

// monthProto sums a month up over its cohorts.
func monthProto(cells []tables.RetentionCell, month string) *loyaltyv1.RetentionMonth {
	all := &loyaltyv1.RetentionMonth{Month: month}
	tiers := map[string]*loyaltyv1.RetentionTier{}
	for _, c := range cells {
		if c.Month != month {
			continue
		}
		back := int64(0)
		if c.Cohort < month {
			back = c.Members
		}
		if c.Tier == report.AllTiers {
			all.Members, all.ReturningMembers, all.RetainedMembers, all.Orders = all.Members+c.Members, all.ReturningMembers+back, all.RetainedMembers+c.Retained, all.Orders+c.Orders
			continue
		}
		t := tiers[c.Tier]
		if t == nil {
			t = &loyaltyv1.RetentionTier{Tier: c.Tier}
			tiers[c.Tier] = t
		}
		t.Members, t.ReturningMembers, t.RetainedMembers, t.Orders = t.Members+c.Members, t.ReturningMembers+back, t.RetainedMembers+c.Retained, t.Orders+c.Orders
		t.NewMembers, t.RepeatMembers = t.NewMembers+c.Members-back, t.RepeatMembers+c.Repeat
	}
	all.RetentionRate = report.Rate(all.GetRetainedMembers(), all.GetMembers())
	for _, tier := range sorted(tiers) {
		t := tiers[tier]
		t.RetentionRate, t.RepeatRate = report.Rate(t.GetRetainedMembers(), t.GetMembers()), report.Rate(t.GetRepeatMembers(), t.GetNewMembers())
		all.Tiers = append(all.Tiers, t)
	}
	return all
}

// ExportRetention is who came back, as CSV.
func (s *Server) ExportRetention(ctx context.Context, req *loyaltyv1.ExportRetentionRequest) (*loyaltyv1.ExportRetentionResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportRetentionResponse, error) {
		cells, _, err := s.retained(ctx, tx, req.GetProgram(), req.GetFromMonth(), req.GetToMonth())
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		w.Write([]string{"cohort", "month", "months_after", "tier", "members", "orders", "retained_members", "repeat_members"})
		for _, c := range cells {
			if c.Month < req.GetFromMonth() { // older cohorts stay: they are in the months, too
				continue
			}
			line := []string{c.Cohort, c.Month, strconv.Itoa(report.MonthsBetween(c.Cohort, c.Month)), c.Tier}
			for _, n := range []int64{c.Members, c.Orders, c.Retained, c.Repeat} {
				line = append(line, strconv.FormatInt(n, 10))
			}
			w.Write(line)
		}
		w.Flush()
		return &loyaltyv1.ExportRetentionResponse{Body: &httpbody.HttpBody{ContentType: "text/csv; charset=utf-8", Data: out.Bytes()}}, w.Error()
	})
}
