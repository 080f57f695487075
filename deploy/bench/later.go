package main

import (
	"context"
	"encoding/json"
)

func storeRole(ctx context.Context, task json.RawMessage, say func(any) error) error { return nil }
func callRole(ctx context.Context, task json.RawMessage, say func(any) error) error  { return nil }
