package stories_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Who may call what is decided in the protos. This file makes each change of it visible.
func TestMatrix(t *testing.T) {
	got, err := rpc.Matrix(&storiesv1.PublishedService_ServiceDesc, &storiesv1.WorkspaceService_ServiceDesc, &storiesv1.ReviewService_ServiceDesc,
		&storiesv1.SignoffService_ServiceDesc, &storiesv1.ConsentsService_ServiceDesc, &storiesv1.ActivityService_ServiceDesc,
		&storiesv1.ExcerptsService_ServiceDesc, &storiesv1.TaxonomyService_ServiceDesc)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "matrix.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("who may call what has changed (-golden +protos); if that is meant, run with -update:\n%s", d)
	}
}
