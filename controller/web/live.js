// What the controller says, kept fresh: views name the paths that they show, and those are asked again by a timer and whenever the
// journal's event stream says that something about them changed. Nothing is shown without knowing how old it is: clocks that
// tick stand still when the controller does not answer.
import { takeEvents } from './events.js';

const LOST_MS = 2500; // a request fails, and none has gone well for so long: the controller is out of reach
const TIMEOUT_MS = 8000;

export const live = {
  reached_at: null, // performance.now() of the newest answer
  reached_wall: null, // the controller's wall clock then
  failing_since: null, // performance.now(), of requests that get no answer
  problem: '',
  signed_out: false,
  streaming: false,
  events: [], // the newest last
};

const entries = new Map();
let changed = () => {};
let round = 0;
let lastId = '';

export function onChange(fn) {
  changed = fn;
}

// The controller's wall clock, and no later than its last sign of life when it is out of reach.
export function nowMs() {
  if (live.reached_at === null) return Date.now();
  return live.reached_wall + (isLost() ? 0 : performance.now() - live.reached_at);
}

export function isLost() {
  if (live.failing_since === null) return false;
  return live.reached_at === null || performance.now() - live.reached_at > LOST_MS;
}

// How old what is shown is.
export function ageMs() {
  return live.reached_at === null ? null : performance.now() - live.reached_at;
}

// --- asking

export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

// The wall clock is the controller's wherever an answer says it, and goes on by this machine's steady clock in between.
function answered(wall) {
  const now = performance.now();
  const base = live.reached_at === null ? Date.now() : live.reached_wall + (now - live.reached_at);
  live.reached_wall = wall || base;
  live.reached_at = now;
  live.failing_since = null;
  live.problem = '';
}

function failed(why) {
  if (live.failing_since === null) live.failing_since = performance.now();
  live.problem = why;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', credentials: 'same-origin', signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
  } catch (e) {
    failed(e.name === 'TimeoutError' ? 'no answer within 8 s' : 'the connection was refused or lost');
    changed();
    throw new Problem(0, 'The controller can not be reached', live.problem);
  }
  if (response.status === 502 || response.status === 504) {
    failed('what stands between says that the controller does not answer');
    changed();
    throw new Problem(0, 'The controller can not be reached', live.problem);
  }
  answered(null);
  if (response.status === 401) live.signed_out = true;
  else if (response.status < 400) live.signed_out = false;
  return response;
}

async function toProblem(response) {
  const text = await response.text();
  let body = {};
  try {
    body = JSON.parse(text);
  } catch { /* not ours: its status has to do */ }
  return new Problem(response.status, body.title || `HTTP ${response.status}`, body.detail || '');
}

export async function getJson(path) {
  const response = await ask(path);
  if (!response.ok) throw await toProblem(response);
  return response.json();
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

// The header proves that it was this page that asked, and no other site's form. The key makes a repeated request the same request.
async function send(path, body, method, headers) {
  const response = await ask(path, {
    method: method || 'POST', body: method === 'DELETE' ? undefined : JSON.stringify(body || {}),
    headers: { 'content-type': 'application/json', 'x-evac-csrf': '1', 'idempotency-key': newKey(), ...(headers || {}) },
  });
  if (!response.ok) throw await toProblem(response);
  return response;
}

// A question that takes a body, and changes nothing.
export async function inquire(path, body) {
  return (await send(path, body)).json();
}

// A change. raw: the answer is a file.
export async function post(path, body, raw) {
  const response = await send(path, body);
  refreshAll();
  return raw ? response.blob() : response.json();
}

// A token opens a session, whose cookie the browser keeps and this script can not read.
export async function signIn(token) {
  await send('/v1/session', {}, 'POST', { authorization: `Bearer ${token}` });
  live.signed_out = false;
  entries.clear(); // what was refused before is asked anew
  changed();
}

export async function signOut() {
  await send('/v1/session', null, 'DELETE');
  entries.clear();
  live.signed_out = true;
  changed();
}

// --- what views use

// {data, error, at}: data null until the first answer. every_ms 0: once. wants(event) true: again at once.
export function use(path, every_ms, wants) {
  let e = entries.get(path);
  if (!e) {
    e = { path, data: null, error: null, at: null, asked: -Infinity, busy: false, dirty: false, etag: '' };
    entries.set(path, e);
  }
  Object.assign(e, { every: every_ms, wants, round });
  if (!e.busy && e.asked === -Infinity) load(e);
  return e;
}

async function load(e) {
  e.busy = true;
  e.dirty = false;
  e.asked = performance.now();
  try {
    const response = await ask(e.path, { headers: e.etag ? { 'if-none-match': e.etag } : {} });
    if (response.status !== 304) {
      if (!response.ok) throw await toProblem(response);
      e.data = await response.json();
      e.etag = response.headers.get('etag') || '';
      if (e.data.now_ms) answered(e.data.now_ms);
    }
    e.at = performance.now();
    e.error = null;
  } catch (error) {
    e.error = error;
  }
  e.busy = false;
  changed();
}

// A view is drawn between these two: what it did not use is asked no more.
export function beginUse() {
  round++;
}
export function endUse() {
  for (const [path, e] of entries) if (e.round !== round && !e.busy) entries.delete(path);
}

export function refreshAll() {
  for (const e of entries.values()) e.dirty = true;
}

const HURRY_MS = 250; // events come in bursts

function tend() {
  const now = performance.now();
  const slow = document.hidden ? 5 : 1;
  const lost = isLost();
  for (const e of entries.values()) {
    if (e.busy) continue;
    const wait = lost ? 1500 : e.dirty ? HURRY_MS : e.error ? 3000 : e.every || Infinity;
    if (now - e.asked >= wait * slow) load(e);
    if (lost) break; // one is enough to find out
  }
}

// --- the stream

function take(event) {
  let row;
  try {
    row = JSON.parse(event.data);
  } catch {
    return;
  }
  lastId = event.id || lastId;
  live.events.push(row);
  if (live.events.length > 200) live.events.splice(0, 100);
  for (const e of entries.values()) if (e.wants && e.wants(row)) e.dirty = true;
}

async function read(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    answered(null);
    const got = takeEvents(text + value);
    text = got.rest.length < 1 << 20 ? got.rest : '';
    got.events.forEach(take);
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// For ever: resumed behind the last row that came. Whether the controller can be reached is told by the requests, not by this.
async function follow() {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      const response = await fetch('/v1/events', { headers: lastId ? { 'last-event-id': lastId } : {}, credentials: 'same-origin' });
      if (response.ok) {
        live.streaming = true;
        wait = 500;
        refreshAll();
        await read(response);
      }
    } catch { /* tried again below */ }
    live.streaming = false;
    await pause(live.signed_out ? 3000 : wait);
  }
}

export function begin() {
  setInterval(tend, 100);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refreshAll(); });
  follow();
}
