package strict

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/kit/fault"
)

// Query checks the parameters of an address. Those in taken are given by the path. A method that has a body takes none. It returns nil, or an error of reason
// InvalidArgument that names the parameters.
func Query(query url.Values, md protoreflect.MessageDescriptor, taken map[string]bool, hasBody bool) *fault.Error {
	var faults []fault.Field
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if len(faults) == maxFaults {
			break
		}
		if problem := parameter(name, query[name], md, taken, hasBody); problem != "" {
			faults = append(faults, fault.Field{Path: printable(name), Message: problem})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return fault.InvalidArgument.New("The parameter %q %s.", faults[0].Path, faults[0].Message).With(faults...)
}

func parameter(name string, values []string, md protoreflect.MessageDescriptor, taken map[string]bool, hasBody bool) string {
	fd := md.Fields().ByJSONName(name)
	switch {
	case fd == nil || taken[name]:
		return "is not known" + hint(md, name)
	case hasBody:
		return "belongs into the body"
	case fd.IsMap() || (fd.Message() != nil && !isText(fd.Message())):
		return "is not known"
	case len(values) > 1 && !fd.IsList():
		return "is given twice"
	}
	for _, v := range values {
		if problem := text(fd, v); problem != "" {
			return problem
		}
	}
	return ""
}

// text checks a value that comes from an address.
func text(fd protoreflect.FieldDescriptor, v string) string {
	if !utf8.ValidString(v) {
		return "is not UTF-8"
	}
	return scalar(fd, v)
}

// Path checks the variables of an address's path, whose names are those of the proto. It returns nil, or an error of reason InvalidArgument.
func Path(params map[string]string, md protoreflect.MessageDescriptor) *fault.Error {
	for name, v := range params {
		fd := md.Fields().ByName(protoreflect.Name(name))
		if fd == nil {
			continue
		}
		if problem := text(fd, v); problem != "" {
			return fault.Invalid(fd.JSONName(), "%s", problem)
		}
	}
	return nil
}

// printable is the name as it may be repeated to the caller: short, and valid UTF-8.
func printable(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	if utf8.RuneCountInString(name) > 64 {
		return fmt.Sprintf("%.64s…", name)
	}
	return name
}
