import { cpSync } from 'node:fs';
import { defineConfig } from 'vite';

// The decoders that model-viewer would fetch from another host.
const decoders = {
  name: 'decoders',
  closeBundle() {
    const libs = 'node_modules/three/examples/jsm/libs';
    cpSync(`${libs}/draco/gltf`, 'dist/decoders/draco', { recursive: true });
    cpSync(`${libs}/basis`, 'dist/decoders/basis', { recursive: true });
  },
};

export default defineConfig({
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  plugins: [decoders],
});
