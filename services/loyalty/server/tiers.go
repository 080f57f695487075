package server

import (
	"context"
	"encoding/json"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var (
	metrics = map[loyaltyv1.TierMetric]tier.Metric{
		loyaltyv1.TierMetric_TIER_METRIC_BALANCE: tier.Balance, loyaltyv1.TierMetric_TIER_METRIC_EARNED: tier.Earned, loyaltyv1.TierMetric_TIER_METRIC_SPEND: tier.Spend,
	}
	downgrades = map[loyaltyv1.TierDowngrade]tier.Downgrade{
		loyaltyv1.TierDowngrade_TIER_DOWNGRADE_NONE: tier.Never, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_ONE: tier.ByOne, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL: tier.ToWorth,
	}
	periods = map[loyaltyv1.TierPeriod]calendar.Unit{
		loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING: calendar.Rolling, loyaltyv1.TierPeriod_TIER_PERIOD_MONTH: calendar.Month, loyaltyv1.TierPeriod_TIER_PERIOD_QUARTER: calendar.Quarter,
		loyaltyv1.TierPeriod_TIER_PERIOD_YEAR: calendar.Year, loyaltyv1.TierPeriod_TIER_PERIOD_ANNIVERSARY: calendar.Anniversary,
	}
	metricsToProto, downgradesToProto, periodsToProto = inverse(metrics), inverse(downgrades), inverse(periods)
)

func inverse[K, V comparable](m map[K]V) map[V]K {
	out := make(map[V]K, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}

// tierRequest is what the requests that save a version have in common.
type tierRequest interface {
	GetDisplayName() string
	GetMetric() loyaltyv1.TierMetric
	GetPeriod() loyaltyv1.TierPeriod
	GetPeriodLength() string
	GetDowngrade() loyaltyv1.TierDowngrade
	GetGrace() string
	GetTiers() []*loyaltyv1.Tier
}

// structureFrom reads a structure from a request.
func structureFrom(req tierRequest) (tier.Structure, error) {
	s := tier.Structure{Metric: metrics[req.GetMetric()], Downgrade: downgrades[req.GetDowngrade()], Period: calendar.Period{Unit: periods[req.GetPeriod()]}}
	var err error
	if text := req.GetPeriodLength(); text != "" {
		if s.Period.Span, err = calendar.ParseSpan("periodLength", text); err != nil {
			return s, err
		}
	}
	if text := req.GetGrace(); text != "" {
		if s.Grace, err = calendar.ParseSpan("grace", text); err != nil {
			return s, err
		}
	}
	for _, t := range req.GetTiers() {
		s.Tiers = append(s.Tiers, tier.Tier{ID: t.GetId(), Name: t.GetDisplayName(), Threshold: t.GetThreshold(), Benefits: t.GetBenefits(), Rule: t.GetRule()})
	}
	return s, named(s.Validate(""))
}

// named gives the fields of a structure the names that they have in requests.
func named(err error) error {
	e, ok := fault.As(err)
	if !ok {
		return err
	}
	names := map[string]string{".period.span": "periodLength", ".period.unit": "period"}
	for i, f := range e.Fields {
		if name, other := names[f.Path]; other {
			e.Fields[i].Path = name
		} else if f.Path != "" && f.Path[0] == '.' {
			e.Fields[i].Path = f.Path[1:]
		}
		e.Message = fmt.Sprintf("%s: %s", e.Fields[i].Path, f.Message)
	}
	return e
}

// start sets from when a version is in force: after the version before, and not before everybody knows of it.
func (s *Server) start(v *tier.Structure, now, before clock.Millis) error {
	earliest := now + soon
	if store.Sole(s.DB) == nil {
		earliest = now + soonElsewhere
	}
	switch {
	case v.From == 0:
		v.From = max(earliest, before+1)
	case v.From < earliest:
		return fault.Invalid("effectiveTime", "must lie ahead: what was before is judged by the versions that were in force then")
	case v.From <= before:
		return fault.Invalid("effectiveTime", "must lie after that of the version before, %s", before.Time().Format("2006-01-02T15:04:05Z"))
	}
	return nil
}

// CreateTierStructure gives a wallet its tiers.
func (s *Server) CreateTierStructure(ctx context.Context, req *loyaltyv1.CreateTierStructureRequest) (*loyaltyv1.CreateTierStructureResponse, error) {
	v, err := structureFrom(req)
	if err != nil {
		return nil, err
	}
	if v.From, err = instant("effectiveTime", req.GetEffectiveTime()); err != nil {
		return nil, err
	}
	defer s.ladders.changed()
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateTierStructureResponse, error) {
		// The programme is taken for update, so that a wallet does not get two structures at once.
		prog, err := tables.Programs.GetForUpdate(ctx, u.Tx, req.GetProgram())
		if store.IsNotFound(err) {
			return nil, fault.NotFound.New("There is no programme %q.", req.GetProgram())
		}
		if err != nil {
			return nil, err
		}
		wallet, err := walletOf(prog.Value, req.GetWallet())
		if err != nil {
			return nil, err
		}
		name := req.GetProgram() + "/" + req.GetStructureId()
		if _, err := tables.TierStructures.Get(ctx, u.Tx, name); err == nil {
			return nil, fault.AlreadyExists.New("The programme has a tier structure %q already.", req.GetStructureId()).
				With(fault.Field{Path: "structureId", Message: "Another structure has this id."})
		} else if !store.IsNotFound(err) {
			return nil, err
		}
		if other, found, err := structureOf(ctx, u.Tx, req.GetProgram(), wallet); err != nil || found {
			if err != nil {
				return nil, err
			}
			return nil, fault.AlreadyExists.New("The wallet %q has the tier structure %q already. Make a further version of that.", wallet, cutStructure(other.ID)).
				With(fault.Field{Path: "wallet", Message: "A wallet has one tier structure."})
		}
		v := v
		if err := s.start(&v, u.Now, 0); err != nil {
			return nil, err
		}
		row, err := tables.TierStructures.Insert(ctx, u.Tx, name, tables.TierStructure{Wallet: wallet, Version: 1})
		if err != nil {
			return nil, err
		}
		v.ID, v.Version = req.GetStructureId(), 1
		out, err := s.saveTiers(ctx, u, row, tables.TierVersion{Program: req.GetProgram(), Wallet: wallet, DisplayName: req.GetDisplayName(), Structure: v, SavedAt: u.Now})
		return &loyaltyv1.CreateTierStructureResponse{Structure: out}, err
	})
}

// UpdateTierStructure makes a further version of a structure.
func (s *Server) UpdateTierStructure(ctx context.Context, req *loyaltyv1.UpdateTierStructureRequest) (*loyaltyv1.UpdateTierStructureResponse, error) {
	v, err := structureFrom(req)
	if err != nil {
		return nil, err
	}
	if v.From, err = instant("effectiveTime", req.GetEffectiveTime()); err != nil {
		return nil, err
	}
	defer s.ladders.changed()
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.UpdateTierStructureResponse, error) {
		row, err := tables.TierStructures.GetForUpdate(ctx, u.Tx, req.GetProgram()+"/"+req.GetStructure())
		if store.IsNotFound(err) {
			return nil, noStructure(req.GetProgram(), req.GetStructure())
		}
		if err != nil {
			return nil, err
		}
		if err := checkEtag(req.GetEtag(), row.Version); err != nil {
			return nil, err
		}
		before, err := tables.TierVersions.Get(ctx, u.Tx, versionID(row.ID, row.Value.Version))
		if err != nil {
			return nil, err
		}
		v := v
		if err := s.start(&v, u.Now, before.Value.Structure.From); err != nil {
			return nil, err
		}
		row.Value.Version++
		if row, err = tables.TierStructures.Put(ctx, u.Tx, row); err != nil {
			return nil, err
		}
		v.ID, v.Version = req.GetStructure(), row.Value.Version
		out, err := s.saveTiers(ctx, u, row, tables.TierVersion{
			Program: req.GetProgram(), Wallet: row.Value.Wallet, DisplayName: req.GetDisplayName(), Structure: v, SavedAt: u.Now,
		})
		return &loyaltyv1.UpdateTierStructureResponse{Structure: out}, err
	})
}

func noStructure(program, structure string) error {
	return fault.NotFound.New("The programme %q has no tier structure %q.", program, structure)
}

func versionID(structure string, version int64) string {
	return fmt.Sprintf("%s@%06d", structure, version)
}

// saveTiers keeps a version, tells of it, and plans the look at the members for whom it changes something.
func (s *Server) saveTiers(ctx context.Context, u *book.Unit, row store.Row[tables.TierStructure], v tables.TierVersion) (*loyaltyv1.TierStructure, error) {
	if _, err := tables.TierVersions.Insert(ctx, u.Tx, versionID(row.ID, v.Structure.Version), v); err != nil {
		return nil, err
	}
	facts, err := book.Facts(v)
	if err != nil {
		return nil, err
	}
	out := structureProto(v, row.Version)
	u.Record(tables.Entry{Type: "loyalty.tiers.saved", Subject: out.GetName(), Program: v.Program, Facts: facts})
	if err := keepRevision(ctx, u, v.Program, "/tiers/"+v.Structure.ID, v.Structure.Version, "loyalty.tiers.saved"); err != nil {
		return nil, err
	}
	data, err := json.Marshal(sweep{Program: v.Program, Wallet: v.Wallet})
	if err != nil {
		return nil, err
	}
	id := "tiers/" + versionID(row.ID, v.Structure.Version)
	return out, outbox.Schedule(ctx, u.Tx, outbox.Job{ID: id, Kind: kindTiers, DueAt: v.Structure.From, Data: data})
}

func structureProto(v tables.TierVersion, version int64) *loyaltyv1.TierStructure {
	s := v.Structure
	out := &loyaltyv1.TierStructure{
		Name: "programs/" + v.Program + "/tiers/" + s.ID, DisplayName: v.DisplayName, Wallet: v.Wallet, Version: int32(s.Version), Metric: metricsToProto[s.Metric],
		Period: periodsToProto[s.Period.Unit], PeriodLength: s.Period.Span.String(), Downgrade: downgradesToProto[s.Downgrade], Grace: s.Grace.String(),
		EffectiveTime: timestamp(s.From), SaveTime: timestamp(v.SavedAt), Etag: etag(version),
	}
	for _, t := range s.Tiers {
		out.Tiers = append(out.Tiers, &loyaltyv1.Tier{Id: t.ID, DisplayName: t.Name, Threshold: t.Threshold, Benefits: t.Benefits, Rule: t.Rule})
	}
	return out
}

// GetTierStructure returns a structure.
func (s *Server) GetTierStructure(ctx context.Context, req *loyaltyv1.GetTierStructureRequest) (*loyaltyv1.GetTierStructureResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetTierStructureResponse, error) {
		row, err := tables.TierStructures.Get(ctx, tx, req.GetProgram()+"/"+req.GetStructure())
		if store.IsNotFound(err) {
			return nil, noStructure(req.GetProgram(), req.GetStructure())
		}
		if err != nil {
			return nil, err
		}
		version := row.Value.Version
		if asked := int64(req.GetVersion()); asked > version {
			return nil, fault.NotFound.New("The tier structure %q has no version %d.", req.GetStructure(), asked)
		} else if asked != 0 {
			version = asked
		}
		v, err := tables.TierVersions.Get(ctx, tx, versionID(row.ID, version))
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.GetTierStructureResponse{Structure: structureProto(v.Value, row.Version)}, nil
	})
}

// ListTierStructures lists the structures of a programme.
func (s *Server) ListTierStructures(ctx context.Context, req *loyaltyv1.ListTierStructuresRequest) (*loyaltyv1.ListTierStructuresResponse, error) {
	q, f, err := s.query(req, store.Query{From: req.GetProgram() + "/", Before: req.GetProgram() + "0"}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListTierStructuresResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		p, err := tables.TierStructures.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListTierStructuresResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			v, err := tables.TierVersions.Get(ctx, tx, versionID(row.ID, row.Value.Version))
			if err != nil {
				return nil, err
			}
			resp.Structures = append(resp.Structures, structureProto(v.Value, row.Version))
		}
		return resp, nil
	})
}
