// Opens the shop in headless Chromium and fails on anything a shopper would
// notice: a product that does not show, an error on the console, a request
// to another host.
//
//   node e2e.mjs BINARY [--models DIR] [--shots DIR]
//
// Without --models the sample products are used; with it, every GLB in DIR.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { devices } from './e2e-devices.mjs';
import { progressive } from './e2e-progressive.mjs';

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { models: { type: 'string' }, shots: { type: 'string' } } });
const binary = positionals[0] ?? '../../bin/plinth';
const browserPath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));
if (!browserPath) {
  console.error('e2e: no Chromium; install Debian\'s "chromium" or set CHROMIUM to its path');
  process.exit(1);
}
const data = mkdtempSync(join(tmpdir(), 'plinth-e2e-'));
const shots = options.shots ?? join(data, 'shots');
mkdirSync(shots, { recursive: true });

const problems = [];

// Something must be drawn: a picture of one color all over is a blank stage.
async function drawn(page, place, name) {
  const shot = await place.screenshot({ path: join(shots, `${name}.png`) });
  const colors = await page.evaluate(async (b64) => {
    const img = await createImageBitmap(await (await fetch(`data:image/png;base64,${b64}`)).blob());
    const c = new OffscreenCanvas(img.width, img.height).getContext('2d');
    c.drawImage(img, 0, 0);
    return new Set(new Uint32Array(c.getImageData(0, 0, img.width, img.height).data.buffer)).size;
  }, shot.toString('base64'));
  if (colors < 50) problems.push(`${name}: the picture has ${colors} colors`);
}

// start runs the binary and returns the address it prints.
const processes = [];
async function start(args, onLog = (line) => { if (JSON.parse(line).level !== 'INFO') process.stderr.write(`${line}\n`); }) {
  const child = spawn(binary, [...args, '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PLINTH_LOG: 'json' } });
  processes.push(child);
  createInterface({ input: child.stderr }).on('line', onLog);
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => { const m = /http:\S+/.exec(String(text)); if (m) resolve(m[0]); });
    child.on('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
  });
}

let browser;
try {
  // Products come from an origin on another port: another site, as a CDN is.
  const log = [];
  const assets = await start(['origin'], (line) => log.push(JSON.parse(line)));
  const base = await start(['serve', '--assets', assets, ...(options.models ? [] : ['--demo'])]);
  let wanted = 5;
  if (options.models) {
    const files = readdirSync(options.models).filter((f) => f.endsWith('.glb'));
    wanted = files.length;
    for (const f of files) {
      const id = basename(f, '.glb').toLowerCase().replaceAll(/[^a-z0-9_]+/g, '-');
      const answer = await fetch(`${base}/v1/models/${id}`, { method: 'PUT', body: readFileSync(join(options.models, f)) });
      if (answer.status !== 202) throw new Error(`upload ${f}: ${answer.status} ${await answer.text()}`);
    }
  }
  const end = Date.now() + 8 * 60e3;
  for (;;) {
    const { models } = await (await fetch(`${base}/v1/models`)).json();
    const failed = models.filter((m) => m.state === 'failed');
    if (failed.length) throw new Error(`failed: ${JSON.stringify(failed.map((m) => [m.model, m.failure]))}`);
    if (models.length >= wanted && models.every((m) => m.state === 'ready')) break;
    if (Date.now() > end) throw new Error('the levels are not made after eight minutes');
    await new Promise((r) => setTimeout(r, 500));
  }

  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('console', (m) => { if (m.type() === 'error') problems.push(`console: ${m.text()}`); });
  page.on('pageerror', (e) => problems.push(`page: ${e}`));
  page.on('request', (r) => { if (/^https?:/.test(r.url()) && ![base, assets].some((host) => r.url().startsWith(`${host}/`))) problems.push(`asks another host: ${r.url()}`); });
  page.on('response', (r) => { if (r.status() >= 400) problems.push(`${r.status()} ${r.url()}`); });
  await page.goto(base);
  await page.waitForFunction((n) => document.querySelectorAll('.card[data-state=ready]').length >= n, wanted, { timeout: 60e3 });
  await page.waitForFunction(() => { const v = [...document.querySelectorAll('.card model-viewer')]; return v.filter((x) => x.loaded).length >= 3; }, null, { timeout: 120e3 });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(shots, 'shop.png') });
  const ids = await page.$$eval('.card[data-state=ready]', (cards) => cards.map((c) => c.dataset.model));
  console.log(`shop: ${ids.length} products`);
  for (const id of ids) {
    await page.click(`.card[data-model="${id}"]`);
    await page.waitForFunction(() => document.querySelector('#stage model-viewer')?.loaded, null, { timeout: 120e3 });
    await page.waitForTimeout(700);
    const seen = await page.evaluate(() => {
      const v = document.querySelector('#stage model-viewer');
      const d = v.getDimensions();
      return { src: v.getAttribute('src') ?? v.src, size: [d.x, d.y, d.z], reason: document.querySelector('#reason').textContent, rows: document.querySelectorAll('#levels tr').length };
    });
    if (!seen.src.includes('?h=') || !seen.reason.includes('level=') || !seen.reason.includes('form=web')) problems.push(`${id}: no level chosen: ${JSON.stringify(seen)}`);
    if (!seen.size.some((x) => x > 0)) problems.push(`${id}: has no size`);
    if (seen.rows !== 6) problems.push(`${id}: ${seen.rows} rows of levels, want 6`);
    await drawn(page, page.locator('#stage'), id);
    console.log(`${id}: ${seen.size.map((x) => x.toFixed(3)).join(' x ')} m, ${seen.reason}`);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => !document.querySelector('#stage model-viewer'));
  }
  // The same files with three.js alone.
  for (const id of ids.slice(0, 3)) {
    await page.goto(`${base}/three.html?src=${assets}/p/default/${id}.glb`);
    await page.waitForSelector('body[data-ready=true], body[data-failed]', { timeout: 120e3 });
    if (await page.$('body[data-failed]')) throw new Error(`${id} with three.js: ${await page.textContent('[role=alert]')}`);
    await page.waitForTimeout(300);
    await drawn(page, page.locator('canvas'), `${id} with three.js`);
    console.log(`${id}: shown by three.js`);
  }
  await devices({ browser, base, assets, log, id: ids[0], problems });
  await progressive({ browser, base, assets, ids, drawn, problems });
} catch (e) {
  problems.push(String(e.stack ?? e));
} finally {
  await browser?.close();
  for (const child of processes) child.kill('SIGTERM');
  for (const child of processes) await new Promise((r) => { if (child.exitCode !== null) r(); else child.on('exit', r); });
  if (!options.shots) rmSync(data, { recursive: true, force: true });
}
for (const p of problems) console.error(`e2e: ${p}`);
console.log(problems.length ? `FAIL: ${problems.length} problems` : 'ok: the shop shows every product');
process.exit(problems.length ? 1 : 0);
