package front_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// breakDisk makes every read and write of a database's files fail, as a disk does that is gone: their descriptors lead to a folder, which can neither be read nor written.
func (r *rig) breakDisk(name string) (repair func()) {
	r.t.Helper()
	nowhere, err := syscall.Open(r.data, syscall.O_RDONLY, 0)
	must(r.t, err)
	open, err := os.ReadDir("/proc/self/fd")
	must(r.t, err)
	saved := map[int]int{}
	for _, e := range open {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || !strings.HasPrefix(to, filepath.Join(r.data, name)) || strings.HasSuffix(to, "-shm") || strings.HasSuffix(to, ".lock") {
			continue
		}
		fd, err := strconv.Atoi(e.Name())
		must(r.t, err)
		saved[fd], err = syscall.Dup(fd)
		must(r.t, err)
		must(r.t, syscall.Dup3(nowhere, fd, 0))
	}
	if len(saved) < 2 {
		r.t.Fatalf("%d files of %s are open in %s", len(saved), name, r.data)
	}
	return sync.OnceFunc(func() {
		for fd, was := range saved {
			must(r.t, syscall.Dup3(was, fd, 0))
			must(r.t, syscall.Close(was))
		}
		must(r.t, syscall.Close(nowhere))
	})
}

// read has many read for longer than any holder trusts what it has without hearing that it is true. It returns how often something was asked for, and what was not answered as
// it should be: what is up is there, and so is what nobody holds, a list of its own size and a story that nobody has asked for since it changed; what is down is gone.
func (r *rig) read(up, down []output, fresh string) (asked int, wrong map[string]int) {
	end := clock.System().Now().Add(2 * gone)
	var reading sync.WaitGroup
	var mu sync.Mutex
	wrong = map[string]int{}
	note := func(path string, got *copy, want int) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; got.status != want {
			wrong[fmt.Sprintf("%s answers %d", path, got.status)]++
		}
	}
	for reader := range 4 {
		reading.Go(func() {
			for n := 0; clock.System().Now().Before(end); n++ {
				for _, o := range up {
					note(o.path, r.origin(r.front(o.path), o.path), http.StatusOK)
				}
				for _, o := range down {
					if !o.lists && !strings.Contains(o.path, "asOf") && !strings.Contains(o.path, asOfPage) {
						note(o.path, r.origin(r.front(o.path), o.path), http.StatusGone)
					}
				}
				if size := 4*n + reader + 1; size <= 100 {
					path := fmt.Sprintf("/v1/stories?pageSize=%d", size)
					note(path, r.origin(r.rest, path), http.StatusOK)
				}
				note(fresh, r.origin(r.rest, "/v1/stories/"+fresh+"?locale=en"), http.StatusOK)
			}
		})
	}
	reading.Wait()
	return asked, wrong
}

// The disk under the embedded database fails while everything is being read: no reader notices, nothing can be withdrawn any more, and what was withdrawn just before stays
// gone.
func TestReadingGoesOnWhenTheDatabaseFails(t *testing.T) {
	r := newRig(t)
	north, picture := r.publishPictured("north", 10)
	south, _ := r.publishPictured("south", 20)
	west, westPicture := r.publishPictured("west", 30)
	r.settled()
	up, down := r.outputs(north, picture), r.outputs(west, westPicture)
	for _, o := range append(up, down...) {
		r.origin(r.front(o.path), o.path)
	}
	r.withdraw("west", "en")
	cases.Eventually(t, gone, "the third story is gone", func() bool { return r.origin(r.rest, "/v1/stories/"+west).status == http.StatusGone })
	r.settled()

	repair := r.breakDisk("stories.db")
	t.Cleanup(repair)
	_, err := r.workspace.CreateStory(r.edda(), &storiesv1.CreateStoryRequest{StoryId: "late", Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Markdown{
		Markdown: "---\ntitle: Late\nlocale: en\ncustomer: Late\nsummary: Late.\n---\n\nLate.\n"}}})
	if err == nil {
		t.Fatal("something was written: the disk has not failed")
	}
	asked, wrong := r.read(up, down, south)
	if len(wrong) > 0 || asked < 200 {
		t.Errorf("of %d answers these were wrong: %v", asked, wrong)
	}
	repair()
	cases.Eventually(t, time.Minute, "it can be written again", func() bool {
		_, err := r.workspace.GetText(r.edda(), &storiesv1.GetTextRequest{Story: "north", Locale: "en"})
		return err == nil
	})
	r.withdraw("north", "en")
	cases.Eventually(t, gone, "what is withdrawn after the repair is gone", func() bool {
		return r.origin(r.rest, "/v1/stories/"+north).status == http.StatusGone && r.origin(r.pages, "/stories/"+north).status == http.StatusGone
	})
}
