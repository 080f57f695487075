package auth

import (
	"reflect"
	"testing"
)

// TestNoTwoIdentitiesShareATokenByMistake sets each field of an identity, and joins what is apart: a minter must not take one caller for another.
func TestNoTwoIdentitiesShareATokenByMistake(t *testing.T) {
	all := []Identity{{}, {Roles: []string{"ab"}}, {Roles: []string{"a", "b"}}, {Roles: []string{"a"}, Scopes: []string{"b"}}, {Scopes: []string{"a", "b"}}, {Subject: "ab"}, {Subject: "a", Name: "b"}, {Subject: "\x01", Name: ""}, {Roles: []string{""}}}
	fields := reflect.TypeFor[Identity]()
	for i := range fields.NumField() {
		var one Identity
		switch v := reflect.ValueOf(&one).Elem().Field(i); v.Kind() {
		case reflect.String:
			v.SetString("x")
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"x"}))
		default:
			t.Fatalf("%s: a kind of field that the key knows nothing of", fields.Field(i).Name)
		}
		all = append(all, one)
	}
	seen := map[string]Identity{}
	for _, one := range all {
		if other, taken := seen[one.key()]; taken {
			t.Errorf("%+v and %+v have the same key", one, other)
		}
		seen[one.key()] = one
	}
}
