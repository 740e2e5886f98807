package pipeline

import (
	"math"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/scene"
)

// fitter brings the vertices that moved back from a level to a primitive.
type fitter struct {
	level *mesh.Level
	used  []uint32 // vertices of the level
	moved []int    // which of them differ from the source's
	at    *scene.Mat
	back  scene.Mat // undoes at
}

func (f *fitter) positions(a *scene.Array) *scene.Array {
	points := a.Vec3()
	for _, i := range f.moved {
		p := f.level.Positions[f.used[i]]
		if f.at != nil {
			p = f.back.Point(p)
		}
		points[i] = p
	}
	return scene.Floats(points)
}

func (f *fitter) normals(a *scene.Array) [][3]float32 {
	if a == nil {
		return nil
	}
	out := a.Vec3()
	for _, i := range f.moved {
		one := [][3]float32{f.level.Normals[f.used[i]]}
		if f.at != nil {
			turn(one, f.back)
		}
		out[i] = one[0]
	}
	return out
}

// tangents turns those of vertices that moved into the plane of their new normal.
func (f *fitter) tangents(a *scene.Array, normals [][3]float32) *scene.Array {
	rows := a.Vec4()
	for _, i := range f.moved {
		if normals == nil {
			break
		}
		t, n := rows[i], normals[i]
		along := float64(t[0]*n[0]) + float64(t[1]*n[1]) + float64(t[2]*n[2])
		var flat [3]float64
		sum := 0.0
		for k := range 3 {
			flat[k] = float64(t[k]) - float64(along*float64(n[k]))
			sum += float64(flat[k] * flat[k])
		}
		if sum < 1e-4 {
			continue // it stands on the surface; there is nothing better to say
		}
		for k := range 3 {
			rows[i][k] = float32(flat[k] / math.Sqrt(sum))
		}
	}
	return scene.Floats(rows)
}

func (f *fitter) colors(a *scene.Array) *scene.Array {
	rows := a.Vec4()
	for _, i := range f.moved {
		rows[i] = f.level.Colors[f.used[i]]
	}
	if a.Width == 4 {
		return scene.Floats(rows)
	}
	three := make([][3]float32, len(rows))
	for i, c := range rows {
		three[i] = [3]float32(c[:3])
	}
	return scene.Floats(three)
}
