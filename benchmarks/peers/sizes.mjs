// Prints, for each GLB named, the bytes of its geometry: all buffer views that hold no image,
// compressed ones as they lie in the file; as they are and after brotli (quality 11).
//
//   node sizes.mjs FILE.glb...
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';

function geometry(file) {
  const bytes = readFileSync(file);
  const length = bytes.readUInt32LE(12);
  const json = JSON.parse(bytes.toString('utf8', 20, 20 + length));
  const bin = bytes.subarray(20 + length + 8);
  const images = new Set((json.images ?? []).map((i) => i.bufferView));
  const parts = [];
  (json.bufferViews ?? []).forEach((view, i) => {
    if (images.has(i)) return;
    const packed = view.extensions?.EXT_meshopt_compression ?? view.extensions?.KHR_meshopt_compression ?? view;
    const at = packed.byteOffset ?? 0;
    parts.push(bin.subarray(at, at + packed.byteLength));
  });
  const all = Buffer.concat(parts);
  const brotli = brotliCompressSync(all, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: all.length } });
  return { file, raw: all.length, brotli: brotli.length };
}

console.log(JSON.stringify(process.argv.slice(2).map(geometry)));
