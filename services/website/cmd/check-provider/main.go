// Command check-provider says what is wrong with the settings of the identity provider that employees sign in with. It takes the website's own settings, from
// flags, variables or the same file, signs nobody in and changes nothing; its exit code is 1 if something is wrong.
package main

import (
	"context"
	"fmt"
	"os"

	"renown.example/kit/config"
	"renown.example/kit/run"
	"renown.example/website"
	"renown.example/website/signin"
)

func main() {
	var s website.Settings
	config.Main(&s, config.Options{Name: "check-provider", Description: "Says what is wrong with the settings of the identity provider that employees sign in with."})
	ctx, stop := run.Signals(context.Background())
	defer stop()
	findings := signin.CheckProvider(ctx, s.SignIn())
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
	fmt.Println("Nothing is wrong: people can sign in with", s.OIDCIssuer)
}
