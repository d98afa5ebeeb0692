
(() => {
'use strict';
const block = (id) => JSON.parse(document.getElementById(id).textContent);
const study = block('study');
const words = block('texts');
const $ = (id) => document.getElementById(id);
const t = (key, values = {}) => String(words[key] ?? key)
  .replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
const ids = study.statements;
const columns = study.columns;
const n = ids.length;
const PILES = ['agree', 'neutral', 'disagree'];
const STEPS = ['start', 'piles', 'grid', 'comments', 'save'];
const KEY = `dmpkit-sort:${study.name}:${study.fingerprint}`;
const SIZES = [100, 112.5, 125, 150, 175, 200];
const textOf = (id) => String(words.statements[id] ?? id);
const signed = (v) => (v > 0 ? `+${v}` : String(v).replace('-', '\u2212'));
const endOf = (c) => (c === 0 ? t('low') : c === columns.length - 1 ? t('high') : '');

/* small tools */
function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'className') node.className = value;
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
let liveTimer = 0;
function say(message) {
  $('live').textContent = '';
  clearTimeout(liveTimer);
  liveTimer = setTimeout(() => { $('live').textContent = message; }, 60);
}
function randomBelow(limit) {
  const box = new Uint32Array(1);
  crypto.getRandomValues(box);
  return Math.floor((box[0] / 2 ** 32) * limit);
}
function shuffled(list) {
  const out = list.slice();
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = randomBelow(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
function newCode() {
  const letters = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
  return `P-${Array.from({ length: 6 }, () => letters[randomBelow(letters.length)]).join('')}`;
}

/* state, kept where the browser allows it */
const fresh = () => ({
  step: 'start', participant: newCode(), order: shuffled(ids), piles: Object.create(null), done: [],
  grid: columns.map((c) => Array(c.count).fill(null)), comments: Object.create(null), remark: '',
});
let storage = null;
try {
  localStorage.setItem(`${KEY}:probe`, '1');
  localStorage.removeItem(`${KEY}:probe`);
  storage = localStorage;
} catch { storage = null; }
let state = fresh();
let dirty = false;
let picked = null;
let pileShown = 'agree';

const isObject = (x) => x !== null && typeof x === 'object' && !Array.isArray(x);
function keep() {
  dirty = true;
  if (!storage) return;
  try { storage.setItem(KEY, JSON.stringify(asFile(true))); } catch {
    storage = null;
    showStorage();
    say(t('storage_no'));
  }
}
function forget() {
  try { if (storage) storage.removeItem(KEY); } catch { /* nothing was kept */ }
  dirty = false;
}
function asFile(whole) {
  const values = Object.create(null);
  const inGrid = [];
  state.grid.forEach((column, c) => column.forEach((id) => {
    if (id) { values[id] = columns[c].value; inGrid.push(id); }
  }));
  const comments = Object.create(null);
  for (const id of ids) {
    const comment = (state.comments[id] || '').trim();
    if (comment && (whole || isEnd(id))) comments[id] = state.comments[id].trim();
  }
  const file = {
    format: 'dmpkit-sort', version: 1, study: study.name, title: t('title'),
    fingerprint: study.fingerprint, language: String(words.lang ?? ''),
    participant: state.participant.trim(), complete: inGrid.length === n,
    saved: today(), statements: ids,
    texts: Object.fromEntries(ids.map((id) => [id, textOf(id)])),
    grid: columns.map(({ value, count }) => ({ value, count })),
    values, piles: { ...state.piles }, order: state.order, comments, remark: state.remark.trim(),
  };
  if (whole) Object.assign(file, { step: state.step, places: state.grid });
  return file;
}
function today() {
  const now = new Date();
  const two = (x) => String(x).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
function fromFile(file) {
  if (!isObject(file) || file.format !== 'dmpkit-sort' || file.version !== 1
      || file.fingerprint !== study.fingerprint || file.study !== study.name) return null;
  const out = fresh();
  if (typeof file.participant === 'string') out.participant = file.participant.slice(0, 60);
  if (Array.isArray(file.order) && file.order.length === n && ids.every((id) => file.order.includes(id))) {
    out.order = file.order.slice();
  }
  const piles = isObject(file.piles) ? file.piles : {};
  for (const id of ids) if (own(piles, id) && PILES.includes(piles[id])) out.piles[id] = piles[id];
  out.done = out.order.filter((id) => out.piles[id]);
  const values = isObject(file.values) ? file.values : {};
  for (const id of ids) {
    if (!own(values, id)) continue;
    const c = columns.findIndex((column) => column.value === values[id]);
    const s = c < 0 ? -1 : firstFree(out.grid, c);
    if (s < 0) return null;
    out.grid[c][s] = id;
  }
  if (samePlaces(file.places, out.grid)) out.grid = file.places.map((column) => column.slice());
  const comments = isObject(file.comments) ? file.comments : {};
  for (const id of ids) {
    if (own(comments, id) && typeof comments[id] === 'string') out.comments[id] = comments[id].slice(0, 2000);
  }
  if (typeof file.remark === 'string') out.remark = file.remark.slice(0, 4000);
  if (STEPS.includes(file.step)) out.step = file.step;
  return out;
}
/* the same cards in the same columns, in whatever order within one */
function samePlaces(places, grid) {
  return Array.isArray(places) && places.length === grid.length && grid.every((column, c) => {
    const other = places[c];
    return Array.isArray(other) && other.length === column.length
      && column.every((id) => other.includes(id)) && other.every((id) => column.includes(id))
      && new Set(other.filter(Boolean)).size === column.filter(Boolean).length;
  });
}
function firstFree(grid, c) { return grid[c].indexOf(null); }
function where(id) {
  for (let c = 0; c < columns.length; c += 1) {
    const s = state.grid[c].indexOf(id);
    if (s >= 0) return [c, s];
  }
  return null;
}
const isEnd = (id) => {
  const at = where(id);
  return Boolean(at) && (at[0] === 0 || at[0] === columns.length - 1);
};
const placedCount = () => state.grid.reduce((sum, column) => sum + column.filter(Boolean).length, 0);

/* the page's texts */
function fill() {
  document.documentElement.lang = String(words.lang || 'en');
  document.documentElement.dir = words.dir === 'rtl' ? 'rtl' : 'ltr';
  document.title = t('title');
  const values = { n, minutes: 5 * Math.max(2, Math.round((n * 35) / 60 / 5)) };
  for (const node of document.querySelectorAll('[data-t]')) {
    node.textContent = t(node.dataset.t, values);
    if (!node.textContent) node.hidden = true;
  }
  for (const node of document.querySelectorAll('[data-t-label]')) {
    node.setAttribute('aria-label', t(node.dataset.tLabel));
  }
  $('steps').replaceChildren(...STEPS.map((step, i) => (
    make('li', { 'data-step': step }, `${i + 1}. ${t(`step_${step}`)}`))));
}
function showStorage() {
  for (const node of document.querySelectorAll('.storage')) {
    node.textContent = t(storage ? 'storage_yes' : 'storage_no');
    node.classList.toggle('warning', !storage);
  }
}
function setSize(percent, spoken) {
  document.documentElement.style.fontSize = percent === 100 ? '' : `${percent}%`;
  $('smaller').disabled = percent === SIZES[0];
  $('larger').disabled = percent === SIZES[SIZES.length - 1];
  size = percent;
  try { if (storage) storage.setItem('dmpkit-sort:size', String(percent)); } catch { /* not kept */ }
  layout();
  if (spoken) say(t('text_size_now', { percent }));
}
let size = 100;
const stepSize = (by) => setSize(SIZES[Math.min(SIZES.length - 1, Math.max(0, SIZES.indexOf(size) + by))], true);

/* steps */
const draw = { start: drawStart, piles: drawPiles, grid: drawGrid, comments: drawComments, save: drawSave };
function go(step, withFocus = true) {
  picked = null;
  state.step = step;
  for (const name of STEPS) $(name).hidden = name !== step;
  for (const item of $('steps').children) {
    if (item.dataset.step === step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
  draw[step]();
  window.scrollTo(0, 0);
  if (withFocus) $(`${step}-title`).focus({ preventScroll: true });
  if (step !== 'start') keep();
}
function drawStart() {
  const begun = state.done.length > 0 || placedCount() > 0;
  $('participant').value = state.participant;
  $('begin').textContent = t(begun ? 'go_on' : 'begin');
  $('anew').hidden = !begun;
}
function furthest() {
  if (state.done.length < n) return 'piles';
  return placedCount() < n ? 'grid' : 'comments';
}

/* three piles */
const current = () => state.order.find((id) => !state.piles[id]);
function drawPiles() {
  const id = current();
  const k = Math.min(n, state.done.length + 1);
  $('piles-count').textContent = id ? t('piles_count', { k, n }) : t('piles_done', { n });
  $('deck').textContent = id ? textOf(id) : t('piles_done', { n });
  $('deck').classList.toggle('done', !id);
  $('deck').classList.toggle('movable', Boolean(id));
  $('piles-count').hidden = !id;
  for (const button of document.querySelectorAll('.pilebar [data-pile]')) {
    const inPile = ids.filter((other) => state.piles[other] === button.dataset.pile).length;
    button.querySelector('.pilecount').textContent = inPile;
    button.setAttribute('aria-disabled', id ? 'false' : 'true');
  }
  $('undo').disabled = state.done.length === 0;
  $('to-grid').disabled = Boolean(id);
}
function decide(pile) {
  const id = current();
  if (!id) return;
  state.piles[id] = pile;
  state.done.push(id);
  keep();
  drawPiles();
  const next = current();
  if (next) say(t('said_pile', { pile: t(`pile_${pile}`), k: state.done.length + 1, n, text: textOf(next) }));
  else { say(t('piles_done', { n })); $('to-grid').focus(); }
}
function undo() {
  const id = state.done.pop();
  if (!id) return;
  delete state.piles[id];
  const at = where(id);
  if (at) state.grid[at[0]][at[1]] = null;
  /* the card taken back is the next one to be shown */
  state.order = [...state.done, id, ...state.order.filter((x) => x !== id && !state.done.includes(x))];
  keep();
  drawPiles();
  if ($('undo').disabled) $('piles-title').focus();
  say(t('undone', { k: state.done.length + 1, n, text: textOf(id) }));
}

/* the grid */
/* hand and columns stand side by side where all columns fit: the widths in rem are those of .desk, .board */
const narrowScreen = () => {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return $('main').clientWidth / rem < Math.max(58.75, 19.1 + 5.4 * columns.length);
};
function layout() {
  const narrow = narrowScreen();
  const changed = document.body.classList.contains('narrow') !== narrow;
  document.body.classList.toggle('narrow', narrow);
  if (state.step === 'grid') { if (changed) drawGrid(); else settleTray(); }
}
/* where the hand would cover most of a small screen, it stands above the grid instead */
function settleTray() {
  document.body.classList.remove('flow');
  const covers = $('tray').offsetHeight > 0.6 * window.innerHeight;
  document.body.classList.toggle('flow', document.body.classList.contains('narrow') && covers);
}
const traySticks = () => document.body.classList.contains('narrow') && !document.body.classList.contains('flow');
const inHand = (pile) => state.order.filter((id) => (state.piles[id] || 'neutral') === pile && !where(id));
let handFocus = null;
let slotFocus = '0:0';
function drawGrid() {
  const active = document.activeElement;
  const key = active && active.dataset ? active.dataset.key : undefined;
  const scrolled = $('hand').scrollLeft;
  if (!inHand(pileShown).length) pileShown = PILES.find((pile) => inHand(pile).length) || pileShown;
  drawHand();
  drawBar();
  drawBoard();
  settleTray();
  $('hand').scrollLeft = scrolled;
  const k = placedCount();
  $('grid-count').textContent = k === n ? t('grid_done', { n }) : t('grid_count', { k, n });
  $('to-comments').disabled = k < n;
  $('save-part').hidden = k === n;
  document.body.classList.toggle('armed', Boolean(picked));
  document.body.classList.toggle('complete', k === n);
  if (key) focusKey(key);
}
function focusKey(key) {
  const node = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (node) node.focus({ preventScroll: true });
  return node;
}
function drawHand() {
  $('tabs').replaceChildren(...PILES.map((pile) => {
    const button = make('button', {
      type: 'button', 'data-pile': pile, 'data-key': `tab:${pile}`,
      'aria-pressed': String(pile === pileShown),
    }, t('tab', { pile: t(`pile_${pile}`), k: inHand(pile).length }));
    button.addEventListener('click', () => { pileShown = pile; drawGrid(); });
    return button;
  }));
  const cards = inHand(pileShown);
  if (!cards.includes(handFocus)) handFocus = picked && cards.includes(picked.id) ? picked.id : cards[0];
  $('hand').replaceChildren(...cards.map((id) => {
    const card = make('button', {
      type: 'button', className: 'card handcard movable', 'data-id': id, 'data-key': `hand:${id}`,
      'aria-pressed': String(Boolean(picked) && picked.id === id), tabindex: id === handFocus ? '0' : '-1',
    }, textOf(id));
    card.addEventListener('click', (event) => pick(id, event.detail === 0));
    return card;
  }));
  if (!cards.length) $('hand').replaceChildren(make('p', {}, t('hand_empty')));
}
function drawBar() {
  $('bar-label').textContent = t(picked ? 'bar_picked' : 'bar_none');
  $('bar').replaceChildren(...columns.map((column, c) => {
    const free = state.grid[c].filter((id) => !id).length;
    const button = make('button', {
      type: 'button', 'data-key': `bar:${c}`, 'data-value': column.value,
      'aria-label': t('bar_value', { value: signed(column.value), free, count: column.count }),
      'aria-disabled': String(!picked || !free),
    }, signed(column.value), make('small', {}, String(free)));
    button.addEventListener('click', (event) => intoColumn(c, event.detail === 0));
    return button;
  }));
  $('put-back').disabled = !(picked && where(picked.id));
  $('cancel').disabled = !picked;
}
function drawBoard() {
  const order = columns.map((_, c) => c);
  if (document.body.classList.contains('narrow')) order.reverse();
  $('board').style.setProperty('--columns', columns.length);
  $('board').replaceChildren(...order.map(drawColumn));
}
function drawColumn(c) {
  const { value, count } = columns[c];
  const filled = state.grid[c].filter(Boolean).length;
  const end = endOf(c);
  const about = { value: signed(value), end, filled, count };
  const head = make('p', { className: 'columnhead', 'aria-hidden': 'true' }, make('b', {}, signed(value)));
  head.append(end ? `${end} ` : '', end && !document.body.classList.contains('narrow') ? make('br') : '', `${filled}/${count}`);
  const slots = state.grid[c].map((id, s) => {
    const label = t(id ? 'slot_filled' : 'slot_free', { text: id ? textOf(id) : '', value: signed(value), k: s + 1, count });
    const slot = make('button', {
      type: 'button', className: id ? 'slot filled card movable' : 'slot free', 'data-slot': `${c}:${s}`,
      'data-key': `slot:${c}:${s}`, 'data-id': id, 'aria-label': label,
      'aria-pressed': id ? String(Boolean(picked) && picked.id === id) : null,
      tabindex: slotFocus === `${c}:${s}` ? '0' : '-1',
    }, id ? textOf(id) : '\u00b7');
    slot.addEventListener('click', (event) => useSlot(c, s, event.detail === 0));
    return slot;
  });
  return make('div', {
    className: 'column', role: 'group', 'data-column': String(c),
    'aria-label': t(end ? 'column_end' : 'column', about),
  }, head, ...slots);
}
function suggestion(id) {
  const up = [...columns.keys()].reverse();
  const middle = (columns.length - 1) / 2;
  const order = { agree: up, disagree: [...columns.keys()],
    neutral: [...columns.keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)) };
  const at = where(id);
  if (at) return at;
  const c = order[state.piles[id] || 'neutral'].find((column) => firstFree(state.grid, column) >= 0);
  return c === undefined ? [0, 0] : [c, firstFree(state.grid, c)];
}
function showNode(node) {
  if (!node) return;
  const box = node.getBoundingClientRect();
  const tray = traySticks() && !$('tray').contains(node) ? $('tray').getBoundingClientRect().top : window.innerHeight;
  if (box.top < 8 || box.bottom > tray - 8) window.scrollBy(0, box.top - Math.max(8, (tray - box.height) / 2));
  node.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
function focusSlot(c, s) {
  slotFocus = `${c}:${s}`;
  for (const slot of document.querySelectorAll('[data-slot]')) slot.tabIndex = slot.dataset.slot === slotFocus ? 0 : -1;
  showNode(focusKey(`slot:${c}:${s}`));
}
function focusHand(id) {
  handFocus = id;
  for (const card of $('hand').querySelectorAll('[data-id]')) card.tabIndex = card.dataset.id === id ? 0 : -1;
  showNode(focusKey(`hand:${id}`));
}
function pick(id, byKey) {
  if (picked && picked.id === id) { letGo(); return; }
  picked = { id };
  handFocus = id;
  drawGrid();
  say(t('picked', { text: textOf(id) }));
  if (byKey) focusSlot(...suggestion(id));
}
function letGo() {
  if (!picked) return;
  const id = picked.id;
  picked = null;
  drawGrid();
  const at = where(id);
  if (at) focusSlot(...at);
  else {
    pileShown = state.piles[id] || 'neutral';
    drawGrid();
    focusHand(id);
  }
  say(t('let_go'));
}
function useSlot(c, s, byKey) {
  const there = state.grid[c][s];
  slotFocus = `${c}:${s}`;
  if (picked) put(picked.id, c, s, byKey);
  else if (there) { picked = { id: there }; drawGrid(); say(t('picked', { text: textOf(there) })); }
  else { drawGrid(); say(t('pick_first')); }
}
function intoColumn(c, byKey) {
  if (!picked) { say(t('pick_first')); return; }
  const at = where(picked.id);
  const s = at && at[0] === c ? at[1] : firstFree(state.grid, c);
  if (s < 0) say(t('column_full', { value: signed(columns[c].value) }));
  else put(picked.id, c, s, byKey);
}
function put(id, c, s, byKey) {
  const from = where(id);
  const other = state.grid[c][s];
  if (other === id) { picked = { id }; letGo(); return; }
  if (from) state.grid[from[0]][from[1]] = other;
  state.grid[c][s] = id;
  picked = null;
  slotFocus = `${c}:${s}`;
  const said = from && other ? 'swapped' : other ? 'displaced' : 'placed';
  const next = from ? null : nextInHand(id);
  keep();
  drawGrid();
  const left = n - placedCount();
  let message = t(said, { value: signed(columns[c].value), left, text: other ? textOf(other) : '' });
  if (left === 0) message = `${message} ${t('grid_done', { n })}`;
  if (left === 0 && !from) { $('to-comments').focus(); }
  else if (from) focusSlot(c, s);
  else if (byKey) focusHand(next && !where(next) && inHand(pileShown).includes(next) ? next : inHand(pileShown)[0]);
  if (byKey && left > 0 && !from && handFocus) message = `${message} ${textOf(handFocus)}`;
  say(message);
}
/* the card that follows in the same pile, else the one before */
function nextInHand(id) {
  const pile = state.order.filter((x) => (state.piles[x] || 'neutral') === (state.piles[id] || 'neutral') && (x === id || !where(x)));
  const i = pile.indexOf(id);
  return pile[i + 1] || pile[i - 1] || null;
}
function takeOut(id) {
  const at = where(id);
  if (!at) return;
  state.grid[at[0]][at[1]] = null;
  picked = null;
  pileShown = state.piles[id] || 'neutral';
  keep();
  drawGrid();
  focusSlot(...at);
  say(t('taken_out'));
}
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/* the nearest other button in the direction of the arrow, as it is seen */
function neighbour(node, others, [dx, dy]) {
  const centre = (x) => {
    const b = x.getBoundingClientRect();
    return [b.left + b.width / 2, b.top + b.height / 2];
  };
  const [x0, y0] = centre(node);
  let best = null;
  let least = Infinity;
  for (const other of others) {
    if (other === node) continue;
    const [x, y] = centre(other);
    const along = (x - x0) * dx + (y - y0) * dy;
    if (along < 4) continue;
    const across = Math.abs((x - x0) * dy) + Math.abs((y - y0) * dx);
    const cost = along + 2 * across;
    if (cost < least) { least = cost; best = other; }
  }
  return best;
}
function gridKeys(event) {
  const node = event.target;
  if (event.key === 'Escape' && picked) { event.preventDefault(); letGo(); return; }
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const slot = node.closest('[data-slot]');
  const card = node.closest('.handcard');
  if (slot && slot.dataset.id && (event.key === 'Delete' || event.key === 'Backspace')) {
    event.preventDefault();
    takeOut(slot.dataset.id);
    return;
  }
  const arrow = ARROWS[event.key];
  if (!arrow || (!slot && !card)) return;
  event.preventDefault();
  const others = slot ? $('board').querySelectorAll('[data-slot]') : $('hand').querySelectorAll('.handcard');
  const to = neighbour(node, others, arrow);
  if (!to) return;
  if (slot) focusSlot(...to.dataset.slot.split(':').map(Number));
  else focusHand(to.dataset.id);
}

/* dragging: at once with a mouse, after a short press with a finger */
let drag = null;
let swallowClick = false;
function dragFrom(event) {
  if (drag || !event.isPrimary || event.button !== 0) return;
  const node = event.target.closest('.movable');
  if (!node) return;
  const touch = event.pointerType === 'touch';
  const isDeck = node.id === 'deck';
  drag = { node, id: isDeck ? current() : node.dataset.id, isDeck, pointer: event.pointerId, x: event.clientX, y: event.clientY, px: event.clientX, py: event.clientY, active: false, timer: 0, touch };
  if (touch && !isDeck) drag.timer = setTimeout(beginDrag, 260);
}
function beginDrag() {
  if (!drag) return;
  const box = drag.node.getBoundingClientRect();
  drag.active = true;
  drag.ghost = make('div', { className: 'card ghost', 'aria-hidden': 'true' }, textOf(drag.id));
  const width = Math.min(box.width, 260);
  Object.assign(drag.ghost.style, { width: `${width}px`, padding: '8px', left: '0', top: '0' });
  document.body.append(drag.ghost);
  drag.node.classList.add('dragged');
  if (!drag.isDeck) { picked = { id: drag.id }; document.body.classList.add('armed'); }
  moveGhost();
  drag.scroller = setInterval(edgeScroll, 30);
}
function moveGhost() {
  drag.ghost.style.left = `${drag.px - drag.ghost.offsetWidth / 2}px`;
  drag.ghost.style.top = `${drag.py - 20}px`;
  const over = target();
  for (const node of document.querySelectorAll('.over')) if (node !== over) node.classList.remove('over');
  if (over) over.classList.add('over');
}
function edgeScroll() {
  if (!drag || drag.isDeck) return;
  const tray = $('tray').getBoundingClientRect();
  const low = traySticks() ? Math.min(tray.top, window.innerHeight) : window.innerHeight;
  if (drag.py < 60) window.scrollBy(0, -12);
  else if (drag.py > low - 50 && drag.py < low) window.scrollBy(0, 12);
}
function target() {
  const node = document.elementFromPoint(drag.px, drag.py);
  if (!node) return null;
  if (drag.isDeck) return node.closest('.pilebar [data-pile]');
  return node.closest('[data-slot]') || node.closest('#bar [data-value]') || node.closest('[data-column]') || node.closest('#tray');
}
function dragMove(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  drag.px = event.clientX;
  drag.py = event.clientY;
  if (drag.active) { moveGhost(); return; }
  const far = Math.hypot(drag.px - drag.x, drag.py - drag.y) > 6;
  if (!far) return;
  if (drag.touch && !drag.isDeck) endDrag();
  else beginDrag();
}
function endDrag() {
  if (!drag) return null;
  clearTimeout(drag.timer);
  clearInterval(drag.scroller);
  if (drag.ghost) drag.ghost.remove();
  drag.node.classList.remove('dragged');
  for (const node of document.querySelectorAll('.over')) node.classList.remove('over');
  const was = drag;
  drag = null;
  return was;
}
function dragDrop(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  const over = drag.active ? target() : null;
  const was = endDrag();
  if (!was.active) return;
  swallowClick = true;
  setTimeout(() => { swallowClick = false; }, 0);
  if (was.isDeck) { if (over) decide(over.dataset.pile); return; }
  if (over && over.dataset.slot) put(was.id, ...over.dataset.slot.split(':').map(Number), false);
  else if (over && over.dataset.column) intoColumn(Number(over.dataset.column), false);
  else if (over && over.dataset.key) intoColumn(Number(over.dataset.key.slice(4)), false);
  else if (over && over.id === 'tray' && where(was.id)) takeOut(was.id);
  if (picked) { picked = null; drawGrid(); }
}
function dragCancel(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  const was = endDrag();
  if (was.active && !was.isDeck) { picked = null; drawGrid(); }
}

/* comments */
function drawComments() {
  const parts = [];
  for (const c of [columns.length - 1, 0]) {
    parts.push(make('h2', {}, t('comments_in', { value: signed(columns[c].value), end: endOf(c) })));
    for (const id of state.grid[c].filter(Boolean)) {
      const name = `comment-${id}`;
      const area = make('textarea', { id: name, rows: '2', maxlength: '2000', placeholder: t('comment') });
      area.value = state.comments[id] || '';
      area.addEventListener('input', () => { state.comments[id] = area.value; keep(); });
      parts.push(make('div', { className: 'comment-card' }, make('label', { for: name }, textOf(id)), area));
    }
  }
  $('comment-fields').replaceChildren(...parts);
  $('remark').value = state.remark;
}

/* saving */
function fileName(file) {
  const plain = (text) => text.normalize('NFKD').replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  const code = plain(file.participant) || 'sort';
  return `${plain(study.name) || 'study'}-${code}${file.complete ? '' : '-unfinished'}.json`;
}
function drawSave() {
  const k = placedCount();
  $('save-state').textContent = k === n ? t('save_ready', { n }) : t('save_unready', { k, n });
  $('save-state').className = k === n ? '' : 'warning';
  $('participant-again').value = state.participant;
  $('saved').textContent = '';
  $('copy-text').value = asText();
  $('share').hidden = !canShare();
}
function asText() { return `${JSON.stringify(asFile(false), null, 1)}\n`; }
function asBlob() {
  if (!state.participant.trim()) {
    state.participant = newCode();
    $('participant-again').value = state.participant;
  }
  const file = asFile(false);
  return new File([asText()], fileName(file), { type: 'application/json' });
}
function download() {
  const file = asBlob();
  const link = make('a', { href: URL.createObjectURL(file), download: file.name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  dirty = false;
  return file.name;
}
function canShare() {
  try { return Boolean(navigator.canShare) && navigator.canShare({ files: [new File(['x'], 'x.json', { type: 'application/json' })] }); } catch { return false; }
}
async function share() {
  try {
    await navigator.share({ files: [asBlob()] });
    dirty = false;
    $('saved').textContent = t('shared');
  } catch { /* closed by the participant: nothing was shared */ }
}
async function copy() {
  const area = $('copy-text');
  area.focus();
  area.select();
  let done = false;
  try { await navigator.clipboard.writeText(area.value); done = true; } catch {
    try { done = document.execCommand('copy'); } catch { done = false; }
  }
  if (done) dirty = false;
  $('saved').textContent = t(done ? 'copied' : 'copy_failed');
}
async function openFile(input) {
  const file = input.files[0];
  input.value = '';
  if (!file) return;
  let found = null;
  try { if (file.size < 2e6) found = fromFile(JSON.parse(await file.text())); } catch { found = null; }
  $('open-problem').textContent = found ? '' : t('open_wrong');
  if (!found) return;
  state = found;
  state.step = furthest();
  go(state.step);
  say(t('opened'));
}

/* wiring */
function wire() {
  $('smaller').addEventListener('click', () => stepSize(-1));
  $('larger').addEventListener('click', () => stepSize(1));
  $('begin').addEventListener('click', () => go(furthest()));
  $('anew').addEventListener('click', () => { if (confirm(t('sure_anew'))) { forget(); state = fresh(); pileShown = 'agree'; go('start'); } });
  $('forget').addEventListener('click', () => {
    if (!confirm(t('sure_forget'))) return;
    forget();
    state = fresh();
    pileShown = 'agree';
    go('start');
    say(t('forgotten'));
  });
  for (const name of ['participant', 'participant-again']) {
    $(name).addEventListener('input', () => {
      state.participant = $(name).value;
      if (state.step === 'save') $('copy-text').value = asText();
      keep();
    });
  }
  $('open').addEventListener('change', () => openFile($('open')));
  for (const button of document.querySelectorAll('[data-go]')) button.addEventListener('click', () => go(button.dataset.go));
  for (const button of document.querySelectorAll('.pilebar [data-pile]')) button.addEventListener('click', () => decide(button.dataset.pile));
  $('undo').addEventListener('click', undo);
  $('put-back').addEventListener('click', () => { if (picked) takeOut(picked.id); });
  $('cancel').addEventListener('click', letGo);
  $('remark').addEventListener('input', () => { state.remark = $('remark').value; keep(); });
  $('save-part').addEventListener('click', () => say(t('saved', { file: download() })));
  $('download').addEventListener('click', () => { $('saved').textContent = t('saved', { file: download() }); });
  $('share').addEventListener('click', share);
  $('copy').addEventListener('click', copy);
  $('grid').addEventListener('keydown', gridKeys);
  document.addEventListener('keydown', (event) => {
    if (state.step !== 'piles' || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest('input, textarea, summary')) return;
    const pile = { ArrowLeft: 'disagree', ArrowDown: 'neutral', ArrowRight: 'agree' }[event.key];
    if (pile && current()) { event.preventDefault(); decide(pile); }
    if (event.key === 'Backspace') { event.preventDefault(); undo(); }
  });
  document.addEventListener('pointerdown', dragFrom);
  document.addEventListener('pointermove', dragMove);
  document.addEventListener('pointerup', dragDrop);
  document.addEventListener('pointercancel', dragCancel);
  document.addEventListener('touchmove', (event) => { if (drag && drag.active && event.cancelable) event.preventDefault(); }, { passive: false });
  document.addEventListener('contextmenu', (event) => { if (drag && drag.touch) event.preventDefault(); });
  document.addEventListener('dragstart', (event) => event.preventDefault());
  document.addEventListener('click', (event) => {
    if (swallowClick) { event.preventDefault(); event.stopPropagation(); swallowClick = false; }
  }, true);
  window.addEventListener('resize', layout);
  window.addEventListener('beforeunload', (event) => { if (!storage && dirty && state.done.length) event.preventDefault(); });
}
fill();
showStorage();
wire();
try {
  const kept = storage && storage.getItem(KEY);
  if (kept) state = fromFile(JSON.parse(kept)) || state;
  const keptSize = storage && Number(storage.getItem('dmpkit-sort:size'));
  if (SIZES.includes(keptSize)) size = keptSize;
} catch { /* what was kept cannot be read: begin anew */ }
setSize(size, false);
go('start', false);
})();
