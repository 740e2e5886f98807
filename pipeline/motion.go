package pipeline

import (
	"math"
	"slices"
	"sort"

	"github.com/plinth3d/plinth/mesh/scene"
)

// animated tells which nodes an animation can move, by themselves or with an
// ancestor.
func animated(s *scene.Scene) []bool {
	out := make([]bool, len(s.Nodes))
	for _, a := range s.Animations {
		for _, c := range a.Channels {
			if c.Node != scene.None {
				out[c.Node] = true
			}
		}
	}
	stack := s.Stage()
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[: len(stack)-1 : len(stack)-1]
		for _, c := range s.Nodes[n].Children {
			out[c] = out[c] || out[n]
			stack = append(stack, c)
		}
	}
	return out
}

// stretch is the most that any placement lengthens a mesh, at rest or at any moment
// of an animation. It is infinite where that has no bound.
func stretch(s *scene.Scene, places []scene.Placement, moving []bool, reach []float64) float64 {
	most := 0.0
	for _, p := range places {
		switch {
		case !moving[p.Node]:
			most = max(most, p.At.Stretch())
		case s.Nodes[p.Node].Instances != nil: // instances of what moves are kept as they came
			return math.Inf(1)
		default:
			most = max(most, reach[p.Node])
		}
	}
	return most
}

// reaches bounds, for each node on the stage, by how much it can lengthen what hangs
// from it, whatever its animations do: the product, down from the root, of the most
// that each node can. Only scales lengthen. A spline may overshoot its keys: it
// has no bound here.
func reaches(s *scene.Scene) []float64 {
	own := make([]float64, len(s.Nodes))
	for i := range s.Nodes {
		own[i] = s.Nodes[i].Local().Stretch()
	}
	for i := range s.Animations {
		for _, c := range s.Animations[i].Channels {
			if c.Node == scene.None {
				continue
			}
			t := &s.Animations[i].Samplers[c.Track]
			switch {
			case c.Path == "scale" && t.Interpolation == "CUBICSPLINE",
				c.Path != "weights" && s.Nodes[c.Node].Matrix != nil:
				own[c.Node] = math.Inf(1)
			case c.Path == "scale":
				for k := range t.Output.Len() {
					for axis := range 3 {
						own[c.Node] = max(own[c.Node], math.Abs(float64(t.Output.At(k, axis))))
					}
				}
			}
		}
	}
	out := slices.Clone(own)
	stack := slices.Clone(s.Stage())
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, c := range s.Nodes[n].Children {
			out[c] = own[c] * out[n]
			stack = append(stack, c)
		}
	}
	return out
}

// framesPerAnimation is how many moments of an animation are looked at; maxFrames,
// how many in all.
const (
	framesPerAnimation = 4
	maxFrames          = 16
)

// frames returns the world at moments spread over each animation, from its begin
// to its end.
func frames(s *scene.Scene) (out [][]*scene.Mat) {
	if len(s.Skins) == 0 {
		return nil // only skins are looked at in motion
	}
	for i := range s.Animations {
		a := &s.Animations[i]
		end := float32(0)
		for _, t := range a.Samplers {
			end = max(end, t.Input.At(t.Input.Len()-1, 0))
		}
		channels := map[int][]scene.Channel{}
		for _, c := range a.Channels {
			if c.Node != scene.None && c.Path != "weights" && len(channels[c.Node]) < 3 {
				channels[c.Node] = append(channels[c.Node], c)
			}
		}
		for k := range framesPerAnimation {
			if len(out) == maxFrames {
				return out
			}
			moment := end * float32(k) / (framesPerAnimation - 1)
			out = append(out, s.World(func(n int) scene.Mat { return moved(&s.Nodes[n], channels[n], a.Samplers, moment).Local() }))
		}
	}
	return out
}

// moved is a node at the key frame last before a moment.
func moved(at *scene.Node, channels []scene.Channel, tracks []scene.Track, moment float32) *scene.Node {
	node := *at
	for _, c := range channels {
		t := &tracks[c.Track]
		k := max(sort.Search(t.Input.Len(), func(i int) bool { return t.Input.At(i, 0) > moment })-1, 0)
		if t.Interpolation == "CUBICSPLINE" {
			k = 3*k + 1
		}
		node.Matrix = nil
		switch c.Path {
		case "translation":
			node.Translation = [3]float64{float64(t.Output.At(k, 0)), float64(t.Output.At(k, 1)), float64(t.Output.At(k, 2))}
		case "rotation":
			node.Rotation = [4]float64{float64(t.Output.At(k, 0)), float64(t.Output.At(k, 1)), float64(t.Output.At(k, 2)), float64(t.Output.At(k, 3))}
		case "scale":
			node.Scale = [3]float64{float64(t.Output.At(k, 0)), float64(t.Output.At(k, 1)), float64(t.Output.At(k, 2))}
		}
	}
	return &node
}
