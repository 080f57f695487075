package gateway

import (
	"fmt"
	"io"

	"renown.example/kit/auth"
)

// PrintKeys makes a pair of keys and prints it as settings: the private one for the gateway, the public one for every service.
func PrintKeys(w io.Writer) {
	key := auth.GenerateKey()
	private, err := key.MarshalText()
	if err != nil {
		panic(err) // a key that was just made has a text
	}
	fmt.Fprintf(w, "# for the gateway\nRENOWN_IDENTITY_KEY=%s\n# for every service\nRENOWN_IDENTITY_KEYS=%s\n", private, key.Public())
}
