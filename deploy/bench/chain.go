package main

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	raw "modernc.org/sqlite"

	"renown.example/loyalty/book"
)

// chainTask is the database of a service that gave points: its documents are hashed again.
type chainTask struct {
	Database string
	Duration time.Duration
}

// chainRole says how many microseconds the hashes of an accrual take: that of its entry and that of the account's state.
func chainRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t chainTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	connector, err := raw.NewConnector(t.Database)
	if err != nil {
		return err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var docs [][]byte
	for _, query := range []string{"SELECT doc FROM journal WHERE json_extract(doc, '$.type') = 'loyalty.points.accrued' LIMIT 500", "SELECT doc FROM accounts LIMIT 500"} {
		rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, nil)
		if err != nil {
			return err
		}
		row := make([]driver.Value, 1)
		for rows.Next(row) == nil {
			docs = append(docs, []byte(row[0].(string)))
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	hash := func() error {
		for _, doc := range docs {
			if _, err := book.Digest("renown.journal.1", "member/points/0000000001", doc); err != nil {
				return err
			}
		}
		return nil
	}
	if err := hash(); err != nil {
		return err
	}
	n, before := 0, ownProcessorTime()
	for end := clk.Now().Add(t.Duration); clk.Now().Before(end) && ctx.Err() == nil; n++ {
		if err := hash(); err != nil {
			return err
		}
	}
	return say((ownProcessorTime() - before).Seconds() * 1e6 * 2 / float64(n*len(docs)))
}

// chain measures what the hashes cost of an accrual.
func chain(ctx context.Context, b *benchmark) (result, error) {
	h, err := b.accruals(ctx)
	if err != nil {
		return result{}, err
	}
	if err := b.halt(); err != nil {
		return result{}, err
	}
	var shares, costs []float64
	whole := spreadOf(h.costs).Median
	for range b.rounds {
		micros, err := ask[float64](ctx, "bench-chain", chainTask{Database: h.bare, Duration: b.duration})
		if err != nil {
			return result{}, err
		}
		costs = append(costs, micros)
		shares = append(shares, micros/max(whole-micros, micros))
	}
	return result{Value: spreadOf(shares), Notes: []string{
		fmt.Sprintf("the hashes of an entry and of an account's state take %s us of processor time together, by themselves, over documents that accruals left; all that the service does for an accrual takes %s us, hashes included",
			spreadOf(costs), number(whole)),
		"the value is their time against the rest of an accrual's",
	}}, nil
}
