package studio

import (
	"archive/zip"
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// maxZip is what REST takes as one zip file, in bytes.
const maxZip = 14 << 20

// importedRow is what became of a file.
type importedRow struct {
	*storiesv1.ImportedFile
	Label, URL string
	Tone       web.Tone
	Icon       string
}

var importWords = map[string]stateWords{
	"created":   {"New", web.GoodTone, "plus", ""},
	"updated":   {"New version", web.GoodTone, "history", ""},
	"unchanged": {"There already", web.PlainTone, "check", ""},
	"refused":   {"Refused", web.BadTone, "circle-alert", ""},
	"asset":     {"Picture", web.PlainTone, "image", ""},
}

func (v *visit) importPage() error { return v.showImport(http.StatusOK, nil, false, nil) }

func (v *visit) showImport(status int, report *storiesv1.ImportStoriesResponse, trial bool, problem *api.Problem) error {
	f := newForm(nil, problem).
		add(web.Field{Name: "files", Label: "A zip file, or Markdown files and their pictures", Type: "file"}, "/files", "/zip")
	var rows []importedRow
	for _, file := range report.GetFiles() {
		words := importWords[file.GetResult()]
		row := importedRow{ImportedFile: file, Label: words.Label, Tone: words.Tone, Icon: words.Icon}
		if !trial {
			row.URL = subjectURL(file.GetText())
		}
		rows = append(rows, row)
	}
	v.show(status, "import", &web.View{Title: "Import and export", Section: "import", Notice: f.Notice(), Modules: []string{"js/studio/import.js"}, Data: map[string]any{
		"Form": f, "Report": report, "Rows": rows, "Trial": trial}})
	return nil
}

// runImport sends what was chosen as one zip file: a zip as it is, files and folders packed here.
func (v *visit) runImport() error {
	packed, err := v.packed()
	if err != nil {
		return v.showImport(http.StatusBadRequest, nil, false, api.AsProblem(err))
	}
	trial := v.r.PostFormValue("do") == "try"
	report, err := v.work().ImportStories(v.ctx(), &storiesv1.ImportStoriesRequest{Zip: packed, ValidateOnly: trial}, v.once())
	if err != nil {
		problem := api.AsProblem(err)
		if problem.Status == http.StatusUnauthorized {
			return err
		}
		return v.showImport(problem.Status, nil, trial, problem)
	}
	return v.showImport(http.StatusOK, report, trial, nil)
}

// packed returns the posted files as one zip. What is wrong inside of it, paths included, is for the service to judge.
func (v *visit) packed() ([]byte, error) {
	var files []*multipart.FileHeader
	if v.r.MultipartForm != nil {
		files = v.r.MultipartForm.File["files"]
	}
	// The folder picker is a field of its own; its files come with their paths in a field beside them, since browsers send names only.
	paths := v.r.PostForm["path"]
	if v.r.MultipartForm != nil {
		files = append(files, v.r.MultipartForm.File["folder"]...)
	}
	if len(files) == 1 && strings.EqualFold(path.Ext(files[0].Filename), ".zip") {
		return readFile(files[0])
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	count := 0
	for i, header := range files {
		if header.Size == 0 && header.Filename == "" {
			continue
		}
		name := header.Filename
		if len(paths) == len(files) && paths[i] != "" {
			name = paths[i]
		}
		raw, err := readFile(header)
		if err != nil {
			return nil, err
		}
		part, err := w.Create(name)
		if err != nil {
			return nil, refusal("/files", "The file "+name+" cannot be packed.")
		}
		if _, err := part.Write(raw); err != nil {
			return nil, refusal("/files", "The file "+name+" cannot be packed.")
		}
		count++
	}
	if count == 0 {
		return nil, refusal("/files", "Choose a zip file, or Markdown files.")
	}
	if err := w.Close(); err != nil || out.Len() > maxZip {
		return nil, refusal("/files", "Packed together they are larger than "+web.FormatBytes("en", maxZip)+". Import them in several steps.")
	}
	return out.Bytes(), nil
}

func readFile(header *multipart.FileHeader) ([]byte, error) {
	file, err := header.Open()
	if err != nil {
		return nil, refusal("/files", "The file "+header.Filename+" arrived broken. Choose it again.")
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxZip+1))
	if err != nil {
		return nil, refusal("/files", "The file "+header.Filename+" arrived broken. Choose it again.")
	}
	if len(raw) > maxZip {
		return nil, refusal("/files", "The file "+header.Filename+" is larger than "+web.FormatBytes("en", maxZip)+".")
	}
	return raw, nil
}

// export sends every newest text with its pictures as a zip file.
func (v *visit) export() error {
	got, err := v.work().ExportStories(v.ctx(), &storiesv1.ExportStoriesRequest{})
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="stories-`+v.clock.Now().Format("2006-01-02")+`.zip"`)
	h.Set("Cache-Control", "no-store")
	// A reader who went away is not an error of ours.
	_, _ = v.w.Write(got.GetZip())
	return nil
}
