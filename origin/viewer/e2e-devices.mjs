// The part of the browser test that is about devices and caches: what the origin's log says
// of the level that each viewer was given, and that nothing is fetched twice.

// The heights of the levels, finest first.
const heights = [2592, 1728, 1152, 640];

// expected is the level for a viewer of so many device pixels.
function expected(pixels) {
  const fine = heights.filter((h) => h >= pixels);
  return fine.length ? heights.indexOf(Math.min(...fine)) : 0;
}

// Each viewer loads one product at three densities. What it should get is computed here from
// its element's size; what it got is what the origin wrote into its log.
const viewers = [
  {
    name: 'model-viewer',
    async open(page, { base, id }) {
      await page.goto(base);
      await page.click(`.card[data-state=ready][data-model="${id}"]`);
      await page.waitForFunction(() => document.querySelector('#stage model-viewer')?.loaded, null, { timeout: 120e3 });
      return page.evaluate(() => document.querySelector('#stage').clientHeight);
    },
  },
  ...['three', 'babylon'].map((name) => ({
    name,
    async open(page, { base, assets, id }) {
      await page.goto(`${base}/${name}.html?src=${assets}/p/default/${id}.glb`);
      await page.waitForSelector('body[data-ready=true], body[data-failed]', { timeout: 120e3 });
      return page.evaluate(() => innerHeight);
    },
  })),
];

// devices opens a product in each viewer at each density. log is the origin's, as lines of
// JSON that grow while it works.
export async function devices({ browser, base, assets, log, id, problems }) {
  for (const viewer of viewers) {
    for (const density of [1, 2, 3]) {
      const context = await browser.newContext({ viewport: { width: 900, height: 560 }, deviceScaleFactor: density });
      const page = await context.newPage();
      const bad = (text) => problems.push(`${viewer.name} at density ${density}: ${text}`);
      page.on('console', (m) => { if (m.type() === 'error') bad(`console: ${m.text()}`); });
      page.on('pageerror', (e) => bad(`page: ${e}`));
      page.on('request', (r) => { if (/^https?:/.test(r.url()) && !r.url().startsWith(`${base}/`) && !r.url().startsWith(`${assets}/`)) bad(`asks another host: ${r.url()}`); });
      const from = log.length;
      const css = await viewer.open(page, { base, assets, id });
      const want = `h=${heights[expected(Math.round(css * density))]} level=${expected(Math.round(css * density))} `;
      const served = log.slice(from).filter((l) => l.msg === 'serve' && l.method === 'GET' && l.path === `/p/default/${id}.glb`);
      if (!served.some((l) => l.status === 200 && l.reason.startsWith(want) && l.reason.endsWith(' from=query'))) {
        bad(`${css} x ${density} pixels want ${want}, the origin says ${JSON.stringify(served)}`);
      }
      console.log(`${id}: ${viewer.name} at density ${density}: ${want}`);
      if (density === 1) await again(page, { assets, id, log, bad });
      await context.close();
    }
  }
}

// again asks once more for what the browser has, after a reload: the origin says that it is
// current.
async function again(page, { assets, id, log, bad }) {
  await page.reload();
  for (const url of [`${assets}/p/default/${id}.json`, `${assets}/p/default/${id}.glb?h=640&form=web`]) {
    const from = log.length;
    const status = await page.evaluate(async (u) => {
      await (await fetch(u)).arrayBuffer(); // perhaps from the cache
      return (await fetch(u, { cache: 'no-cache' })).status; // asks, and gives what the cache has
    }, url);
    const path = new URL(url).pathname;
    const told = log.slice(from).filter((l) => l.msg === 'serve' && l.path === path).map((l) => l.status);
    if (status !== 200 || told.at(-1) !== 304) bad(`${path} after a reload: ${status}, the origin says ${told}`);
  }
}
