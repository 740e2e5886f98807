// Simplifies a mesh with meshoptimizer's best mode, to compare ours with: simplifyWithUpdate
// with the Permissive flag, normals weighed 0.5 and texture coordinates 1, each ratio from the
// original, without a limit on the error.
//
//   node simplify.mjs MESH.bin RATIO... --out DIR [--times N]
//
// MESH.bin is what mesh/meshtest.WriteBin writes (the layout is in mesh/meshtest/bin.go); each
// result is such a file too, DIR/MESH.RATIO.bin. Vertices that are equal bit for bit are welded
// first. Standard output gets JSON: triangles reached and CPU milliseconds, of each ratio and
// of all, the best of N rounds (4). Reading, welding and writing are not in these.
//
// meshoptimizer is taken from PEERS/node_modules, or from beside this file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(resolve(process.env.PEERS ?? here), 'x.js'));
const library = require.resolve('meshoptimizer');
const { version } = JSON.parse(readFileSync(join(dirname(library), 'package.json')));
const { MeshoptSimplifier } = await import(pathToFileURL(library));

const { values, positionals } = parseArgs({
  options: { out: { type: 'string' }, times: { type: 'string', default: '4' } },
  allowPositionals: true,
});
const [file, ...ratios] = positionals;
if (!file || ratios.length === 0 || !values.out) {
  console.error('usage: node simplify.mjs MESH.bin RATIO... --out DIR [--times N]');
  process.exit(2);
}

// A mesh is { positions, attributes, indices }: a row of attributes is a normal, if there are
// normals, then u and v, if there are any.
function read(path) {
  const bytes = readFileSync(path);
  if (bytes.toString('latin1', 0, 4) !== 'PMSH') throw new Error(`${path}: not a mesh file`);
  const [vertices, indices, normals, uvs] = [4, 8, 12, 16].map((at) => bytes.readUInt32LE(at));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length); // aligned
  let at = 20;
  const next = (kind, n) => { const out = new kind(buffer, at, n); at += 4 * n; return out; };
  const positions = next(Float32Array, 3 * vertices);
  const parts = [];
  if (normals) parts.push([3, next(Float32Array, 3 * vertices)]);
  if (uvs) parts.push([2, next(Float32Array, 2 * vertices)]);
  const stride = parts.reduce((sum, [width]) => sum + width, 0);
  const attributes = new Float32Array(stride * vertices);
  let column = 0;
  for (const [width, rows] of parts) {
    for (let v = 0; v < vertices; v++) for (let k = 0; k < width; k++) attributes[v * stride + column + k] = rows[v * width + k];
    column += width;
  }
  return { positions, attributes, stride, normals, uvs, indices: next(Uint32Array, indices) };
}

function write(path, m) {
  const vertices = m.positions.length / 3;
  const head = Buffer.alloc(20);
  head.write('PMSH', 'latin1');
  [vertices, m.indices.length, m.normals, m.uvs].forEach((x, i) => head.writeUInt32LE(x, 4 + 4 * i));
  const column = (from, width) => {
    const out = new Float32Array(width * vertices);
    for (let v = 0; v < vertices; v++) for (let k = 0; k < width; k++) out[v * width + k] = m.attributes[v * m.stride + from + k];
    return out;
  };
  const parts = [m.positions];
  if (m.normals) parts.push(column(0, 3));
  if (m.uvs) parts.push(column(m.stride - 2, 2));
  parts.push(m.indices);
  writeFileSync(path, Buffer.concat([head, ...parts.map((p) => Buffer.from(p.buffer, p.byteOffset, p.byteLength))]));
}

// weld joins vertices whose rows are equal bit for bit.
function weld(m) {
  const n = m.positions.length / 3;
  const p = new Uint32Array(m.positions.buffer, m.positions.byteOffset, 3 * n);
  const a = new Uint32Array(m.attributes.buffer, 0, m.stride * n);
  const equal = (x, y) => {
    for (let k = 0; k < 3; k++) if (p[3 * x + k] !== p[3 * y + k]) return false;
    for (let k = 0; k < m.stride; k++) if (a[m.stride * x + k] !== a[m.stride * y + k]) return false;
    return true;
  };
  let size = 1;
  while (size < 2 * n) size *= 2;
  const table = new Int32Array(size).fill(-1);
  const remap = new Uint32Array(n);
  let count = 0;
  for (let v = 0; v < n; v++) {
    let h = 0;
    for (let k = 0; k < 3; k++) h = mix(h, p[3 * v + k]);
    for (let k = 0; k < m.stride; k++) h = mix(h, a[m.stride * v + k]);
    let slot = h & (size - 1);
    while (table[slot] >= 0 && !equal(table[slot], v)) slot = (slot + 1) & (size - 1);
    if (table[slot] < 0) { table[slot] = v; remap[v] = count++; } else remap[v] = remap[table[slot]];
  }
  return gather({ ...m, indices: m.indices.map((i) => remap[i]) }, remap, count);
}

function mix(h, x) {
  h = Math.imul(h ^ x, 0x5bd1e995);
  return h ^ (h >>> 15);
}

// gather moves vertex v to remap[v]; its indices are there already. A vertex that is not used
// has a remap out of range.
function gather(m, remap, count) {
  const positions = new Float32Array(3 * count);
  const attributes = new Float32Array(m.stride * count);
  for (let v = 0; v < remap.length; v++) {
    const to = remap[v];
    if (to >= count) continue;
    for (let k = 0; k < 3; k++) positions[3 * to + k] = m.positions[3 * v + k];
    for (let k = 0; k < m.stride; k++) attributes[m.stride * to + k] = m.attributes[m.stride * v + k];
  }
  return { ...m, positions, attributes };
}

function simplify(m, ratio) {
  const target = Math.floor((m.indices.length / 3) * ratio) * 3;
  // All three arrays are changed in place.
  const out = { ...m, indices: m.indices.slice(), positions: m.positions.slice(), attributes: m.attributes.slice() };
  const weights = [...(m.normals ? [0.5, 0.5, 0.5] : []), ...(m.uvs ? [1, 1] : [])];
  const began = process.cpuUsage();
  const [count] = MeshoptSimplifier.simplifyWithUpdate(
    out.indices, out.positions, 3, out.attributes, m.stride, weights, null, target, 1e9, ['Permissive'],
  );
  const used = process.cpuUsage(began);
  out.indices = out.indices.slice(0, count);
  return { out, target: target / 3, ms: (used.user + used.system) / 1000 };
}

function compact(m) {
  if (m.indices.length === 0) return gather(m, [], 0);
  const [remap, count] = MeshoptSimplifier.compactMesh(m.indices); // also renumbers m.indices
  const out = gather(m, remap, count);
  if (!m.normals) return out;
  for (let v = 0; v < count; v++) {
    const row = out.attributes.subarray(v * m.stride, v * m.stride + 3);
    const l = Math.hypot(...row);
    if (l > 0) for (let k = 0; k < 3; k++) row[k] /= l;
  }
  return out;
}

await MeshoptSimplifier.ready;
mkdirSync(values.out, { recursive: true });
const name = basename(file, '.bin');
const mesh = weld(read(file));
const rounds = Math.max(1, Number(values.times));
const results = ratios.map((r) => ({ ratio: Number(r), ms: Infinity }));
let all = Infinity;
for (let round = 0; round < rounds; round++) {
  let sum = 0;
  results.forEach((result, i) => {
    const { out, target, ms } = simplify(mesh, result.ratio);
    sum += ms;
    result.ms = Math.min(result.ms, ms);
    if (round > 0) return;
    const done = compact(out);
    const path = join(values.out, `${name}.${result.ratio}.bin`);
    write(path, done);
    Object.assign(result, { target, triangles: done.indices.length / 3, vertices: done.positions.length / 3, file: path });
  });
  all = Math.min(all, sum);
}
console.log(JSON.stringify({
  peer: `meshoptimizer ${version}`,
  triangles: mesh.indices.length / 3, vertices: mesh.positions.length / 3, times: rounds, ms: all, results,
}, null, 1));
