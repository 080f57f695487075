#!/bin/sh
# Makes the Go code of probe.proto with the generators that proto/tools pins. Run proto/tools/generate first: it prints the third-party protos.
set -eu
cd "$(dirname "$0")"
here=$(pwd)
root=$(cd ../../../.. && pwd)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
(cd "$root/proto/tools" && GOWORK=off go build -o "$bin/" github.com/bufbuild/buf/cmd/buf google.golang.org/protobuf/cmd/protoc-gen-go \
	google.golang.org/grpc/cmd/protoc-gen-go-grpc)
mkdir -p "$bin/src/probe"
cp probe.proto "$bin/src/probe/"
cp -r "$root/proto/thirdparty/buf" "$root/proto/renown" "$bin/src/"
cd "$bin/src"
PATH="$bin:$PATH" buf generate --path probe --template '{"version":"v2","plugins":[
	{"local":"protoc-gen-go","out":"out","opt":"paths=source_relative"},{"local":"protoc-gen-go-grpc","out":"out","opt":"paths=source_relative"}]}'
cp out/probe/*.go "$here/"
