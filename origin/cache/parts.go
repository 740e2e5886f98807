package cache

import "time"

// partial returns the fill's file, which is made at the first call, or nil if it shall
// have none.
func (f *fill) partial() *part {
	c := f.c
	f.making.Lock()
	defer f.making.Unlock()
	var r rubbish
	c.mu.Lock()
	p := f.part
	try := !f.tried && !f.small() && f.err == nil && c.disk != nil && c.reservePart(f, &r)
	f.tried = true
	if f.torn {
		p = nil
	}
	c.mu.Unlock()
	c.clean(&r)
	if !try {
		return p
	}
	p, err := c.disk.temp()
	if err != nil {
		c.disk.fault(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.part = p; p == nil {
		c.unreserve(f)
	}
	return p
}

// write puts a block into the partial file and reports whether it is there.
func (f *fill) write(i int, data []byte) bool {
	p := f.partial()
	if p == nil {
		return false
	}
	_, err := p.file.WriteAt(data, int64(i)*f.c.conf.Block)
	if err != nil {
		f.tear(err)
	}
	return err == nil
}

// tear ends the use of a partial file that failed, for what isn't in it yet.
func (f *fill) tear(err error) {
	f.c.disk.fault(err)
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.torn = true
}

// lose gives up a block that couldn't be read back.
func (f *fill) lose(i int, err error) {
	f.tear(err)
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if b := &f.blocks[i]; b.filed {
		b.filed = false
		f.present--
	}
}

// blob is an object that was verified and is whole in memory.
func (f *fill) blob() *blob { return &blob{f.key, f.digest, f.whole, f.modified} }

// shelve writes a verified object that is whole in memory to a file, and ends its fill. What
// no file takes stays in memory, whatever its size. Who reads it goes on to do so, but from
// the file or as from a block of an unfinished object: however many are slow, what they hold
// in memory is within its bounds.
func (c *Cache) shelve(f *fill, b *blob) {
	var r rubbish
	c.mu.Lock()
	room := c.reserve(f.size, &r)
	c.mu.Unlock()
	c.clean(&r)
	e := entryOf(f)
	var p *part
	if room {
		p = c.writeFile(e.name, b.data)
	}
	if p == nil && f.size > copied {
		c.memory.put(b)
	}
	r = rubbish{}
	c.mu.Lock()
	f.unhand()
	switch {
	case p != nil:
		f.part, f.blocks[0].filed = p, true
		f.present++
		c.enter(e, &r)
		c.bind(f, e)
	case room:
		c.used -= pages(f.size)
	}
	c.leave(f)
	if p == nil && f.refs > 1 { // not its flight alone
		c.pieces.add(f, 0, b.data)
		c.trim(&r)
	}
	c.mu.Unlock()
	c.clean(&r)
}

// writeFile makes a file of the disk cache, and returns it open; nil if the disk fails.
func (c *Cache) writeFile(name string, data []byte) *part {
	p, err := c.disk.temp()
	if err != nil {
		c.disk.fault(err)
		return nil
	}
	if _, err = p.file.Write(data); err == nil {
		err = c.disk.publish(p, name)
	}
	if err != nil {
		c.disk.fault(err)
		c.clean(&rubbish{parts: []*part{p}, names: []string{p.name}})
		return nil
	}
	return p
}

// adopt makes a verified object's partial file one of the disk cache, and ends its fill.
// Who reads it goes on to do so.
func (c *Cache) adopt(f *fill) {
	c.mu.Lock()
	p, torn := f.part, f.torn
	c.mu.Unlock()
	if p == nil || torn {
		return
	}
	e := entryOf(f)
	if err := c.disk.publish(p, e.name); err != nil {
		f.tear(err)
		return
	}
	var r rubbish
	c.mu.Lock()
	c.parts -= f.reserved
	f.reserved = 0 // it is the entry's now
	c.enter(e, &r)
	c.bind(f, e)
	c.leave(f)
	c.mu.Unlock()
	c.clean(&r)
}

// bind notes that a fill's open file is an entry's. mu is held.
func (c *Cache) bind(f *fill, e *entry) {
	f.adopted, f.part.entry = true, e
	c.count(e, 1)
}

// entryOf is the file of a verified object.
func entryOf(f *fill) *entry {
	e := &entry{key: f.key, name: nameOf(f.key, f.size, f.modified), size: f.size, modified: f.modified, used: time.Now()}
	e.judge(f.digest, stamp{size: f.size}, true)
	return e
}
