package stack

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/infra/role"
)

// The image can't be built here, so what tasks rely on is read from its recipe: who it runs
// as, what it may write to, what it starts; and the binary is built as `make pure` builds it,
// whose tests run here.
func TestTheImageIsWhatTasksRelyOn(t *testing.T) {
	text, err := os.ReadFile("../image/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, final, found := strings.Cut(string(text), "\nFROM gcr.io/distroless/static-")
	if !found {
		t.Fatal("the image is not distroless")
	}
	user := fmt.Sprintf("%d:%[1]d", role.User)
	for _, line := range []string{
		":nonroot\n", "\nUSER " + user + "\n", "\nENTRYPOINT [\"/plinth\"]\n", "\nSTOPSIGNAL SIGTERM\n",
		fmt.Sprintf("\nVOLUME [\"/tmp\", %q]\n", role.Scratch),
		"\nCOPY --from=build --chown=" + user + " /out/tmp /tmp\n", "\nCOPY --from=build --chown=" + user + " /out/scratch " + role.Scratch + "\n",
	} {
		if !strings.Contains(final, line) {
			t.Errorf("the image has no line %q", strings.TrimSpace(line))
		}
	}
	pure := regexp.MustCompile(`CGO_ENABLED=0 go build (-tags \w+) .* \./cmd/plinth`).FindSubmatch(makefile)
	if pure == nil || !strings.Contains(string(text), "CGO_ENABLED=0") || !strings.Contains(string(text), "go build "+string(pure[1])+" ") {
		t.Errorf("the image's binary is built in another way than by make pure: %q", pure)
	}
}
