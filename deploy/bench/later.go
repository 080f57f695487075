package main

import (
	"context"
	"encoding/json"
)

func callRole(ctx context.Context, task json.RawMessage, say func(any) error) error { return nil }
