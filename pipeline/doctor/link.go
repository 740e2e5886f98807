package doctor

import (
	"maps"
	"slices"
)

// world is all templates while they are linked.
type world struct {
	stacks  map[string]*stack
	order   []*stack
	exports map[export]*stack
	names   map[export]string // of the output
	told    []Finding
	grown   int // bytes that functions made
}

// export is what a stack hands to others of its region.
type export struct{ region, name string }

// stack is one template while it is linked.
type stack struct {
	name, region string
	world        *world
	doc          document
	self         *Resource
	resources    map[string]*Resource
	decided      map[string]verdict
	values       map[string]any // of outputs, once they are resolved
	imports      int            // how many are on their way
}

// link resolves all functions and returns the estate.
func (w *world) link() (*Estate, error) {
	for _, s := range w.order {
		if err := s.publish(); err != nil {
			return nil, err
		}
	}
	var all []*Resource
	var outputs []any
	for _, s := range w.order {
		all = append(all, s.self)
		made, err := s.build()
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
		for _, name := range slices.Sorted(maps.Keys(s.doc.Outputs)) {
			v, err := s.output(name)
			if err != nil {
				return nil, err
			}
			outputs = append(outputs, v)
		}
	}
	e := newEstate(all)
	e.told = w.told
	for _, v := range outputs {
		value{v}.links(func(l Link) { e.uses[l.To] = append(e.uses[l.To], use{nil, "output"}) })
	}
	return e, nil
}

// publish notes what a stack exports.
func (s *stack) publish() error {
	for _, name := range slices.Sorted(maps.Keys(s.doc.Outputs)) {
		called := s.doc.Outputs[name].Export.Name
		if called == nil {
			continue
		}
		v, err := s.resolve("Outputs."+name, called)
		if err != nil {
			return err
		}
		x := export{s.region, value{v}.text()}
		if other := s.world.exports[x]; other != nil {
			return s.broken("Outputs."+name, "stack %.200s exports %.200q already", other.name, x.name)
		}
		s.world.exports[x], s.world.names[x] = s, name
	}
	return nil
}

// build resolves the properties of all resources that are made.
func (s *stack) build() (made []*Resource, err error) {
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		r, d := s.resources[id], s.doc.Resources[id]
		if d.Type == "AWS::CDK::Metadata" {
			continue
		}
		if made, err := s.wanted("Resources."+id, d.Condition); err != nil {
			return nil, err
		} else if !made {
			continue
		}
		v, err := s.resolve("Resources."+id, d.Properties)
		if err != nil {
			return nil, err
		}
		r.Properties, _ = v.(map[string]any)
		made = append(made, r)
	}
	return made, nil
}

// output is what an output stands for: a scalar. Lists and objects are opaque, so that
// imports of imports can't grow.
func (s *stack) output(name string) (any, error) {
	if v, done := s.values[name]; done {
		return v, nil
	}
	if made, err := s.wanted("Outputs."+name, s.doc.Outputs[name].Condition); err != nil || !made {
		return Opaque("no output"), err
	}
	if s.imports++; s.imports > maxImports {
		return nil, s.broken("Outputs."+name, "its value leads through more than %d imports, or back to itself", maxImports)
	}
	defer func() { s.imports-- }()
	v, err := s.resolve("Outputs."+name, s.doc.Outputs[name].Value)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case []any, map[string]any:
		v = opaque(v)
	}
	s.values[name] = v
	return v, nil
}
