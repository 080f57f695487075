package main

import (
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"renown.example/proto/tools/openapi"
)

// writeOpenAPI merges the documents of the single proto files below dir into dir/openapi.json. buf is in the folder bin.
func writeOpenAPI(dir, bin string) error {
	image := filepath.Join(bin, "protos.binpb")
	if err := command(filepath.Join("..", ".."), nil, filepath.Join(bin, "buf"), "build", "--as-file-descriptor-set", "-o", image); err != nil {
		return fmt.Errorf("buf build: %w", err)
	}
	raw, err := os.ReadFile(image)
	if err != nil {
		return err
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(raw, set); err != nil {
		return err
	}
	return openapi.Write(dir, set)
}
