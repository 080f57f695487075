package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"renown.example/deploy/cases"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// shopMembers are as many as the tests' shop has.
const shopMembers = 12

// The past of the shop is loaded behind the rest: the stories are read meanwhile, the points answer that they are on their way. Killed in the middle, it begins anew, and
// nothing of it is there twice.
func TestKilledWhileTheShopIsLoadedItIsThereOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := begin(t, dir, "--demo-shop", "12")
	status, _, body := cases.Get(t, i.API+"/v1/programs", "Authorization", "Session "+i.SignIn(t, "agnes"))
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "is being loaded") {
		t.Errorf("while they are loaded, the points answer %d: %s", status, body)
	}
	key := i.secret(t)
	i.await(t, "Loading the demo's shop: 365 of 730 days")
	i.kill()
	again := begin(t, dir, "--demo-shop", "12")
	again.await(t, "The manager's page")
	again.isShop(t)
	again.stop(t)
	third := begin(t, dir, "--demo-shop", "12") // continues
	third.await(t, "The manager's page")
	if strings.Contains(third.output(), "Loading the demo's shop") {
		t.Error("the shop is loaded again")
	}
	third.isShop(t)
	third.followsTheDocs(t, key)
	third.stop(t)
}

// isShop checks that the shop is there: each member once, a ledger that is whole, and a member's page behind the link that is shown.
func (i *installation) isShop(t *testing.T) {
	t.Helper()
	admin := i.As(t, "agnes")
	members, err := loyaltyv1.NewMembersServiceClient(admin).ListMembers(t.Context(), &loyaltyv1.ListMembersRequest{Program: "customers", PageSize: 100})
	if err != nil || len(members.GetMembers()) != shopMembers {
		t.Errorf("%d members, %v", len(members.GetMembers()), err)
	}
	whole, err := loyaltyv1.NewLedgerServiceClient(admin).VerifyLedger(t.Context(), &loyaltyv1.VerifyLedgerRequest{PageSize: 20_000})
	if err != nil || !whole.GetWhole() {
		t.Errorf("the ledger is not whole: %v, %v", whole, err)
	}
	link := regexp.MustCompile(`A member's page +(http://\S+)`).FindStringSubmatch(i.output())
	if link == nil {
		t.Fatalf("no member's page is shown:\n%s", i.output())
	}
	if status, _, body := cases.Get(t, link[1]); status != http.StatusOK || !strings.Contains(body, "Welcome") && !strings.Contains(body, "points") {
		t.Errorf("the member's page answers %d: %.300s", status, body)
	}
	// What was given for telling a story is disclosed on it.
	cases.Eventually(t, patience, "the story says what was given for it", func() bool {
		_, _, body := cases.Get(t, i.Website+"/stories")
		slug := regexp.MustCompile(`/stories/[a-z0-9-]*nordhafen[a-z0-9-]*`).FindString(body)
		_, _, page := cases.Get(t, i.Website+slug)
		return strings.Contains(page, "for telling this story")
	})
}

// A folder that has points of before there was a shop keeps them, and gets no shop.
func TestAFolderFromBeforeTheShopIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	loaded(t, dir)
	file := filepath.Join(dir, "renown-data", "loyalty.db")
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	again := begin(t, dir, "--demo-shop", "12")
	status, _, body := cases.Get(t, again.API+"/v1/programs", "Authorization", "Session "+again.SignIn(t, "agnes"))
	var list struct{ Programs []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK || len(list.Programs) == 0 {
		t.Errorf("the points answer %d: %s", status, body)
	}
	again.stop(t)
	if after, err := os.Stat(file); err != nil || !os.SameFile(before, after) || strings.Contains(again.output(), "shop's points") {
		t.Errorf("the folder was not left alone: %v, %s", err, again.output())
	}
}
