package sqlite

import (
	"os"
	"syscall"
)

// flush has the disk confirm what was written to a file, as SQLite does: see syncData.
func flush(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
