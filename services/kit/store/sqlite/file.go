package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"

	"renown.example/kit/fault"
)

// fileLock keeps other processes out. It is a file of its own: SQLite's locks on the database file itself are lost when any descriptor of it is closed.
type fileLock struct{ f *os.File }

// syncData makes SQLite commit with fdatasync where there is one: it writes all that is needed to read the data back, but not the file's times, which is what a
// commit mostly waits for. It is what SQLite's own builds for Linux do; the driver leaves it off.
var syncData = sync.OnceFunc(func() { _, _ = sqlite.Fdatasync(true) })

// create makes the directory and the file if they are missing, readable by their owner only, and locks them. SQLite gives its companion files the mode of the file.
func create(path string) (*fileLock, error) {
	syncData()
	if path == "" {
		return nil, fault.Internal.New("the database needs a path")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fault.Unavailable.New("the folder of the database cannot be made").Wrap(err)
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Unavailable.New("the database's lock cannot be made").Wrap(err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fault.Unavailable.New("the database %s is in use by another process", path).Wrap(err), f.Close())
	}
	lock := &fileLock{f}
	if err := createData(path); err != nil {
		return nil, errors.Join(fault.Unavailable.New("the database file cannot be made").Wrap(err), lock.release())
	}
	return lock, nil
}

func createData(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// The file's name is as durable as its content.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	if err := dir.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sync of the folder: %w", err), dir.Close())
	}
	return dir.Close()
}

func (l *fileLock) release() error { return l.f.Close() }
