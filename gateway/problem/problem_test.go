package problem_test

import (
	"encoding/json"
	"testing"

	"renown.example/gateway/problem"
	"renown.example/kit/fault"
)

// What the page of INSUFFICIENT_POINTS promises is in the problem, and what else a refusal knows is not.
func TestTooFewPointsSayHowMany(t *testing.T) {
	e := fault.InsufficientPoints.New("There are 3 points available; this takes 5.").WithMeta("available", "3").WithMeta("wanted", "5").WithMeta("table", "accounts")
	for _, tt := range []struct {
		e    *fault.Error
		want any
	}{{e, "3"}, {fault.IllegalState.New("No.").WithMeta("available", "3"), nil}} {
		var got map[string]any
		if err := json.Unmarshal(problem.Writer{}.Body("/v1", "r", tt.e), &got); err != nil {
			t.Fatal(err)
		}
		if got["available"] != tt.want || (got["wanted"] == nil) != (tt.want == nil) || got["table"] != nil {
			t.Errorf("%s: %v", tt.e.Reason.Name, got)
		}
	}
}

func TestPointer(t *testing.T) {
	tests := map[string]string{
		"":                    "",
		"pageSize":            "/pageSize",
		"text.blocks[2].alt":  "/text/blocks/2/alt",
		"scopes[0]":           "/scopes/0",
		`details["a.b/c~d"]`:  "/details/a.b~1c~0d",
		`details["x]"].value`: "/details/x]/value",
		"matrix[1][2].x":      "/matrix/1/2/x",
		"broken[":             "/broken/",
	}
	for path, want := range tests {
		if got := problem.Pointer(path); got != want {
			t.Errorf("Pointer(%q) = %q, want %q", path, got, want)
		}
	}
}
