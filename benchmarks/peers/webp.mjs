// Packs images as glTF-Transform does with `--texture-compress webp`: compressTexture with
// sharp at its defaults, the images' size kept.
//
//   node webp.mjs IMAGE.png... [--times N]
//
// Each result is IMAGE.webp beside its PNG. Standard output gets JSON: bytes and the least CPU
// milliseconds of N rounds (1), reading the PNG included.
//
// The libraries are taken from PEERS/node_modules, or from beside this file.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(resolve(process.env.PEERS ?? here), 'x.js'));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { Document } = await load('@gltf-transform/core');
const { compressTexture } = await load('@gltf-transform/functions');
const { default: sharp } = await load('sharp');

const { values, positionals } = parseArgs({ options: { times: { type: 'string', default: '1' } }, allowPositionals: true });
if (positionals.length === 0) {
  console.error('usage: node webp.mjs IMAGE.png... [--times N]');
  process.exit(2);
}

const results = [];
for (const file of positionals) {
  const image = readFileSync(file);
  let ms = Infinity;
  let packed;
  for (let round = 0; round < Math.max(1, Number(values.times)); round++) {
    const texture = new Document().createTexture().setImage(image).setMimeType('image/png');
    const began = process.cpuUsage();
    await compressTexture(texture, { encoder: sharp, targetFormat: 'webp' });
    const used = process.cpuUsage(began);
    ms = Math.min(ms, (used.user + used.system) / 1000);
    packed = texture.getImage();
  }
  const out = file.replace(/\.png$/, '.webp');
  writeFileSync(out, packed);
  results.push({ file: out, bytes: packed.length, ms });
}
console.log(JSON.stringify(results));
