package earning

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// place makes a problem that points into an expression; line counts from 1, column from 0.
func place(path, source string, line, column int, message string) Problem {
	p := Problem{Path: path, Message: message, Line: max(line, 1), Column: max(column, 0) + 1}
	lines := strings.Split(source, "\n")
	if p.Line <= len(lines) {
		// A tab stays a tab under a tab, so that the caret stands where the place is however wide tabs are.
		under := []rune(lines[p.Line-1])
		under = under[:min(len(under), p.Column-1)]
		for i, r := range under {
			if r != '\t' {
				under[i] = ' '
			}
		}
		p.Excerpt = lines[p.Line-1] + "\n" + string(under) + "^"
	}
	return p
}

// What CEL says, and what we say instead.
var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']+)'`)
	unfielded  = regexp.MustCompile(`^undefined field '([^']+)'`)
	overloaded = regexp.MustCompile(`^found no matching overload for '([^']+)' applied to '(.*)'$`)
	token      = regexp.MustCompile(`^Syntax error: token recognition error at: '(.*)'$`)
	unexpected = regexp.MustCompile(`^Syntax error: (?:mismatched|extraneous) input '(.*?)' expecting`)
	viable     = regexp.MustCompile(`^Syntax error: no viable alternative at input '(.*)'$`)
)

// plain turns what CEL found into problems in plain words. One place is named once.
func plain(path, source string, s scope, errs []*cel.Error) Problems {
	var p Problems
	for _, e := range errs {
		line, column := e.Location.Line(), e.Location.Column()
		if len(p) > 0 && strings.HasPrefix(e.Message, "Syntax error") {
			break // what follows a first syntax error is its consequence
		}
		p = append(p, place(path, source, line, column, words(e.Message, source, line, column, s)))
	}
	return p
}

func words(message, source string, line, column int, s scope) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return unknown(m[1], s)
	}
	if m := unfielded.FindStringSubmatch(message); m != nil {
		return unknownField(m[1], source, line, column)
	}
	if m := overloaded.FindStringSubmatch(message); m != nil {
		return misapplied(m[1], strings.Trim(m[2], "()"), m[2])
	}
	if m := token.FindStringSubmatch(message); m != nil {
		if strings.HasPrefix(m[1], `"`) || strings.HasPrefix(m[1], `'`) {
			return "the text that begins here does not end"
		}
		return fmt.Sprintf("%q has no place in an expression", m[1])
	}
	if m := unexpected.FindStringSubmatch(message); m != nil {
		if m[1] == "<EOF>" {
			return "the expression stops too early: something is missing here, such as a value or a closing bracket"
		}
		return fmt.Sprintf("%q is not expected here", m[1])
	}
	if m := viable.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%q makes no sense here", m[1])
	}
	if rest, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		return "this cannot be read: " + rest
	}
	return strings.ReplaceAll(message, "(in container '')", "")
}

// functions are the names that a slip of the pen is compared with.
var functions = []string{"dec", "add", "sub", "mul", "div", "round", "floor", "ceil", "min", "max", "size", "int", "string", "has", "all", "exists", "exists_one", "filter", "map",
	"contains", "startsWith", "endsWith", "matches", "timestamp", "duration", "getHours", "getMinutes", "getSeconds", "getMilliseconds"}

func unknown(name string, s scope) string {
	switch {
	case name == "line" && s.order:
		return "`line` is known only where lines are looked at one by one: in lineCondition, and in a formula with eachLine"
	case name == "order" && !s.order:
		return "a rule for events knows no `order`; it has `event`"
	case name == "event" && s.order:
		return "a rule for orders knows no `event`; it has `order`"
	case name == "double":
		return "there are no floating-point numbers here, for they are not exact: write dec(\"1.5\")"
	case strings.HasPrefix(name, "get"):
		return inZone(name)
	}
	names := append([]string{"member", "program", "now"}, functions...)
	if s.order {
		names = append(names, "order")
	} else {
		names = append(names, "event")
	}
	if s.line {
		names = append(names, "line")
	}
	return fmt.Sprintf("there is no `%s`%s", name, nearest(name, names))
}

func inZone(name string) string {
	return fmt.Sprintf("there is no `%s`: order.local (or event.local) has year, month, day, weekday, hour, minute and date in the programme's zone", name)
}

// unknownField looks at what stands before the dot to name the type, so that it can say which fields there are.
func unknownField(name, source string, line, column int) string {
	lines := strings.Split(source, "\n")
	owner := ""
	if line >= 1 && line <= len(lines) {
		before := []rune(lines[line-1])
		before = before[:min(column, len(before))]
		at := len(before)
		for at > 0 && (before[at-1] == '_' || before[at-1] >= 'a' && before[at-1] <= 'z') {
			at--
		}
		owner = string(before[at:])
	}
	of, ok := fields[strings.ToUpper(owner[:min(1, len(owner))])+owner[min(1, len(owner)):]]
	if !ok {
		return fmt.Sprintf("there is no field `%s` here", name)
	}
	names := make([]string, 0, len(of))
	for n := range of {
		names = append(names, n)
	}
	slices.Sort(names)
	if hint := nearest(name, names); hint != "" {
		return fmt.Sprintf("%s has no field `%s`%s", owner, name, hint)
	}
	return fmt.Sprintf("%s has no field `%s`; it has %s", owner, name, strings.Join(names, ", "))
}

// misapplied says that an operator or function does not take what it is given.
func misapplied(name, args, given string) string {
	symbol := strings.Trim(strings.ReplaceAll(name, "_", ""), "@")
	hasDecimal, hasDouble := strings.Contains(args, "decimal"), strings.Contains(args, "double")
	switch {
	case hasDouble:
		return fmt.Sprintf("`%s` does not take %s: floating-point numbers are not exact, write dec(\"1.5\")", symbol, spoken(args))
	case strings.HasPrefix(name, "get") && strings.HasPrefix(given, "timestamp"):
		return inZone(name)
	case name == "@in":
		return fmt.Sprintf("`in` looks for a value in a list, or for a name in a map; it does not take %s", spoken(args))
	case name == "_/_" && hasDecimal:
		return "decimals are divided with div(a, b, scale), which says to how many decimal places"
	case strings.HasPrefix(name, "_") && args == "int, decimal":
		return fmt.Sprintf("`%s` wants the decimal on the left: turn it round, or write dec(...) around the int", symbol)
	case (name == "_==_" || name == "_!=_") && hasDecimal:
		return fmt.Sprintf("`%s` compares a decimal with a decimal only: write dec(...) around the other side", symbol)
	case strings.HasPrefix(name, "_"):
		return fmt.Sprintf("`%s` does not take %s", symbol, spoken(args))
	case strings.HasPrefix(name, "!") || strings.HasPrefix(name, "-"):
		return fmt.Sprintf("`%s` does not take %s", symbol, spoken(args))
	}
	return fmt.Sprintf("%s does not take %s", name, given)
}

func spoken(args string) string {
	parts := strings.Split(args, ", ")
	for i, p := range parts {
		parts[i] = article(p)
	}
	return strings.Join(parts, " and ")
}

// nearest suggests a name that one or two slips away.
func nearest(name string, names []string) string {
	best, at := 3, ""
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < best && d < len(n) {
			best, at = d, n
		}
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean `%s`?", at)
}

// distance is how many letters must be put in, left out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := corner
			if a[i-1] != b[j-1] {
				change++
			}
			corner = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
