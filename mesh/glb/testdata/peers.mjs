// Packs and reads files with other tools: node peers.mjs PEERS pack SOURCE OUT writes
// OUT.NAME.glb for each way to pack; node peers.mjs PEERS read FILE... prints a line of
// JSON for each file, with the arrays of its primitives and what gltf-validator finds.
import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [peers, verb, ...args] = process.argv.slice(2)
const require = createRequire(resolve(peers, 'x.js'))
const modules = join(resolve(peers), 'node_modules')

if (verb === 'pack') {
  const [source, out] = args
  const gltfpack = (name, ...flags) => execFileSync('node', [join(modules, 'gltfpack', 'cli.js'), '-i', source, '-o', `${out}.${name}.glb`, ...flags])
  const transform = name => execFileSync('node', [join(modules, '@gltf-transform/cli/bin/cli.js'), name, source, `${out}.${name}.glb`], { stdio: ['ignore', 'ignore', 'inherit'] })
  gltfpack('c', '-c'); gltfpack('cc', '-cc'); gltfpack('cz', '-cz'); gltfpack('cf', '-c', '-cf')
  gltfpack('float', '-cc', '-vpf', '-vtf', '-vnf'); gltfpack('kept', '-cz', '-kn', '-km', '-kv', '-mi', '-vi')
  transform('meshopt'); transform('draco')
  process.exit(0)
}

const load = name => import(pathToFileURL(require.resolve(name)))
const { NodeIO } = await load('@gltf-transform/core')
const { ALL_EXTENSIONS } = await load('@gltf-transform/extensions')
const { MeshoptDecoder } = require('meshoptimizer')
const validator = require('gltf-validator')
await MeshoptDecoder.ready
const io = new NodeIO().registerExtensions(ALL_EXTENSIONS).registerDependencies({
  'meshopt.decoder': MeshoptDecoder, 'draco3d.decoder': await require('draco3d').createDecoderModule(),
})

const dump = a => a && {
  Kind: a.getComponentType(), Width: a.getElementSize(), Normalized: a.getNormalized(), Matrix: a.getType().startsWith('MAT'),
  Data: Buffer.from(a.getArray().buffer, a.getArray().byteOffset, a.getArray().byteLength).toString('base64'),
}

for (const file of args) {
  const data = readFileSync(file)
  const report = await validator.validateBytes(new Uint8Array(data), { maxIssues: 0 })
  const errors = [...new Set(report.issues.messages.filter(m => m.severity === 0).map(m => m.code))]
  // The library knows only the older of the two names. They have the same form, and the
  // decoder reads both versions; the new name is as long.
  const renamed = () => Buffer.from(data.toString('latin1').replaceAll('KHR_meshopt_compression', 'EXT_meshopt_compression'), 'latin1')
  const doc = data.includes('KHR_meshopt_compression') ? await io.readBinary(new Uint8Array(renamed())) : await io.read(file)
  const primitives = doc.getRoot().listMeshes().flatMap(m => m.listPrimitives()).map(p => ({
    Mode: p.getMode(), Indices: dump(p.getIndices()),
    Attributes: Object.fromEntries(p.listSemantics().map(s => [s, dump(p.getAttribute(s))])),
    Targets: p.listTargets().map(t => Object.fromEntries(t.listSemantics().map(s => [s, dump(t.getAttribute(s))]))),
  }))
  const tracks = doc.getRoot().listAnimations().flatMap(a => a.listSamplers()).flatMap(s => [dump(s.getInput()), dump(s.getOutput())])
  console.log(JSON.stringify({ Errors: errors, Primitives: primitives, Tracks: tracks }))
}
