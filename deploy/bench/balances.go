package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/loyalty"
	"renown.example/partners"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// balanceTask is a folder of an installation that is stopped, which gets members and a key by which they can be asked for.
type balanceTask struct {
	Folder  string
	Members int
}

type balanceAnswer struct {
	Secret  string
	Members []string
}

var chief = auth.Identity{Kind: auth.KindUser, Subject: "bench-admin", Roles: []string{"admin"}}

// balanceRole runs the services partners and loyalty by themselves on the folder.
func balanceRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t balanceTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "fill", Level: slog.LevelError})
	if err != nil {
		return err
	}
	key := auth.GenerateKey()
	minter, err := auth.NewMinter(clk, key)
	if err != nil {
		return err
	}
	var out balanceAnswer
	p, err := partners.New(ctx, partners.Config{Config: engine.Config{Data: t.Folder}, IdentityKeys: []auth.PublicKey{key.Public()}}, partners.Deps{Clock: clk, Telemetry: tel})
	if err != nil {
		return err
	}
	out.Secret, err = makeKey(ctx, p.Conn(), minter)
	if err = errors.Join(err, p.Close()); err != nil {
		return err
	}
	l, err := loyalty.New(ctx, loyalty.Config{
		Config: engine.Config{Data: t.Folder}, IdentityKeys: []auth.PublicKey{key.Public()}, WebsiteURL: "http://127.0.0.1:8080",
	}, loyalty.Deps{Clock: clk, Telemetry: tel})
	if err != nil {
		return err
	}
	h := &pointsHouse{conn: l.Conn(), minter: minter}
	err = h.fill(ctx, t.Members)
	if err = errors.Join(err, l.Close()); err != nil {
		return err
	}
	out.Members = h.members
	return say(out)
}

// makeKey makes an app with a key that reads.
func makeKey(ctx context.Context, conn rpc.Conn, minter *auth.Minter) (string, error) {
	as, err := rpc.As(ctx, minter, chief)
	if err != nil {
		return "", err
	}
	apps := partnersv1.NewAppsServiceClient(conn)
	if _, err := apps.CreateApp(rpc.WithIdempotencyKey(as, "app"), &partnersv1.CreateAppRequest{AppId: "bench", DisplayName: "Bench", RequestsPerMinute: mostRequests}); err != nil {
		return "", err
	}
	made, err := apps.CreateKey(rpc.WithIdempotencyKey(as, "key"), &partnersv1.CreateKeyRequest{App: "bench", DisplayName: "Bench", Scopes: []string{"loyalty.read"}})
	return made.GetSecret(), err
}

// mostRequests is the most that an app may be allowed a minute.
const mostRequests = 1_000_000

// balance measures the balances of members over REST, against a bare handler that writes the bytes of one.
func balance(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	folder := filepath.Join(b.work, "balances")
	i, err := b.platform(ctx, folder, own...)
	if err != nil {
		return result{}, err
	}
	if err := errors.Join(i.start(ctx), i.stop()); err != nil { // which makes the folder
		return result{}, err
	}
	members, err := ask[balanceAnswer](ctx, "bench-balances", balanceTask{Folder: folder, Members: min(b.members, 1000)})
	if err != nil {
		return result{}, err
	}
	if err := i.start(ctx); err != nil {
		return result{}, err
	}
	r, err := b.balances(ctx, i, members)
	return r, errors.Join(err, i.stop())
}

func (b *benchmark) balances(ctx context.Context, i *installation, of balanceAnswer) (result, error) {
	var paths []string
	for _, m := range of.Members {
		paths = append(paths, "/v1/programs/"+customers+"/members/"+m)
	}
	status, answer, err := fetch(ctx, "http://"+i.api+paths[0], http.Header{"Authorization": {"Bearer " + of.Secret}})
	if err != nil || status != http.StatusOK {
		return result{}, errors.Join(err, fmt.Errorf("%s answers %d: %.300s", paths[0], status, answer.body))
	}
	answer.header.Del("Date")
	bare, bareAddress, err := beginBare(status, answer)
	if err != nil {
		return result{}, err
	}
	defer bare.end()
	task := loadTask{Paths: paths, Header: "Authorization: Bearer " + of.Secret + "\r\n", Connections: connections, Duration: b.duration, Status: status, Size: -1}
	r, err := b.compare(ctx, profiled(ctx, b, i.admin, "balance", on(i.api, task)), on(bareAddress, task))
	if err != nil {
		return r, err
	}
	r.Ours.Name, r.Base.Name = "Renown", "bare handler"
	r.Notes = []string{fmt.Sprintf("%d members in turn, with a partner's key; %d bytes of body, as of now: from memory if nothing of the member has changed since it was read", len(paths), len(answer.body))}
	return r, nil
}
