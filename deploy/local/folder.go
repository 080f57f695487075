package main

import (
	"crypto/rand"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
)

const (
	lockFileName  = "renown.lock"
	stateFileName = "renown.json"
	identityFile  = "identity.key"
	websiteFile   = "website.key"
)

// folder is the data folder of this process: nobody else's while it is open.
type folder struct {
	path string
	lock *os.File
	state
}

// state is what the folder says about itself.
type state struct {
	// Demo tells the demo's folder from an installation of one's own.
	Demo bool `json:"demo"`
	// Provider is the address of the demo's identity provider. It is part of who the demo's people are, so it stays.
	Provider string `json:"provider,omitempty"`
	// ProviderSecret is the website's client secret there.
	ProviderSecret string `json:"providerSecret,omitempty"`
	// Shop says how far the past of the demo's shop is: see the constants. A folder from before there was a shop says nothing.
	Shop string `json:"shop,omitempty"`
	// Regular is a member of the shop whose page is worth looking at.
	Regular string `json:"regular,omitempty"`
	// Loaded is set once the demo's stories are there.
	Loaded bool `json:"loaded,omitempty"`
}

// The shop's past begins anew if it was broken off: nobody has been let in before it was there.
const (
	shopPlaying = "playing"
	shopThere   = "there"
)

// openFolder makes or takes over a folder. It refuses one that another process works on, one that holds something else, and one of the other kind.
func openFolder(path string, demo bool) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Invalid("data", "%q is not a folder.", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fault.Invalid("data", "The folder %s cannot be made: %v.", path, plainly(err))
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fault.Invalid("data", "The folder %s cannot be read: %v.", path, plainly(err))
	}
	foreign := ""
	for _, e := range entries {
		switch strings.TrimSuffix(e.Name(), ".new") {
		case stateFileName:
			foreign = "-"
		case lockFileName, identityFile, websiteFile:
		default:
			if foreign == "" {
				foreign = e.Name()
			}
		}
	}
	if foreign != "" && foreign != "-" {
		return nil, fault.Invalid("data", "The folder %s holds something else already (%s). Renown wants an empty folder or its own.", path, foreign)
	}
	f := &folder{path: path}
	if f.lock, err = os.OpenFile(filepath.Join(path, lockFileName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fault.Invalid("data", "The folder %s cannot be written: %v.", path, plainly(err))
	}
	if err := lockFile(f.lock); err != nil {
		return nil, errors.Join(fault.Invalid("data", "Another Renown works on %s. Stop it, or name another folder.", path), f.close())
	}
	if err := f.read(demo); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// read takes over the folder's state, or begins it.
func (f *folder) read(demo bool) error {
	b, err := os.ReadFile(filepath.Join(f.path, stateFileName))
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Chmod(f.path, 0o700); err != nil {
			return err
		}
		f.state = state{Demo: demo}
		return f.save()
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &f.state); err != nil {
		return fault.Invalid("data", "%s cannot be read: %v.", filepath.Join(f.path, stateFileName), err)
	}
	switch {
	case f.Demo && !demo:
		return fault.Invalid("data", "The folder %s holds the demo. Name another one for an installation of your own.", f.path)
	case !f.Demo && demo:
		return fault.Invalid("data", "The folder %s holds an installation of your own, which the demo does not touch. Add --demo=false, or name another folder.", f.path)
	}
	return nil
}

// save writes the state so that a crash leaves the old or the new one.
func (f *folder) save() error {
	b, err := json.MarshalIndent(f.state, "", "  ")
	if err != nil {
		return err
	}
	return f.write(stateFileName, append(b, '\n'))
}

// write replaces a file of the folder, readable by its owner only.
func (f *folder) write(name string, content []byte) error {
	to := filepath.Join(f.path, name)
	out, err := os.OpenFile(to+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// identityKey returns the key that signs identity tokens; the first start makes it.
func (f *folder) identityKey() (auth.PrivateKey, error) {
	var key auth.PrivateKey
	err := f.key(identityFile, &key, func() encoding.TextMarshaler { return auth.GenerateKey() })
	return key, err
}

// websiteKey returns the key that seals the website's cookies; the first start makes it.
func (f *folder) websiteKey() ([]byte, error) {
	var key secretBytes
	err := f.key(websiteFile, &key, func() encoding.TextMarshaler {
		fresh := make(secretBytes, 32)
		rand.Read(fresh) // never fails: crypto/rand ends the process instead
		return fresh
	})
	return key, err
}

func (f *folder) key(name string, into encoding.TextUnmarshaler, generate func() encoding.TextMarshaler) error {
	b, err := os.ReadFile(filepath.Join(f.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = generate().MarshalText(); err == nil {
			err = f.write(name, b)
		}
	}
	if err != nil {
		return err
	}
	if err := into.UnmarshalText(b); err != nil {
		return fault.Invalid("data", "The key in %s is damaged.", filepath.Join(f.path, name)).Wrap(err)
	}
	return nil
}

func (f *folder) close() error { return f.lock.Close() }

// secretBytes are bytes that are stored as text.
type secretBytes []byte

func (s secretBytes) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(s)), nil
}

func (s *secretBytes) UnmarshalText(b []byte) error {
	raw, err := base64.RawURLEncoding.DecodeString(string(b))
	if err != nil || len(raw) < 32 {
		return errors.New("it is not 32 bytes in base64url")
	}
	*s = raw
	return nil
}

// plainly leaves the operation and the path out of a file's error: the sentence around it names them.
func plainly(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
