package server

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// documentSchema is the version of the form of a programme's document.
const documentSchema = 1

// setup is what a programme is set up as: what a document says, and what the tables say of an instant. All but the programme go by their ids.
type setup struct {
	program tables.Program
	rules   map[string]earning.Rule
	tiers   map[string]tables.TierVersion
	rewards map[string]rewardSetup
	games
}

// rewardSetup is a reward, and whether it is limited how many there are.
type rewardSetup struct {
	reward.Reward
	limited bool
}

// emptySetup is a programme with nothing in it.
func emptySetup(p tables.Program) setup {
	return setup{
		program: p, rules: map[string]earning.Rule{}, tiers: map[string]tables.TierVersion{}, rewards: map[string]rewardSetup{},
		games: games{achievements: map[string]tables.Achievement{}},
	}
}

// ever is later than any version.
const ever = clock.Millis(math.MaxInt64)

// setupAt reads what a programme was set up as at an instant: of each part the last version that was saved until then. Whether a reward is limited has no versions.
func setupAt(ctx context.Context, tx store.Reader, programID string, at clock.Millis) (setup, error) {
	out := emptySetup(tables.Program{})
	if _, err := program(ctx, tx, programID); err != nil {
		return out, err
	}
	found := false
	err := versions(ctx, tx, tables.ProgramVersions, programID+"@", programID+"A", func(_ string, p tables.Program) {
		if p.UpdatedAt <= at && p.Version > out.program.Version {
			out.program, found = p, true
		}
	})
	if err != nil {
		return out, err
	}
	if !found {
		return out, fault.Invalid("time", "the programme was made later")
	}
	from, before := programID+"/", programID+"0"
	if err := versions(ctx, tx, tables.RuleVersions, from, before, func(id string, v tables.Rule) {
		if v.SavedAt <= at && v.Rule.Version > out.rules[id].Version {
			out.rules[id] = v.Rule
		}
	}); err != nil {
		return out, err
	}
	if err := versions(ctx, tx, tables.TierVersions, from, before, func(id string, v tables.TierVersion) {
		if v.SavedAt <= at && v.Structure.Version > out.tiers[id].Structure.Version {
			out.tiers[id] = v
		}
	}); err != nil {
		return out, err
	}
	last := map[string]int{}
	if err := versions(ctx, tx, tables.RewardVersions, from, before, func(id string, v tables.Reward) {
		if v.UpdatedAt <= at && v.Version > last[id] {
			out.rewards[id], last[id] = rewardSetup{Reward: v.Reward}, v.Version
		}
	}); err != nil {
		return out, err
	}
	if err := out.gamesAt(ctx, tx, programID, at); err != nil {
		return out, err
	}
	return out, out.present(ctx, tx, programID)
}

// versions calls each for every version in a range of ids, with the id of the thing that it is a version of.
func versions[T any](ctx context.Context, tx store.Reader, table *store.Table[T], from, before string, each func(id string, v T)) error {
	for q := (store.Query{From: from, Before: before}); ; {
		p, err := table.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, row := range p.Rows {
			each(cutStructure(row.ID), row.Value)
		}
		if q.After = p.Next; q.After == "" {
			return nil
		}
	}
}

// present leaves out what is archived, and says which rewards are limited.
func (s *setup) present(ctx context.Context, tx store.Reader, programID string) error {
	for id, r := range s.rules {
		if r.Archived {
			delete(s.rules, id)
		}
	}
	for id, a := range s.achievements {
		if a.ArchivedAt != 0 {
			delete(s.achievements, id)
		}
	}
	for id, r := range s.rewards {
		if r.State == reward.Archived {
			delete(s.rewards, id)
			continue
		}
		var err error
		if r.limited, err = limited(ctx, tx, tables.RewardID(programID, id)); err != nil {
			return err
		}
		s.rewards[id] = r
	}
	return nil
}

// limited reports whether it is limited how many there are of a reward.
func limited(ctx context.Context, tx store.Reader, name string) (bool, error) {
	stock, err := tables.RewardStocks.Get(ctx, tx, name)
	if store.IsNotFound(err) {
		return false, nil
	}
	return !stock.Value.Unlimited, err
}

// document says in the form of the API what the set-up is.
func (s setup) document() *loyaltyv1.ProgramDocument {
	p := programProto("", 0, s.program)
	out := &loyaltyv1.ProgramDocument{
		Schema: documentSchema, DisplayName: p.GetDisplayName(), Wallets: p.GetWallets(), TimeZone: p.GetTimeZone(), Currency: p.GetCurrency(),
		Redemptions: p.GetRedemptions(), Points: p.GetPoints(),
	}
	for _, id := range sorted(s.rules) {
		out.Rules = append(out.Rules, &loyaltyv1.ProgramRule{Id: id, Terms: ruleTermsProto(s.rules[id])})
	}
	for _, id := range sorted(s.tiers) {
		t := structureProto(s.tiers[id], 0)
		out.Tiers = append(out.Tiers, &loyaltyv1.ProgramTiers{
			Id: id, Wallet: t.GetWallet(), DisplayName: t.GetDisplayName(), Metric: t.GetMetric(), Period: t.GetPeriod(), PeriodLength: t.GetPeriodLength(),
			Downgrade: t.GetDowngrade(), Grace: t.GetGrace(), Tiers: t.GetTiers(),
		})
	}
	for _, id := range sorted(s.rewards) {
		r := rewardProto(store.Row[tables.Reward]{ID: tables.RewardID("", id), Value: tables.Reward{Reward: s.rewards[id].Reward}})
		out.Rewards = append(out.Rewards, &loyaltyv1.ProgramReward{
			Id: id, Kind: r.GetKind(), Limited: s.rewards[id].limited, Paused: r.GetState() == loyaltyv1.RewardState_REWARD_STATE_PAUSED, DisplayName: r.GetDisplayName(),
			Description: r.GetDescription(), Prices: r.GetPrices(), Discount: r.GetDiscount(), Sku: r.GetSku(), StartTime: r.GetStartTime(), EndTime: r.GetEndTime(),
			Weekdays: r.GetWeekdays(), Limit: r.GetLimit(), Tiers: r.GetTiers(), ReservationMinutes: r.GetReservationMinutes(), ReuseCodes: r.GetReuseCodes(),
		})
	}
	s.games.into(out)
	return out
}

func sorted[V any](of map[string]V) []string {
	out := make([]string, 0, len(of))
	for id := range of {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// faults are what is wrong with a document, so that it can be mended in one go.
type faults struct {
	fields []fault.Field
	// other is what is no fault of the document.
	other error
}

// under adds what is wrong with a part of the document, by its path in the request.
func (f *faults) under(path string, err error) {
	e, ok := fault.As(err)
	switch {
	case err == nil:
	case !ok || e.Reason.Name != fault.InvalidArgument.Name || len(e.Fields) == 0:
		f.other = err
	default:
		for _, field := range e.Fields {
			field.Path = path + "." + field.Path
			f.fields = append(f.fields, field)
		}
	}
}

func (f *faults) add(path, format string, args ...any) {
	f.fields = append(f.fields, fault.Field{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (f *faults) err() error {
	if f.other != nil || len(f.fields) == 0 {
		return f.other
	}
	return fault.InvalidArgument.New("%s: %s", f.fields[0].Path, f.fields[0].Message).With(f.fields[:min(len(f.fields), 50)]...)
}

// setupOf reads a document.
func setupOf(d *loyaltyv1.ProgramDocument) (setup, error) {
	var f faults
	p := tables.Program{DisplayName: d.GetDisplayName(), Currency: d.GetCurrency()}
	var err error
	p.TimeZone, err = zone(d.GetTimeZone())
	f.under("document", err)
	p.Wallets, err = wallets(d.GetWallets())
	f.under("document", err)
	p.Points, err = pointSettings(d.GetPoints())
	f.under("document", err)
	setRedemptions(&p, d.GetRedemptions())
	out := emptySetup(p)
	if f.err() != nil {
		return out, f.err()
	}
	for i, r := range d.GetRules() {
		out.addRule(&f, fmt.Sprintf("document.rules[%d]", i), r)
	}
	for i, t := range d.GetTiers() {
		out.addTiers(&f, fmt.Sprintf("document.tiers[%d]", i), t)
	}
	for i, r := range d.GetRewards() {
		out.addReward(&f, fmt.Sprintf("document.rewards[%d]", i), r)
	}
	out.addGames(&f, d)
	return out, f.err()
}

func (s setup) addRule(f *faults, at string, r *loyaltyv1.ProgramRule) {
	if _, twice := s.rules[r.GetId()]; twice {
		f.add(at+".id", "%q stands twice", r.GetId())
	}
	if r.GetTerms().GetArchived() {
		f.add(at+".terms.archived", "leave a rule out to archive it")
	}
	rule, err := ruleOf(r.GetId(), r.GetTerms(), s.program)
	if f.under(at, err); err != nil {
		return
	}
	compiled, found := earning.Compile(rule)
	f.under(at, problemsOf("terms", found))
	s.rules[r.GetId()] = rule
	if len(found) == 0 {
		s.rules[r.GetId()] = compiled.Rule
	}
}

func (s setup) addTiers(f *faults, at string, t *loyaltyv1.ProgramTiers) {
	if _, twice := s.tiers[t.GetId()]; twice {
		f.add(at+".id", "%q stands twice", t.GetId())
	}
	v := tables.TierVersion{DisplayName: t.GetDisplayName()}
	var err error
	v.Structure, err = structureFrom(t)
	f.under(at, err)
	v.Wallet, err = walletOf(s.program, t.GetWallet())
	f.under(at, err)
	for _, other := range s.tiers {
		if other.Wallet == v.Wallet {
			f.add(at+".wallet", "the wallet %q has other tiers already", v.Wallet)
		}
	}
	v.Structure.ID = t.GetId()
	s.tiers[t.GetId()] = v
}

func (s setup) addReward(f *faults, at string, r *loyaltyv1.ProgramReward) {
	if _, twice := s.rewards[r.GetId()]; twice {
		f.add(at+".id", "%q stands twice", r.GetId())
	}
	if r.GetLimited() && r.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_CODE {
		f.add(at+".limited", "a reward with codes has as many as there are codes")
	}
	from, err := instant("startTime", r.GetStartTime())
	f.under(at, err)
	until, err := instant("endTime", r.GetEndTime())
	f.under(at, err)
	value, err := rewardOf(s.program, rewardKinds[r.GetKind()], from, until, r)
	f.under(at, err)
	s.rewards[r.GetId()] = rewardSetup{Reward: value, limited: r.GetLimited()}
}

// keepRevision notes that a part of a programme got a version. part is its name below the programme's, "/rules/spend"; empty for the programme itself.
func keepRevision(ctx context.Context, u *book.Unit, programID, part string, version int64, event string) error {
	_, err := tables.ProgramRevisions.Insert(ctx, u.Tx, programID+"/"+id.At(u.Now.Time()), tables.ProgramRevision{
		Subject: "programs/" + programID + part, Version: version, Type: event, Actor: u.Actor, At: u.Now,
	})
	return err
}

// cutStructure returns the id of a part of a programme, such as a structure, without its programme and version.
func cutStructure(id string) string {
	_, id, _ = strings.Cut(id, "/")
	id, _, _ = strings.Cut(id, "@")
	return id
}
