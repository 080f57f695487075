package studio

import (
	"net/http"
	"slices"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// maxMapping is what REST takes as a mapping, in bytes.
const maxMapping = 64 << 10

// importPage is what the page of importing shows.
type importPage struct {
	Form   *form
	Report *importReport
	// Accept names what can be chosen, Texts and Pictures what of a folder is sent: the module reads the same lists.
	Accept, Texts, Pictures string
	MaxBytes                int64
	Overwrite               bool
	// Open says that a mapping was given, or that something is wrong with it.
	Open    bool
	Targets string
}

// mappingTargets are what a field of front matter can become.
const mappingTargets = "title, summary, customer, industry, region, product, use_case, size, slug, story, locale, logo, picture, quote, quote_by, quote_role, quote_company, " +
	"metrics, video, cta, text, keep, skip"

func (v *visit) importPage() error { return v.showImport(http.StatusOK, "", nil, nil) }

func (v *visit) showImport(status int, mapping string, report *importReport, problem *api.Problem) error {
	f := newForm(nil, problem).
		add(web.Field{Name: "files", Label: "A zip file, or texts and their pictures", Type: "file"}, "/files", "/zip").
		add(web.Field{Name: "mapping", Label: "Mapping", Type: "textarea", Rows: 12, Value: mapping, Help: "YAML. What it does not name is guessed, as without it."}, "/mapping")
	p := &importPage{Form: f, Report: report, Accept: ".zip," + list(textEndings) + "," + list(pictureEndings), Texts: list(textEndings), Pictures: list(pictureEndings),
		MaxBytes: maxImport, Overwrite: v.r.Method == http.MethodPost && v.r.PostFormValue("overwrite") != "", Open: mapping != "" || f.Field("mapping").Error != "",
		Targets: mappingTargets}
	v.show(status, "import", &web.View{Title: "Import and export", Section: "import", Notice: f.Notice(), Modules: []string{"js/studio/import.js"}, Data: p})
	return nil
}

func list(endings []string) string { return strings.Join(endings, ",") }

// runImport imports what was chosen, or says what would happen. The form keeps its mapping and its choice; a browser does not let anybody keep its files.
func (v *visit) runImport() error {
	mapping, err := v.mapping()
	if err != nil {
		return v.refusedImport(mapping, err)
	}
	files, err := v.chosen()
	if err != nil {
		return v.refusedImport(mapping, err)
	}
	trial := v.r.PostFormValue("do") == "try"
	answer, err := v.send(files, &storiesv1.ImportStoriesRequest{ValidateOnly: trial, Mapping: mapping, Overwrite: v.r.PostFormValue("overwrite") != ""})
	if err != nil {
		return v.refusedImport(mapping, err)
	}
	return v.showImport(http.StatusOK, mapping, reportOf(answer, trial, files.left), nil)
}

func (v *visit) refusedImport(mapping string, err error) error {
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized {
		return err
	}
	return v.showImport(problem.Status, mapping, nil, problem)
}

// mapping is what was typed, or the file that was chosen in its place.
func (v *visit) mapping() (string, error) {
	typed := strings.ReplaceAll(v.r.PostFormValue("mapping"), "\r\n", "\n")
	for _, file := range v.files["mapping_file"] {
		if len(file.raw) > maxMapping {
			return typed, refusal("/mapping", "The file "+file.name+" is larger than "+web.FormatBytes("en", maxMapping)+".")
		}
		typed = strings.ReplaceAll(strings.ToValidUTF8(string(file.raw), "\uFFFD"), "\r\n", "\n")
	}
	if strings.TrimSpace(typed) == "" {
		return "", nil
	}
	if len(typed) > maxMapping {
		return typed, refusal("/mapping", "It is larger than "+web.FormatBytes("en", maxMapping)+".")
	}
	return typed, nil
}

// send imports files in one call where they fit. Where they do not, texts go ahead and pictures follow, those that texts show; a trial needs their names only. The
// module does the same by itself.
func (v *visit) send(files *chosenFiles, req *storiesv1.ImportStoriesRequest) (*storiesv1.ImportStoriesResponse, error) {
	var err error
	if req.Zip, err = files.pack(true); err != nil {
		return nil, err
	}
	if len(req.GetZip()) > maxZip {
		if req.Zip, err = files.pack(false); err != nil {
			return nil, err
		}
		if len(req.GetZip()) > maxZip {
			return nil, refusal("/files", "The texts alone are larger than "+web.FormatBytes("en", maxZip)+". Import some of the folders first.")
		}
		if err := v.sendAhead(files, req); err != nil {
			return nil, err
		}
	}
	req.Beside = files.beside
	if req.GetValidateOnly() {
		answer, err := v.work().ImportStories(v.ctx(), req)
		return files.unshown(answer), err
	}
	answer, err := v.work().ImportStories(v.ctx(), req, v.once())
	return files.unshown(answer), err
}

// sendAhead uploads the pictures that texts show, unless this is a trial. One that cannot be used is named in the report, and the texts come without it.
func (v *visit) sendAhead(files *chosenFiles, req *storiesv1.ImportStoriesRequest) error {
	first := len(files.beside)
	for _, f := range files.pictures {
		files.beside = append(files.beside, &storiesv1.FileBeside{Path: f.path})
	}
	if req.GetValidateOnly() {
		return nil
	}
	asked, err := v.work().ImportStories(v.ctx(), &storiesv1.ImportStoriesRequest{Zip: req.GetZip(), ValidateOnly: true, Mapping: req.GetMapping(), Overwrite: req.GetOverwrite(), Beside: files.beside})
	if err != nil {
		return err
	}
	for i, f := range files.pictures {
		if !slices.Contains(asked.GetWanted(), f.path) {
			continue
		}
		beside := files.beside[first+i]
		beside.Asset, err = v.uploadFile(f)
		if problem := api.AsProblem(err); err != nil && (problem.Status >= 500 || problem.Status == http.StatusUnauthorized || problem.Status == http.StatusTooManyRequests) {
			return err
		} else if err != nil {
			beside.Problem = shorten(problem.Detail, 500)
		}
	}
	return nil
}

func (v *visit) uploadFile(f importFile) (string, error) {
	raw, err := f.read(maxPicture)
	if err != nil {
		return "", refusal("/picture", "It cannot be unpacked.")
	}
	if len(raw) > maxPicture {
		return "", refusal("/picture", "It is larger than "+web.FormatBytes("en", maxPicture)+".")
	}
	got, err := v.work().UploadAsset(v.ctx(), &storiesv1.UploadAssetRequest{Data: raw, Filename: f.base()})
	return got.GetAsset(), err
}

// importPicture takes a picture that a text of the import shows and answers the module with what it has become.
func (v *visit) importPicture() error {
	if len(v.files["picture"]) != 1 {
		return refusal("/picture", "There is no picture.")
	}
	asset, err := v.uploadFile(posted(v.files["picture"][0]))
	if err != nil {
		return err
	}
	v.answer(http.StatusOK, map[string]string{"asset": asset})
	return nil
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
