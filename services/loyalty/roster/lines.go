package roster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// lines reads a file line by line, of which none is longer than a record may be.
type lines struct {
	in *bufio.Reader
	// number is that of the line read last.
	number int
	// again are lines that were read too far, the next one first.
	again []string
}

// errLong is a line that is too long. It was passed over.
var errLong = fmt.Errorf("the line is longer than %d bytes", maxRecord)

// decoded gives the text of a file, without its mark.
func decoded(in io.Reader, encoding string) (*bufio.Reader, error) {
	head := bufio.NewReaderSize(in, 64<<10)
	first, err := head.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(first, []byte("PK\x03\x04")):
		return nil, errors.New("this is a workbook or a packed file, not a list: save the sheet as CSV, or unpack it")
	case bytes.HasPrefix(first, []byte{0x1f, 0x8b}):
		return nil, errors.New("the file is packed: unpack it first")
	case bytes.HasPrefix(first, []byte("\xef\xbb\xbf")):
		_, err := head.Discard(3)
		return head, err
	case bytes.HasPrefix(first, []byte("\xff\xfe")), bytes.HasPrefix(first, []byte("\xfe\xff")), encoding == "utf-16":
		return bufio.NewReaderSize(transform.NewReader(head, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder()), 64<<10), nil
	case encoding == "windows-1252":
		return bufio.NewReaderSize(transform.NewReader(head, charmap.Windows1252.NewDecoder()), 64<<10), nil
	}
	return head, nil
}

// next returns the next line without its end. io.EOF at the end of the file.
func (l *lines) next() (string, error) {
	l.number++
	if len(l.again) > 0 {
		line := l.again[0]
		l.again = l.again[1:]
		return line, nil
	}
	var long []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(long)+len(part) > maxRecord {
			return "", l.pass(part, err)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part...)
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(part)+len(long) == 0) {
			return "", err
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(append(long, part...)), "\n"), "\r"), nil
	}
}

// pass passes over the rest of a line that is too long.
func (l *lines) pass(part []byte, err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = l.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) && len(part) == 0 {
		return err
	}
	return errLong
}

// back takes lines back that were read too far.
func (l *lines) back(read []string) {
	l.number -= len(read)
	l.again = append(read, l.again...)
}

// legible refuses text that is in another encoding than was thought.
func legible(text string) error {
	switch {
	case strings.ContainsRune(text, 0):
		return errors.New("the line holds a NUL byte: the file is damaged, or in an encoding that the mapping must name")
	case !utf8.ValidString(text):
		return errors.New("the line is not UTF-8: save the file as UTF-8, or name its encoding in the mapping")
	}
	return nil
}
