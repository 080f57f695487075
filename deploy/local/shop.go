package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"renown.example/deploy/await"
	"renown.example/deploy/shop"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostShopMembers is how many members have a telephone number that nobody has.
const mostShopMembers = 1000

// shopProgram is the programme of the demo's shop.
const shopProgram = "customers"

// shopFiles are those of the loyalty service in the folder.
var shopFiles = []string{"loyalty.db", "loyalty.db-wal", "loyalty.db-shm"}

// clearShop makes room for the shop's past where it is to be played: in a new folder, or again in one where it was broken off. Until it was whole nobody was let in, so what
// is cleared away holds nothing of anybody's. A folder that has points already, or none of the demo's shop, stays as it is.
func (p *platform) clearShop() error {
	at := func(name string) string { return filepath.Join(p.folder.path, name) }
	if p.folder.Shop == "" {
		_, err := os.Stat(at(shopFiles[0]))
		if p.DemoShop == 0 || p.folder.Loaded || !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		p.folder.Shop = shopPlaying
		return p.folder.save()
	}
	if p.folder.Shop != shopPlaying {
		return nil
	}
	for _, name := range shopFiles {
		if err := os.Remove(at(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// firstPageTime bounds how long the shop waits for the first page.
const firstPageTime = 15 * time.Second

// awaitFirstPage waits until somebody who looks at the website sees the stories: playing the shop's past takes all of a small machine. If that is never so the shop does not
// wait for it.
func (p *platform) awaitFirstPage(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, firstPageTime)
	defer cancel()
	_ = await.OK(ctx, "http://"+reachable(p.websiteListener)+"/stories")
}

// loadShop plays the past of the demo's shop and lets the points join the present. It goes on behind what is ready already.
func (p *platform) loadShop(ctx context.Context) error {
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGarbage))
	minter, err := auth.NewMinter(p.shop, p.key)
	if err != nil {
		return err
	}
	script := shop.Script(shop.Seed, p.DemoShop, clock.System().Now())
	members, err := shop.Play(ctx, shop.Stage{
		Manager: rpc.ActingAs(p.loyalty.Conn(), minter, shopManager), Till: rpc.ActingAs(p.loyalty.Conn(), minter, shopTill), MoveTo: p.shop.moveTo, Due: p.loyalty.CatchUp,
		Progress: func(done, total int) {
			p.shopProgress.Store(fmt.Sprintf("%d of %d days of the shop", done, total))
			p.console.progress("the demo's shop", "days", done, total, "")
		},
	}, script)
	if err != nil {
		return err
	}
	p.shop.join()
	if err := p.loyalty.CatchUp(ctx); err != nil {
		return err
	}
	p.folder.Shop, p.folder.Regular = shopThere, members[shop.Regular(script)]
	if err := p.folder.save(); err != nil {
		return err
	}
	p.shopCurtain.draw()
	return nil
}

// The people of the shop's past.
var (
	shopManager = auth.Identity{Kind: auth.KindUser, Subject: "demo-marta", Name: "Marta Solberg-Ionescu", Roles: []string{"manager"}}
	shopTill    = auth.Identity{Kind: auth.KindApp, Subject: "holmway-till", Name: "Holmway's till", Scopes: []string{"loyalty.read", "loyalty.write"}}
)

// shownDays is how long the link to a member's page that the terminal shows is good for.
const shownDays = 30

// showShop tells where there is something of the shop to see, if there is one.
func (p *platform) showShop(ctx context.Context) error {
	if !p.Demo || p.folder.Regular == "" {
		return nil
	}
	made, err := loyaltyv1.NewStatementsServiceClient(rpc.ActingAs(p.loyalty.Conn(), p.minter, shopManager)).CreateStatementLink(ctx, &loyaltyv1.CreateStatementLinkRequest{
		Program: shopProgram, Member: p.folder.Regular, Days: shownDays,
	})
	if err != nil {
		// Somebody may have erased the member since: then there is nothing to show.
		p.tel.Logger.InfoContext(ctx, "there is no link to the demo's member", "error", err)
		return nil
	}
	p.console.shop(p, made.GetUrl())
	return nil
}
