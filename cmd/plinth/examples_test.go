package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/cloud"
)

var (
	exampleLine  = regexp.MustCompile(`(?m)^ *(?:[A-Z_]+=\S+ )?(?:bin/)?plinth ((?:\\\n|[^\n])*)`)
	substitution = regexp.MustCompile(`\$\([^)]*\)`)
	behind       = regexp.MustCompile(` +(\||&|>|#) *.*| +&$`)
	shellWord    = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`)
)

// exampleLines are the command lines of plinth in a text, in words, without what a shell does
// behind them.
func exampleLines(text string) (lines [][]string) {
	for _, m := range exampleLine.FindAllStringSubmatch(text, -1) {
		line := strings.ReplaceAll(m[1], "\\\n", " ")
		line = behind.ReplaceAllString(substitution.ReplaceAllString(line, "1"), "")
		words := shellWord.FindAllString(line, -1)
		for i := range words {
			words[i] = strings.Trim(words[i], `'"`)
		}
		lines = append(lines, words)
	}
	return lines
}

// understood parses a command line as far as that needs no file and no backend.
func understood(t *testing.T, words []string) {
	t.Helper()
	cmd, rest, err := newRoot(console{io.Discard, io.Discard}).Find(words)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	for _, w := range words {
		if err == nil && strings.HasPrefix(w, "s3://") {
			_, err = cloud.Open(t.Context(), w)
		}
	}
	if err != nil {
		t.Errorf("plinth %s: %v", strings.Join(words, " "), err)
	}
}

func TestExamplesAreUnderstoodAsTheyArePrinted(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := exampleLines(string(readme))
	if len(lines) < 30 {
		t.Errorf("README has %d", len(lines))
	}
	for cmd := range below(newRoot(console{io.Discard, io.Discard})) {
		some := exampleLines(cmd.Example)
		if cmd.Example == "" && !cmd.HasSubCommands() || len(some) < strings.Count(cmd.Example, "\n  plinth ") {
			t.Errorf("%s has %d examples:\n%s", cmd.CommandPath(), len(some), cmd.Example)
		}
		lines = append(lines, some...)
	}
	for _, words := range lines {
		understood(t, words)
	}
}
