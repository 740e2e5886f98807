// Decodes streams with draco3d: node decode.mjs PEERS DIR writes DIR/NAME.out for each
// DIR/NAME.drc: a line of JSON that says what there is, then the bytes of the indices
// and of each attribute; or one with an error.
import { createRequire } from 'node:module'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const [peers, dir] = process.argv.slice(2)
const M = await createRequire(resolve(peers, 'x.js'))('draco3d').createDecoderModule({})
const sizes = [0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 1]

function decode(data) {
  const d = new M.Decoder(), buf = new M.DecoderBuffer(), m = new M.Mesh()
  buf.Init(new Int8Array(data), data.length)
  const status = d.DecodeBufferToMesh(buf, m)
  if (!status.ok() || !m.ptr) return [{ error: status.error_msg() }]
  const faces = m.num_faces(), points = m.num_points(), parts = []
  const take = (size, read) => {
    const ptr = M._malloc(size || 1)
    if (!read(size, ptr)) throw new Error('not read')
    parts.push(Buffer.from(new Uint8Array(M.HEAPF32.buffer, ptr, size)))
    M._free(ptr)
  }
  take(faces * 12, (size, ptr) => d.GetTrianglesUInt32Array(m, size, ptr))
  const attributes = []
  for (let i = 0; i < m.num_attributes(); i++) {
    const a = d.GetAttribute(m, i), kind = a.data_type(), components = a.num_components()
    attributes.push({ id: a.unique_id(), type: a.attribute_type(), kind, components, normalized: a.normalized() })
    take(points * components * sizes[kind], (size, ptr) => d.GetAttributeDataArrayForAllPoints(m, a, kind, size, ptr))
  }
  for (const o of [m, buf, d]) M.destroy(o)
  return [{ points, faces, attributes }, ...parts]
}

for (const name of readdirSync(dir).filter(n => n.endsWith('.drc'))) {
  const [facts, ...parts] = decode(readFileSync(join(dir, name)))
  writeFileSync(join(dir, name.replace(/drc$/, 'out')), Buffer.concat([Buffer.from(JSON.stringify(facts) + '\n'), ...parts]))
}
