package openapi

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// example is one worked call: what is sent and what comes back.
type example struct {
	Operation string
	Title     string
	Body      any
	Status    int
	Answer    any
}

// examples shows each worked call at its operation.
func (w *writer) examples() error {
	var all []example
	if err := yaml.Unmarshal(examples, &all); err != nil {
		return err
	}
	ids := w.operationIDs()
	for i, e := range all {
		op, ok := ids[e.Operation]
		if !ok {
			return fmt.Errorf("example %d is of %q, which is no operation", i+1, e.Operation)
		}
		name := fmt.Sprintf("example%d", i+1)
		if content, ok := at(op, "requestBody")["content"].(object); ok && e.Body != nil {
			for _, media := range content {
				at(media.(object), "examples")[name] = object{"summary": e.Title, "value": e.Body}
			}
		}
		if len(at(op, "requestBody")) == 0 {
			delete(op, "requestBody")
		}
		if e.Answer == nil {
			continue
		}
		status := fmt.Sprint(e.Status)
		if e.Status >= 400 {
			// A problem of this operation, beside the general one.
			response := at(op, "responses", status)
			response["description"] = e.Title
			at(response, "content", "application/problem+json")["schema"] = ref("schemas", "Problem")
			at(response, "content", "application/problem+json", "examples")[name] = object{"summary": e.Title, "value": e.Answer}
			continue
		}
		at(op, "responses", status, "content", "application/json", "examples")[name] = object{"summary": e.Title, "value": e.Answer}
	}
	return nil
}

func (w *writer) operationIDs() map[string]object {
	ids := map[string]object{}
	for _, item := range at(w.doc, "paths") {
		for _, v := range item.(object) {
			op := v.(object)
			id, _ := op["operationId"].(string)
			ids[id] = op
		}
	}
	return ids
}
