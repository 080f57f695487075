module renown.example/website

go 1.26.0

replace renown.example/proto => ../../proto

require (
	renown.example/kit v0.0.0
	renown.example/proto v0.0.0
)

require github.com/andybalholm/brotli v1.2.8 // indirect

replace renown.example/kit => ../kit
