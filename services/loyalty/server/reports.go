package server

import (
	"bytes"
	"context"
	"encoding/csv"
	"slices"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/report"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// reportsFollower names the position up to which reports are counted.
const reportsFollower = "reports"

// Reports follows the journal and counts what reports say.
func (s *Server) Reports(wake <-chan struct{}, failed func(error)) *outbox.Follower[tables.Entry] {
	enrolled := map[string]clock.Millis{}
	count := func(ctx context.Context, tx store.Writer, rows []store.Row[tables.Entry]) error {
		if len(enrolled) > mostEnrolled {
			clear(enrolled)
		}
		return countRows(ctx, tx, rows, enrolled)
	}
	return &outbox.Follower[tables.Entry]{
		DB: s.DB, Clock: s.Clock, Consumer: reportsFollower, Wake: wake, Batch: 1000, Apply: count, Failed: failed, Source: s.journal,
	}
}

// mostEnrolled bounds of how many members is remembered when they enrolled, which never changes.
const mostEnrolled = 50_000

// counting is one batch of the journal on its way into the reports.
type counting struct {
	zones map[string]*time.Location
	// enrolled says when members enrolled.
	enrolled map[string]clock.Millis
	cells    map[string]*tables.ReportCell
	order    []string
}

func countRows(ctx context.Context, tx store.Writer, rows []store.Row[tables.Entry], enrolled map[string]clock.Millis) error {
	c := counting{zones: map[string]*time.Location{}, enrolled: enrolled, cells: map[string]*tables.ReportCell{}}
	for _, row := range rows {
		if row.Value.Tx == nil || len(row.Value.Tx.Legs) == 0 {
			continue
		}
		if err := c.add(ctx, tx, row); err != nil {
			return err
		}
	}
	for _, name := range c.order {
		cell := c.cells[name]
		row, err := tables.ReportCells.GetForUpdate(ctx, tx, name)
		switch {
		case store.IsNotFound(err):
			_, err = tables.ReportCells.Insert(ctx, tx, name, *cell)
		case err == nil:
			row.Value.Movement.Add(cell.Movement)
			row.Value.Through = cell.Through
			_, err = tables.ReportCells.Put(ctx, tx, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *counting) add(ctx context.Context, tx store.Reader, row store.Row[tables.Entry]) error {
	e := row.Value
	zone, err := c.zone(ctx, tx, e.Program)
	if err != nil {
		return err
	}
	cohort, err := c.cohort(ctx, tx, e.Member, zone)
	if err != nil {
		return err
	}
	_, wallet, _ := cutAccount(e.Tx.Account)
	cell := tables.ReportCell{Program: e.Program, Wallet: wallet, Day: report.Day(e.Tx.RecordedAt, zone), Cohort: cohort}
	name := cell.Program + "/" + cell.Wallet + "/" + cell.Day + "/" + cell.Cohort
	if c.cells[name] == nil {
		c.cells[name] = &cell
		c.order = append(c.order, name)
	}
	c.cells[name].Movement.Count(e.Tx)
	c.cells[name].Through = row.Seq
	return nil
}

func (c *counting) zone(ctx context.Context, tx store.Reader, id string) (*time.Location, error) {
	if z := c.zones[id]; z != nil {
		return z, nil
	}
	p, err := tables.Programs.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	c.zones[id], err = time.LoadLocation(p.Value.TimeZone)
	return c.zones[id], err
}

// cohort is the month in which a member enrolled.
func (c *counting) cohort(ctx context.Context, tx store.Reader, member string, zone *time.Location) (string, error) {
	at, known := c.enrolled[member]
	if !known {
		row, err := tables.Members.Get(ctx, tx, member)
		if err != nil {
			return "", err
		}
		at = row.Value.EnrolledAt
		c.enrolled[member] = at
	}
	return report.Month(at, zone), nil
}

func holdingsProto(m report.Movement) *loyaltyv1.Holdings {
	return &loyaltyv1.Holdings{
		Outstanding: m.Outstanding(), Available: m.Available, Pending: m.Pending, Reserved: m.Reserved, Frozen: m.Frozen, Debt: -m.Debt,
	}
}

func movementsProto(m report.Movement) *loyaltyv1.Movements {
	return &loyaltyv1.Movements{
		Issued: m.Issued, Opened: m.Opened, Adjusted: m.Adjusted, Transferred: m.Transferred, Reversed: m.Reversed, Redeemed: m.Redeemed, Expired: m.Expired,
		Donated: m.Donated,
	}
}

// reportOn is a programme's wallet and the days that a report is about.
type reportOn struct {
	program, wallet, from, to string
}

// askedDay is a day of a request, by the field that names it.
type askedDay struct{ field, day string }

// cells calls each for every cell of a wallet up to a day.
func (r reportOn) cells(ctx context.Context, tx store.Reader, each func(tables.ReportCell)) error {
	prefix := r.program + "/" + r.wallet + "/"
	// "~" is greater than whatever follows a day.
	for q := (store.Query{From: prefix, Before: prefix + r.to + "~"}); ; {
		p, err := tables.ReportCells.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, row := range p.Rows {
			each(row.Value)
		}
		if q.After = p.Next; q.After == "" {
			return nil
		}
	}
}

// reportOn checks what a report is asked about. Nothing is known of a day that has not come yet.
func (s *Server) reportOn(ctx context.Context, tx store.Reader, programID, wallet string, from, to askedDay) (reportOn, error) {
	p, err := program(ctx, tx, programID)
	if err != nil {
		return reportOn{}, err
	}
	r := reportOn{program: programID, from: from.day, to: to.day}
	if r.wallet, err = walletOf(p.Value, wallet); err != nil {
		return r, err
	}
	zone, err := time.LoadLocation(p.Value.TimeZone)
	if err != nil {
		return r, err
	}
	today := report.Day(s.now(), zone)
	for _, n := range []askedDay{from, to} {
		if _, err := time.Parse(time.DateOnly, n.day); n.day != "" && err != nil {
			return r, fault.Invalid(n.field, "%q is no day of the calendar.", n.day)
		}
		if n.day > today {
			return r, fault.Invalid(n.field, "%s has not come yet: reports are known up to today, %s.", n.day, today)
		}
	}
	if r.to == "" {
		r.to = today
	}
	if r.from > r.to {
		return r, fault.Invalid(from.field, "It lies behind the last day, %s.", r.to)
	}
	return r, nil
}

// GetLiability says what is owed at the end of a day.
func (s *Server) GetLiability(ctx context.Context, req *loyaltyv1.GetLiabilityRequest) (*loyaltyv1.GetLiabilityResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetLiabilityResponse, error) {
		r, err := s.reportOn(ctx, tx, req.GetProgram(), req.GetWallet(), askedDay{}, askedDay{"day", req.GetDay()})
		if err != nil {
			return nil, err
		}
		var total report.Movement
		cohorts := map[string]*report.Movement{}
		var months []string
		err = r.cells(ctx, tx, func(c tables.ReportCell) {
			total.Add(c.Movement)
			if cohorts[c.Cohort] == nil {
				cohorts[c.Cohort] = &report.Movement{}
				months = append(months, c.Cohort)
			}
			cohorts[c.Cohort].Add(c.Movement)
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(months)
		out := &loyaltyv1.Liability{Day: r.to, Holdings: holdingsProto(total), Movements: movementsProto(total)}
		for _, m := range months {
			out.Cohorts = append(out.Cohorts, &loyaltyv1.LiabilityCohort{Month: m, Holdings: holdingsProto(*cohorts[m]), Movements: movementsProto(*cohorts[m])})
		}
		out.ThroughSequence, err = outbox.PositionOf(ctx, tx, reportsFollower)
		return &loyaltyv1.GetLiabilityResponse{Liability: out}, err
	})
}

// mostDays bounds a list of days.
const mostDays = 3700

// rollForward is the roll-forward of the days that a report is about.
func (s *Server) rollForward(ctx context.Context, tx store.Reader, r reportOn) ([]report.Row, error) {
	opening := int64(0)
	of := map[string]report.Movement{}
	var days []string
	err := r.cells(ctx, tx, func(c tables.ReportCell) {
		if c.Day < r.from {
			opening += c.Movement.Net()
			return
		}
		m, known := of[c.Day]
		if !known {
			days = append(days, c.Day)
		}
		m.Add(c.Movement)
		of[c.Day] = m
	})
	if err != nil {
		return nil, err
	}
	rows := report.Roll(opening, days, of, r.from, r.to)
	if len(rows) > mostDays {
		return nil, fault.Invalid("fromDay", "these are %d days; at most %d are listed", len(rows), mostDays)
	}
	return rows, nil
}

// ListLiabilityDays lists days with their roll-forward.
func (s *Server) ListLiabilityDays(ctx context.Context, req *loyaltyv1.ListLiabilityDaysRequest) (*loyaltyv1.ListLiabilityDaysResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListLiabilityDaysResponse, error) {
		r, err := s.reportOn(ctx, tx, req.GetProgram(), req.GetWallet(), askedDay{"fromDay", req.GetFromDay()}, askedDay{"toDay", req.GetToDay()})
		if err != nil {
			return nil, err
		}
		rows, err := s.rollForward(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListLiabilityDaysResponse{}
		for _, row := range rows {
			resp.Days = append(resp.Days, &loyaltyv1.LiabilityDay{Day: row.Day, Opening: row.Opening, Movements: movementsProto(row.Movement), Closing: row.Closing})
		}
		resp.ThroughSequence, err = outbox.PositionOf(ctx, tx, reportsFollower)
		return resp, err
	})
}

// ExportLiabilityDays is the roll-forward as CSV.
func (s *Server) ExportLiabilityDays(ctx context.Context, req *loyaltyv1.ExportLiabilityDaysRequest) (*loyaltyv1.ExportLiabilityDaysResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportLiabilityDaysResponse, error) {
		r, err := s.reportOn(ctx, tx, req.GetProgram(), req.GetWallet(), askedDay{"fromDay", req.GetFromDay()}, askedDay{"toDay", req.GetToDay()})
		if err != nil {
			return nil, err
		}
		rows, err := s.rollForward(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		w.Write([]string{"day", "opening", "issued", "opened", "adjusted", "transferred", "reversed", "redeemed", "expired", "donated", "closing"})
		for _, d := range rows {
			line := []string{d.Day}
			for _, n := range []int64{d.Opening, d.Issued, d.Opened, d.Adjusted, d.Transferred, d.Reversed, d.Redeemed, d.Expired, d.Donated, d.Closing} {
				line = append(line, strconv.FormatInt(n, 10))
			}
			w.Write(line)
		}
		w.Flush()
		return &loyaltyv1.ExportLiabilityDaysResponse{Body: &httpbody.HttpBody{ContentType: "text/csv; charset=utf-8", Data: out.Bytes()}}, w.Error()
	})
}
