package main

import (
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

const (
	// perLocale is how many stories the demo has in each of its two languages.
	perLocale = 13
	// earlierTexts are those that were up before others took their place; unnamedTexts, in English, do not name their customers, and are each made of one that does.
	earlierTexts, unnamedTexts = 1, 1
)

type story struct{ Slug, Title, PublishTime string }

// stories reads the list of published stories in a language.
func (i *installation) stories(t *testing.T, locale string) []story {
	t.Helper()
	status, _, body := cases.Get(t, i.API+"/v1/stories?pageSize=100&locale="+locale)
	var list struct{ Stories []story }
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK {
		t.Fatalf("the list answers %d: %.300s", status, body)
	}
	return list.Stories
}

// isWhole checks that the demo is there: each text once, in one version, published, and one partner key that works.
func (i *installation) isWhole(t *testing.T) {
	t.Helper()
	for locale, want := range map[string]int{"en": perLocale + unnamedTexts, "de": perLocale} {
		if got := i.stories(t, locale); len(got) != want {
			t.Errorf("%d stories in %s: %v", len(got), locale, got)
		}
	}
	admin := i.As(t, "agnes")
	texts, err := storiesv1.NewWorkspaceServiceClient(admin).ListTexts(t.Context(), &storiesv1.ListTextsRequest{PageSize: 200})
	if err != nil || len(texts.GetTexts()) != 2*perLocale+2*unnamedTexts {
		t.Fatalf("%d texts, %v", len(texts.GetTexts()), err)
	}
	again, drafts := 0, 0
	for _, x := range texts.GetTexts() {
		if x.GetVersion() == 2 {
			again++
		} else if x.GetVersion() != 1 {
			t.Errorf("%s is in version %d, %s", x.GetName(), x.GetVersion(), x.GetState())
		}
		if !x.GetLive() {
			drafts++
		}
	}
	if again != earlierTexts+unnamedTexts || drafts != unnamedTexts {
		t.Errorf("%d texts have a second version, and %d are not published", again, drafts)
	}
	i.hasAPast(t)
	i.wasDone(t, admin)
	keys, err := partnersv1.NewAppsServiceClient(admin).ListKeys(t.Context(), &partnersv1.ListKeysRequest{App: demoApp})
	if err != nil {
		t.Fatal(err)
	}
	live := 0
	for _, k := range keys.GetKeys() {
		if k.GetRevokeTime() == nil {
			live++
		}
	}
	if live != 1 {
		t.Errorf("%d keys are live: %v", live, keys)
	}
}

// wasDone checks that each step of the demo's history was taken once.
func (i *installation) wasDone(t *testing.T, admin *api.Conn) {
	t.Helper()
	done := map[string]int{}
	req := &storiesv1.ListAuditEntriesRequest{PageSize: 200}
	for {
		page, err := storiesv1.NewActivityServiceClient(admin).ListAuditEntries(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.GetEntries() {
			done[e.GetAction()]++
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	for _, action := range []string{"text.submitted", "text.approved", "text.published", "consent.attested", "consent.confirmed"} {
		if done[action] != 2*perLocale+earlierTexts+unnamedTexts {
			t.Errorf("%s happened %d times: %v", action, done[action], done)
		}
	}
	recorded, verified := 0, 0
	proofs, err := readProofs()
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range proofs {
		for _, p := range of {
			recorded += 2
			if p.Verified {
				verified += 2
			}
		}
	}
	if recorded == 0 || done["metric.recorded"] != recorded || done["metric.verified"] != verified {
		t.Errorf("of %d figures %d are recorded; %d are verified, of %d", recorded, done["metric.recorded"], done["metric.verified"], verified)
	}
}

// hasAPast checks that what a newcomer looks at has an earlier edition, and that the story without a name says nothing of what it was made of.
func (i *installation) hasAPast(t *testing.T) {
	t.Helper()
	_, _, page := cases.Get(t, i.Website+"/stories/nordhafen-late-deliveries")
	earlier := regexp.MustCompile(`/stories/nordhafen-late-deliveries\?as_of=[^"]+`).FindString(page)
	if status, _, body := cases.Get(t, i.Website+earlier); earlier == "" || status != http.StatusOK || !strings.Contains(body, "We would like to forget how.") {
		t.Errorf("the earlier edition at %q answers %d", earlier, status)
	}
	status, _, body := cases.Get(t, i.API+"/v1/stories/storm-claims-seen-sooner")
	if status != http.StatusOK || strings.Contains(strings.ToLower(body), "wexmoor") || strings.Contains(body, "Oake") {
		t.Errorf("the story without a name answers %d: %s", status, body)
	}
}

func TestANewcomersFirstHour(t *testing.T) {
	t.Parallel()
	clk := clock.System()
	dir := t.TempDir()
	begun := clk.Now()
	i := launch(t, dir)
	i.awaitWelcome(t)
	if took := clk.Now().Sub(begun); took > 10*time.Second {
		t.Logf("the first page took %s; on a machine of its own it is 10 s at most", took)
	}
	key := i.secret(t)
	checkFolder(t, filepath.Join(dir, "renown-data"))
	i.isWhole(t)
	i.isDated(t, clk.Now())
	for _, s := range append(i.stories(t, "en")[:2], i.stories(t, "en")[perLocale]) {
		if status, _, body := cases.Get(t, i.Website+"/stories/"+s.Slug); status != http.StatusOK || !strings.Contains(body, "Holmway") {
			t.Errorf("%s answers %d", s.Slug, status)
		}
	}
	partner := func(at *installation) int {
		status, _, _ := cases.Get(t, at.API+"/v1/workspace/texts", "Authorization", "Bearer "+key)
		return status
	}
	if key == "" || partner(i) != http.StatusOK {
		t.Errorf("the partner's key %q is answered %d", key, partner(i))
	}
	if status, _, body := cases.Get(t, i.admin); status != http.StatusOK || !strings.Contains(body, "renown_rpc_seconds") {
		t.Errorf("metrics answer %d", status)
	}
	if status, _, _ := cases.Get(t, i.API+"/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics are on the public address: %d", status)
	}
	refused(t, dir, "Another Renown works on")
	cases.Run(t, i.Target)
	i.stop(t)

	again := begin(t, dir)
	if again.secret(t) != "" {
		t.Error("the key is shown a second time")
	}
	if partner(again) != http.StatusOK {
		t.Errorf("the key is answered %d after a restart", partner(again))
	}
	if got := again.stories(t, "en"); len(got) != perLocale+unnamedTexts {
		t.Errorf("after a restart there are %d stories", len(got))
	}
	cases.Run(t, again.Target)
	again.stop(t)
	refused(t, dir, "holds the demo", "--demo=false")
}

// isDated checks that the history lies in the past, over months, and with the newest first.
func (i *installation) isDated(t *testing.T, now time.Time) {
	t.Helper()
	list := i.stories(t, "en")
	var before time.Time
	for n, s := range list {
		at, err := time.Parse(time.RFC3339, s.PublishTime)
		if err != nil || at.After(now) || n > 0 && at.After(before) {
			t.Errorf("%s was published at %s, after %s: %v", s.Slug, s.PublishTime, before, err)
		}
		before = at
	}
	if spread := now.Sub(before); spread < 90*24*time.Hour {
		t.Errorf("the oldest story is %s old", spread)
	}
}

// checkFolder checks that nobody else can read what is kept.
func checkFolder(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKilledWhileTheDemoLoadsItGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 3 {
		wait := time.Duration(rand.Int64N(int64(2 * time.Second)))
		i := launch(t, dir)
		select {
		case <-clock.System().After(wait):
		case <-i.ended:
			t.Fatalf("round %d: it ended by itself: %s", round, i.output())
		}
		i.kill()
		t.Logf("round %d: killed after %s, having said %q", round, wait, lastLine(i.output()))
	}
	half := launch(t, dir)
	half.await(t, "14 of 28 texts")
	half.kill()
	i := begin(t, dir)
	i.isWhole(t)
	i.stop(t)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

func TestTheDemoTouchesNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "renown-data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "diary.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, "holds something else already (diary.txt)")
	entries, err := os.ReadDir(data)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder now holds %v, %v", entries, err)
	}
}
