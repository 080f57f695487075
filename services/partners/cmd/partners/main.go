// Command partners runs the partners service by itself.
package main

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/daemon"
	"renown.example/kit/telemetry"
	"renown.example/partners"
)

type settings struct {
	daemon.Settings
	partners.Config
}

func main() {
	var s settings
	daemon.Main(&s, &s.Settings, daemon.Options{
		Name: "partners", Description: "Renown's partners: who may use it, employees with their sessions and apps with their keys.",
		Listen: "127.0.0.1:9002", Admin: "127.0.0.1:9102",
		Open: func(ctx context.Context, t *telemetry.Telemetry, c clock.Clock) (daemon.Service, error) {
			return partners.New(ctx, s.Config, partners.Deps{Clock: c, Telemetry: t})
		},
	})
}
