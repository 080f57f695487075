package web

// Field is one question of a form. The part "field" shows it with label above, help below and the error in words, all tied
// together for those who listen.
type Field struct {
	// Name is the form's key and the id of the control.
	Name, Label, Help, Error, Value string
	// Type is an input's type ("text" when empty), or "textarea", "select", "choices" (radio buttons) or "checks" (checkboxes).
	Type string
	// Rows of a textarea; 0 is 4.
	Rows int
	// Required fields are the rule; the others are marked as optional.
	Required bool
	// Autocomplete, Inputmode, List (id of a datalist), Max (length in characters, 0 is no limit).
	Autocomplete, Inputmode, List string
	Max                           int
	// Wide makes an input as wide as its column.
	Wide bool
	// Code says that what is typed is an expression: it is shown in a fixed width and not corrected.
	Code bool
	// Place is where in the value the error is, for code: the line and a mark below it.
	Place string
	// Options of select, choices and checks.
	Options []Option
}

// Option is one answer to choose.
type Option struct {
	Value, Label string
	// Consequence says plainly what choosing it means.
	Consequence string
	Chosen      bool
}

// DescribedBy lists the ids of help and error, for aria-describedby.
func (f Field) DescribedBy() string {
	ids := ""
	if f.Error != "" {
		ids = f.Name + "-error"
	}
	if f.Help != "" {
		if ids != "" {
			ids += " "
		}
		ids += f.Name + "-help"
	}
	return ids
}

// HowManyRows is Rows or its default.
func (f Field) HowManyRows() int {
	if f.Rows == 0 {
		return 4
	}
	return f.Rows
}

// Kind is Type or its default.
func (f Field) Kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// Multiple says that the control is a group of its own and needs fieldset and legend.
func (f Field) Multiple() bool { return f.Type == "choices" || f.Type == "checks" }

// InputType is the type of the single answers of a group.
func (f Field) InputType() string {
	if f.Type == "checks" {
		return "checkbox"
	}
	return "radio"
}

// Failed gives the fields with an error, for the part "error-summary" that heads a failed form.
func Failed(fields ...Field) []Field {
	var out []Field
	for _, f := range fields {
		if f.Error != "" {
			out = append(out, f)
		}
	}
	return out
}
