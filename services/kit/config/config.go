// Package config fills a program's settings: a struct with kong tags (github.com/alecthomas/kong).
//
// A setting is given as a flag (--public-url), as a variable (RENOWN_PUBLIC_URL) or as a key of a file in YAML or JSON (public-url), which --config or
// RENOWN_CONFIG names. A flag beats a variable, a variable beats the file. In the file, words of a key may be nested: "public: {url: …}". A key that the program
// does not know, or a value that makes no sense, stops the start with the key's name.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// Prefix of variables.
const Prefix = "RENOWN"

// Options describe a program. Name is required.
type Options struct {
	Name, Description string
	// Vars replace ${name} in the tags: what differs between programs that share settings.
	Vars map[string]string
	// Args without the program's name; nil means those of the process.
	Args []string
	// Output takes the help; nil means standard output.
	Output io.Writer
	// Exit is called after --help; nil means os.Exit.
	Exit func(int)
}

type file struct {
	Config string `help:"File with settings, YAML or JSON. Keys are named like the flags." placeholder:"FILE"`
}

// Load fills settings, a pointer to a struct. The error names the flag, variable or key that is wrong and may quote its value: it is for
// whoever starts the program.
func Load(settings any, o Options) error {
	if o.Args == nil {
		o.Args = os.Args[1:]
	}
	if o.Output == nil {
		o.Output = os.Stdout
	}
	if o.Exit == nil {
		o.Exit = os.Exit
	}
	options := []kong.Option{kong.Name(o.Name), kong.Description(o.Description), kong.DefaultEnvars(Prefix), kong.Embed(&file{}), kong.Vars(o.Vars),
		kong.Writers(o.Output, o.Output), kong.Exit(o.Exit), kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 120})}
	if path := fileOf(o.Args); path != "" {
		r, err := read(path)
		if err != nil {
			return err
		}
		options = append(options, kong.Resolvers(r))
	}
	k, err := kong.New(settings, options...)
	if err != nil {
		return err
	}
	if _, err = k.Parse(o.Args); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}

// Main is Load for a main function: it prints the error and ends the process with status 2.
func Main(settings any, o Options) {
	if err := Load(settings, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// fileOf finds the name of the file before anything else is read.
func fileOf(args []string) string {
	for i, a := range args {
		if a == "--" {
			break
		}
		if path, ok := strings.CutPrefix(a, "--config="); ok {
			return path
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	return os.Getenv(Prefix + "_CONFIG")
}

// settings is a file that was read. It implements kong.Resolver.
type settings struct {
	path string
	root *yaml.Node
}

func read(path string) (*settings, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("config: %s: %w", path, err)
	}
	s := &settings{path: path, root: &yaml.Node{Kind: yaml.MappingNode}}
	if len(doc.Content) > 0 {
		s.root = doc.Content[0]
	}
	if s.root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("config: %s: settings are keys with values", path)
	}
	return s, nil
}

// Validate refuses keys that the program does not know.
func (s *settings) Validate(app *kong.Application) error {
	flags := map[string]bool{}
	collect(app.Node, flags)
	return s.walk(s.root, "", flags, func(string, *yaml.Node) {})
}

// collect lists the flags of a program and its commands.
func collect(n *kong.Node, into map[string]bool) {
	for _, f := range n.Flags {
		if f.Name != "help" && f.Name != "config" {
			into[f.Name] = true
		}
	}
	for _, c := range n.Children {
		collect(c, into)
	}
}

// walk finds the flag of each key and calls found with its value. The error lists every key that has none, is repeated or has no value.
func (s *settings) walk(n *yaml.Node, prefix string, flags map[string]bool, found func(string, *yaml.Node)) error {
	var errs []error
	bad := func(at *yaml.Node, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s line %d: %s", s.path, at.Line, fmt.Sprintf(format, args...)))
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := strings.ReplaceAll(key.Value, "_", "-")
		if prefix != "" {
			name = prefix + "-" + name
		}
		switch {
		case slices.Contains(seen, name):
			bad(key, "key %q is there twice", name)
		case flags[name] && (value.Kind == yaml.AliasNode || value.Tag == "!!null"):
			bad(key, "key %q has no value", name)
		case flags[name]:
			found(name, value)
		case value.Kind == yaml.MappingNode:
			if err := s.walk(value, name, flags, found); err != nil {
				errs = append(errs, err)
			}
		default:
			bad(key, "unknown key %q", name)
		}
		seen = append(seen, name)
	}
	return errors.Join(errs...)
}

// Resolve returns the value of a flag from the file, unless a variable gives it.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	var got any
	// Validate has already told of what is wrong with the keys.
	_ = s.walk(s.root, "", map[string]bool{flag.Name: true}, func(_ string, value *yaml.Node) { got = plain(value) })
	return got, nil
}

// plain returns scalars as they are written, so that the flag's own type reads them.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.SequenceNode:
		all := []any{}
		for _, c := range n.Content {
			all = append(all, plain(c))
		}
		return all
	case yaml.MappingNode:
		all := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			all[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return all
	default:
		return n.Value
	}
}
