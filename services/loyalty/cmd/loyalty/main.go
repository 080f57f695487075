// Command loyalty runs the loyalty service by itself.
package main

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/daemon"
	"renown.example/kit/telemetry"
	"renown.example/loyalty"
)

type settings struct {
	daemon.Settings
	loyalty.Config
}

func main() {
	var s settings
	daemon.Main(&s, &s.Settings, daemon.Options{
		Name: "loyalty", Description: "Renown's loyalty programmes: members, the ledger of their points, and what earns and spends them.",
		Listen: "127.0.0.1:9003", Admin: "127.0.0.1:9103",
		Open: func(ctx context.Context, t *telemetry.Telemetry, c clock.Clock) (daemon.Service, error) {
			return loyalty.New(ctx, s.Config, loyalty.Deps{Clock: c, Telemetry: t})
		},
	})
}
