package studio

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"renown.example/kit/fault"
	"renown.example/website/api"
)

// postedFile is a file of a form: browsers send its name without its folders.
type postedFile struct {
	name string
	raw  []byte
}

// maxParts bounds the parts of a large form: a zip file may have five thousand entries.
const maxParts = 6_000

// upload serves the post of a form that may be large: it is taken in once it is known who sends it, and passed over if they may not.
func (s *Studio) upload(roles roleSet, bound int64, take func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bound)
		s.visit(w, r, roles, func(v *visit) error {
			if err := v.takeIn(); err != nil {
				return badForm(err, bound)
			}
			return take(v)
		})
		// A browser reads no answer before it has sent everything.
		_, _ = io.Copy(io.Discard, r.Body)
	})
}

var errParts = errors.New("the form has too many parts")

// takeIn reads a form with its files into memory, of which nothing is left on a disk. The standard library's reading ends at a thousand parts, and a folder has more.
func (v *visit) takeIn() error {
	v.files = map[string][]postedFile{}
	parts, err := v.r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return v.r.ParseForm()
	}
	if err != nil {
		return err
	}
	v.r.PostForm = url.Values{}
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		raw, err := io.ReadAll(part)
		switch name := part.FormName(); {
		case err != nil:
			return err
		case part.FileName() != "":
			v.files[name] = append(v.files[name], postedFile{part.FileName(), raw})
		case !strings.Contains(part.Header.Get("Content-Disposition"), "filename="): // a field of files in which none was chosen is no value
			v.r.PostForm.Add(name, string(raw))
		}
	}
	return errParts
}

// tooMany is the refusal of a form with too many parts.
func tooMany() error {
	return &api.Problem{Status: http.StatusRequestEntityTooLarge, Code: fault.TooLarge.Name, Title: "Those are too many files", Detail: "At most 5,000 texts and pictures can be sent at once. Nothing was changed."}
}
