// The part of the browser test that is about the progressive form: Babylon.js asks for it by
// ranges of its immutable address, shows the coarsest level first and the finest at last, also
// when the product is published anew in between. What can't be shown is said.
import { createHash } from 'node:crypto';

const share = 0.15; // of the file, for the first picture of a product whose finest level is heavy

// A cup with a knurled wall, as GLB: 180,000 triangles, with 300 rows, of which those that make
// the relief, 1.4 mm on a cup of a meter, are below a pixel in a small viewer.
function cup(rows) {
  const columns = 300;
  const positions = new Float32Array(3 * (rows + 1) * (columns + 1));
  const indices = new Uint32Array(6 * rows * columns);
  let p = 0;
  for (let i = 0; i <= rows; i++) {
    for (let k = 0; k <= columns; k++) {
      const v = i / rows;
      const angle = (2 * Math.PI * (k % columns)) / columns;
      const radius = 0.3 + 0.1 * v + 0.0014 * Math.sin(60 * angle + 150 * v) * Math.sin(60 * angle - 150 * v);
      positions.set([radius * Math.cos(angle), v, radius * Math.sin(angle)], p);
      p += 3;
    }
  }
  let n = 0;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < columns; k++) {
      const a = i * (columns + 1) + k;
      const b = a + columns + 1;
      indices.set([a, b, a + 1, a + 1, b, b + 1], n);
      n += 6;
    }
  }
  const r = 0.3 + 0.1 + 0.0014;
  const json = JSON.stringify({
    asset: { version: '2.0' }, scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0, name: 'cup' }],
    materials: [{ doubleSided: true, pbrMetallicRoughness: { baseColorFactor: [0.7, 0.5, 0.3, 1], metallicFactor: 0 } }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1, material: 0 }] }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: positions.length / 3, type: 'VEC3', min: [-r, 0, -r], max: [r, 1, r] },
      { bufferView: 1, componentType: 5125, count: indices.length, type: 'SCALAR' },
    ],
    bufferViews: [{ buffer: 0, byteLength: positions.byteLength }, { buffer: 0, byteOffset: positions.byteLength, byteLength: indices.byteLength }],
    buffers: [{ byteLength: positions.byteLength + indices.byteLength }],
  });
  const text = Buffer.from(json.padEnd(Math.ceil(json.length / 4) * 4));
  const bin = Buffer.concat([positions, indices].map((a) => Buffer.from(a.buffer)));
  const chunk = (kind, body) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(body.length);
    head.write(kind, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  const chunks = Buffer.concat([chunk('JSON', text), chunk('BIN\0', bin)]);
  const head = Buffer.alloc(12);
  head.write('glTF', 'latin1');
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(12 + chunks.length, 8);
  return Buffer.concat([head, chunks]);
}

async function until(what, seconds, done) {
  for (const end = Date.now() + seconds * 1e3; Date.now() < end; await new Promise((r) => setTimeout(r, 200))) if (await done()) return;
  throw new Error(`${what} after ${seconds} seconds`);
}

const manifestOf = async (assets, id) => (await fetch(`${assets}/p/default/${id}.json`)).json();

// upload is done when the origin has the levels of what was uploaded.
async function upload({ base, assets }, id, body) {
  const answer = await fetch(`${base}/v1/models/${id}`, { method: 'PUT', body });
  if (answer.status !== 202) throw new Error(`upload ${id}: ${answer.status} ${await answer.text()}`);
  const sha256 = createHash('sha256').update(body).digest('hex');
  await until(`${id}: the levels are not made`, 120, async () => {
    const { models } = await (await fetch(`${base}/v1/models`)).json();
    const m = models.find((x) => x.model === id);
    if (m?.state === 'failed') throw new Error(`failed: ${JSON.stringify(m.failure)}`);
    return m?.state === 'ready';
  });
  await until(`${id}: the origin has older levels`, 60, async () => (await manifestOf(assets, id)).source?.sha256 === sha256);
}

// sign waits until the page has said that it is so far; what it couldn't do ends the test.
async function sign(page, name) {
  await page.waitForSelector(`body[data-${name}], body[data-failed]`, { timeout: 120e3 });
  const failed = await page.evaluate(() => document.body.dataset.failed);
  if (failed) throw new Error(`${page.url()} failed: ${failed}`);
}

// progressive shows products that are there, and one whose finest level is heavy, which it
// uploads. It adds to problems what a shopper would notice.
export async function progressive({ browser, base, assets, ids, drawn, problems }) {
  const heavy = 'progressive-cup';
  await upload({ base, assets }, heavy, cup(300));
  for (const id of ids) await show({ browser, base, assets, id, drawn, problems, most: 1 });
  await show({ browser, base, assets, id: heavy, drawn, problems, most: share, meanwhile: () => upload({ base, assets }, heavy, cup(290)) });
  for (const name of ['babylon.html', 'three.html']) await refuse({ browser, base, assets, name, problems });
}

// refuse opens a product that isn't there.
async function refuse({ browser, base, assets, name, problems }) {
  const page = await browser.newPage();
  await page.goto(`${base}/${name}?src=${assets}/p/default/no-such-product.glb&form=progressive`);
  await page.waitForSelector('body[data-failed]', { timeout: 30e3 });
  const text = await page.locator('[role=alert]').innerText();
  if (!/can’t be shown/.test(text) || !await page.locator('[role=alert]').isVisible()) problems.push(`${name}: a product that isn't there is told of by ${JSON.stringify(text)}`);
  await page.close();
  console.log(`${name}: what isn't there is said`);
}

// show opens a product, does what is to be done while its first picture is seen, and lets the finer
// levels come.
async function show({ browser, base, assets, id, drawn, problems, most, meanwhile = () => {} }) {
  const manifest = await manifestOf(assets, id);
  const levels = manifest.levels.map((l) => l.renditions.find((r) => r.form === 'progressive'));
  const [file, coarsest] = [levels[0], levels.at(-1)];
  const place = `/o/default/${file.sha256}/${id}.glb`;
  const bad = (text) => problems.push(`${id}, progressive: ${text}`);

  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('console', (m) => { if (m.type() === 'error') bad(`console: ${m.text()}`); });
  page.on('pageerror', (e) => bad(`page: ${e}`));
  page.on('request', (r) => { if (/^https?:/.test(r.url()) && ![base, assets].some((host) => r.url().startsWith(`${host}/`))) bad(`asks another host: ${r.url()}`); });
  const heads = [];
  page.on('request', (r) => {
    if (new URL(r.url()).pathname !== `/p/default/${id}.glb`) return;
    heads.push(r.url());
    if (r.method() !== 'HEAD') bad(`${r.method()} of the address that may change`);
  });
  let bytes = 0; // of the file, received by the browser
  const asked = new Set();
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  network.on('Network.responseReceived', ({ requestId, response }) => {
    const { pathname } = new URL(response.url);
    if (!pathname.startsWith('/o/')) return;
    asked.add(requestId);
    if (response.status !== 206 || pathname !== place) bad(`${response.status} for ${response.url}`);
  });
  network.on('Network.dataReceived', ({ requestId, dataLength }) => { if (asked.has(requestId)) bytes += dataLength; });

  // Finer levels are held until the first picture was looked at.
  const end = coarsest.range.offset + coarsest.range.bytes;
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route((url) => url.pathname.startsWith('/o/'), async (route) => {
    const from = Number(/^bytes=(\d+)-/.exec(route.request().headers().range ?? '')?.[1]);
    if (from >= end) await released;
    await route.continue();
  });

  await page.goto(`${base}/babylon.html?src=${assets}/p/default/${id}.glb&form=progressive`);
  await sign(page, 'first');
  await drawn(page, page.locator('canvas'), `${id} with Babylon.js at first`);
  const first = bytes;
  await meanwhile();
  release();
  await sign(page, 'ready');
  await page.waitForTimeout(300);
  await drawn(page, page.locator('canvas'), `${id} with Babylon.js`);
  const seen = await page.evaluate(() => ({ levels: JSON.parse(document.body.dataset.levels ?? '[]'), triangles: Number(document.body.dataset.triangles) }));
  await page.close();

  if (heads.length !== 1) bad(`the immutable address was asked for ${heads.length} times`);
  if (first > end || first < end - 3) bad(`the first picture took ${first} bytes, the coarsest level ends at ${end}`); // less what pads its end
  if (first > most * file.bytes) bad(`the first picture took ${first} of ${file.bytes} bytes, more than ${100 * most} %`);
  if (bytes > file.bytes || bytes < file.bytes - 3) bad(`the browser received ${bytes} bytes, the file has ${file.bytes}`);
  if (seen.triangles !== manifest.levels[0].triangles) bad(`${seen.triangles} triangles at last, the finest level has ${manifest.levels[0].triangles}`);
  const different = new Set(levels.map((r) => r.range.offset)).size;
  if (seen.levels.length !== (different > 1 ? different : 0)) bad(`${seen.levels.length} levels were shown, there are ${different}`);
  console.log(`${id}: shown by Babylon.js after ${first} of ${file.bytes} bytes (${(100 * first / file.bytes).toFixed(1)} %), ${asked.size} ranges, ${seen.triangles} triangles at last`);
}
