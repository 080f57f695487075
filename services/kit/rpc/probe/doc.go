// Package probe is the generated code of a service for tests: one method for each kind of rule, and one without.
package probe

//go:generate sh generate.sh
