// Runs the official glTF validator on every source and every level that convert
// made of it, and fails if a level has an error of a kind its source has not.
//
//   plinth convert FOLDER/*.glb -o OUT
//   node benchmarks/validate.mjs FOLDER OUT      (gltf-validator in PEERS/node_modules)
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

const [folder, out] = process.argv.slice(2);
const peers = process.env.PEERS ?? '.';
const { validateBytes } = createRequire(join(peers, 'x.js'))('gltf-validator');

async function errors(file) {
  const report = await validateBytes(new Uint8Array(readFileSync(file)), { maxIssues: 100000 });
  const kinds = new Map();
  for (const m of report.issues.messages) if (m.severity === 0) kinds.set(m.code, (kinds.get(m.code) ?? 0) + 1);
  return kinds;
}

let bad = 0;
let files = 0;
for (const f of readdirSync(folder).filter((x) => x.endsWith('.glb')).sort()) {
  const id = basename(f, '.glb').toLowerCase().replaceAll(/[^a-z0-9_]+/g, '-');
  if (!existsSync(join(out, id))) { console.error(`${id}: not converted`); bad++; continue; }
  const before = await errors(join(folder, f));
  for (const level of readdirSync(join(out, id)).filter((x) => x.endsWith('.glb')).sort()) {
    files++;
    const after = await errors(join(out, id, level));
    for (const [code, n] of after) {
      if (!before.has(code)) { console.error(`${id}/${level}: ${n} x ${code}, none in the source`); bad++; }
    }
  }
  console.log(`${id}: source has ${[...before].map(([c, n]) => `${n} x ${c}`).join(', ') || 'no errors'}`);
}
console.log(bad ? `FAIL: ${bad}` : `ok: ${files} files have no error that their sources did not have`);
process.exit(bad ? 1 : 0);
