package ledger

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Limits of what one call may bring.
const (
	maxText   = 200      // bytes of a name
	maxDetail = 16 << 10 // bytes of an entry's detail
	maxPage   = 1000     // items
	maxAmount = 1 << 50  // of anything that is summed: thousands of it fit in a sum
)

// checkText returns ErrInvalid unless s may be what a person reads: a line, or nothing.
func checkText(what, s string) error {
	if len(s) > maxText || !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s is not UTF-8, or has more than %d bytes", asset.ErrInvalid, what, maxText)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: %s %.80q has characters that don't print", asset.ErrInvalid, what, s)
		}
	}
	return nil
}

// checkName is checkText for what must not be empty.
func checkName(what, s string) error {
	if s == "" {
		return fmt.Errorf("%w: %s is empty", asset.ErrInvalid, what)
	}
	return checkText(what, s)
}

func checkPage(limit int) error {
	if limit < 1 || limit > maxPage {
		return fmt.Errorf("%w: a page of %d items; say 1 to %d", asset.ErrInvalid, limit, maxPage)
	}
	return nil
}

func checkAmount(what string, n int64) error {
	if n < 0 || n > maxAmount {
		return fmt.Errorf("%w: %s is %d, not 0 to %d", asset.ErrInvalid, what, n, int64(maxAmount))
	}
	return nil
}

func checkDay(day string) error {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return fmt.Errorf("%w: %.40q is no day; say 2006-01-02", asset.ErrInvalid, day)
	}
	return nil
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
