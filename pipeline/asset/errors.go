package asset

import "errors"

// Kinds of errors that something acts on. Everything else is a bug or a fault that
// a person must look at, and is retried as if it were ErrUnavailable.
var (
	ErrInvalid     = errors.New("invalid")     // the upload's or caller's fault; never retried
	ErrNotFound    = errors.New("not found")   // there is no such thing
	ErrConflict    = errors.New("conflict")    // someone else was first
	ErrUnavailable = errors.New("unavailable") // a backend doesn't answer; worth a retry
)
