package main

import (
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// quoted is a word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// word is a word of a shell, as it is where a shell takes it so.
func word(text string) string {
	special := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r))
	}
	if text == "" || strings.ContainsFunc(text, special) {
		return quoted(text)
	}
	return text
}

// command is a command line of a shell.
func command(words ...string) string {
	for i, w := range words {
		words[i] = word(w)
	}
	return strings.Join(words, " ")
}

// backendFlags are the flags, of addData, by which another command works on the same.
func (s *settings) backendFlags() []string {
	return given("--data", s.data, "data", "--catalog", s.where.catalog, "local", "--store", s.where.store, "")
}

// queueFlags are those of addQueue.
func (s *settings) queueFlags() []string {
	return given("--queue", s.where.queue, "local", "--lanes", s.where.lanes, asset.DefaultLanes)
}

// given are those of some flags, each with its value and default, that aren't the default.
func given(flags ...string) (words []string) {
	for ; len(flags) > 0; flags = flags[3:] {
		if flags[1] != flags[2] {
			words = append(words, flags[0], flags[1])
		}
	}
	return words
}
