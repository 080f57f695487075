// Command stories runs the stories service by itself.
package main

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/daemon"
	"renown.example/kit/telemetry"
	"renown.example/stories"
)

type settings struct {
	daemon.Settings
	stories.Config
}

func main() {
	var s settings
	daemon.Main(&s, &s.Settings, daemon.Options{
		Name: "stories", Description: "Renown's stories: written, agreed to by the customer, published, and withdrawn when consent ends.",
		Listen: "127.0.0.1:9001", Admin: "127.0.0.1:9101",
		Open: func(ctx context.Context, t *telemetry.Telemetry, c clock.Clock) (daemon.Service, error) {
			return stories.New(ctx, s.Config, stories.Deps{Clock: c, Telemetry: t})
		},
	})
}
