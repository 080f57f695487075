// Package courier carries lists of members between files and a running Renown: an import in portions that goes on where it was broken off, with a report of each
// member, and an export.
package courier

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
	"renown.example/loyalty/roster"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Import is an import to be done.
type Import struct {
	// Send sends a portion under an idempotency key. It is called for two portions at once.
	Send func(ctx context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error)
	// File is the list, Report where a line for each member is written. The position of a broken import is kept beside the report.
	File, Report    string
	Mapping         *roster.Mapping
	Program, Source string
	// DryRun only says what an import would do, of members who come again in the list too. One that is broken off begins anew. Its report is a file of its own, and the
	// position of an import that is to go on stays as it is.
	DryRun bool
	// Portion is how many members are sent at a time; 0 means 500.
	Portion int
	// Progress is told how far the import is, Refused of each member who was refused, and Passed of columns that nobody has named and that were passed over.
	Progress func(Totals)
	Refused  func(problems []roster.Problem)
	Passed   func(columns []string)

	trial *trial // of a dry run
}

// Totals counts what became of the members.
type Totals struct {
	Members   int64 `json:"members"`
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Refused   int64 `json:"refused"`
	// Points were opened, and of those Added for members who were there already.
	Points int64 `json:"points"`
	Added  int64 `json:"added"`
}

// position is how far an import has come.
type position struct {
	// Job tells the import: its file, mapping, programme and source. Run tells those of its runs apart that did not go on with one another: were their portions sent
	// under the same keys, the later would be told what became of the earlier.
	Job    string `json:"job"`
	Run    string `json:"run"`
	Report int64  `json:"reportBytes"`
	Totals Totals `json:"totals"`
}

// line is one of the report.
type line struct {
	Number   int64            `json:"number"`
	Line     int              `json:"line"`
	Outcome  string           `json:"outcome"`
	Member   string           `json:"member,omitempty"`
	Problems []roster.Problem `json:"problems,omitempty"`
	// Notes are what was taken otherwise than the list has it.
	Notes []roster.Problem `json:"notes,omitempty"`
}

// Run does the import, or the rest of one that was broken off.
func (i *Import) Run(ctx context.Context) (Totals, error) {
	if i.Portion == 0 {
		i.Portion = 500
	}
	job, err := i.job()
	if err != nil {
		return Totals{}, err
	}
	if i.DryRun {
		i.trial = newTrial()
	}
	at := i.resume(job)
	report := &reportFile{file: i.reported(), from: at.Report}
	if err = i.rest(ctx, &at, report); err == nil {
		err = report.open() // of an empty list it is empty
	}
	if e := report.close(); err == nil {
		err = e
	}
	if err == nil && !i.DryRun {
		if err = os.Remove(i.positionFile()); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return at.Totals, err
}

func (i *Import) positionFile() string { return i.Report + ".position" }

// reported is where the report goes. That of a dry run lies beside the report of the import, which may have to go on with its own.
func (i *Import) reported() string {
	if !i.DryRun {
		return i.Report
	}
	return strings.TrimSuffix(i.Report, ".jsonl") + ".dry-run.jsonl"
}

// job is a digest of everything that the import rests on.
func (i *Import) job() (string, error) {
	f, err := os.Open(i.File)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	fmt.Fprintf(h, "\x00%s\x00%s\x00%v\x00%d\x00%+v", i.Program, i.Source, i.DryRun, i.Portion, i.Mapping)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// resume finds where the import was broken off.
func (i *Import) resume(job string) position {
	at := position{}
	if b, err := os.ReadFile(i.positionFile()); err != nil || json.Unmarshal(b, &at) != nil || at.Job != job || i.DryRun {
		at = position{}
	}
	at.Job = job
	if at.Run == "" {
		at.Run = rand.Text()
	}
	if info, err := os.Stat(i.Report); at.Report > 0 && (err != nil || info.Size() < at.Report) {
		at = position{Job: job, Run: at.Run} // the report is gone: what is done is found to be done
	}
	return at
}

// rest imports what is left, and notes the position after each portion.
func (i *Import) rest(ctx context.Context, at *position, report io.Writer) error {
	f, err := os.Open(i.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := roster.NewReader(f, i.Mapping)
	if err != nil {
		return err
	}
	defer func() {
		if columns := r.Passed(); i.Passed != nil && len(columns) > 0 {
			i.Passed(columns)
		}
	}()
	for skip := at.Totals.Members; skip > 0; skip-- {
		if _, err := r.Next(); err != nil {
			return fmt.Errorf("the file is shorter than it was: %w", err)
		}
	}
	if !i.DryRun {
		// Before anything is sent: whoever goes on must send it under the same keys.
		if err := i.note(*at); err != nil {
			return err
		}
	}
	return i.fly(ctx, r, at, report)
}

// take reads some members.
func take(r *roster.Reader, most int) (rows []*roster.Row, ended bool, err error) {
	for len(rows) < most {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, row)
	}
	return rows, false, nil
}

// report says what became of the members of a portion, and notes the position behind them.
func (i *Import) report(at *position, rows []*roster.Row, resp *loyaltyv1.ImportMembersResponse, report io.Writer) error {
	var out strings.Builder
	e := json.NewEncoder(&out)
	results := resp.GetResults()
	var fresh int64 // points of members who are new
	for _, row := range rows {
		l := line{Number: row.Number, Line: row.Line, Outcome: refused, Problems: row.Problems}
		if len(row.Problems) == 0 {
			l = told(row, results[0])
			results = results[1:]
		} else {
			at.Totals.Refused++
		}
		l.Notes = row.Notes
		if l.Outcome == created {
			fresh += points(row)
		}
		if l.Outcome == refused && i.Refused != nil {
			i.Refused(l.Problems)
		}
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(report, out.String()); err != nil {
		return err
	}
	t := &at.Totals
	t.Members, t.Created, t.Updated = t.Members+int64(len(rows)), t.Created+int64(resp.GetCreated()), t.Updated+int64(resp.GetUpdated())
	t.Unchanged, t.Refused, t.Points = t.Unchanged+int64(resp.GetUnchanged()), t.Refused+int64(resp.GetRefused()), t.Points+resp.GetPoints()
	t.Added += resp.GetPoints() - fresh
	at.Report += int64(out.Len())
	if i.Progress != nil {
		i.Progress(*t)
	}
	if i.DryRun {
		return nil
	}
	return i.note(*at)
}

// Outcomes as the report has them.
const created, refused = "created", "refused"

func points(row *roster.Row) (sum int64) {
	for _, b := range row.Balances {
		sum += b.Points
	}
	return sum
}

// told is what the report says of a member. A problem names the column of the file that it is about.
func told(row *roster.Row, r *loyaltyv1.ImportedResult) line {
	l := line{Number: row.Number, Line: row.Line, Member: r.GetMember(), Outcome: strings.ToLower(strings.TrimPrefix(r.GetOutcome().String(), "IMPORT_OUTCOME_"))}
	for _, p := range r.GetProblems() {
		at, column := row.Place(p.GetField())
		l.Problems = append(l.Problems, roster.Problem{Line: at, Column: column, Message: p.GetMessage()})
	}
	return l
}

// note keeps the position, whole or as it was.
func (i *Import) note(at position) error { return keep(i.positionFile(), at) }

var kinds = map[member.Kind]loyaltyv1.IdentifierKind{
	member.External: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, member.Email: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL,
	member.Phone: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_PHONE, member.Card: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD,
}

// Message is a row as the API takes it.
func Message(r *roster.Row) *loyaltyv1.ImportedMember {
	m := &loyaltyv1.ImportedMember{DisplayName: r.Name, Tags: r.Tags, Attributes: r.Attributes, EnrollTime: timestamp(r.EnrolledAt)}
	for _, id := range r.Identifiers {
		m.Identifiers = append(m.Identifiers, &loyaltyv1.MemberIdentifier{Kind: kinds[id.Kind], Value: id.Value})
	}
	for _, b := range r.Balances {
		m.Balances = append(m.Balances, &loyaltyv1.ImportedBalance{
			Wallet: b.Wallet, Points: b.Points, Debt: b.Debt, IssueTime: timestamp(b.IssuedAt), ExpireTime: timestamp(b.ExpiresAt), ActivateTime: timestamp(b.ActivatesAt),
			Pending: b.Pending, Frozen: b.Frozen,
		})
	}
	return m
}

// Row is a member of the API as a file has it.
func Row(m *loyaltyv1.ImportedMember) *roster.Row {
	r := &roster.Row{Name: m.GetDisplayName(), Tags: m.GetTags(), Attributes: m.GetAttributes(), EnrolledAt: millis(m.GetEnrollTime())}
	for _, id := range m.GetIdentifiers() {
		for kind, k := range kinds {
			if k == id.GetKind() {
				r.Identifiers = append(r.Identifiers, roster.Identifier{Kind: kind, Value: id.GetValue()})
			}
		}
	}
	for _, b := range m.GetBalances() {
		r.Balances = append(r.Balances, roster.Balance{
			Wallet: b.GetWallet(), Points: b.GetPoints(), Debt: b.GetDebt(), IssuedAt: millis(b.GetIssueTime()), ExpiresAt: millis(b.GetExpireTime()),
			ActivatesAt: millis(b.GetActivateTime()), Pending: b.GetPending(), Frozen: b.GetFrozen(),
		})
	}
	return r
}

func timestamp(at clock.Millis) *timestamppb.Timestamp {
	if at == 0 {
		return nil
	}
	return timestamppb.New(at.Time())
}

func millis(t *timestamppb.Timestamp) clock.Millis {
	if t == nil {
		return 0
	}
	return clock.At(t.AsTime())
}
