package gateway

import "context"

// Ready reports whether requests can be answered.
func (g *Gateway) Ready(context.Context) bool { return g.ready() }
