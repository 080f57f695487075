// Command verify looks whether a stored ledger is whole. It reads the service's database on SQLite by itself, beside the running service or without it, and ends with 1
// if it finds anything. Ledgers on MongoDB are verified by the RPC VerifyLedger.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"

	"renown.example/loyalty/verify"
)

func main() {
	folder := flag.String("data", "renown-data", "folder of the service's data")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	whole, err := run(ctx, *folder, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(2)
	}
	if !whole {
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string, out io.Writer) (bool, error) {
	file, err := verify.OpenFile(ctx, folder)
	if err != nil {
		return false, err
	}
	defer file.Close()
	report, err := verify.All(ctx, file, nil)
	if err != nil {
		return false, err
	}
	fmt.Fprintf(out, "%d accounts, %d entries, %d lots, %d other entries; %d checkpoints seal %d entries, %d came later; %d budgets\n",
		report.Accounts, report.Entries, report.Lots, report.Others, report.Checkpoints, report.Sealed, report.Unsealed, report.Budgets)
	for _, name := range slices.Sorted(maps.Keys(report.Wallets)) {
		sum := report.Wallets[name]
		fmt.Fprintf(out, "%s: sum %d\n", name, sum.Total())
		for _, side := range []map[string]int64{sum.Members, sum.System} {
			for _, account := range slices.Sorted(maps.Keys(side)) {
				fmt.Fprintf(out, "  %-10s %20d\n", account, side[account])
			}
		}
	}
	for _, f := range report.Findings {
		fmt.Fprintln(out, f)
	}
	if report.Whole() {
		fmt.Fprintln(out, "the ledger is whole")
	} else {
		fmt.Fprintf(out, "the ledger is not whole: %d findings\n", report.Found)
	}
	return report.Whole(), nil
}
