//go:build !linux

package sqlite

import "os"

// flush has the disk confirm what was written to a file.
func flush(f *os.File) error { return f.Sync() }
