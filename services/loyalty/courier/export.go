package courier

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"renown.example/loyalty/roster"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Export is an export of all members with their balances, in Renown's own form.
type Export struct {
	// Fetch fetches the page of a token, the first for none.
	Fetch   func(ctx context.Context, program, token string) (*loyaltyv1.ExportMembersResponse, error)
	Program string
	// CSV writes a table in place of JSON lines, with a column for each attribute that a member has.
	CSV bool
}

// Run writes the members.
func (e *Export) Run(ctx context.Context, out io.Writer) error {
	if e.CSV {
		return e.table(ctx, out)
	}
	w := roster.NewJSONWriter(out)
	if err := e.each(ctx, w.Write); err != nil {
		return err
	}
	return w.Flush()
}

func (e *Export) each(ctx context.Context, do func(*roster.Row) error) error {
	for token := ""; ; {
		page, err := e.Fetch(ctx, e.Program, token)
		if err != nil {
			return err
		}
		for _, m := range page.GetMembers() {
			if err := do(Row(m)); err != nil {
				return err
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

// table keeps the members in a file until it has seen which attributes there are: the head of the table names them, and there may be more members than fit into memory.
func (e *Export) table(ctx context.Context, out io.Writer) (err error) {
	kept, err := os.CreateTemp("", "members-*")
	if err != nil {
		return err
	}
	// Where a file that is open can go, nothing of the members is left behind even by who dies here.
	gone := os.Remove(kept.Name()) == nil
	defer func() {
		err = errors.Join(err, kept.Close())
		if !gone {
			err = errors.Join(err, os.Remove(kept.Name()))
		}
	}()
	attributes := map[string]bool{}
	buffer := bufio.NewWriterSize(kept, 64<<10)
	to := json.NewEncoder(buffer)
	err = e.each(ctx, func(r *roster.Row) error {
		for key := range r.Attributes {
			attributes[key] = true
		}
		return to.Encode(r)
	})
	if err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return err
	}
	from := json.NewDecoder(bufio.NewReaderSize(kept, 64<<10))
	w := roster.NewCSVWriter(out, slices.Sorted(maps.Keys(attributes)))
	for {
		r := &roster.Row{}
		if err := from.Decode(r); errors.Is(err, io.EOF) {
			return w.Flush()
		} else if err != nil {
			return err
		}
		if err := w.Write(r); err != nil {
			return err
		}
	}
}
