module renown.example/loyalty

go 1.26.0

replace renown.example/kit => ../kit

replace renown.example/proto => ../../proto

require (
	pgregory.net/rapid v1.3.0
	renown.example/kit v0.0.0
)

require (
	golang.org/x/sys v0.49.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261019180522-ce908d29299b // indirect
	google.golang.org/grpc v1.85.0 // indirect
	google.golang.org/protobuf v1.36.13-0.20261016172727-e9ee2a76ab8e // indirect
)
