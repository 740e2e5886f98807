// Encodes generated meshes with draco3d: node encode.mjs PEERS OUT [NAME...]
// writes OUT/NAME.drc for every case, or for those named. PEERS is a folder with
// node_modules/draco3d in it.
import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const [peers, out, ...names] = process.argv.slice(2)
const M = await createRequire(resolve(peers, 'x.js'))('draco3d').createEncoderModule({})

function random(seed) {
  return () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32)
}

// A mesh is lists of faces and, for each point, positions (p), normals (n), coordinates (t).
function grid(w, h, rough = 0.2, keep = () => true, seed = 1) {
  const rnd = random(seed), m = { p: [], n: [], t: [], f: [] }
  for (let y = 0; y <= h; y++) for (let x = 0; x <= w; x++) {
    m.p.push(x / w, y / h, rough * Math.sin(5 * x / w) * Math.cos(4 * y / h) + 0.02 * rough * rnd())
    const n = [Math.cos(5 * x / w), Math.sin(4 * y / h), 2], l = Math.hypot(...n)
    m.n.push(...n.map(v => v / l))
    m.t.push(x / w + 0.01 * rough * rnd(), y / h)
  }
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    if (!keep(x, y)) continue
    const a = y * (w + 1) + x, b = a + 1, c = a + w + 1, d = c + 1
    if (rnd() < 0.5) m.f.push(a, b, d, a, d, c); else m.f.push(a, b, c, b, d, c)
  }
  return m
}

// Closed in both directions where rows or columns are shared; coordinates always have a seam.
function turned(w, h, at) {
  const m = { p: [], n: [], t: [], f: [] }
  for (let y = 0; y <= h; y++) for (let x = 0; x <= w; x++) {
    const [p, n] = at(x % w / w * 2 * Math.PI, y / h)
    m.p.push(...p); m.n.push(...n); m.t.push(x / w, y / h)
  }
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    const a = y * (w + 1) + x, b = a + 1, c = a + w + 1, d = c + 1
    m.f.push(a, b, d, a, d, c)
  }
  return m
}

const sphere = (w, h, r = 1, at = [0, 0, 0]) => turned(w, h, (u, v) => {
  const s = v === 0 || v === 1 ? 0 : Math.sin(v * Math.PI), n = [s * Math.cos(u), s * Math.sin(u), Math.cos(v * Math.PI)]
  return [n.map((c, i) => c * r + at[i]), n]
})

const torus = (w, h, at = 0) => turned(w, h, (u, v) => {
  v = v === 1 ? 0 : v * 2 * Math.PI
  const c = Math.cos(v)
  return [[(2 + c) * Math.cos(u) + at, (2 + c) * Math.sin(u), Math.sin(v)], [c * Math.cos(u), c * Math.sin(u), Math.sin(v)]]
})

function cube() {
  const m = { p: [], n: [], t: [], f: [] }
  for (let i = 0; i < 3; i++) for (const s of [-1, 1]) {
    const base = m.p.length / 3
    for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
      const v = [0, 0, 0], n = [0, 0, 0]
      v[i] = n[i] = s; v[(i + 1) % 3] = a * s; v[(i + 2) % 3] = b
      m.p.push(...v); m.n.push(...n); m.t.push((a + 1) / 2, (b + 1) / 2)
    }
    m.f.push(base, base + 1, base + 2, base, base + 2, base + 3)
  }
  return m
}

function together(...meshes) {
  const m = { p: [], n: [], t: [], f: [] }
  for (const o of meshes) {
    const base = m.p.length / 3
    m.p.push(...o.p); m.n.push(...o.n); m.t.push(...o.t); m.f.push(...o.f.map(i => i + base))
  }
  return m
}

// Normals in the middle of points: hard edges for some faces, so that each attribute has seams of its own.
function facets(m, every) {
  const o = { p: [], n: [], t: [], f: [] }
  for (let i = 0; i < m.f.length; i++) {
    const v = m.f[i], hard = Math.floor(i / 3) % every === 0
    o.p.push(...m.p.slice(3 * v, 3 * v + 3)); o.t.push(...m.t.slice(2 * v, 2 * v + 2))
    o.n.push(...(hard ? [0, 0, 1] : m.n.slice(3 * v, 3 * v + 3))); o.f.push(i)
  }
  return o
}

function literal(p, f) {
  const n = p.length / 3, m = { p, n: [], t: [], f }
  for (let i = 0; i < n; i++) { m.n.push(0, i % 2, 1 - i % 2); m.t.push(i / n, (i * 7 % 5) / 5) }
  return m
}

function soup(n, seed) {
  const rnd = random(seed), p = [], f = []
  for (let i = 0; i < n; i++) p.push(rnd(), rnd(), rnd())
  for (let i = 0; i < 2 * n; i++) f.push(...[0, 0, 0].map(() => Math.floor(rnd() * n)))
  return literal(p, f)
}

function shuffled(m, seed) {
  const rnd = random(seed), n = m.f.length / 3, f = []
  const order = [...Array(n).keys()]
  for (let i = n - 1; i > 0; i--) { const j = Math.floor(rnd() * (i + 1)); [order[i], order[j]] = [order[j], order[i]] }
  for (const i of order) f.push(...m.f.slice(3 * i, 3 * i + 3))
  return { ...m, f }
}

const meshes = {
  triangle: literal([0, 0, 0, 1, 0, 0, 0, 1, 0], [0, 1, 2]),
  quad: grid(1, 1),
  grid: grid(9, 7),
  flat: grid(8, 8, 0),
  cube: cube(),
  sphere: sphere(16, 9),
  torus: torus(14, 9),
  holes: grid(12, 12, 0.3, (x, y) => (x * 7 + y * 5) % 11 > 2),
  many: together(sphere(8, 5), grid(4, 3), torus(9, 6, 7), cube(), literal([9, 0, 0, 9, 1, 0, 9, 0, 1], [0, 1, 2])),
  facets: facets(torus(12, 8), 3),
  // Three faces at an edge, two fans at a vertex, a face used twice, one turned around.
  knot: literal([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, -1, 0, 2, 0, 0, 2, 1, 0, 3, 3, 3],
    [0, 1, 2, 0, 1, 3, 0, 1, 4, 1, 5, 6, 0, 1, 2, 2, 1, 0]),
  degenerate: literal([0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0.5, 0.5, 0, 0, 0, 0], [0, 1, 2, 2, 1, 3, 0, 0, 1, 4, 4, 4, 0, 5, 1, 1, 3, 3]),
  soup: soup(60, 5),
  tetrahedra: together(...[0, 3, 6].map(x => literal([x, 0, 0, x + 1, 0, 0, x, 1, 0, x, 0, 1], [0, 2, 1, 0, 1, 3, 1, 2, 3, 0, 3, 2]))),
  large: shuffled(grid(26, 24), 3),
  rings: shuffled(together(torus(30, 20), torus(24, 16, 7), sphere(20, 12, 1, [0, 0, 5])), 9),
  cells: shuffled(facets(grid(30, 30, 0.3, (x, y) => (x * 3 + y * 5) % 17 > 0), 7), 4),
}

const extras = {
  ints(b, m, n) {
    b.AddUInt8Attribute(m, M.COLOR, n, 4, Uint8Array.from({ length: 4 * n }, (_, i) => i * i * 3))
    b.AddUInt16Attribute(m, M.GENERIC, n, 4, Uint16Array.from({ length: 4 * n }, (_, i) => i * 257 % 4001))
    b.AddInt8Attribute(m, M.GENERIC, n, 2, Int8Array.from({ length: 2 * n }, (_, i) => i % 200 - 100))
    b.AddInt16Attribute(m, M.GENERIC, n, 1, Int16Array.from({ length: n }, (_, i) => i % 3 ? -i * 5 : 20000))
    b.AddInt32Attribute(m, M.GENERIC, n, 1, Int32Array.from({ length: n }, (_, i) => (i % 90 - 5) * 10003))
    b.AddUInt32Attribute(m, M.GENERIC, n, 3, Uint32Array.from({ length: 3 * n }, (_, i) => i >> 2))
  },
  floats(b, m, n) {
    b.AddFloatAttribute(m, M.COLOR, n, 4, Float32Array.from({ length: 4 * n }, (_, i) => (i * 37 % 101) / 100))
    b.AddFloatAttribute(m, M.GENERIC, n, 4, Float32Array.from({ length: 4 * n }, (_, i) => Math.fround(Math.sin(i))))
    b.AddFloatAttribute(m, M.TEX_COORD, n, 2, Float32Array.from({ length: 2 * n }, (_, i) => Math.floor(i / 6) / 9))
  },
}

// { mesh, speed, method: 'eb' or 'seq', bits: [position, normal, texcoord, other], with: 'nt', extra, metadata }
function encode({ mesh, speed = 5, method = 'eb', bits = [11, 8, 10, 8], attrs = 'nt', extra, metadata }) {
  const m = meshes[mesh], n = m.p.length / 3
  const b = new M.MeshBuilder(), dm = new M.Mesh(), e = new M.Encoder()
  b.AddFacesToMesh(dm, m.f.length / 3, new Uint32Array(m.f))
  const p = b.AddFloatAttribute(dm, M.POSITION, n, 3, new Float32Array(m.p))
  if (attrs.includes('n')) b.AddFloatAttribute(dm, M.NORMAL, n, 3, new Float32Array(m.n))
  if (attrs.includes('t')) b.AddFloatAttribute(dm, M.TEX_COORD, n, 2, new Float32Array(m.t))
  if (extra) extras[extra](b, dm, n)
  if (metadata) {
    const mb = new M.MetadataBuilder(), md = new M.Metadata(), am = new M.Metadata()
    mb.AddStringEntry(md, 'name', 'a mesh'.repeat(40)); mb.AddIntEntry(md, 'count', 7)
    b.AddMetadata(dm, md)
    mb.AddDoubleEntry(am, 'scale', 0.5)
    b.SetMetadataForAttribute(dm, p, am)
  }
  e.SetSpeedOptions(speed, speed)
  e.SetEncodingMethod(method === 'eb' ? M.MESH_EDGEBREAKER_ENCODING : M.MESH_SEQUENTIAL_ENCODING)
  ;[M.POSITION, M.NORMAL, M.TEX_COORD].forEach((t, i) => bits[i] && e.SetAttributeQuantization(t, bits[i]))
  if (bits[3]) [M.COLOR, M.GENERIC].forEach(t => e.SetAttributeQuantization(t, bits[3]))
  const buf = new M.DracoInt8Array(), size = e.EncodeMeshToDracoBuffer(dm, buf)
  const data = new Uint8Array(size)
  for (let i = 0; i < size; i++) data[i] = buf.GetValue(i)
  for (const o of [buf, dm, e, b]) M.destroy(o)
  return data
}

const cases = {}
for (const mesh of Object.keys(meshes)) for (let speed = 0; speed <= 10; speed++) for (const method of ['eb', 'seq']) {
  for (const [k, attrs] of Object.entries({ all: 'nt', bare: '', uv: 't' })) cases[`${mesh}-${method}-${speed}-${k}`] = { mesh, speed, method, attrs }
}
for (const mesh of ['grid', 'sphere', 'cube', 'facets', 'many', 'soup', 'large', 'cells']) for (const method of ['eb', 'seq']) for (const speed of [0, 3, 5, 7, 10]) {
  cases[`${mesh}-${method}-${speed}-ints`] = { mesh, speed, method, extra: 'ints', metadata: true }
  cases[`${mesh}-${method}-${speed}-floats`] = { mesh, speed, method, extra: 'floats' }
  cases[`${mesh}-${method}-${speed}-plain`] = { mesh, speed, method, bits: [0, 0, 0, 0] }
  cases[`${mesh}-${method}-${speed}-fine`] = { mesh, speed, method, bits: [20, 16, 18, 12] }
  cases[`${mesh}-${method}-${speed}-finest`] = { mesh, speed, method, bits: [22, 20, 20, 18], extra: 'floats' }
  cases[`${mesh}-${method}-${speed}-coarse`] = { mesh, speed, method, bits: [1, 2, 1, 1], extra: 'floats' }
}

for (const name of names.length ? names : Object.keys(cases)) {
  let data = []
  try { data = encode(cases[name]) } catch (e) { console.log(`${name}: the encoder fails: ${e}`) }
  if (data.length) writeFileSync(join(out, name + '.drc'), data)
  else console.log(`${name}: the encoder refuses`)
}
