module renown.example/partners

go 1.26.0

replace renown.example/proto => ../../proto

require (
	renown.example/kit v0.0.0
	renown.example/proto v0.0.0
)

require github.com/coreos/go-oidc/v3 v3.21.0 // indirect

replace renown.example/kit => ../kit
