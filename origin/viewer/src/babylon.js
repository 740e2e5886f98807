// One product with Babylon.js alone: /babylon.html?src=/p/default/chair.glb&form=progressive.
// The progressive form is asked for by ranges: the coarsest level is shown as soon as it is
// there, and each finer one takes its place. Other forms come with one request.
//
// For those who measure, the body has data-first, what the first picture took, and
// data-levels, what each level had taken when it was there: bytes that were received and
// milliseconds since the page began. data-ready says that the finest is shown.
import { ArcRotateCamera } from '@babylonjs/core/Cameras/arcRotateCamera.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { DirectionalLight } from '@babylonjs/core/Lights/directionalLight.js';
import { HemisphericLight } from '@babylonjs/core/Lights/hemisphericLight.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { MeshoptCompression } from '@babylonjs/core/Meshes/Compression/meshoptCompression.js';
import { Scene } from '@babylonjs/core/scene.js';
import { GLTFFileLoader } from '@babylonjs/loaders/glTF/glTFFileLoader.js';
import '@babylonjs/loaders/glTF/2.0/glTFLoader.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/EXT_mesh_gpu_instancing.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/EXT_meshopt_compression.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/EXT_texture_webp.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/KHR_lights_punctual.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/KHR_materials_variants.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/KHR_mesh_quantization.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/KHR_texture_transform.js';
import '@babylonjs/loaders/glTF/2.0/Extensions/MSFT_lod.js';

// Its own address is on another host.
MeshoptCompression.Configuration = { decoder: { url: '/decoders/meshopt/meshopt_decoder.js' } };

const canvas = document.querySelector('canvas');
const query = new URLSearchParams(location.search);
const source = new URL(query.get('src') ?? '', location.href);
// The page's policy says which hosts src may be on.
const form = query.get('form') ?? 'web';
source.searchParams.set('h', Math.round(innerHeight * devicePixelRatio));
source.searchParams.set('form', form);

const engine = new Engine(canvas, true, undefined, true);
const scene = new Scene(engine);
scene.clearColor = Color4.FromHexString('#f2f0ecff');
new HemisphericLight('sky', Vector3.Up(), scene).intensity = 1.5;
new DirectionalLight('sun', new Vector3(-1, -2, -2), scene).intensity = 2.5;

// The camera of the pixel contract: 30 degrees, 1.05 times as far as the sphere needs.
const camera = new ArcRotateCamera('camera', 0, 0, 1, Vector3.Zero(), scene);
camera.fov = Math.PI / 6;
function frame() {
  const shown = scene.meshes.filter((m) => m.isEnabled() && m.getTotalVertices());
  if (!shown.length) return false;
  const { min, max } = scene.getWorldExtends((m) => shown.includes(m));
  const radius = max.subtract(min).length() / 2;
  camera.target = min.add(max).scale(0.5);
  camera.minZ = radius / 100;
  camera.maxZ = radius * 100;
  camera.position = camera.target.add(new Vector3(0.5, 0.35, 1).normalize().scale((1.05 * radius) / Math.sin(Math.PI / 12)));
  return true;
}

const received = () => performance.getEntriesByName(source.href).reduce((sum, e) => sum + e.encodedBodySize, 0);
const now = () => ({ bytes: received(), ms: Math.round(performance.now()) });

const loader = new GLTFFileLoader();
loader.useRangeRequests = form === 'progressive';
const levels = [];
loader.onExtensionLoadedObservable.add((extension) => {
  if (extension.name !== 'MSFT_lod') return;
  extension.onNodeLODsLoadedObservable.add(() => {
    levels.push(now());
    document.body.dataset.levels = JSON.stringify(levels);
  });
});
const data = await new Promise((resolve, reject) => loader.loadFile(scene, source.href, '', resolve, undefined, true, (_, error) => reject(error)));

// Finer levels wait until the coarsest is drawn: nothing takes its time from it.
let draw;
const drawn = new Promise((resolve) => { draw = resolve; });
if (loader.useRangeRequests) {
  const bin = data.bin;
  let coarsest = true;
  data.bin = {
    byteLength: bin.byteLength,
    async readAsync(offset, length) {
      if (!coarsest) await drawn;
      coarsest = false;
      return bin.readAsync(offset, length);
    },
  };
}
const complete = loader.whenCompleteAsync();
await loader.loadAsync(scene, data, '', undefined, '');
await scene.whenReadyAsync();
frame();
scene.render();
document.body.dataset.first = JSON.stringify(now());
engine.runRenderLoop(() => scene.render());
draw();

await complete;
await scene.whenReadyAsync();
frame();
scene.render();
document.body.dataset.triangles = scene.meshes.filter((m) => m.isEnabled()).reduce((sum, m) => sum + m.getTotalIndices() / 3, 0);
document.body.dataset.ready = 'true';
