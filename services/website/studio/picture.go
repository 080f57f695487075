package studio

import (
	"errors"
	"io"
	"net/http"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// maxPicture is what REST takes as one picture, in bytes.
const maxPicture = 10 << 20

// picture is an uploaded file with the words that belong to it.
type picture struct {
	data                      []byte
	name, alt, caption, focus string
	decorative, logo          bool
}

// readPicture reads the picture of a posted form. A picture needs words for those who do not see it, or the statement that it says nothing.
func (v *visit) readPicture() (picture, error) {
	p := picture{alt: v.value("alt"), caption: v.value("caption"), decorative: v.r.PostFormValue("decorative") != "",
		logo: v.r.PostFormValue("logo") != ""}
	file, header, err := v.r.FormFile("picture")
	if errors.Is(err, http.ErrMissingFile) {
		return p, refusal("/picture", "Choose a picture.")
	}
	if err != nil {
		return p, badForm(err, pictureBody)
	}
	defer file.Close()
	if header.Size > maxPicture {
		return p, refusal("/picture", "The picture is larger than "+web.FormatBytes("en", maxPicture)+".")
	}
	if p.alt == "" && !p.decorative {
		return p, refusal("/alt", "Say what the picture shows, or mark it as decorative.")
	}
	if p.focus, err = pointOf(v.value("focus_x"), v.value("focus_y")); err != nil {
		return p, err
	}
	p.name = header.Filename
	p.data, err = io.ReadAll(file)
	if err != nil {
		return p, badForm(err, pictureBody)
	}
	return p, nil
}

// upload stores the picture and returns its block.
func (v *visit) upload() (string, error) {
	p, err := v.readPicture()
	if err != nil {
		return "", err
	}
	got, err := v.work().UploadAsset(v.ctx(), &storiesv1.UploadAssetRequest{Data: p.data, Filename: p.name})
	if err != nil {
		return "", err
	}
	return pictureBlock(got.GetAsset(), p), nil
}

// uploadPicture answers the editor's module with the block to insert.
func (v *visit) uploadPicture() error {
	block, err := v.upload()
	if err != nil {
		return err
	}
	v.answer(http.StatusOK, map[string]string{"block": block})
	return nil
}

// insertPicture takes the picture from the editor's form, for those without JavaScript, and shows the editor again with its block at the end.
func (v *visit) insertPicture(d document) error {
	block, err := v.upload()
	if err != nil {
		problem := api.AsProblem(err)
		if problem.Status == http.StatusUnauthorized {
			return err
		}
		return v.showEditor(problem.Status, v.typedEditor(d, problem))
	}
	d.append(block)
	return v.showEditor(http.StatusOK, v.typedEditor(d, nil))
}
