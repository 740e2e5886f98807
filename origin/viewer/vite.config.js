import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

// The decoders that model-viewer would fetch from another host, or has none for.
const decoders = {
  name: 'decoders',
  closeBundle() {
    const libs = 'node_modules/three/examples/jsm/libs';
    cpSync(`${libs}/draco/gltf`, 'dist/decoders/draco', { recursive: true });
    cpSync(`${libs}/basis`, 'dist/decoders/basis', { recursive: true });
    // As a plain script, which model-viewer loads by its address.
    cpSync('node_modules/meshoptimizer/meshopt_decoder.cjs', 'dist/decoders/meshopt/meshopt_decoder.js');
  },
};

// What the server sends to those who take it: beside each text and program, the same as
// brotli and gzip.
const compressed = {
  name: 'compressed',
  closeBundle: {
    order: 'post',
    handler() {
      for (const name of readdirSync('dist', { recursive: true }).filter((n) => /\.(js|css|html|wasm|json)$/.test(n))) {
        const text = readFileSync(join('dist', name));
        const best = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
        for (const [end, body] of [['br', brotliCompressSync(text, { params: best })], ['gz', gzipSync(text, { level: 9 })]]) {
          if (body.length < text.length) writeFileSync(join('dist', `${name}.${end}`), body);
        }
      }
    },
  },
};

export default defineConfig({
  build: { target: 'es2022', chunkSizeWarningLimit: 2000, rolldownOptions: { input: ['index.html', 'three.html', 'babylon.html'] } },
  plugins: [decoders, compressed],
});
