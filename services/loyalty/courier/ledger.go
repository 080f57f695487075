package courier

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/encoding/protojson"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Ledger is an export of everything that a programme holds of its members, into a file of JSON lines.
type Ledger struct {
	// Fetch fetches the page of a token, the first for none.
	Fetch func(ctx context.Context, program, token string) (*loyaltyv1.ExportLedgerResponse, error)
	// File is where the lines go. How far a broken export has come is kept beside it.
	File, Program string
	// Progress is told how many lines there are.
	Progress func(lines int64)
}

// written is how far an export has come.
type written struct {
	Program string `json:"program"`
	Token   string `json:"token"`
	Bytes   int64  `json:"bytes"`
	Lines   int64  `json:"lines"`
}

// Run does the export, or the rest of one that was broken off, and returns how many lines the file has.
func (l *Ledger) Run(ctx context.Context) (int64, error) {
	at := l.resume()
	file, err := os.OpenFile(l.File, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() < at.Bytes {
		at = written{Program: l.Program} // the file is another one
	}
	// What was written after the position was noted is written again.
	if err := file.Truncate(at.Bytes); err != nil {
		return 0, err
	}
	if _, err := file.Seek(at.Bytes, io.SeekStart); err != nil {
		return 0, err
	}
	for {
		page, err := l.Fetch(ctx, l.Program, at.Token)
		if err != nil {
			return at.Lines, err
		}
		text, err := linesOf(page.GetRecords())
		if err != nil {
			return at.Lines, err
		}
		if _, err := file.Write(text); err != nil {
			return at.Lines, err
		}
		at.Token, at.Bytes, at.Lines = page.GetNextPageToken(), at.Bytes+int64(len(text)), at.Lines+int64(len(page.GetRecords()))
		if l.Progress != nil {
			l.Progress(at.Lines)
		}
		if err := file.Sync(); err != nil {
			return at.Lines, err
		}
		if at.Token == "" {
			if err := os.Remove(l.positionFile()); err != nil && !os.IsNotExist(err) {
				return at.Lines, err
			}
			return at.Lines, nil
		}
		if err := keep(l.positionFile(), at); err != nil {
			return at.Lines, err
		}
	}
}

func (l *Ledger) positionFile() string { return l.File + ".position" }

// resume reads how far the same export has come.
func (l *Ledger) resume() written {
	var at written
	if b, err := os.ReadFile(l.positionFile()); err != nil || json.Unmarshal(b, &at) != nil || at.Program != l.Program {
		return written{Program: l.Program}
	}
	return at
}

// linesOf is a line of JSON for each record.
func linesOf(records []*loyaltyv1.LedgerRecord) ([]byte, error) {
	var out bytes.Buffer
	for _, r := range records {
		text, err := protojson.Marshal(r)
		if err != nil {
			return nil, err
		}
		// protojson does not promise its spaces.
		if err := json.Compact(&out, text); err != nil {
			return nil, fmt.Errorf("a record is no JSON: %w", err)
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// keep writes a position, whole or as it was.
func keep(file string, at any) error {
	b, err := json.Marshal(at)
	if err != nil {
		return err
	}
	beside := file + ".new"
	if err := os.WriteFile(beside, b, 0o600); err != nil {
		return err
	}
	return os.Rename(beside, file)
}
