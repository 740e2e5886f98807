package stack

import (
	"fmt"
	"testing"

	"github.com/dop251/goja"
)

// The formula of the workers' policy is JavaScript, too, once IF and FILL are functions.
func TestAJobWakesAFleetOfNone(t *testing.T) {
	each(t, func(t *testing.T, m *made) {
		for _, p := range m.of(t, "ApplicationAutoScaling::ScalingPolicy") {
			if p.at("PolicyName") != "Workers" {
				continue
			}
			c := p.at("TargetTrackingScalingPolicyConfiguration")
			target := c.(map[string]any)["TargetValue"].(float64)
			metrics := list(at(c, "CustomizedMetricSpecification", "Metrics"))
			formula := fmt.Sprint(at(metrics, len(metrics)-1, "Expression"))
			for _, test := range []struct{ waiting, running, want float64 }{
				{0, 0, 0},
				{1, 0, target + 1},
				{3 * target, 0, 4 * target},
				{0, 1, 0},
				{1, 1, 1},
				{target, 1, target},
				{4 * target, 2, 2 * target},
			} {
				if got := evaluate(t, formula, test.waiting, test.running); got != test.want {
					t.Errorf("%g wait and %g run: the metric is %g, want %g", test.waiting, test.running, got, test.want)
				}
			}
		}
	})
}

func evaluate(t *testing.T, formula string, waiting, running float64) float64 {
	t.Helper()
	vm := goja.New()
	value, err := vm.RunString(fmt.Sprintf(`
const IF = (is, yes, no) => is ? yes : no, FILL = (v, other) => v === undefined ? other : v;
const waiting0 = undefined, waiting1 = %g, waiting2 = 0, running = %g;
%s`, waiting, running, formula))
	if err != nil {
		t.Fatalf("%s: %v", formula, err)
	}
	return value.ToFloat()
}
