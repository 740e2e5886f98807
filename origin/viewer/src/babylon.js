// One product with Babylon.js alone: /babylon.html?src=/p/default/chair.glb&form=progressive.
// The progressive form is asked for by ranges: the coarsest level is shown as soon as it is
// there, and each finer one takes its place. They are ranges of the immutable address that the
// product's has now: a product may be published anew between two of them. Other forms, and
// files that have no such address, come with one request.
//
// For those who measure, the body has data-first, what the first picture took, and
// data-levels, what each level had taken when it was there: bytes that were received and
// milliseconds since the page began. data-ready says that the finest is shown, data-failed why
// it can't be.
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

const now = (address) => ({
  bytes: performance.getEntriesByName(address).reduce((sum, e) => sum + e.encodedBodySize, 0),
  ms: Math.round(performance.now()),
});

// immutable finds the address of the very file that a product's has now, or undefined. Signed
// addresses have none, and an answer speaks for addresses on its own host only. Whether
// the file can be had at all is for the request that asks for it to say.
async function immutable(product) {
  const answer = await fetch(product, { method: 'HEAD' });
  const place = answer.ok && answer.headers.get('Content-Location');
  if (!place) return undefined;
  const address = new URL(place, answer.url);
  return address.origin === new URL(answer.url).origin ? address.href : undefined;
}

// stage is a scene with lights and a camera, and what frames the model in it.
function stage() {
  const engine = new Engine(canvas, true, undefined, true);
  const scene = new Scene(engine);
  scene.clearColor = Color4.FromHexString('#f2f0ecff');
  new HemisphericLight('sky', Vector3.Up(), scene).intensity = 1.5;
  new DirectionalLight('sun', new Vector3(-1, -2, -2), scene).intensity = 2.5;

  // The camera of the pixel contract: 30 degrees, 1.05 times as far as the sphere needs.
  const camera = new ArcRotateCamera('camera', 0, 0, 1, Vector3.Zero(), scene);
  camera.fov = Math.PI / 6;
  const frame = () => {
    const shown = scene.meshes.filter((m) => m.isEnabled() && m.getTotalVertices());
    if (!shown.length) return;
    const { min, max } = scene.getWorldExtends((m) => shown.includes(m));
    const radius = max.subtract(min).length() / 2;
    camera.target = min.add(max).scale(0.5);
    camera.minZ = radius / 100;
    camera.maxZ = radius * 100;
    camera.position = camera.target.add(new Vector3(0.5, 0.35, 1).normalize().scale((1.05 * radius) / Math.sin(Math.PI / 12)));
  };
  return { engine, scene, frame };
}

// after is data whose ranges but the first, the coarsest level's, are asked for once that is
// drawn: nothing takes its time from it.
function after(drawn, data) {
  const { bin } = data;
  let coarsest = true;
  return {
    ...data,
    bin: {
      byteLength: bin.byteLength,
      async readAsync(offset, length) {
        if (!coarsest) await drawn;
        coarsest = false;
        return bin.readAsync(offset, length);
      },
    },
  };
}

async function show() {
  const { engine, scene, frame } = stage();
  const place = form === 'progressive' ? await immutable(source.href) : undefined;
  const address = place ?? source.href;
  const loader = new GLTFFileLoader();
  loader.useRangeRequests = place !== undefined;
  const levels = [];
  loader.onExtensionLoadedObservable.add((extension) => {
    if (extension.name !== 'MSFT_lod') return;
    extension.onNodeLODsLoadedObservable.add(() => {
      levels.push(now(address));
      document.body.dataset.levels = JSON.stringify(levels);
    });
  });
  let data = await new Promise((resolve, reject) => { loader.loadFile(scene, address, '', resolve, undefined, true, (message, error) => reject(error ?? new Error(message))); });
  let draw;
  const drawn = new Promise((resolve) => { draw = resolve; });
  if (loader.useRangeRequests) data = after(drawn, data);
  const complete = loader.whenCompleteAsync();
  complete.catch(fail); // also where it fails before it is waited for
  await loader.loadAsync(scene, data, '', undefined, '');
  await scene.whenReadyAsync();
  frame();
  scene.render();
  document.body.dataset.first = JSON.stringify(now(address));
  engine.runRenderLoop(() => scene.render());
  draw();

  await complete;
  await scene.whenReadyAsync();
  frame();
  scene.render();
  document.body.dataset.triangles = scene.meshes.filter((m) => m.isEnabled()).reduce((sum, m) => sum + m.getTotalIndices() / 3, 0);
  document.body.dataset.ready = 'true';
}

// fail tells the visitor, over what is shown by then, and the console why.
function fail(error) {
  if (document.body.dataset.failed) return;
  console.error(error);
  document.body.dataset.failed = String(error?.message ?? error) || 'unknown';
  const text = document.createElement('p');
  text.setAttribute('role', 'alert');
  text.textContent = document.body.dataset.first
    ? 'This product can’t be shown in full detail. Reload the page to try again.'
    : 'This product can’t be shown. Reload the page to try again.';
  document.body.append(text);
}

show().catch(fail);
