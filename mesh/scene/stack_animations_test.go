package scene

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"testing"
)

// parade is a level of a model of many nodes that differ from level to level, which channels
// of one animation drive in turn.
func parade(nodes, channels int, path string, u float32) *Scene {
	s := &Scene{Default: 0, Scenes: []Roots{{}}, Materials: []Material{gray("a")}}
	for i := range nodes {
		s.Nodes = append(s.Nodes, node(i))
		s.Scenes[0].Nodes = append(s.Scenes[0].Nodes, i)
		s.Meshes = append(s.Meshes, Mesh{Primitives: []Primitive{panel(0, u+float32(i)/1000)}})
	}
	times := &Array{Kind: Float32, Width: 1, Data: make([]byte, 4)}
	a := Animation{Samplers: []Track{{Input: times, Output: times}}}
	for i := range channels {
		a.Channels = append(a.Channels, Channel{Node: i % nodes, Path: path})
	}
	s.Animations = []Animation{a}
	return s
}

func TestChannelsOfSeveralNodesKeepTheirOrder(t *testing.T) {
	a, b := parade(3, 4, "weights", 0.1), parade(3, 4, "weights", 0.2)
	a.Animations[0].Channels[1].Path = "scale"
	a.Animations[0].Channels[2].Node = None
	s := stacked(t, []*Scene{a, b}, 3)
	level := func(i int) int { return levels(s.Nodes[i].Extra)[0] }
	var got [][2]any
	for _, c := range s.Animations[0].Channels {
		got = append(got, [2]any{c.Node, c.Path})
	}
	want := [][2]any{{0, "weights"}, {level(0), "weights"}, {1, "scale"}, {None, "weights"}, {0, "weights"}, {level(0), "weights"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("animations drive %v, want %v", got, want)
	}
}

func TestAStackTakesNoMemoryForNodesTimesChannels(t *testing.T) {
	const nodes, channels = 300, 30000
	for _, path := range []string{"weights", "translation"} {
		list := []*Scene{parade(nodes, channels, path, 0.1), parade(nodes, channels, path, 0.2)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s := stacked(t, list, nodes)
		runtime.ReadMemStats(&after)
		// A new list for each node would be 300 times a megabyte.
		if took := after.TotalAlloc - before.TotalAlloc; took > 50<<20 {
			t.Errorf("%d nodes and %d channels of %s took %d MiB", nodes, channels, path, took>>20)
		}
		want := map[string]int{"weights": 2 * channels, "translation": channels}[path]
		if got := len(s.Animations[0].Channels); got != want {
			t.Errorf("there are %d channels of %s, want %d", got, path, want)
		}
	}
}

// checks is a context that is done once it was asked that often.
type checks struct {
	context.Context
	left int
}

func (c *checks) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestAStackEndsWithItsContext(t *testing.T) {
	list := []*Scene{parade(50, 1, "weights", 0.1), parade(50, 1, "weights", 0.2)}
	for _, n := range []int{0, 2, 30} {
		ctx := &checks{t.Context(), n}
		if s, err := StackLevels(ctx, list, 50, []float64{0.5, 0}); s != nil || !errors.Is(err, context.Canceled) || ctx.left != -1 {
			t.Errorf("canceled after %d checks: got %v, %v, with %d checks left", n, s, err, ctx.left)
		}
	}
}
