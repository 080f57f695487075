module renown.example/website

go 1.26.0

replace renown.example/proto => ../../proto

require (
	renown.example/kit v0.0.0
	renown.example/proto v0.0.0
)

require (
	github.com/PuerkitoBio/goquery v1.13.0 // indirect
	github.com/andybalholm/brotli v1.2.8 // indirect
	github.com/andybalholm/cascadia v1.3.4 // indirect
	github.com/coreos/go-oidc/v3 v3.21.0 // indirect
	golang.org/x/net v0.61.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)

replace renown.example/kit => ../kit
