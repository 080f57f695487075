package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// director plays the demo's history: people sign in, import, review, confirm and publish, over REST like anybody. Every step looks at how things stand first, so
// that a play that was broken off goes on where it stopped.
type director struct {
	stage *stage
	// rest is nobody's connection to the gateway on the stage.
	rest *api.Conn
	// people opens a session for a demo user.
	people   func(ctx context.Context, rest *api.Conn, username string) (*partnersv1.Session, error)
	progress func(done, total int, title string)
}

// The demo's people that make its history.
const (
	editor   = "edda"
	approver = "pavel"
	admin    = "agnes"
)

// play plays the scenes.
func (d *director) play(ctx context.Context, scenes []*scene) (err error) {
	cast := map[string]*api.Conn{}
	for _, name := range []string{editor, approver} {
		session, err := d.people(ctx, d.rest, name)
		if err != nil {
			return fmt.Errorf("%s cannot sign in: %w", name, err)
		}
		cast[name] = d.rest.As(api.Session(session.GetToken()))
		defer func() {
			// Nobody holds the session any more; if it cannot be ended it ends by its time.
			_, _ = partnersv1.NewSessionsServiceClient(cast[name]).RevokeSession(context.WithoutCancel(ctx), &partnersv1.RevokeSessionRequest{Session: "current"})
		}()
	}
	total := 0
	for _, s := range scenes {
		total += len(s.locales)
	}
	d.progress(0, total, "")
	if len(scenes) > 0 {
		d.stage.moveTo(scenes[0].given.Add(importedAfter))
		if err := d.terms(ctx, cast[editor]); err != nil {
			return err
		}
		if err := d.pictures(ctx, cast[editor], scenes); err != nil {
			return err
		}
	}
	done := 0
	for _, s := range scenes {
		if done > 0 {
			d.progress(done, total, s.story)
		}
		if err := d.perform(ctx, cast, s); err != nil {
			return fmt.Errorf("%s: %w", s.story, err)
		}
		done += len(s.locales)
	}
	d.progress(done, total, "")
	return nil
}

// sentAtOnce is how many pictures are sent side by side: as many as the stories service decodes at a time.
const sentAtOnce = 2

// pictures sends the pictures of all scenes ahead of their words. Making them at every width takes most of what a scene takes, and one scene comes after the other.
func (d *director) pictures(ctx context.Context, as *api.Conn, scenes []*scene) error {
	files := map[string][]byte{}
	for _, s := range scenes {
		for name, data := range s.files {
			if path.Ext(name) != ".md" {
				files[name] = data
			}
		}
	}
	client := storiesv1.NewWorkspaceServiceClient(as)
	names := make(chan string)
	var all sync.WaitGroup
	errs := make([]error, sentAtOnce)
	for i := range errs {
		all.Go(func() {
			for name := range names {
				if errs[i] != nil {
					continue
				}
				if _, err := client.UploadAsset(ctx, &storiesv1.UploadAssetRequest{Data: files[name], Filename: path.Base(name)}); err != nil {
					errs[i] = fmt.Errorf("the picture %s: %w", name, err)
				}
			}
		})
	}
	for name := range files {
		names <- name
	}
	close(names)
	all.Wait()
	return errors.Join(errs...)
}

// perform plays one scene.
func (d *director) perform(ctx context.Context, cast map[string]*api.Conn, s *scene) error {
	if over, err := d.over(ctx, cast[editor], s); over || err != nil {
		return err
	}
	d.stage.moveTo(s.given.Add(importedAfter))
	if err := d.conceal(ctx, cast[editor], s); err != nil {
		return err
	}
	if err := d.bring(ctx, cast[editor], s.files); err != nil {
		return err
	}
	if err := d.untilPublished(ctx, cast, s); err != nil || s.replaced {
		return err
	}
	return d.prove(ctx, cast, s)
}

// over reports whether the next edition of the story has been written already.
func (d *director) over(ctx context.Context, as *api.Conn, s *scene) (bool, error) {
	if !s.replaced {
		return false, nil
	}
	resp, err := storiesv1.NewWorkspaceServiceClient(as).GetText(ctx, &storiesv1.GetTextRequest{Story: s.story, Locale: s.locales[0]})
	if api.Is(err, fault.NotFound) {
		return false, nil
	}
	return resp.GetText().GetSummary().GetVersion() > 1, err
}

// conceal begins a story that does not name its customer, as a version of the one that does. Its first draft gives way to the words of its own file.
func (d *director) conceal(ctx context.Context, as *api.Conn, s *scene) error {
	if s.of == "" {
		return nil
	}
	_, err := storiesv1.NewWorkspaceServiceClient(as).GetText(ctx, &storiesv1.GetTextRequest{Story: s.story, Locale: s.locales[0]})
	if !api.Is(err, fault.NotFound) {
		return err
	}
	if err := d.bring(ctx, as, s.named); err != nil {
		return err
	}
	named, err := storiesv1.NewWorkspaceServiceClient(as).GetText(ctx, &storiesv1.GetTextRequest{Story: s.of, Locale: s.locales[0]})
	if err != nil {
		return err
	}
	_, err = storiesv1.NewAnonymousServiceClient(as).AnonymizeText(ctx, &storiesv1.AnonymizeTextRequest{Story: s.of, Locale: s.locales[0], Variant: s.story,
		StandIn: named.GetText().GetContent().GetStandIn()}, api.IdempotencyKey("demo-"+s.story))
	return err
}

// bring imports a story with its languages and pictures.
func (d *director) bring(ctx context.Context, as *api.Conn, files map[string][]byte) error {
	packed, err := pack(files)
	if err != nil {
		return err
	}
	report, err := storiesv1.NewWorkspaceServiceClient(as).ImportStories(ctx, &storiesv1.ImportStoriesRequest{Zip: packed})
	if err != nil {
		return err
	}
	if report.GetRefused() > 0 {
		return fmt.Errorf("not everything could be imported: %v", report.GetFiles())
	}
	return nil
}

// act is one text's way to its readers.
type act struct {
	*director
	cast   map[string]*api.Conn
	scene  *scene
	locale string
	// before are the states that it has left.
	before []storiesv1.TextState
}

// mostSteps bounds the way: a text that does not move on is an error, not an endless play.
const mostSteps = 8

// untilPublished takes the languages of a story to their readers side by side: what is done on a day is done for each of them.
func (d *director) untilPublished(ctx context.Context, cast map[string]*api.Conn, s *scene) error {
	var acts []*act
	for _, locale := range s.locales {
		acts = append(acts, &act{director: d, cast: cast, scene: s, locale: locale})
	}
	for range mostSteps {
		moving := false
		for _, a := range acts {
			arrived, err := a.next(ctx)
			if err != nil {
				return fmt.Errorf("%s in %s: %w", s.story, a.locale, err)
			}
			moving = moving || !arrived
		}
		if !moving {
			return nil
		}
	}
	return fmt.Errorf("%s is not published after %d steps", s.story, mostSteps)
}

// next takes the text one step on, or says that it has arrived.
func (a *act) next(ctx context.Context) (arrived bool, err error) {
	resp, err := storiesv1.NewWorkspaceServiceClient(a.cast[editor]).GetText(ctx, &storiesv1.GetTextRequest{Story: a.scene.story, Locale: a.locale})
	if err != nil {
		return false, err
	}
	text := resp.GetText()
	state := text.GetSummary().GetState()
	if state == storiesv1.TextState_TEXT_STATE_PUBLISHED || state == storiesv1.TextState_TEXT_STATE_WITHDRAWN {
		return true, nil
	}
	if slices.Contains(a.before, state) {
		return false, fmt.Errorf("the text does not leave %s", strings.ToLower(strings.TrimPrefix(state.String(), "TEXT_STATE_")))
	}
	a.before = append(a.before, state)
	return false, a.step(ctx, text, state)
}

// step takes a text from its state to the next.
func (a *act) step(ctx context.Context, text *storiesv1.Text, state storiesv1.TextState) error {
	writer, reader := storiesv1.NewReviewServiceClient(a.cast[editor]), storiesv1.NewReviewServiceClient(a.cast[approver])
	story, etag := a.scene.story, text.GetEtag()
	var err error
	switch state {
	case storiesv1.TextState_TEXT_STATE_DRAFT:
		a.at(submittedAfter)
		_, err = writer.SubmitText(ctx, &storiesv1.SubmitTextRequest{Story: story, Locale: a.locale, Etag: etag})
	case storiesv1.TextState_TEXT_STATE_IN_REVIEW:
		a.at(approvedAfter)
		_, err = reader.ApproveText(ctx, &storiesv1.ApproveTextRequest{Story: story, Locale: a.locale, Etag: etag})
	case storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER:
		a.at(confirmedAfter)
		err = a.confirm(ctx, text)
	case storiesv1.TextState_TEXT_STATE_APPROVED:
		a.at(publishedAfter)
		_, err = writer.PublishText(ctx, &storiesv1.PublishTextRequest{Story: story, Locale: a.locale, Etag: etag})
	default:
		err = fmt.Errorf("nothing of the demo's brings a text into %s", state)
	}
	return err
}

func (a *act) at(after time.Duration) { a.stage.moveTo(a.scene.given.Add(after)) }

// confirm has the second person confirm what the editor's files say of the customer's agreement.
func (a *act) confirm(ctx context.Context, text *storiesv1.Text) error {
	var names []string
	for _, c := range text.GetConsents() {
		if c.GetCurrent() && c.GetConfirmedBy() == "" && c.GetRevokeTime() == nil {
			names = append(names, c.GetName())
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no agreement of the customer to these words")
	}
	resp, err := storiesv1.NewConsentsServiceClient(a.cast[approver]).ConfirmConsents(ctx, &storiesv1.ConfirmConsentsRequest{Consents: names})
	if err != nil {
		return err
	}
	for _, r := range resp.GetResults() {
		if !r.GetConfirmed() {
			return fmt.Errorf("%s was not confirmed: %s", r.GetName(), r.GetMessage())
		}
	}
	return nil
}
