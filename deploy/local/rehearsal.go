package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"renown.example/kit/fault"
)

// rehearse prepares a dry run. It listens where nobody is, and where there is no data folder yet it does without one: what it needs is in a folder that end
// removes, and the report comes into the folder in which the command was given.
func (s *settings) rehearse() (end func(), err error) {
	s.Website, s.API, s.Admin, s.DemoProvider = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	_, err = os.Stat(filepath.Join(s.Data, stateFileName))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil // openFolder says what is wrong with it
	}
	if s.report, err = filepath.Abs("."); err != nil {
		return nil, err
	}
	if s.Data, err = os.MkdirTemp("", "renown-dry-run-"); err != nil {
		return nil, fault.Invalid("dry-run", "There is no room for a dry run: %v.", plainly(err))
	}
	s.Demo = false
	folder := s.Data
	return func() {
		_ = os.RemoveAll(folder) // it lies among what the system clears away
	}, nil
}
