package sqlite

import (
	"os"
	"syscall"
)

// flush has the disk confirm what was written to a file, as SQLite does: see syncData.
func flush(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
