package courier_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"renown.example/loyalty/courier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Two portions are on their way at once, unless a member is in both: then what stands first comes first. The report is in the order of the list all the same.
func TestPortionsFlyTwoAtATimeAndMembersOneAfterTheOther(t *testing.T) {
	dir := t.TempDir()
	file, report := filepath.Join(dir, "list.csv"), filepath.Join(dir, "report")
	if err := os.WriteFile(file, []byte("external,email,name\na,,One\nb,b@example.org,Two\nc,b@example.org,Three\nd,,Four\ne,,Five\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var seen []string
		flying := map[string]bool{}
		job := &courier.Import{File: file, Report: report, Program: "customers", Portion: 1, Send: func(_ context.Context, req *loyaltyv1.ImportMembersRequest, _ string) (*loyaltyv1.ImportMembersResponse, error) {
			name := req.GetMembers()[0].GetIdentifiers()[0].GetValue()
			mu.Lock()
			flying[name] = true
			mu.Unlock()
			time.Sleep(time.Second) // of the bubble: whoever flies beside it has begun by then
			mu.Lock()
			seen = append(seen, strings.Join(slices.Sorted(maps.Keys(flying)), ""))
			mu.Unlock()
			if time.Sleep(time.Second); name == "b" {
				time.Sleep(time.Minute)
			}
			mu.Lock()
			delete(flying, name)
			mu.Unlock()
			return &loyaltyv1.ImportMembersResponse{Created: 1, Results: []*loyaltyv1.ImportedResult{{Member: name, Outcome: loyaltyv1.ImportOutcome_IMPORT_OUTCOME_CREATED}}}, nil
		}}
		got, err := job.Run(t.Context())
		if err != nil || got.Created != 5 {
			t.Fatalf("%+v, %v", got, err)
		}
		if want := []string{"ab", "ab", "cd", "cd", "e"}; !slices.Equal(seen, want) {
			t.Errorf("on their way at once were %v, want %v", seen, want)
		}
	})
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if want := `"member":"` + string(rune('a'+i)) + `"`; !strings.Contains(line, want) {
			t.Errorf("line %d of the report is %s, want %s in it", i, line, want)
		}
	}
}
