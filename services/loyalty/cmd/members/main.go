// Command members imports lists of members with their balances into a programme, and exports them, alone or with the whole ledger: see the operator's guide. It talks to the API with a partner's key
// that has the scopes loyalty.read and loyalty.write, which it takes from RENOWN_API_KEY.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"renown.example/kit/clock"
	"renown.example/loyalty/courier"
	"renown.example/loyalty/roster"
)

type settings struct {
	API     string `help:"Address of the API." default:"http://127.0.0.1:8081" env:"RENOWN_API"`
	Key     string `help:"The partner's key." env:"RENOWN_API_KEY" required:""`
	Program string `help:"Id of the programme." default:"customers"`

	Import importing `cmd:"" help:"Import a list. Broken off, the same command goes on where it was."`
	Export exporting `cmd:"" help:"Write all members with their balances to the standard output."`
	Ledger keeping   `cmd:"" help:"Write members, accounts, lots, entries, orders and redemptions to a file. Broken off, the same command goes on where it was."`
}

type importing struct {
	File    string `arg:"" help:"CSV or JSON lines." type:"existingfile"`
	Mapping string `help:"File that says what the columns of another program mean." type:"existingfile"`
	Source  string `help:"Where the list comes from, such as till: a member's balance is opened once for each source. It must be named."`
	Report  string `help:"Where the report is written, a line for each member; the list's name with .report.jsonl if empty. That of a dry run has .dry-run before its end."`
	DryRun  bool   `help:"Only say what an import would do."`
}

type exporting struct {
	Format string `help:"jsonl or csv." enum:"jsonl,csv" default:"jsonl"`
}

type keeping struct {
	File string `arg:"" help:"Where the JSON lines go."`
}

func main() {
	var s settings
	cli := kong.Parse(&s, kong.Name("members"), kong.Description("Lists of members with their balances, in and out."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rest := &courier.REST{URL: s.API, Key: s.Key, Client: http.DefaultClient, Clock: clock.System()}
	cli.BindTo(ctx, (*context.Context)(nil))
	cli.FatalIfErrorf(cli.Run(rest, &s))
}

// Run imports a list.
func (i *importing) Run(ctx context.Context, rest *courier.REST, s *settings) error {
	job := &courier.Import{Send: rest.Import, File: i.File, Report: i.Report, Program: s.Program, Source: i.Source, DryRun: i.DryRun}
	if i.Mapping != "" {
		b, err := os.ReadFile(i.Mapping)
		if err != nil {
			return err
		}
		m, err := roster.ReadMapping(b)
		if err != nil {
			return err
		}
		job.Mapping = &m
	}
	if job.Report == "" {
		job.Report = i.File + ".report.jsonl"
	}
	return job.Tell(ctx, os.Stderr)
}

// Run exports the members.
func (e *exporting) Run(ctx context.Context, rest *courier.REST, s *settings) error {
	job := &courier.Export{Fetch: rest.Export, Program: s.Program, CSV: e.Format == "csv"}
	return job.Run(ctx, os.Stdout)
}

// Run exports everything.
func (k *keeping) Run(ctx context.Context, rest *courier.REST, s *settings) error {
	job := &courier.Ledger{Fetch: rest.Ledger, File: k.File, Program: s.Program, Progress: func(lines int64) { fmt.Fprintf(os.Stderr, "\r%d lines", lines) }}
	_, err := job.Run(ctx)
	fmt.Fprintln(os.Stderr)
	return err
}
