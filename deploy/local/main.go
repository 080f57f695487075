// Command local runs all of Renown in one process, with everything it needs in one folder: `go run ./deploy/local`. The first start loads a demo company; with
// --demo=false it is an installation of your own.
package main

import (
	"context"
	"os"

	"renown.example/deploy/idp"
	"renown.example/kit/config"
	"renown.example/kit/daemon"
	"renown.example/kit/run"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == idp.Arg {
		os.Exit(idp.Child(os.Stdin, os.Stdout, os.Stderr))
	}
	var s settings
	config.Main(&s, config.Options{Name: "renown", Description: "Renown in one process. The first start loads a demo company."})
	ctx, stop := run.Signals(context.Background())
	err := start(ctx, s, newConsole(os.Stdout))
	stop()
	os.Exit(daemon.Report(os.Stderr, "renown", err))
}
