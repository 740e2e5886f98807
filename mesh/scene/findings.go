package scene

import (
	"fmt"
	"strconv"
)

// Severity is the tier of a finding.
type Severity string

// A fatal finding means the model is refused; a repaired one, that Plinth changed
// something; a note, that someone may want to know.
const (
	Fatal    Severity = "fatal"
	Repaired Severity = "repaired"
	Note     Severity = "note"
)

// A Finding is one thing to tell the merchant about a model.
type Finding struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Where    string   `json:"where"`
	What     string   `json:"what"`
	Do       string   `json:"do"`
}

// A FormatError says what makes a file unusable, where, and what to do about it.
type FormatError struct {
	Code  string // as in Finding
	Where string // "accessors[3].byteOffset"
	What  string // "is 900, past the end of bufferViews[1] (800 bytes)"
	Do    string // "export the file again"
}

func (e *FormatError) Error() string {
	s := e.What
	if e.Where != "" {
		s = e.Where + " " + e.What
	}
	if e.Do != "" {
		s += "; " + e.Do
	}
	return s
}

// Finding is e as a fatal finding.
func (e *FormatError) Finding() Finding {
	return Finding{e.Code, Fatal, e.Where, e.What, e.Do}
}

// Bad makes a FormatError for a file that breaks its format.
func Bad(where, format string, args ...any) *FormatError {
	return &FormatError{"broken", where, fmt.Sprintf(format, args...), "the file is damaged or its exporter is; export it again"}
}

// TooLarge makes a FormatError for a file that is beyond a limit.
func TooLarge(where, what string, got, limit int64) *FormatError {
	return &FormatError{"limit", where, fmt.Sprintf("has %d %s, the limit is %d", got, what, limit), "reduce the model or raise the limit"}
}

func place(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
