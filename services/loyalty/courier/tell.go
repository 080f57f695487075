package courier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"renown.example/loyalty/roster"
)

// reasons is how many of the members who were refused are told of on a terminal. The report has all.
const reasons = 5

// errSource is the error of an import that does not say where its list comes from. A usual source would open the balances of a list that came under another once more.
var errSource = errors.New("name where the list comes from, such as --source till: a balance is opened once for each source, so give the list the same source whenever it comes")

// Tell does the import and tells a terminal of it. Members who were refused are an error at the end, when all others are done. Without a source nothing is done.
func (i *Import) Tell(ctx context.Context, out io.Writer) error {
	if i.Source == "" {
		return errSource
	}
	var told []string
	i.Progress = func(t Totals) {
		fmt.Fprintf(out, "\r%d members: %d new, %d changed, %d as before, %d refused", t.Members, t.Created, t.Updated, t.Unchanged, t.Refused)
	}
	i.Refused = func(problems []roster.Problem) {
		if len(told) < reasons && len(problems) > 0 {
			told = append(told, place(problems[0]))
		}
	}
	var passed []string
	i.Passed = func(columns []string) { passed = columns }
	t, err := i.Run(ctx)
	if t.Members > 0 {
		fmt.Fprintf(out, "\n%d points. Each member: %s\n", t.Points, i.reported())
	}
	if len(passed) > 0 {
		fmt.Fprintf(out, "Left out, as no mapping names them: %s\n", strings.Join(passed, ", "))
	}
	if t.Added > 0 {
		fmt.Fprintf(out, "%d of the points are for members who were there already. Did they bring them before, under another --source, then they have them twice.\n", t.Added)
	}
	for _, one := range told {
		fmt.Fprintln(out, one)
	}
	if more := t.Refused - int64(len(told)); more > 0 && len(told) > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	if err == nil && t.Refused > 0 {
		err = fmt.Errorf("%d of %d members were refused", t.Refused, t.Members)
	}
	return err
}

// place is a problem with its place in the list.
func place(p roster.Problem) string {
	if p.Column == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Message)
	}
	return fmt.Sprintf("line %d, %s: %s", p.Line, p.Column, p.Message)
}
