package book

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// checkpointDomain begins what is hashed for a checkpoint: then come the digest before, the entry's number in the feed, its id and its hash, in the form in which
// documents are hashed.
const checkpointDomain = "renown.checkpoint.1"

// mostSealed is how many entries a checkpoint seals.
const mostSealed = 1024

// Seal extends the checkpoints by entries of the feed, which follow upon those that are sealed already. The last checkpoint grows until it is full.
func Seal(ctx context.Context, tx store.Writer, rows []store.Row[tables.Entry]) error {
	last, err := tables.Checkpoints.First(ctx, tx, store.Query{Descending: true})
	if err != nil && !store.IsNotFound(err) {
		return err
	}
	number := 0
	if err == nil {
		if number, err = strconv.Atoi(last.ID); err != nil {
			return fmt.Errorf("book: checkpoint %q: %w", last.ID, err)
		}
		if last, err = tables.Checkpoints.GetForUpdate(ctx, tx, last.ID); err != nil {
			return err
		}
	}
	for len(rows) > 0 {
		c := last.Value
		if number == 0 || c.Count >= mostSealed {
			number++
			last, c = store.Row[tables.Checkpoint]{}, tables.Checkpoint{From: rows[0].Seq, Prev: c.Digest, Digest: c.Digest}
		}
		n := min(len(rows), mostSealed-int(c.Count))
		for _, row := range rows[:n] {
			c.Digest = sealedAs(c.Digest, row)
		}
		c.Count, c.To = c.Count+int64(n), rows[n-1].Seq
		rows = rows[n:]
		if last.ID == "" {
			last, err = tables.Checkpoints.Insert(ctx, tx, fmt.Sprintf("%010d", number), c)
		} else {
			last.Value = c
			last, err = tables.Checkpoints.Put(ctx, tx, last)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sealedAs(digest string, row store.Row[tables.Entry]) string {
	c := canonical{}
	c.text([]byte(checkpointDomain))
	c.text([]byte(digest))
	number := strconv.FormatInt(row.Seq, 10)
	c.head('n', len(number))
	c.out = append(c.out, number...)
	c.text([]byte(row.ID))
	c.text([]byte(row.Value.Hash))
	sum := sha256.Sum256(c.out)
	return hex.EncodeToString(sum[:])
}
