// The shop page: lists the models, follows those that are being made, and shows
// one at the level its element's pixels ask for.
import './style.css';
import { ModelViewerElement } from '@google/model-viewer';

ModelViewerElement.dracoDecoderLocation = '/decoders/draco/';
ModelViewerElement.meshoptDecoderLocation = '/decoders/meshopt/meshopt_decoder.js';
ModelViewerElement.ktx2TranscoderLocation = '/decoders/basis/';

const $ = (id) => document.getElementById(id);
const cards = new Map(); // model -> its card and what it shows
const megabytes = (n) => (n < 1e6 ? `${Math.round(n / 1e3)} kB` : `${(n / 1e6).toFixed(1)} MB`);
const size = (s) => s.map((x) => (x < 1 ? `${Math.round(x * 100)} cm` : `${x.toFixed(2)} m`)).join(' × ');

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text) e.textContent = text;
  return e;
}

// The height of a viewer in device pixels is what the origin picks a level by. This page
// brings a decoder, so it takes the web form.
const form = 'web';
const source = (model, box) => `${model.links.product}?h=${Math.max(1, Math.round(box.clientHeight * devicePixelRatio))}&form=${form}`;

function viewer(model, box, interactive) {
  const v = document.createElement('model-viewer');
  v.alt = model.model;
  v.setAttribute('shadow-intensity', '0.8');
  v.setAttribute('interaction-prompt', 'none');
  if (interactive) { v.setAttribute('camera-controls', ''); v.setAttribute('autoplay', ''); }
  v.src = source(model, box);
  return v;
}

async function manifest(model) {
  const answer = await fetch(model.links.manifest);
  if (!answer.ok) throw new Error(`${model.model}: ${answer.status}`);
  return answer.json();
}

async function open(model) {
  const m = await manifest(model);
  const dialog = $('product');
  $('product-name').textContent = model.model;
  dialog.showModal();
  const stage = $('stage');
  const v = viewer(model, stage, true);
  stage.replaceChildren(v);
  const head = await fetch(v.src, { method: 'HEAD' });
  const reason = head.headers.get('Plinth-Reason') ?? '';
  $('reason').textContent = `${reason} · ${megabytes(Number(head.headers.get('Content-Length')))} of ${megabytes(m.source.bytes)}`;
  const table = $('levels');
  table.replaceChildren();
  const row = (cells, tag) => {
    const tr = document.createElement('tr');
    cells.forEach((c) => tr.append(element(tag, '', String(c))));
    table.append(tr);
    return tr;
  };
  row(['Level', 'Viewer', 'Triangles', 'Error', 'Bytes', 'GPU memory'], 'th');
  row(['source', '', m.source.triangles.toLocaleString('en'), '', megabytes(m.source.bytes), megabytes(m.source.gpuBytes)], 'td');
  const used = Number(/level=(\d+)/.exec(reason)?.[1] ?? -1);
  for (const l of m.levels) {
    const r = l.renditions.find((x) => x.form === form) ?? l.renditions[0];
    const tr = row([l.level, `${l.height} px`, l.triangles.toLocaleString('en'), `${l.pixels.toFixed(2)} px`, megabytes(r.bytes), megabytes(r.gpuBytes)], 'td');
    if (l.level === used) tr.className = 'used';
  }
}

$('product').addEventListener('close', () => $('stage').replaceChildren());

// Only what is on the screen is loaded.
const seen = new IntersectionObserver((entries) => {
  for (const e of entries) {
    if (e.isIntersecting) { seen.unobserve(e.target); e.target.dispatchEvent(new Event('seen')); }
  }
}, { rootMargin: '200px' });

async function fill(card, model) {
  const view = element('div', 'view');
  const text = element('div', 'text');
  text.append(element('strong', '', model.model));
  card.disabled = model.state !== 'ready' && !model.live;
  if (card.disabled) {
    if (model.state === 'failed') {
      view.textContent = 'No levels';
      text.append(element('span', 'told', model.failure?.reason ?? 'It failed.'));
    } else {
      const bar = document.createElement('progress');
      bar.max = 100;
      bar.value = model.percent;
      view.append(bar);
      text.append(element('span', '', model.stage ? `${model.stage}, ${Math.round(model.percent)} %` : 'waiting'));
    }
    card.replaceChildren(view, text);
    return;
  }
  card.onclick = () => open(model).catch((e) => { $('state').textContent = String(e); });
  card.replaceChildren(view, text);
  const m = await manifest(model);
  text.append(element('span', '', size(m.source.size)));
  const last = m.levels[m.levels.length - 1].renditions[0].bytes;
  const files = new Set(m.levels.map((l) => l.renditions[0].key)).size;
  text.append(element('span', '', `${m.levels.length} levels in ${files} ${files === 1 ? 'file' : 'files'}, ${megabytes(m.levels[0].renditions[0].bytes)} to ${megabytes(last)}; was ${megabytes(m.source.bytes)}`));
  for (const f of m.findings.slice(0, 2)) text.append(element('span', 'told', `${f.where} ${f.what}. ${f.do}`));
  view.addEventListener('seen', () => view.append(viewer(model, view, false)), { once: true });
  seen.observe(view);
}

async function refresh() {
  const answer = await fetch('/v1/models');
  if (!answer.ok) throw new Error(`the list of models: ${answer.status}`);
  const { models } = await answer.json();
  for (const model of models) {
    const key = JSON.stringify([model.version, model.state, model.stage, model.percent, model.live]);
    let entry = cards.get(model.model);
    if (!entry) {
      entry = { card: element('button', 'card'), key: '' };
      entry.card.dataset.model = model.model;
      cards.set(model.model, entry);
      $('shop').append(entry.card);
    }
    if (entry.key !== key) {
      entry.key = key;
      entry.card.dataset.state = model.state;
      fill(entry.card, model).catch((e) => { $('state').textContent = String(e); });
    }
  }
  const open = models.filter((m) => m.state === 'queued' || m.state === 'running').length;
  $('state').textContent = models.length === 0
    ? 'No products yet. Send one: curl -T chair.glb http://localhost:8080/v1/models/chair'
    : `${models.length} products${open ? `, ${open} being made` : ''}`;
  return open;
}

async function follow() {
  let open = 1;
  try { open = await refresh(); } catch (e) { $('state').textContent = String(e); }
  setTimeout(follow, open ? 700 : 4000);
}
follow();
