// Command website serves the public pages, the studio and the sign-in over a gateway's REST interface.
package main

import (
	"context"
	"fmt"
	"os"

	"renown.example/kit/config"
	"renown.example/kit/run"
	"renown.example/website"
)

func main() {
	var s website.Settings
	config.Main(&s, config.Options{Name: "website", Description: "Renown's website: public pages, studio and sign-in."})
	ctx, stop := run.Signals(context.Background())
	defer stop()
	if err := website.Run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "website:", err)
		os.Exit(1)
	}
}
