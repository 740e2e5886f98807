package scene

import (
	"bytes"
	"reflect"
	"slices"
)

// looks puts images, textures and materials together. What is like its fellow of the next
// finer level is that.
func (b *stacking) looks() {
	first := b.levels[0]
	b.out.Samplers, b.out.Images = slices.Clone(first.Samplers), slices.Clone(first.Images)
	b.out.Textures, b.out.Materials = slices.Clone(first.Textures), plain(first.Materials)
	b.imageLevels = make([]int, len(first.Images))
	samplers, images, textures := counted(len(first.Samplers)), counted(len(first.Images)), counted(len(first.Textures))
	b.materials = [][]int{counted(len(first.Materials))}
	for k, l := range b.levels[1:] {
		b.out.Samplers, samplers = alongside(b.out.Samplers, samplers, l.Samplers)
		b.out.Images, images = alongside(b.out.Images, images, l.Images)
		b.imageLevels = append(b.imageLevels, make([]int, len(b.out.Images)-len(b.imageLevels))...)
		for _, i := range images {
			b.imageLevels[i] = k + 1
		}
		of := func(numbers []int, i int) int {
			if i == None {
				return None
			}
			return numbers[i]
		}
		list := slices.Clone(l.Textures)
		for i := range list {
			list[i].Sampler, list[i].Source = of(samplers, list[i].Sampler), of(images, list[i].Source)
		}
		b.out.Textures, textures = alongside(b.out.Textures, textures, list)
		all := plain(l.Materials)
		for i := range all {
			all[i] = all[i].Retexture(func(slot Slot) int { return textures[slot.Texture] })
		}
		var numbers []int
		b.out.Materials, numbers = alongside(b.out.Materials, b.materials[k], all)
		b.materials = append(b.materials, numbers)
	}
}

// plain is a list of materials without levels of their own, which they name by numbers that
// are others in a stack.
func plain(list []Material) []Material {
	list = slices.Clone(list)
	for i := range list {
		list[i].Extra = list[i].withoutLevels()
	}
	return list
}

func counted(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// alongside appends to all those of a level's things that differ from their fellows of the
// finer level, whose numbers are given, and returns the level's numbers.
func alongside[T any](all []T, finer []int, list []T) (now []T, numbers []int) {
	for i, x := range list {
		if i < len(finer) && same(all[finer[i]], x) {
			numbers = append(numbers, finer[i])
			continue
		}
		all = append(all, x)
		numbers = append(numbers, len(all)-1)
	}
	return all, numbers
}

func same(a, b any) bool {
	if x, ok := a.(Image); ok { // most are different, and long
		y := b.(Image)
		if !bytes.Equal(x.Data, y.Data) {
			return false
		}
	}
	return reflect.DeepEqual(a, b)
}

// shapes puts meshes together, with one piece of memory for what is equal. Those that are
// the same in all levels are there once; of others each level has its own, also where two
// are equal: viewers take two nodes with one mesh for copies of each other, and drop the
// copy with the coarser level.
func (b *stacking) shapes() {
	joint := b.out
	joint.Meshes = nil
	for k, l := range b.levels {
		for i := range l.Meshes {
			m := l.Meshes[i]
			m.Primitives = slices.Clone(m.Primitives)
			for j := range m.Primitives {
				m.Primitives[j] = m.Primitives[j].rematerial(func(i int) int {
					if i < 0 || i >= len(b.materials[k]) {
						return i
					}
					return b.materials[k][i]
				})
			}
			joint.Meshes = append(joint.Meshes, m)
		}
	}
	shared, _ := joint.share()
	b.out = *shared
	n := len(b.levels[0].Meshes)
	all := shared.Meshes
	b.out.Meshes = slices.Clone(all[:n])
	b.meshLevels = make([]int, n)
	b.common = make([]bool, n)
	b.meshes = [][]int{counted(n)}
	shown := b.shown()
	for i := range n {
		b.common[i] = !slices.ContainsFunc(counted(len(b.levels)), func(k int) bool { return !reflect.DeepEqual(all[i], all[k*n+i]) })
	}
	for i := range b.nodes {
		if m := b.meshOf(0, i); m != None && !b.alike(i) {
			b.common[m] = false
		}
	}
	for i := range n {
		if b.common[i] && shown[i] {
			b.meshLevels[i] = len(b.levels) - 1
		}
	}
	for k := 1; k < len(b.levels); k++ {
		numbers := slices.Repeat([]int{None}, n)
		for i := range n {
			if shown[i] && !b.common[i] {
				numbers[i] = len(b.out.Meshes)
				b.out.Meshes = append(b.out.Meshes, all[k*n+i])
				b.meshLevels = append(b.meshLevels, k)
			}
		}
		b.meshes = append(b.meshes, numbers)
	}
}

// shown tells which meshes nodes show.
func (b *stacking) shown() []bool {
	out := make([]bool, len(b.levels[0].Meshes))
	for i := range b.levels[0].Nodes {
		if m := b.levels[0].Nodes[i].Mesh; m != None {
			out[m] = true
		}
	}
	return out
}
