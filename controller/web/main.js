// The dashboard begins here: where we are, what stands on top of every view, and the keys.
import { h, patch } from './dom.js';
import { ago, clock, principal, ticking } from './format.js';
import { ageMs, begin, beginUse, endUse, isLost, live, onChange, refreshAll, signOut, use } from './live.js';
import { controllerTrouble, incidents } from './model.js';
import { button, closeDialog, dialogView, icon, link, noticesView, openDialog, page, sign, to } from './ui.js';
import { appView } from './view_app.js';
import { drillsView } from './view_drills.js';
import { evidenceView } from './view_evidence.js';
import { fleetView, focusSearch, moveFocus } from './view_fleet.js';
import { runView } from './view_run.js';
import { signInView } from './view_signin.js';

// --- where we are

function readRoute() {
  const [path, query] = (location.hash.slice(1) || '/fleet').split('?');
  const [view, ...args] = path.split('/').filter(Boolean).map(decodeURIComponent);
  return { view: view || 'fleet', args, query: new URLSearchParams(query || '') };
}

const VIEWS = {
  fleet: { title: () => 'Fleet', view: () => fleetView(), nav: 'fleet' },
  apps: { title: (a) => a[0], view: (a) => appView(a[0]), nav: 'fleet' },
  runs: { title: (a) => `Run ${a[0]}`, view: (a) => runView(Number(a[0])), nav: 'evidence' },
  drills: { title: () => 'Drills', view: () => drillsView(), nav: 'drills' },
  evidence: { title: () => 'Evidence', view: () => evidenceView(), nav: 'evidence' },
};

function current() {
  const v = VIEWS[page.route.view];
  const fits = v && (!['apps', 'runs'].includes(page.route.view) || page.route.args[0]);
  return fits ? v : { title: () => 'Not found', view: () => [h('h1', null, 'There is no such page'), h('p', null, link('To the fleet', to.fleet))], nav: '' };
}

function moved() {
  page.route = readRoute();
  page.dialog = null;
  draw();
  window.scrollTo(0, 0);
  const main = document.getElementById('main');
  if (main) main.focus({ preventScroll: true });
}

// --- light and dark

const THEMES = ['auto', 'light', 'dark'];
let theme = localStorage.getItem('evac-theme') || 'auto';

function setTheme(next) {
  theme = next;
  localStorage.setItem('evac-theme', theme);
  document.documentElement.dataset.theme = theme;
  draw();
}

// --- what stands above every view

function reachView() {
  const lost = isLost();
  const age = ageMs();
  const tone = lost ? 'bad' : live.streaming ? 'ok' : 'warn';
  const text = lost ? 'no contact' : age === null ? 'connecting' : live.streaming ? 'live' : 'polling';
  return h('span.reach', { title: live.reached_at === null ? '' : `newest answer ${ago(age)}` }, sign(tone, lost ? 'cross' : live.streaming ? 'check' : 'clock', text), h('span.num.muted', { 'aria-hidden': 'true' }, live.reached_wall ? clock(live.reached_wall) + ' UTC' : ''));
}

// Whose word a word would be; and the end of a session.
function selfView() {
  if (live.signed_out) return null;
  const self = use('/v1/session', 60000);
  if (!self.data) return null;
  return [h('span.self.muted', { title: self.data.roles.join(', ') }, principal(self.data.person)), self.data.by === 'session' ? button('Sign out', () => signOut(), { kind: 'quiet' }) : null];
}

function header(v) {
  const item = (id, text) => h('li', null, link(text, to[id], { 'aria-current': v.nav === id ? (page.route.view === id ? 'page' : 'true') : null }));
  return h('header.top', null,
    h('a.brand', { href: to.fleet, 'aria-label': 'evac, fleet' }, icon('arrow'), h('span', null, 'evac')),
    h('nav', { 'aria-label': 'Main' }, h('ul', null, item('fleet', 'Fleet'), item('drills', 'Drills'), item('evidence', 'Evidence'))),
    h('div.top-right', null, reachView(), selfView(),
      button('', () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % 3]), { safe: true, kind: 'quiet', icon: theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'halves', label: `Colours: ${theme}. Change`, title: `Colours: ${theme}` }),
      button('?', openHelp, { safe: true, kind: 'quiet', label: 'Keys', keys: '?' })));
}

// Never stale as fresh: said in words, at once, with its age; the view below is greyed, and nothing can be pressed.
function lostView() {
  if (!isLost()) return h('div', { role: 'alert', key: 'lost' });
  const age = ageMs();
  return h('div', { role: 'alert', key: 'lost' }, h('div.lost', null, icon('warn'),
    h('p', null, h('strong', null, 'The controller can not be reached. '), `${live.problem}. `,
      age === null ? 'Nothing is known yet.' : ['What you see is as it was at ', h('span.num', null, clock(live.reached_wall)), ' UTC, ', h('span.num', { 'aria-hidden': 'true' }, ticking(age)), ' ago. It is not live.']),
    button('Ask again now', () => refreshAll(), { safe: true })));
}

function troubleView() {
  const entry = use('/v1/status', 5000); // the fleet's view, drawn behind this, asks more often
  if (!entry.data) return null;
  const says = controllerTrouble(entry.data);
  const elsewhere = page.route.view === 'fleet' ? [] : incidents(entry.data);
  return [
    elsewhere.map((i) => h('div.strip.tone-bad', { key: 'i' + i.region }, icon('cross'), h('p', null, h('strong', null, `${i.region} is failing. `), link('See the incident', to.fleet)))),
    says.map((text) => h('div.strip.tone-warn', { key: text, role: 'status' }, icon('warn'), h('p', null, text))),
  ];
}

// --- keys

const KEYS = [
  ['?', 'this list'], ['/', 'search apps'], ['j, k or arrows', 'next, previous app in the list'], ['Enter', 'open it'], ['g then f', 'fleet'], ['g then d', 'drills'], ['g then e', 'evidence'],
  ['a', 'approve what is proposed here'], ['f', 'fail over this app'], ['d', 'drill this app'], ['t', 'colours: as the system, light, dark'], ['Esc', 'close'],
];
let keysOn = localStorage.getItem('evac-keys') !== 'off';
let waitsForGo = -Infinity;

function openHelp() {
  openDialog({ title: 'Keys', body: () => h('div', null,
    h('dl.keys', null, KEYS.map(([k, text]) => h('div', { key: k }, h('dt', null, h('kbd', null, k)), h('dd', null, text)))),
    h('label.check', null, h('input', { type: 'checkbox', checked: keysOn, onchange: (e) => { keysOn = e.target.checked; localStorage.setItem('evac-keys', keysOn ? 'on' : 'off'); draw(); } }), ' Keys of one letter work')) });
}

function press(keys) {
  const el = document.querySelector(`main [aria-keyshortcuts="${keys}"]`);
  if (el) el.click();
}

const ONE = {
  '?': openHelp, '/': () => (page.route.view === 'fleet' ? focusSearch() : (location.hash = to.fleet, setTimeout(focusSearch, 50))), t: () => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % 3]),
  g: () => { waitsForGo = performance.now(); }, a: () => press('a'), f: () => press('f'), d: () => press('d'), j: () => page.route.view === 'fleet' && moveFocus(0, true), k: () => page.route.view === 'fleet' && moveFocus(0, true),
};
const GO = { f: to.fleet, d: to.drills, e: to.evidence };

function onKey(e) {
  if (!keysOn || e.ctrlKey || e.metaKey || e.altKey || page.dialog || e.target.closest('input, textarea, select')) return;
  const go = performance.now() - waitsForGo < 1500 && GO[e.key];
  const does = go ? () => { waitsForGo = -Infinity; location.hash = go; } : ONE[e.key];
  if (!does) return;
  e.preventDefault();
  does();
}

// --- drawing

// A view that can not be drawn says so, and takes nothing else with it.
function drawView(v) {
  try {
    return v.view(page.route.args);
  } catch (e) {
    return h('p.problem', { role: 'alert' }, icon('warn'), `This view can not be drawn: ${e.message}. The command line says the same things.`);
  }
}

function drawNow() {
  const v = current();
  beginUse();
  const lost = isLost();
  const below = live.signed_out ? signInView() : [troubleView(), drawView(v)];
  const dialog = dialogView(), top = header(v);
  endUse();
  document.title = `${lost ? 'No contact: ' : ''}${live.signed_out ? 'Sign in' : v.title(page.route.args)} - evac`;
  patch(document.getElementById('app'),
    h('a.skip', { href: '#main', onclick: (e) => { e.preventDefault(); document.getElementById('main').focus(); } }, 'Skip to the content'),
    top, lostView(), noticesView(),
    h('main', { id: 'main', tabindex: '-1', class: lost ? 'stale' : '', 'data-view': [page.route.view, ...page.route.args].join('/'), key: page.route.view + page.route.args.join('/') }, below),
    dialog);
}

let due = false;

function draw(now) {
  if (now === true) return drawNow();
  if (due) return undefined;
  due = true;
  return requestAnimationFrame(() => {
    due = false;
    drawNow();
  });
}

page.redraw = draw;
page.route = readRoute();
document.documentElement.dataset.theme = theme;
onChange(draw);
addEventListener('hashchange', moved);
addEventListener('keydown', onKey);
addEventListener('scroll', () => page.route.view === 'fleet' && draw(), { passive: true });
addEventListener('resize', () => draw());
setInterval(() => { if (!document.hidden) draw(); }, 1000);
begin();
draw();
