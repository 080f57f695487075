package courier

import (
	"io"
	"os"
)

// reportFile is the file with what became of each member. It is opened when there is something to say: until then, what another run has said stands.
type reportFile struct {
	file string
	// from is where it goes on. What stands behind that was written after the position was noted, and is written again.
	from int64
	out  *os.File
}

func (r *reportFile) open() error {
	if r.out != nil {
		return nil
	}
	out, err := os.OpenFile(r.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	r.out = out
	if err := out.Truncate(r.from); err != nil {
		return err
	}
	_, err = out.Seek(r.from, io.SeekStart)
	return err
}

// Write implements io.Writer.
func (r *reportFile) Write(p []byte) (int, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	return r.out.Write(p)
}

func (r *reportFile) close() error {
	if r.out == nil {
		return nil
	}
	return r.out.Close()
}
