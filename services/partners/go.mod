module renown.example/partners

go 1.26

replace renown.example/proto => ../../proto

require (
	renown.example/kit v0.0.0
	renown.example/proto v0.0.0
)

replace renown.example/kit => ../kit
