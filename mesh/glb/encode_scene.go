package glb

import (
	"math"

	"github.com/qmuntal/gltf"
)

func (e *encoder) skins() {
	for i := range e.scene.Skins {
		sk := &e.scene.Skins[i]
		out := &gltf.Skin{Name: sk.Name, Joints: sk.Joints, Skeleton: optional(sk.Skeleton), Extensions: sk.Extensions, Extras: sk.Extras}
		if sk.InverseBind != nil {
			n := e.accessor(ref{array: sk.InverseBind, use: binding}, false, "")
			out.InverseBindMatrices = &n
		}
		e.doc.Skins = append(e.doc.Skins, out)
	}
}

func (e *encoder) animations() {
	paths := map[string]gltf.TRSProperty{"translation": gltf.TRSTranslation, "rotation": gltf.TRSRotation, "scale": gltf.TRSScale, "weights": gltf.TRSWeights}
	interpolations := map[string]gltf.Interpolation{"LINEAR": gltf.InterpolationLinear, "STEP": gltf.InterpolationStep, "CUBICSPLINE": gltf.InterpolationCubicSpline}
	for i := range e.scene.Animations {
		a := &e.scene.Animations[i]
		out := &gltf.Animation{Name: a.Name, Extensions: a.Extensions, Extras: a.Extras}
		for _, t := range a.Samplers {
			out.Samplers = append(out.Samplers, &gltf.AnimationSampler{
				Input: e.accessor(ref{array: t.Input, use: frames}, true, "times"), Output: e.accessor(ref{array: t.Output, use: frames}, false, "values"),
				Interpolation: interpolations[t.Interpolation], Extensions: t.Extensions, Extras: t.Extras,
			})
		}
		for _, c := range a.Channels {
			out.Channels = append(out.Channels, &gltf.AnimationChannel{
				Sampler: c.Track, Extensions: c.Extensions, Extras: c.Extras,
				Target: gltf.AnimationChannelTarget{Node: optional(c.Node), Path: paths[c.Path], Extensions: c.Target.Extensions, Extras: c.Target.Extras},
			})
		}
		e.doc.Animations = append(e.doc.Animations, out)
	}
}

func (e *encoder) nodes() {
	for i := range e.scene.Nodes {
		n := &e.scene.Nodes[i]
		out := &gltf.Node{
			Name: n.Name, Children: n.Children, Mesh: optional(n.Mesh), Skin: optional(n.Skin), Camera: optional(n.Camera),
			Translation: n.Translation, Rotation: n.Rotation, Scale: n.Scale, Weights: n.Weights,
			Extensions: n.Extensions, Extras: n.Extras,
		}
		if n.Matrix != nil {
			out.Matrix = *n.Matrix
		}
		if n.Scale == ([3]float64{}) {
			// The library takes a scale of zero for none. The smallest number is zero to
			// every viewer, which computes in float32.
			out.Scale = [3]float64{math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64}
		}
		if n.Instances != nil {
			refs := map[string]any{}
			for _, a := range n.Instances {
				refs[a.Name] = e.accessor(ref{array: a.Array, use: vertices}, false, a.Name)
			}
			out.Extensions = n.With("EXT_mesh_gpu_instancing", map[string]any{"attributes": refs}).Extensions
		}
		e.doc.Nodes = append(e.doc.Nodes, out)
	}
	for _, sc := range e.scene.Scenes {
		e.doc.Scenes = append(e.doc.Scenes, &gltf.Scene{Name: sc.Name, Nodes: sc.Nodes, Extensions: sc.Extensions, Extras: sc.Extras})
	}
	e.doc.Scene = optional(e.scene.Default)
}

func (e *encoder) cameras() {
	for _, c := range e.scene.Cameras {
		out := &gltf.Camera{Name: c.Name, Extensions: c.Extensions, Extras: c.Extras}
		if p := c.Perspective; p != nil {
			out.Perspective = &gltf.Perspective{AspectRatio: p.Aspect, Yfov: p.YFov, Zfar: p.ZFar, Znear: p.ZNear, Extensions: p.Extensions, Extras: p.Extras}
		}
		if o := c.Orthographic; o != nil {
			out.Orthographic = &gltf.Orthographic{Xmag: o.XMag, Ymag: o.YMag, Zfar: o.ZFar, Znear: o.ZNear, Extensions: o.Extensions, Extras: o.Extras}
		}
		e.doc.Cameras = append(e.doc.Cameras, out)
	}
}
