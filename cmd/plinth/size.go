package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes on the command line: 500000, 64KiB, 256MiB, 4GiB.
type byteSize int64

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

// Set reads a size.
func (s *byteSize) Set(text string) error {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		*s = byteSize(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is no size; write 500000, 64KiB, 256MiB or 4GiB", text)
}

// String is the size in the largest unit that it is a whole number of.
func (s *byteSize) String() string {
	for _, u := range units {
		if n := int64(*s); n%u.bytes == 0 && (n != 0 || u.bytes == 1) {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	panic("unreachable: any number is one of bytes")
}

// Type is how help calls it.
func (s *byteSize) Type() string { return "size" }
