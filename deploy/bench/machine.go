package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine is what the figures depend on.
type machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Memory     string `json:"memory"`
	Kernel     string `json:"kernel"`
	Filesystem string `json:"filesystem"`
	Go         string `json:"go"`
	SQLite     string `json:"sqlite"`
	Revision   string `json:"revision"`
}

// thisMachine says what is known; "unknown" is an answer too.
func thisMachine(folder string) machine {
	return machine{
		CPU: field("/proc/cpuinfo", "model name"), Cores: runtime.GOMAXPROCS(0), Memory: field("/proc/meminfo", "MemTotal"),
		Kernel: said("uname", "-sr"), Filesystem: filesystem(folder), Go: runtime.Version(), SQLite: module("modernc.org/sqlite"), Revision: said("git", "rev-parse", "--short", "HEAD"),
	}
}

const unknown = "unknown"

// field is the value of the first line of a file of the kernel's that begins with the name.
func field(file, name string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

func said(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if text := string(bytes.TrimSpace(out)); err == nil && text != "" {
		return text
	}
	return unknown
}

// filesystem is the type of what the folder lies on, and where that is mounted.
func filesystem(folder string) string {
	at, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return unknown
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return unknown
	}
	best, kind := "", unknown
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < len(best) {
			continue
		}
		if f[1] == "/" || at == f[1] || strings.HasPrefix(at, f[1]+"/") {
			best, kind = f[1], f[2]+" on "+f[0]
		}
	}
	return kind
}

func module(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return path + " " + m.Version
		}
	}
	return unknown
}
