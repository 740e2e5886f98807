// One product with three.js alone: /three.html?src=/p/default/chair.glb. An example of how
// little the web form asks for, a loader and its decoder.
import { AmbientLight, Box3, DirectionalLight, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js';

const canvas = document.querySelector('canvas');
const source = new URL(new URLSearchParams(location.search).get('src') ?? '', location.href);
// The page's policy says which hosts src may be on.
source.searchParams.set('h', Math.round(innerHeight * devicePixelRatio));
source.searchParams.set('form', 'web');

async function show() {
  const { scene: model } = await new GLTFLoader().setMeshoptDecoder(MeshoptDecoder).loadAsync(source.href);
  const renderer = new WebGLRenderer({ canvas, antialias: true });
  renderer.setPixelRatio(devicePixelRatio);
  renderer.setSize(innerWidth, innerHeight, false);
  renderer.setClearColor(0xf2f0ec);

  const sun = new DirectionalLight(0xffffff, 2.5);
  sun.position.set(1, 2, 2);
  const scene = new Scene().add(model, sun, new AmbientLight(0xffffff, 1.5));

  // The camera of the pixel contract: 30 degrees, 1.05 times as far as the sphere needs.
  const box = new Box3().setFromObject(model);
  const center = box.getCenter(new Vector3());
  const radius = box.getSize(new Vector3()).length() / 2;
  const camera = new PerspectiveCamera(30, innerWidth / innerHeight, radius / 100, radius * 100);
  camera.position.copy(center).add(new Vector3(0.5, 0.35, 1).normalize().multiplyScalar((1.05 * radius) / Math.sin(Math.PI / 12)));
  camera.lookAt(center);
  renderer.render(scene, camera);
  document.body.dataset.ready = 'true';
}

// fail tells the visitor, and the console why.
function fail(error) {
  console.error(error);
  document.body.dataset.failed = String(error?.message ?? error) || 'unknown';
  const text = document.createElement('p');
  text.setAttribute('role', 'alert');
  text.style = 'position: fixed; inset: 0 0 auto; margin: 1rem; font: 1rem/1.5 system-ui';
  text.textContent = 'This product can’t be shown. Reload the page to try again.';
  document.body.append(text);
}

show().catch(fail);
