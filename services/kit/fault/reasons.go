package fault

import (
	"net/http"

	"google.golang.org/grpc/codes"
)

// Reason is why something was refused: a stable name for programs, its gRPC code and its HTTP status.
type Reason struct {
	// Name is the ErrorInfo reason and the problem's code, in UPPER_SNAKE_CASE. It never changes once released.
	Name string
	Code codes.Code
	// HTTP is the status of the problem at the gateway.
	HTTP int
	// Title is the short, fixed English title of the problem.
	Title string
	// Help is what the reference says: when it happens and what the caller does.
	Help string
}

var table = map[string]Reason{}

func reason(name string, code codes.Code, http int, title, help string) Reason {
	r := Reason{Name: name, Code: code, HTTP: http, Title: title, Help: help}
	if _, dup := table[name]; dup {
		panic("fault: reason " + name + " declared twice")
	}
	table[name] = r
	return r
}

// Reasons returns every reason by name. The map is shared: do not change it.
func Reasons() map[string]Reason { return table }

// The reasons. This is the only place in Renown where an HTTP status is tied to a failure.
var (
	InvalidArgument = reason("INVALID_ARGUMENT", codes.InvalidArgument, http.StatusBadRequest, "The request is not valid",
		"A field is missing, malformed or out of its bounds. `errors` names each with a JSON pointer. Correct them and send the request again.")
	MalformedBody = reason("MALFORMED_BODY", codes.InvalidArgument, http.StatusBadRequest, "The body cannot be read",
		"The body is not JSON of the documented shape: broken syntax, invalid UTF-8, an unknown field or a wrong type. `errors` names the place.")
	IdempotencyKeyMissing = reason("IDEMPOTENCY_KEY_MISSING", codes.InvalidArgument, http.StatusBadRequest, "An Idempotency-Key is required",
		"This method changes something that must not happen twice. Send an `Idempotency-Key` header of your own making, and the same one when you retry.")
	PageTokenInvalid = reason("PAGE_TOKEN_INVALID", codes.InvalidArgument, http.StatusBadRequest, "The page token is not valid",
		"The token was altered, has expired or belongs to a request with other filters. Start again without a token.")
	Unauthenticated = reason("UNAUTHENTICATED", codes.Unauthenticated, http.StatusUnauthorized, "Credentials are missing or not valid",
		"No credentials, or a key, session or token that is unknown, expired or revoked.")
	PermissionDenied = reason("PERMISSION_DENIED", codes.PermissionDenied, http.StatusForbidden, "Not allowed",
		"The caller is known but lacks the scope or role that the method asks for. The reference lists it beside each method.")
	LinkInvalid = reason("LINK_INVALID", codes.PermissionDenied, http.StatusForbidden, "The link does not work",
		"The link was altered, has expired, was replaced or was already used. Ask its sender for a new one.")
	NotFound = reason("NOT_FOUND", codes.NotFound, http.StatusNotFound, "There is nothing here",
		"No resource of this name exists, or the caller may not know of it.")
	MethodNotAllowed = reason("METHOD_NOT_ALLOWED", codes.Unimplemented, http.StatusMethodNotAllowed, "The method is not allowed here",
		"The address exists, but not for this HTTP method. `Allow` lists those that do.")
	NotAcceptable = reason("UNSUPPORTED_MEDIA_TYPE", codes.InvalidArgument, http.StatusUnsupportedMediaType, "The media type is not supported",
		"Bodies are `application/json` unless the method says otherwise.")
	TooLarge = reason("BODY_TOO_LARGE", codes.ResourceExhausted, http.StatusRequestEntityTooLarge, "The body is too large",
		"The body, a file in it or what it unpacks to is over the documented bound.")
	AlreadyExists = reason("ALREADY_EXISTS", codes.AlreadyExists, http.StatusConflict, "It exists already",
		"Another resource has this name or this unique value.")
	IllegalState = reason("ILLEGAL_STATE", codes.FailedPrecondition, http.StatusConflict, "The present state does not allow this",
		"The resource is in a state from which this step is not possible. The detail names the present state and the steps allowed in it.")
	InsufficientPoints = reason("INSUFFICIENT_POINTS", codes.FailedPrecondition, http.StatusConflict, "There are not enough points",
		"The member has fewer points available than this takes. `available` and `wanted` say how many. Pending, reserved and frozen points cannot be spent.")
	LimitReached = reason("LIMIT_REACHED", codes.FailedPrecondition, http.StatusConflict, "A limit is reached",
		"A limit of the programme, the reward or the member does not allow this now. The detail names it, and when it opens again if it does.")
	OutOfStock = reason("OUT_OF_STOCK", codes.FailedPrecondition, http.StatusConflict, "None is left",
		"The reward's stock, or its pool of codes, is used up. It can be had again when the shop has put in more, or when somebody's reservation has ended.")
	RewardUnavailable = reason("REWARD_UNAVAILABLE", codes.FailedPrecondition, http.StatusConflict, "The reward cannot be had now",
		"The reward is paused, not there yet, over, for other days of the week or for members of other tiers. `why` says which, `opensAt` when it changes by itself.")
	NotPublishable = reason("NOT_PUBLISHABLE", codes.FailedPrecondition, http.StatusUnprocessableEntity, "The content may not be published",
		"Something that publication needs is missing, such as the customer's consent or an image's alt text. `errors` names each.")
	ContentRejected = reason("CONTENT_REJECTED", codes.InvalidArgument, http.StatusUnprocessableEntity, "The content is refused",
		"The request is well formed, but what it carries is not acceptable: an unknown block, a broken or oversized image, an unsafe address. `errors` names each.")
	Withdrawn = reason("WITHDRAWN", codes.NotFound, http.StatusGone, "It was withdrawn",
		"It was published once and has been withdrawn. Remove copies that you hold.")
	Moved = reason("MOVED", codes.NotFound, http.StatusMovedPermanently, "It has moved",
		"The resource has another address now: follow `Location`.")
	EtagMismatch = reason("ETAG_MISMATCH", codes.Aborted, http.StatusPreconditionFailed, "It has changed meanwhile",
		"The etag in `If-Match` is not that of the present state. Read the resource again, and decide again.")
	Conflict = reason("CONFLICT", codes.Aborted, http.StatusConflict, "Another request was quicker",
		"Concurrent changes could not all be made. Nothing was changed; send the request again.")
	IdempotencyKeyReused = reason("IDEMPOTENCY_KEY_REUSED", codes.FailedPrecondition, http.StatusUnprocessableEntity, "The Idempotency-Key was used for another request",
		"The same key came with another body. Use a new key for a new request.")
	RateLimited = reason("RATE_LIMITED", codes.ResourceExhausted, http.StatusTooManyRequests, "Too many requests",
		"The quota of this caller is used up. Wait for `Retry-After` seconds.")
	Canceled = reason("CANCELED", codes.Canceled, 499, "The caller went away",
		"The caller closed the connection before the answer. Nothing was changed unless it had been committed.")
	DeadlineExceeded = reason("DEADLINE_EXCEEDED", codes.DeadlineExceeded, http.StatusGatewayTimeout, "It took too long",
		"The request did not finish in its time. A write may or may not have happened: retry with the same Idempotency-Key.")
	Unavailable = reason("UNAVAILABLE", codes.Unavailable, http.StatusServiceUnavailable, "Not available right now",
		"A part that this request needs is starting, overloaded or out of reach. Retry after `Retry-After` seconds.")
	StorageFull = reason("STORAGE_FULL", codes.ResourceExhausted, http.StatusInsufficientStorage, "There is no room to store this",
		"The disk of the installation is full. Reading goes on; the operator must make room.")
	Internal = reason("INTERNAL", codes.Internal, http.StatusInternalServerError, "Something went wrong on our side",
		"A fault of ours. It was logged under the request id; nothing was changed unless the answer says so.")
)
