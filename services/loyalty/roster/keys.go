package roster

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// keys are the values of a mapping file as they stand in it.
type keys struct {
	columns                                                                                     map[string]string
	delimiter, several, encoding, decimal, thousands, fractions, zone, lastDay, country, wallet string
	dates, empty                                                                                []string
}

// byName says where the value of each key goes.
func (k *keys) byName() map[string]any {
	return map[string]any{
		"columns": &k.columns, "delimiter": &k.delimiter, "several": &k.several, "encoding": &k.encoding, "decimal": &k.decimal, "thousands": &k.thousands,
		"fractions": &k.fractions, "dates": &k.dates, "zone": &k.zone, "last_day": &k.lastDay, "country": &k.country, "wallet": &k.wallet, "empty": &k.empty,
	}
}

// readKeys reads a mapping file. What is wrong is named by its key and line.
func readKeys(file []byte) (k keys, err error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return k, fmt.Errorf("the mapping cannot be read: %s", plain(err))
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return k, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return k, fmt.Errorf("the mapping cannot be read: line %d is no key with a value, such as decimal: \",\"", root.Line)
	}
	fields := k.byName()
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		field, ok := fields[key.Value]
		switch {
		case !ok:
			return k, fmt.Errorf("the mapping has an unknown key %q in line %d; there are %s", key.Value, key.Line, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		case seen[key.Value]:
			return k, fmt.Errorf("the mapping has the key %s twice, again in line %d", key.Value, key.Line)
		}
		seen[key.Value] = true
		if err := value.Decode(field); err != nil {
			return k, fmt.Errorf("the mapping cannot be read: %s in line %d: %s", key.Value, key.Line, unfit(field, err))
		}
	}
	return k, nil
}

// unfit says what a key takes that has something else.
func unfit(field any, err error) string {
	if text := plain(err); strings.Contains(text, "already defined") {
		return text
	}
	switch field.(type) {
	case *map[string]string:
		return "it takes columns and what each becomes, such as {Nr: external}"
	case *[]string:
		return "it takes a list of texts, such as [\"DD.MM.YYYY\"]"
	}
	return "it takes one text"
}

// plain is what the parser says, without its name.
func plain(err error) string {
	if types := (*yaml.TypeError)(nil); errors.As(err, &types) && len(types.Errors) > 0 {
		return types.Errors[0]
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
}
