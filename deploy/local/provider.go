package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"renown.example/deploy/idp"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

const (
	// lastBreath is how long a provider may take to end after its parent.
	lastBreath   = 10 * time.Second
	demoDomain   = "holmway.example"
	demoClientID = "renown-website"
)

// startProvider starts the demo's identity provider in a process of its own and makes it the one that people sign in with. Its address is kept: it is part of
// who the demo's people are.
func (p *platform) startProvider(ctx context.Context) error {
	if !p.Demo {
		return nil
	}
	first := p.folder.Provider == ""
	address := strings.TrimPrefix(p.folder.Provider, "http://")
	if first {
		p.folder.ProviderSecret = rand.Text()
		address = available(ctx, p.DemoProvider)
	}
	if !first {
		p.awaitAddress(ctx, address)
	}
	var err error
	p.provider, err = idp.Start(ctx, idp.Config{
		Addr: address, Company: p.theme.Name, Users: idp.DemoUsers(demoDomain), Clients: []idp.Client{{
			ID: demoClientID, Secret: p.folder.ProviderSecret, RedirectURIs: []string{p.publicURL + "/signin/callback"}, PostLogoutURIs: []string{p.publicURL + "/"},
		}},
	}, os.Stderr)
	if err != nil && !first {
		return fault.Unavailable.New("the demo's identity provider could not start on %s, where it was before: another program may have that address", address).Wrap(err)
	}
	if err != nil {
		return err
	}
	p.OIDC = oidcSettings{Issuer: p.provider.Issuer, ClientID: demoClientID, ClientSecret: p.folder.ProviderSecret, GroupsClaim: "groups"}
	if first {
		p.folder.Provider = p.provider.Issuer
		return p.folder.save()
	}
	return nil
}

// awaitAddress waits until nobody listens on the address any more: a provider whose parent was killed a moment ago needs a moment to end.
func (p *platform) awaitAddress(ctx context.Context, address string) {
	clk := clock.System()
	for over := clk.After(lastBreath); ; {
		if available(ctx, address) == address {
			return
		}
		select {
		case <-over:
			return // starting the provider says what is wrong
		case <-ctx.Done():
			return
		case <-clk.After(50 * time.Millisecond):
		}
	}
}

// available returns the address if nobody listens there, else any free one of this machine: nobody has to remember it.
func available(ctx context.Context, address string) string {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return address
}

// watchProvider notices when the provider's process ends by itself.
func (p *platform) watchProvider(ctx context.Context) error {
	if p.provider == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.provider.Done():
		return errors.New("the demo's identity provider has ended")
	}
}

func (p *platform) stopProvider(context.Context) error {
	if p.provider != nil {
		p.provider.Stop()
	}
	return nil
}

// copyFiles writes the files of a file system into a folder.
func copyFiles(from fs.FS, to string) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		b, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
}
