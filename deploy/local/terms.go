package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"renown.example/deploy/demo"
	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/taxonomy"
	"renown.example/website/api"
)

// terms brings in what the demo's stories are found by, over REST as an editor would. Terms that are there already stay as they are.
func (d *director) terms(ctx context.Context, as *api.Conn) error {
	var lists map[string][]struct {
		ID     string            `json:"id"`
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(demo.Taxonomies(), &lists); err != nil {
		return err
	}
	client := storiesv1.NewTaxonomyServiceClient(as)
	for name, list := range lists {
		if !slices.Contains(taxonomy.Names(), name) {
			continue // the size of a customer is told, not chosen
		}
		for _, t := range list {
			_, err := client.CreateTerm(ctx, &storiesv1.CreateTermRequest{Taxonomy: name, TermId: t.ID, Labels: t.Labels})
			if err != nil && !api.Is(err, fault.AlreadyExists) {
				return fmt.Errorf("the term %s: %w", t.ID, err)
			}
		}
	}
	return nil
}
