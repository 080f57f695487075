package mongo

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// Codes of servers. The last two are DocumentDB's, which gives its errors no labels.
const (
	codeMaxTimeExpired    = 50
	codeWriteConflict     = 112
	codeNoSuchTransaction = 251
	codeTooLarge          = 10334
	codeDuplicateKey      = 11000
	codeOutOfDiskSpace    = 14031
	codeNotSerializable   = 16777220
	codeTransactionDead   = 33685826
)

// Labels that MongoDB and the driver give to errors.
const (
	labelTransient     = "TransientTransactionError"
	labelUnknownCommit = "UnknownTransactionCommitResult"
)

// verdict is what an error inside a transaction means for it.
type verdict uint8

const (
	// refused: running it again would end the same way.
	refused verdict = iota
	// conflict: the server has undone the transaction because of another, or has lost it; running it again may succeed.
	conflict
)

// classify is the one place that decides whether a transaction is worth running again. It is about statements, not about commits.
func classify(err error) verdict {
	var server mongo.ServerError
	if !errors.As(err, &server) {
		if errors.Is(err, errConflict) {
			return conflict
		}
		return refused
	}
	switch {
	case server.HasErrorLabel(labelTransient):
		return conflict
	case server.HasErrorCode(codeWriteConflict), server.HasErrorCode(codeNotSerializable), server.HasErrorCode(codeNoSuchTransaction), server.HasErrorCode(codeTransactionDead):
		return conflict
	}
	return refused
}

// errConflict is a conflict that the engine saw coming by itself.
var errConflict = errors.New("the row is being changed by another update")

// committed is what an attempt to commit has led to.
type committed uint8

const (
	commitDone committed = iota
	// commitLost: the server has undone the transaction.
	commitLost
	// commitUnknown: nobody can say; committing again is harmless, and tells more if the server can be reached.
	commitUnknown
)

// classifyCommit reads the answer to a commit. Only an explicit word of the server means that nothing was committed: DocumentDB answers NoSuchTransaction also when
// its connection broke while it committed, and without a label.
func classifyCommit(err error) committed {
	var server mongo.ServerError
	switch {
	case err == nil:
		return commitDone
	case !errors.As(err, &server), server.HasErrorLabel(labelUnknownCommit):
		return commitUnknown
	case server.HasErrorLabel(labelTransient), server.HasErrorCode(codeWriteConflict), server.HasErrorCode(codeNotSerializable):
		return commitLost
	}
	return commitUnknown
}

// engineFault turns an error of the driver or of a context into a fault. Faults pass unchanged.
func engineFault(err error) error {
	if _, is := fault.As(err); is || err == nil {
		return err
	}
	var server mongo.ServerError
	isServer := errors.As(err, &server)
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Canceled.New("the caller went away").Wrap(err)
	case errors.Is(err, context.DeadlineExceeded), mongo.IsTimeout(err), isServer && server.HasErrorCode(codeMaxTimeExpired):
		return fault.DeadlineExceeded.New("the time for this request is over").Wrap(err)
	case classify(err) == conflict && !mongo.IsNetworkError(err):
		return fault.Conflict.New("concurrent changes could not all be made; send the request again").Wrap(err)
	case isServer && server.HasErrorCode(codeOutOfDiskSpace):
		return fault.StorageFull.New("the database server's disk is full").Wrap(err)
	case isServer && server.HasErrorCode(codeTooLarge):
		return fault.TooLarge.New("the document is larger than the database can hold").Wrap(err)
	case isServer && !mongo.IsNetworkError(err):
		return fault.Internal.New("the database refused a statement").Wrap(err)
	case errors.Is(err, mongo.ErrClientDisconnected):
		return errClosed
	}
	return fault.Unavailable.New("the database cannot be reached").Wrap(err)
}

// MongoDB writes "index: NAME dup key", DocumentDB "Index 'NAME'". Neither tells the name apart from the message.
var indexInMessage = regexp.MustCompile(`(?i)\bindex:? '?([A-Za-z0-9_]+)`)

// unique turns a duplicate key into store.ErrUnique.
func unique(s *store.Spec, err error) error {
	var server mongo.ServerError
	if !errors.As(err, &server) || !server.HasErrorCode(codeDuplicateKey) {
		return err
	}
	name := "id"
	if m := indexInMessage.FindStringSubmatch(err.Error()); m != nil {
		if declared, ours := strings.CutPrefix(m[1], indexPrefix); ours {
			name = declared
		}
	}
	return store.ErrUnique(s, name).Wrap(err)
}
