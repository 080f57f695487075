package domain

import (
	"slices"

	"renown.example/kit/fault"
)

// Addresses is a view of the slugs of one locale. It knows every story that was ever published there: the address of a withdrawn story goes on answering
// that it was withdrawn, so nobody else may take it.
type Addresses interface {
	// Current returns the story's slug; ok is false when the story was never published in this locale.
	Current(story string) (slug string, ok bool)
	// Owner returns the story whose current slug this is.
	Owner(slug string) (story string, ok bool)
	// Former returns the story that had this slug and whose redirect stands there.
	Former(slug string) (story string, ok bool)
	// Redirects returns every slug that redirects to the story.
	Redirects(story string) []string
}

// Assignment gives a story a slug.
type Assignment struct{ Story, Slug string }

// Redirect leads from a former slug to the story's present one, in one hop.
type Redirect struct{ From, To, Story string }

// AddressPlan is what Assign decided; the caller writes it in one transaction.
type AddressPlan struct {
	// Slugs holds the stories whose slug changes or is set for the first time.
	Slugs []Assignment
	// Set holds every redirect of the stories concerned, as it is to be afterwards.
	Set []Redirect
	// Remove holds the former slugs at which no redirect may stand any more.
	Remove []string
}

// Assign decides what becomes of the redirects when stories are given slugs, at their publication or by an exchange. The slug that a story had becomes a
// redirect to its new one, and so do all its earlier ones: chains never form. A story may take back a slug of its own, which ends that redirect: loops never
// form. A slug that belongs or belonged to another story is refused with fault.AlreadyExists, unless that story is part of the same call: that is how two
// stories exchange slugs, and how one gives up a former slug to another (it is then listed with the slug it has).
func Assign(view Addresses, changes ...Assignment) (AddressPlan, error) {
	taken := map[string]string{}
	with := map[string]bool{}
	for _, c := range changes {
		if err := CheckSlug("slug", c.Slug); err != nil {
			return AddressPlan{}, err
		}
		if with[c.Story] {
			return AddressPlan{}, fault.Invalid("slug", "story %q is given two slugs at once", c.Story)
		}
		if _, twice := taken[c.Slug]; twice {
			return AddressPlan{}, fault.Invalid("slug", "two stories are given the slug %q", c.Slug)
		}
		taken[c.Slug], with[c.Story] = c.Story, true
	}
	for _, c := range changes {
		if err := free(view, c, with); err != nil {
			return AddressPlan{}, err
		}
	}
	var plan AddressPlan
	for _, c := range changes {
		plan.story(view, c, taken)
	}
	slices.Sort(plan.Remove)
	plan.Remove = slices.Compact(plan.Remove)
	return plan, nil
}

func free(view Addresses, c Assignment, with map[string]bool) error {
	if owner, ok := view.Owner(c.Slug); ok && owner != c.Story && !with[owner] {
		return fault.AlreadyExists.New("The slug %q belongs to the story %q. Choose another, or exchange the two in one call.", c.Slug, owner).
			With(fault.Field{Path: "slug", Message: "belongs to another story"})
	}
	if former, ok := view.Former(c.Slug); ok && former != c.Story && !with[former] {
		return fault.AlreadyExists.New("The slug %q leads readers of old links to the story %q. Choose another, or take it over in one call with that story.",
			c.Slug, former).With(fault.Field{Path: "slug", Message: "is a former slug of another story"})
	}
	return nil
}

// story adds to the plan what becomes of one story. taken holds the slugs that stories of this call have afterwards.
func (plan *AddressPlan) story(view Addresses, c Assignment, taken map[string]string) {
	froms := slices.Clone(view.Redirects(c.Story))
	current, had := view.Current(c.Story)
	if had && current != c.Slug {
		froms = append(froms, current)
	}
	if !had || current != c.Slug {
		plan.Slugs = append(plan.Slugs, c)
	}
	slices.Sort(froms)
	for _, from := range slices.Compact(froms) {
		if _, serves := taken[from]; !serves {
			plan.Set = append(plan.Set, Redirect{From: from, To: c.Slug, Story: c.Story})
		} else if _, stands := view.Former(from); stands {
			plan.Remove = append(plan.Remove, from)
		}
	}
}
