package doctor

import (
	"slices"
	"strconv"
	"strings"
)

// containers are those of a task definition.
func containers(task *Resource) []value { return task.at("ContainerDefinitions").each() }

// roleOf is which role of the product a container plays; empty if it is something else.
func roleOf(container value) string {
	for _, word := range words(container) {
		if slices.Contains([]string{"worker", "origin", "intake", "serve"}, word) {
			return word
		}
	}
	return ""
}

// words are the command line of a container.
func words(container value) (all []string) {
	for _, w := range append(container.at("EntryPoint").each(), container.at("Command").each()...) {
		all = append(all, w.pattern())
	}
	return all
}

// setting is what a container sets a flag of the product to, by command line or by
// environment; empty if it doesn't.
func setting(container value, flag string) string {
	all := words(container)
	for i, w := range all {
		if v, ok := strings.CutPrefix(w, "--"+flag+"="); ok {
			return v
		}
		if w == "--"+flag && i+1 < len(all) {
			return all[i+1]
		}
	}
	name := "PLINTH_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	for _, v := range container.at("Environment").each() {
		if v.at("Name").text() == name {
			return v.at("Value").pattern()
		}
	}
	return ""
}

// mebibytes reads a size as the product's flags have it: 6GiB, 6144MiB.
func mebibytes(text string, missing float64) float64 {
	for _, u := range []struct {
		name string
		size float64 // MiB
	}{{"GiB", 1024}, {"MiB", 1}, {"KiB", 1. / 1024}, {"", 1. / (1 << 20)}} {
		if digits, ok := strings.CutSuffix(text, u.name); ok {
			if n, err := strconv.ParseFloat(digits, 64); err == nil {
				return n * u.size
			}
		}
	}
	return missing
}

// serverless tells if a task runs on Fargate, where its size is what is paid.
func serverless(task *Resource) bool { return task.at("RequiresCompatibilities").has("FARGATE") }
