package server

import (
	"context"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/outbox"
	"renown.example/kit/ready"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// Purger tells a cache in front of everything what to forget.
type Purger interface {
	// Purge returns nil when the cache has said that it forgot what has one of the keys. The id is the same when it is asked again.
	Purge(ctx context.Context, id string, keys []string) error
	// Where names the cache for people.
	Where() string
}

// planPurge notes, in the transaction of its cause, what the cache in front has to forget.
func (s *Server) planPurge(ctx context.Context, tx store.Writer, story string, e outbox.Event) error {
	if s.Purger == nil {
		return nil
	}
	c := changeOf(e, s.Locales)
	keys := c.names
	if c.everything {
		keys = []string{ready.EverythingKey}
	}
	if len(keys) == 0 {
		return nil
	}
	return s.purge(ctx, tx, id.New(s.Clock), tables.Purge{Story: story, Keys: keys, At: s.now(), Withdrawal: c.less || e.Type == EventWithdrawn || e.Type == EventConsentRevoked})
}

func (s *Server) purge(ctx context.Context, tx store.Writer, purgeID string, p tables.Purge) error {
	if _, err := tables.Purges.Insert(ctx, tx, purgeID, p); err != nil {
		return err
	}
	return outbox.Schedule(ctx, tx, outbox.Job{ID: jobPurge + purgeID, Kind: kindPurge, DueAt: s.now(), Data: []byte(quote(purgeID))})
}

// sendPurge asks the cache to forget; it is tried again until the cache says that it did.
func (s *Server) sendPurge(ctx context.Context, job outbox.Job) error {
	purgeID, err := aboutOf(job)
	if err != nil {
		return err
	}
	row, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (store.Row[tables.Purge], error) {
		return tables.Purges.Get(ctx, tx, purgeID)
	})
	if err != nil || s.Purger == nil {
		return ignoreMissing(err) // there is no cache any more, or it has forgotten
	}
	failure := s.Purger.Purge(ctx, purgeID, row.Value.Keys)
	if failure == nil {
		return nil
	}
	err = s.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		row, err := tables.Purges.GetForUpdate(ctx, tx, purgeID)
		if err != nil {
			return ignoreMissing(err)
		}
		row.Value.Attempts, row.Value.TriedAt, row.Value.Error = row.Value.Attempts+1, s.now(), fault.Of(failure).Message
		_, err = tables.Purges.Put(ctx, tx, row)
		return err
	})
	if err != nil {
		return err
	}
	return failure
}

// purged notes that the cache has forgotten. Between the change and the first purge it may have asked a holder that had not heard of the change yet, and so have the old
// answer again: it is asked once more when all holders have heard or have fallen silent. Then it holds nothing; for a withdrawal that is worth remembering.
func (s *Server) purged(ctx context.Context, tx store.Writer, purgeID string) error {
	row, err := tables.Purges.GetForUpdate(ctx, tx, purgeID)
	if err != nil {
		return ignoreMissing(err)
	}
	if settled := row.Value.At + clock.Millis(ready.Settled.Milliseconds()); !row.Value.Sent && s.Purger != nil && s.now() < settled {
		row.Value.Sent, row.Value.Error = true, ""
		if _, err := tables.Purges.Put(ctx, tx, row); err != nil {
			return err
		}
		return outbox.Schedule(ctx, tx, outbox.Job{ID: jobPurge + purgeID, Kind: kindPurge, DueAt: settled, Data: []byte(quote(purgeID))})
	}
	if err := tables.Purges.Delete(ctx, tx, row); err != nil || !row.Value.Withdrawal || s.Purger == nil {
		return err
	}
	return s.record(ctx, tx, happening{
		by: renown, story: row.Value.Story, subject: "stories/" + row.Value.Story, action: "edition.purged", at: s.now(),
		details: map[string]string{"cache": s.Purger.Where(), "attempts": fmt.Sprint(row.Value.Attempts + 1)},
	})
}

// ListPurges lists what a cache in front has not yet said to have forgotten, oldest first.
func (s *Server) ListPurges(ctx context.Context, req *storiesv1.ListPurgesRequest) (*storiesv1.ListPurgesResponse, error) {
	q := store.Query{Index: "by_time"}
	if req.GetStory() != "" {
		q = store.Query{Index: "by_story", Equal: []any{last(req.GetStory())}}
	}
	q, f, err := s.query(req, q, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListPurgesResponse, error) {
		p, err := tables.Purges.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListPurgesResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		if s.Purger != nil {
			resp.Cache = s.Purger.Where()
		}
		for _, row := range p.Rows {
			v := row.Value
			resp.Purges = append(resp.Purges, &storiesv1.Purge{
				Id: row.ID, Story: "stories/" + v.Story, Keys: v.Keys, CreateTime: timestamp(v.At), Withdrawal: v.Withdrawal, Attempts: int32(v.Attempts),
				TryTime: timestamp(v.TriedAt), Error: v.Error,
			})
		}
		return resp, nil
	})
}
