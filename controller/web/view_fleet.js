// All apps: what is wrong, what evac proposes, what it is doing; and the list, of which only what is in sight is in the document.
import { h } from './dom.js';
import { clock, count, known, moment, span, ticking } from './format.js';
import { live, nowMs, use } from './live.js';
import { listOf } from './api.js';
import { aboutIncident, aboutRun } from './actions.js';
import { approveByPhone } from './phone.js';
import { FILTERS, TROUBLE_RANK, byRegion, doing, fleet, incidentWords, incidents, isUrgent, lagTone, proposes, questionWords, search, troubledRegion, wrong } from './model.js';
import { button, empty, icon, link, mayNot, meter, phoneButton, redraw, section, sign, to, verdict, waiting } from './ui.js';

// offsets: where each row begins, and the end of the last.
const list = { text: '', filter: 'all', focus: 0, derived: null, from: null, shown: null, offsets: [0], key: '', top: 0 };
const ROW = 40, ROW_NARROW = 92, SPARE = 6, CARDS = 4;

const narrow = () => matchMedia('(max-width: 760px)').matches;

// A large fleet's answer is large: it is asked for less often, and not again at every row of the journal.
const LARGE = 200, pace = { every: 2000 };

// Once for each answer, not for each drawing.
function derive(status) {
  if (list.from !== status) {
    list.from = status;
    pace.every = status.apps.length > LARGE ? 4000 : 2000;
    list.derived = fleet(status);
    list.key = '';
  }
  const tall = narrow() ? ROW_NARROW : ROW;
  const key = [list.text, list.filter, tall].join('\n');
  if (key !== list.key) {
    list.key = key;
    list.shown = byRegion(search(list.derived, list.text, list.filter));
    list.offsets = [0];
    for (const r of list.shown) list.offsets.push(list.offsets[list.offsets.length - 1] + (r.region ? ROW : tall));
    list.focus = Math.min(list.focus, Math.max(0, list.shown.length - 1));
  }
  return list.derived;
}

export function fleetView() {
  const entry = use('/v1/status', pace.every, () => pace.every === 2000);
  const roles = use('/v1/roles', 30000);
  if (!entry.data) return [h('h1', null, 'Fleet'), waiting(entry)];
  const all = derive(entry.data);
  return [
    h('h1.hidden', null, 'Fleet'),
    incidents(entry.data).map((i) => incidentBanner(i, roles)),
    nowView(all, roles, new Set(incidents(entry.data).map((i) => i.region))),
    listView(all),
    activityView(entry.data),
  ];
}

// --- the one banner of a regional incident

function incidentBanner(i, roles) {
  const asked = i.proposed && !i.approved && i.state !== 'declined';
  const ordered = i.found === false && !!i.order; // by a person's word alone: the region need not be down
  const goes = i.approved || i.state === 'approved';
  return h('section.incident', { key: 'incident-' + i.region, 'aria-label': `Incident in ${i.region}` },
    h('div.incident-what', null, icon('cross'), h('div', null,
      h('h2', null, ordered ? `${i.region} is being left` : `${i.region} is failing`, h('span.num.incident-age', null, ticking(nowMs() - i.since_ms))),
      h('p', null, incidentWords(i) + '.'), i.why ? h('p.muted', null, ordered ? `Ordered by ${i.order.by}: ${i.why}.` : `Opened because ${i.why}.`) : null)),
    h('div.incident-answer', null,
      h('p', null, asked ? 'evac proposes to evacuate the region.' : i.state === 'paused' ? 'The evacuation is paused.' : i.state === 'declined' ? `Declined${i.who ? ' by ' + i.who : ''}: nothing begins.`
        : goes ? `The region is being evacuated${known(i.tier) ? `, tier ${i.tier}` : ''}${i.who ? `; ${i.who} said yes` : ''}.` : 'Apps that may act do; the others wait for a yes.'),
      questionWords(i) ? h('p.question.muted', null, questionWords(i)) : null,
      h('div.actions', null,
        asked || i.state === 'open' ? button('Evacuate the region ...', () => aboutIncident(i, 'approve'), { kind: 'danger', why: mayNot(roles, 'approve') }) : null,
        asked || i.state === 'open' ? button('Decline ...', () => aboutIncident(i, 'decline'), { why: mayNot(roles, 'decline') }) : null,
        goes && i.state !== 'paused' && i.state !== 'declined' ? button('Pause ...', () => aboutIncident(i, 'pause'), { why: mayNot(roles, 'pause') }) : null,
        i.state === 'paused' ? button('Resume ...', () => aboutIncident(i, 'resume'), { kind: 'primary', why: mayNot(roles, 'resume') }) : null)));
}

// --- what needs a person now

// The incident's banner speaks for what lies in its region.
function isCovered(e, failing) {
  return !e.run && (e.app.decision.gates.incident === 'block' || (e.state.key === 'standby' && e.app.regions.every((r) => r.verdict === 'up' || failing.has(r.name))));
}

function nowView(all, roles, failing) {
  const trouble = all.filter((e) => e.state.rank < TROUBLE_RANK);
  if (!trouble.length) return failing.size ? null : calm(all);
  const shown = trouble.filter((e) => !isCovered(e, failing)).slice(0, CARDS);
  if (!shown.length) return null;
  return h('section.now', { 'aria-label': 'Needs attention' },
    shown.map((e) => card(e, roles)),
    trouble.length > shown.length ? h('p.more', null, button(`and ${count(trouble.length - shown.length, 'more app')} in trouble`, () => setFilter('trouble'), { safe: true, kind: 'quiet' })) : null);
}

function calm(all) {
  const runs = all.filter((e) => e.run).length;
  return h('section.calm', { 'aria-label': 'Needs attention' }, icon('check'),
    h('p', null, h('strong', null, all.length ? `${count(all.length, 'app')}, nothing needs you.` : 'No apps are configured.'),
      ` No region is failing, nothing is proposed, ${runs ? count(runs, 'drill or rehearsal', 'drills or rehearsals') + ' going on' : 'nothing is running'}.`));
}

export function outageClock(app) {
  const impact = troubledRegion(app).impact_lo_ms;
  if (!known(impact)) return null;
  const burnt = nowMs() - impact;
  const over = burnt > app.rto_objective_ms;
  return h('div.burn', null,
    h('span.burn-time.num', null, ticking(burnt)), h('span.muted', null, ` since impact, objective ${span(app.rto_objective_ms)}`),
    meter(burnt, app.rto_objective_ms, over ? 'bad' : burnt > app.rto_objective_ms / 2 ? 'warn' : 'info', `${ticking(burnt)} of ${span(app.rto_objective_ms)} burnt`));
}

function card(e, roles) {
  const { app, run, state } = e;
  const asks = run && run.state === 'proposed';
  return h('article.card', { key: app.app, class: `edge-${state.tone}`, 'aria-labelledby': 'card-' + app.app },
    h('div.card-head', null, h('h2', { id: 'card-' + app.app }, link(app.app, to.app(app.app))), sign(state.tone, state.mark, state.word), isUrgent(e) ? outageClock(app) : null),
    threeAnswers(app, run),
    h('div.actions', null,
      asks ? button('Approve ...', () => aboutRun(run, 'approve'), { kind: 'primary', why: mayNot(roles, 'approve'), icon: 'check' }) : null,
      asks ? phoneButton(run, roles, () => approveByPhone(run)) : null,
      asks ? button('Decline ...', () => aboutRun(run, 'decline'), { why: mayNot(roles, 'decline') }) : null,
      run ? link(asks ? `See run ${run.run}` : `Follow run ${run.run}`, to.run(run.run), { class: 'go' }) : null,
      link('Decision clock and plan', to.app(app.app), { class: 'go' })));
}

export function threeAnswers(app, run) {
  return h('dl.three', null,
    h('div', null, h('dt', null, 'What is wrong'), h('dd', null, wrong(app, run))),
    h('div', null, h('dt', null, 'What evac proposes'), h('dd', null, proposes(app, run))),
    h('div', null, h('dt', null, 'What it is doing'), h('dd', null, doing(app, run))));
}

// --- the list

function setFilter(id) {
  list.filter = id;
  list.focus = 0;
  redraw();
}

export function focusSearch() {
  const el = document.getElementById('search');
  if (el) el.focus();
}

function listView(all) {
  return h('section.box.fleet', { 'aria-labelledby': 'fleet-title' },
    h('div.box-head', null, h('h2', { id: 'fleet-title' }, 'Apps by region'),
      h('div.search', { role: 'search' }, h('label.hidden', { for: 'search' }, 'Search apps'), icon('search'),
        h('input', { id: 'search', type: 'search', placeholder: 'Search: name, region, state', value: list.text, autocomplete: 'off', spellcheck: 'false', 'aria-keyshortcuts': '/',
          oninput: (e) => { list.text = e.target.value; list.focus = 0; redraw(); },
          onkeydown: (e) => { if (e.key === 'ArrowDown' || e.key === 'Enter') { e.preventDefault(); moveFocus(0, true); } } }))),
    h('div.filters', { role: 'group', 'aria-label': 'Show' }, FILTERS.map((f) => {
      const n = all.filter(f.test).length;
      return n || f.id === 'all' ? button([h('span', null, f.word), ' ', h('span.num', null, n)], () => setFilter(list.filter === f.id ? 'all' : f.id), { safe: true, key: f.id, kind: 'chip', pressed: list.filter === f.id }) : null;
    })),
    h('p.hidden', { role: 'status' }, list.text ? `${count(list.shown.filter((r) => r.app).length, 'app')} found` : ''),
    list.shown.length ? grid() : empty(`No app is known by "${list.text}"${list.filter === 'all' ? '' : ' among those shown'}.`));
}

const COLUMNS = ['App', 'State', 'Regions', 'Data that would be lost', 'Drill debt', 'Policy', 'Next drill'];

// The row that holds a place, by halving.
function rowAt(y) {
  let low = 0, high = list.shown.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list.offsets[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

function grid() {
  const above = window.scrollY - list.top;
  const first = Math.max(0, rowAt(above) - SPARE);
  const last = Math.min(list.shown.length, rowAt(above + window.innerHeight) + 1 + SPARE);
  const rows = [];
  for (let i = first; i < last; i++) rows.push(row(list.shown[i], i));
  if (list.focus < first || list.focus >= last) rows.push(row(list.shown[list.focus], list.focus)); // the tab key finds it
  return h('div.grid', { role: 'grid', 'aria-label': 'Apps by region', 'aria-rowcount': list.shown.length + 1, 'aria-colcount': COLUMNS.length, onkeydown: onKey },
    h('div.grid-head', { role: 'row', 'aria-rowindex': 1 }, COLUMNS.map((c, i) => h('div.cell', { role: 'columnheader', 'aria-colindex': i + 1 }, c))),
    h('div.grid-body', { role: 'rowgroup', style: { height: `${list.offsets[list.shown.length]}px` }, mounted: watchTop }, rows));
}

// Where the list begins, as what stands above it grows and shrinks.
function watchTop(el) {
  const look = () => {
    if (!el.isConnected) return;
    const top = el.getBoundingClientRect().top + window.scrollY;
    if (Math.abs(top - list.top) > 1) {
      list.top = top;
      redraw();
    }
  };
  new ResizeObserver(look).observe(document.body);
  look();
}

function row(item, index) {
  const at = { transform: `translateY(${list.offsets[index]}px)`, height: `${list.offsets[index + 1] - list.offsets[index]}px` };
  const common = { role: 'row', 'aria-rowindex': index + 2, tabindex: index === list.focus ? '0' : '-1', style: at, 'data-index': index, onfocus: () => { list.focus = index; } };
  if (item.region) return h('div.row.group', { ...common, key: 'region ' + item.region },
    h('div.cell', { role: 'gridcell', 'aria-colspan': COLUMNS.length }, h('strong', null, item.region), h('span.muted', null, ` ${item.apps.toLocaleString('en')} active`),
      item.bad ? sign('bad', 'warn', `${item.bad} in trouble`) : sign('ok', 'check', 'all well')));
  const { app } = item;
  return h('div.row', { ...common, key: app.app, class: isUrgent(item) ? `edge-${item.state.tone}` : '', onclick: (e) => { if (!e.target.closest('a')) location.hash = to.app(app.app); } },
    CELLS.map((cell, i) => h('div.cell', { role: i ? 'gridcell' : 'rowheader', 'aria-colindex': i + 1, class: 'cell-' + i }, cell(item))));
}

const CELLS = [
  (e) => [h('a', { href: to.app(e.app.app), tabindex: '-1' }, e.app.app), h('span.muted.strategy', null, e.app.strategy)],
  (e) => sign(e.state.tone, e.state.mark, e.state.word),
  (e) => e.app.regions.map((r) => h('span.region', { key: r.name }, verdict(r.verdict, r.name), r.role === 'active' ? h('span.role', null, 'active') : null)),
  (e) => lagCell(e.app),
  (e) => debtCell(e.debt),
  (e) => h('span', null, e.app.decision.policy, e.app.held ? h('span.muted', null, ', held') : null),
  (e) => (e.run && e.run.state !== 'proposed' ? link(`run ${e.run.run}`, to.run(e.run.run), { tabindex: '-1' }) : e.app.next_drill ? h('span.num', { title: e.app.next_drill.kind }, moment(e.app.next_drill.at_ms).slice(0, 10)) : h('span.muted', null, 'none')),
];

function lagCell(app) {
  if (!app.has_data) return h('span.muted', null, 'no data store');
  const tone = lagTone(app);
  return [meter(app.loss_now_ms, app.rpo_objective_ms, tone, ''), h('span.num', null, span(app.loss_now_ms)), h('span.muted', null, ` of ${span(app.rpo_objective_ms)}`),
    tone === 'bad' ? icon('warn') : null];
}

function debtCell(debt) {
  if (!debt) return h('span.muted', null, 'none');
  const over = debt.points > debt.max;
  return h('span', { title: debt.words, class: over ? 'tone-warn' : '' }, over ? icon('warn') : null, h('span.num', null, debt.points), h('span.muted', null, ` of ${debt.max}`));
}

// --- by keyboard

function onKey(e) {
  const page = Math.max(1, Math.floor(window.innerHeight / (narrow() ? ROW_NARROW : ROW)) - 4);
  const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[e.key];
  if (by !== undefined && !e.ctrlKey && !e.metaKey && !e.altKey) {
    e.preventDefault();
    e.stopPropagation();
    moveFocus(by);
  } else if (e.key === 'Enter' && !e.target.closest('a')) {
    const item = list.shown[list.focus];
    if (item && item.app) location.hash = to.app(item.app.app);
  }
}

export function moveFocus(by, toFirstApp) {
  if (!list.shown || !list.shown.length) return;
  list.focus = Math.max(0, Math.min(list.shown.length - 1, list.focus + by));
  if (toFirstApp && list.shown[list.focus].region) list.focus = Math.min(list.focus + 1, list.shown.length - 1);
  const y = list.top + list.offsets[list.focus], height = list.offsets[list.focus + 1] - list.offsets[list.focus];
  const header = 64;
  if (y < window.scrollY + header + height) window.scrollTo(0, Math.max(0, y - header - height));
  else if (y + height > window.scrollY + window.innerHeight) window.scrollTo(0, y + height * 2 - window.innerHeight);
  redraw(true);
  const el = document.querySelector(`.row[data-index="${list.focus}"]`);
  if (el) el.focus({ preventScroll: true });
}

// --- what happened lately, as the journal says it

const TELLING = new Set(['verdict', 'decision', 'alarm', 'run', 'approve', 'decline', 'override', 'incident', 'terminal', 'drill', 'hold', 'freeze', 'dependency', 'escalate', 'old_side', 'start', 'config']);

const before = { after: null };

// The newest rows that were there already, asked for once; then what the stream brings.
function activityView(status) {
  if (before.after === null && known(status.journal_rows)) before.after = Math.max(0, status.journal_rows - 200);
  const old = before.after === null ? null : use(`/v1/journal?after=${before.after}&limit=200`, 0);
  const rows = new Map();
  for (const r of old && old.data ? listOf(old.data) : []) rows.set(r.seq, { ...r, wall_ms: r.t_wall_ms });
  for (const r of live.events) rows.set(r.seq, r);
  const shown = [...rows.values()].filter((r) => TELLING.has(r.kind)).sort((a, b) => b.seq - a.seq).slice(0, 12);
  return section('What happened lately', { id: 'activity' }, shown.length ? h('ol.activity', null, shown.map(activityRow)) : empty('Nothing yet.'));
}

export function activityRow(r) {
  const where = r.run ? link(`run ${r.run}`, to.run(r.run)) : r.app ? link(r.app, to.app(r.app)) : 'controller';
  return h('li', { key: r.seq }, h('time.num', { datetime: new Date(r.wall_ms).toISOString() }, clock(r.wall_ms)), h('span', null, where),
    h('span', null, h('strong', null, r.kind.replaceAll('_', ' ')), r.name ? ` ${r.name}` : '', r.to ? `: ${r.to.replaceAll('_', ' ')}` : '', r.who ? ` by ${r.who}` : '', r.text ? h('span.muted', null, ` ${r.text}`) : null));
}
