package glb

import (
	"fmt"

	"github.com/qmuntal/gltf"

	"github.com/plinth3d/plinth/mesh/scene"
)

func (d *decoder) animations() *scene.FormatError {
	names := map[gltf.Interpolation]string{gltf.InterpolationLinear: "LINEAR", gltf.InterpolationStep: "STEP", gltf.InterpolationCubicSpline: "CUBICSPLINE"}
	for i, a := range d.doc.Animations {
		where := at("animations", i)
		t := item(d.root, "animations", i)
		out := scene.Animation{Name: a.Name, Extra: extra(t)}
		for j, s := range a.Samplers {
			track := scene.Track{Interpolation: names[s.Interpolation], Extra: extra(item(t, "samplers", j))}
			var err *scene.FormatError
			if track.Input, err = d.array(where+at(".samplers", j)+".input", s.Input); err != nil {
				return err
			}
			if track.Output, err = d.array(where+at(".samplers", j)+".output", s.Output); err != nil {
				return err
			}
			if track.Input.Kind != scene.Float32 || track.Input.Width != 1 {
				return scene.Bad(where+at(".samplers", j)+".input", "is not a list of times")
			}
			if !d.finite(track.Input) || !d.finite(track.Output) || !d.rising(track.Input) {
				return scene.Bad(where+at(".samplers", j), "has times that fall, or numbers that are not finite")
			}
			out.Samplers = append(out.Samplers, track)
		}
		for j, c := range a.Channels {
			ct := item(t, "channels", j)
			target, _ := ct["target"].(tree)
			ch := scene.Channel{Track: c.Sampler, Path: fmt.Sprint(target["path"]), Extra: extra(ct), Target: extra(target)}
			var err *scene.FormatError
			if _, err = index(where+at(".channels", j)+".sampler", &c.Sampler, len(a.Samplers)); err != nil {
				return err
			}
			if ch.Node, err = index(where+at(".channels", j)+".target.node", c.Target.Node, len(d.doc.Nodes)); err != nil {
				return err
			}
			if ch.Path == "pointer" {
				d.find("animation", scene.Note, where+at(".channels", j), "moves something else than a node (KHR_animation_pointer); it is left out", "")
				continue
			}
			if err := d.channel(where+at(".channels", j), &ch, &out.Samplers[ch.Track]); err != nil {
				return err
			}
			out.Channels = append(out.Channels, ch)
		}
		if len(out.Channels) > 0 {
			d.scene.Animations = append(d.scene.Animations, out)
		}
	}
	return nil
}

// channel checks that a track has a value for each key.
func (d *decoder) channel(where string, c *scene.Channel, t *scene.Track) *scene.FormatError {
	keys := t.Input.Len()
	if t.Interpolation == "CUBICSPLINE" {
		keys *= 3
	}
	width := map[string]int{"translation": 3, "rotation": 4, "scale": 3, "weights": 1}[c.Path]
	if c.Path == "weights" && c.Node != scene.None {
		morphs := 0
		if m := d.scene.Nodes[c.Node].Mesh; m != scene.None && len(d.scene.Meshes[m].Primitives) > 0 {
			morphs = len(d.scene.Meshes[m].Primitives[0].Targets)
		}
		keys *= morphs
	}
	if t.Output.Width != width || t.Output.Len() != keys && c.Node != scene.None {
		return scene.Bad(where, "has %d values of %d components for %s, want %d of %d", t.Output.Len(), t.Output.Width, c.Path, keys, width)
	}
	return nil
}
