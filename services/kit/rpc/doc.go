// Package rpc assembles gRPC servers and clients, so that every call in Renown goes the same way, over a socket or inside one process.
//
// A Server passes each call through these steps, in this order:
//
//	recovery        a panic becomes an Internal fault and is logged with its stack
//	drain           a stopping server refuses new calls, and ends streams so that their callers go elsewhere
//	telemetry       request id, span, metrics, one log line (never a body); it also turns the error into a gRPC status, once
//	deadline        10 s or what the method's rule says; streams have none of their own
//	identity        the identity token, verified; none means anonymous
//	authorisation   the method's rule
//	validation      protovalidate; violations name the fields as they are called in JSON
//	idempotency     whether the rule asks for an idempotency key, and its form
//	handler
//
// A client sends the request id, the trace and the caller's identity token along, sets a deadline where there is none, and returns failures as *fault.Error.
package rpc

// Names of gRPC metadata.
const (
	// IdentityHeader carries the identity token.
	IdentityHeader = "renown-identity"
	// RequestIDHeader carries the request id.
	RequestIDHeader = "renown-request-id"
	// IdempotencyKeyHeader carries the caller's idempotency key.
	IdempotencyKeyHeader = "idempotency-key"
	// ReplayedHeader is set to "true" in the header of a reply that was not computed again: see kit/idempotency.
	ReplayedHeader = "idempotency-replayed"
)

// MaxMessage bounds the size of a message, in bytes.
const MaxMessage = 16 << 20
