import { cpSync } from 'node:fs';
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

export default defineConfig({
  build: { target: 'es2022', chunkSizeWarningLimit: 2000, rolldownOptions: { input: ['index.html', 'three.html', 'babylon.html'] } },
  plugins: [decoders],
});
