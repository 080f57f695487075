module renown.example/deploy

go 1.26.0

replace renown.example/proto => ../proto

require (
	renown.example/gateway v0.0.0
	renown.example/kit v0.0.0
	renown.example/partners v0.0.0
	renown.example/proto v0.0.0
	renown.example/stories v0.0.0
	renown.example/website v0.0.0
)

require (
	github.com/chromedp/cdproto v0.159.0 // indirect
	github.com/chromedp/chromedp v0.23.0 // indirect
	github.com/coreos/go-oidc/v3 v3.21.0 // indirect
	github.com/go-jose/go-jose/v4 v4.1.9 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/zitadel/oidc/v3 v3.51.17 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace renown.example/kit => ../services/kit

replace renown.example/stories => ../services/stories

replace renown.example/partners => ../services/partners

replace renown.example/website => ../services/website

replace renown.example/gateway => ../gateway
