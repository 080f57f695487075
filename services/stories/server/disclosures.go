package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"renown.example/kit/outbox"
	"renown.example/kit/store"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// giving is an event of the loyalty service as far as it is about a story. One about none has no name.
type giving struct {
	story string
	gift  domain.Gift
}

const (
	// givingsAtOnce is how many events are asked for at a time.
	givingsAtOnce = 1000
	// skippedMost is after how many events that are about no story the position is written down all the same: so many are read again after a restart.
	skippedMost = 50 * givingsAtOnce
	// loyaltyPause is how long the loyalty service is left alone at most when it does not answer.
	loyaltyPause = time.Second
)

// Disclosures follows what the loyalty service tells, and keeps what was given for telling stories; nil if there is no loyalty service. Each event counts once, however
// often it is read and by how many replicas; while the service does not answer, what is known stays.
func (s *Server) Disclosures() *outbox.Follower[giving] {
	if s.Loyalty == nil {
		return nil
	}
	feed := &givings{client: s.Loyalty, away: func(err error) {
		s.Logger.Warn("the loyalty service does not answer: what is newly given for stories is disclosed later", "error", err)
	}}
	return &outbox.Follower[giving]{
		DB: s.DB, Clock: s.Clock, Consumer: "loyalty", Batch: givingsAtOnce, Longest: loyaltyPause, Source: feed.read, Apply: s.disclose,
		Failed: func(err error) {
			if !feed.failing() {
				s.Logger.Warn("what was given for a story could not be written down and is tried again", "error", err)
			}
		},
	}
}

// givings reads the events of the loyalty service and leaves out those that are about no story, so that a busy shop costs the stories nothing.
type givings struct {
	client loyaltyv1.LoyaltyEventsServiceClient
	away   func(error)

	mu sync.Mutex
	// seen is up to where no event behind the last that was given out is about a story.
	seen int64
	down bool
}

func (g *givings) failing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.down
}

// read is the Source of a follower.
func (g *givings) read(ctx context.Context, after int64, limit int) ([]store.Row[giving], error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = max(g.seen, after)
	for {
		resp, err := g.client.ListLoyaltyEvents(ctx, &loyaltyv1.ListLoyaltyEventsRequest{After: g.seen, PageSize: givingsAtOnce})
		if err != nil {
			if !g.down && ctx.Err() == nil {
				g.away(err)
			}
			g.down = true
			return nil, err
		}
		g.down = false
		if len(resp.GetEvents()) == 0 {
			return nil, nil
		}
		var rows []store.Row[giving]
		for _, e := range resp.GetEvents() {
			if v, ok := givingOf(e); ok && len(rows) < limit {
				rows = append(rows, store.Row[giving]{ID: e.GetId(), Seq: e.GetSequence(), Value: v})
			}
		}
		if len(rows) > 0 {
			return rows, nil
		}
		if g.seen = resp.GetNextAfter(); g.seen-after >= skippedMost {
			return []store.Row[giving]{{Seq: g.seen}}, nil
		}
	}
}

// rewarded says of the types of events of a redemption how often the reward was given by one. What is only held is not given yet.
var rewarded = map[string]int64{"loyalty.points.redeemed": 1, "loyalty.points.restored": -1}

// givingOf reads an event. One in a form that is not known is about no story: it must not stop those behind it.
func givingOf(e *loyaltyv1.LoyaltyEvent) (giving, bool) {
	var d struct {
		Wallet  string
		Entry   string
		Points  int64
		Details struct{ Story, Reward string }
	}
	if !strings.Contains(e.GetDataJson(), `"story"`) || json.Unmarshal([]byte(e.GetDataJson()), &d) != nil {
		return giving{}, false
	}
	story, named := strings.CutPrefix(d.Details.Story, "stories/")
	parts := strings.Split(d.Entry, "/")
	if !named || d.Points == 0 || len(parts) < 2 {
		return giving{}, false
	}
	if d.Details.Reward != "" { // the points are what the member paid
		times := rewarded[e.GetType()]
		return giving{story, domain.Gift{Program: parts[1], Reward: d.Details.Reward, Times: times}}, times != 0
	}
	return giving{story, domain.Gift{Program: parts[1], Wallet: d.Wallet, Points: d.Points}}, true
}

// disclose writes down what was given, and tells holders of copies.
func (s *Server) disclose(ctx context.Context, tx store.Writer, rows []store.Row[giving]) error {
	byStory := map[string][]domain.Gift{}
	var order []string
	for _, row := range rows {
		v := row.Value
		if v.story == "" {
			continue
		}
		if byStory[v.story] == nil {
			order = append(order, v.story)
		}
		byStory[v.story] = append(byStory[v.story], v.gift)
	}
	for _, name := range order {
		if err := s.discloseOf(ctx, tx, name, byStory[name]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) discloseOf(ctx context.Context, tx store.Writer, name string, more []domain.Gift) error {
	story, known, err := storyNamed(ctx, tx, name)
	if err != nil {
		return err
	}
	row, err := disclosing(ctx, tx, story)
	if err == nil && row.Value.Into != "" { // a public name that the story has had
		story, known = row.Value.Into, true
		row, err = disclosing(ctx, tx, story)
	}
	if err != nil {
		return err
	}
	return s.discloseIn(ctx, tx, row, known, more)
}

// disclosing takes what is disclosed under a name, to add to it.
func disclosing(ctx context.Context, tx store.Writer, name string) (store.Row[tables.Disclosure], error) {
	row, err := tables.Disclosures.GetForUpdate(ctx, tx, name)
	if store.IsNotFound(err) {
		return tables.Disclosures.Insert(ctx, tx, name, tables.Disclosure{})
	}
	return row, err
}

// discloseUnder gives a story what was given for it under a public name before it had that, and leads there what comes under the name from now on, also once the story
// has another.
func (s *Server) discloseUnder(ctx context.Context, tx store.Writer, story, alias string) error {
	under, err := disclosing(ctx, tx, alias)
	if err != nil || under.Value.Into == story {
		return err
	}
	gifts := under.Value.Gifts
	under.Value = tables.Disclosure{UpdatedAt: s.now(), Into: story}
	if _, err := tables.Disclosures.Put(ctx, tx, under); err != nil || len(gifts) == 0 {
		return err
	}
	row, err := disclosing(ctx, tx, story)
	if err != nil {
		return err
	}
	return s.discloseIn(ctx, tx, row, true, gifts)
}

// discloseIn adds gifts to what is disclosed, and tells of it if the story is there.
func (s *Server) discloseIn(ctx context.Context, tx store.Writer, row store.Row[tables.Disclosure], known bool, more []domain.Gift) error {
	story := row.ID
	for _, g := range more {
		row.Value.Gifts = domain.AddGift(row.Value.Gifts, g)
	}
	row.Value.UpdatedAt = s.now()
	if _, err := tables.Disclosures.Put(ctx, tx, row); err != nil || !known {
		return err
	}
	details := map[string]string{}
	for _, g := range row.Value.Gifts {
		if g.Reward != "" {
			details[rewardName(g)] = fmt.Sprint(g.Times)
			continue
		}
		details["programs/"+g.Program+"/wallets/"+g.Wallet] = fmt.Sprint(g.Points)
	}
	return s.record(ctx, tx, happening{
		by: renown, story: story, subject: "stories/" + story, action: "disclosure.changed", event: EventDisclosureChanged, at: s.now(), details: details,
	})
}

func rewardName(g domain.Gift) string { return "programs/" + g.Program + "/rewards/" + g.Reward }

// storyNamed finds a story by its id or its public name. If there is none, the name is returned: the story may come, or have had the name before.
func storyNamed(ctx context.Context, tx store.Reader, name string) (story string, known bool, err error) {
	_, err = tables.Stories.Get(ctx, tx, name)
	if err == nil || !store.IsNotFound(err) {
		return name, err == nil, err
	}
	row, err := tables.Stories.First(ctx, tx, store.Query{Index: "by_alias", Equal: []any{name}})
	if store.IsNotFound(err) {
		return name, false, nil
	}
	return row.ID, err == nil, err
}

// disclosureOf is what was given for telling a story, nil if nothing was.
func disclosureOf(ctx context.Context, tx store.Reader, p tables.Published) (*storiesv1.Disclosure, error) {
	row, err := tables.Disclosures.Get(ctx, tx, p.Story)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	given := domain.Given(row.Value.Gifts)
	if len(given) == 0 {
		return nil, nil
	}
	out := &storiesv1.Disclosure{Text: domain.Disclose(p.Locale, given), UpdateTime: timestamp(row.Value.UpdatedAt)}
	for _, g := range given {
		shown := &storiesv1.Gift{Program: "programs/" + g.Program, Wallet: g.Wallet, Points: g.Points, Times: g.Times}
		if g.Reward != "" {
			shown.Reward = rewardName(g)
		}
		out.Gifts = append(out.Gifts, shown)
	}
	return out, nil
}
