package document

import "reflect"

// HasFields reports whether a struct has as many fields as its writer and reader know of. One that has got another since is left to encoding/json, until they are
// taught: nothing is lost, it only takes longer.
func HasFields[T any](n int) bool { return reflect.TypeFor[T]().NumField() == n }
