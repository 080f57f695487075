package problem_test

import (
	"testing"

	"renown.example/gateway/problem"
)

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
