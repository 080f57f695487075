// Command gateway serves Renown's REST interface in front of the services. `gateway keys` makes the pair of keys by which services know the gateway.
package main

import (
	"context"
	"fmt"
	"os"

	"renown.example/gateway"
	"renown.example/kit/config"
	"renown.example/kit/run"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "keys" {
		gateway.PrintKeys(os.Stdout)
		return
	}
	var s gateway.Settings
	config.Main(&s, config.Options{Name: "gateway", Description: "Serves Renown's REST interface in front of the services."})
	ctx, stop := run.Signals(context.Background())
	defer stop()
	if err := gateway.Run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}
