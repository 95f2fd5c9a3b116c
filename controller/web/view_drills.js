// Drills: whether the quarter's drills held the objectives, what is to come, what is owed.
import { h } from './dom.js';
import { axis, every, line, scale } from './chart.js';
import { count, day, known, moment, month, shortDay, span, tick, words } from './format.js';
import { use } from './live.js';
import { beginDrill } from './actions.js';
import { faultsView } from './view_faults.js';
import { button, empty, fact, facts, icon, link, mayNot, measured, meter, page, section, sign, sized, table, to, waiting } from './ui.js';

const TONES = { succeeded: ['ok', 'check'], passed: ['ok', 'check'], failed: ['bad', 'cross'], skipped: ['idle', 'skip'], missed: ['warn', 'warn'], 'called-off': ['idle', 'cross'], planned: ['info', 'clock'] };

function outcome(name) {
  const [tone, mark] = TONES[name] || (/fail/.test(name) ? TONES.failed : /succ|done|good|went/.test(name) ? TONES.succeeded : ['idle', 'question']);
  return sign(tone, mark, words(name));
}

export function drillsView() {
  const chosen = page.route.query.get('app') || '';
  const entry = use('/v1/drills' + (chosen ? `?app=${encodeURIComponent(chosen)}` : ''), 10000, (e) => e.kind === 'drill' || e.kind === 'terminal');
  const roles = use('/v1/roles', 30000);
  if (!entry.data) return [h('h1', null, 'Drills'), waiting(entry)];
  const d = entry.data;
  const one = chosen || (d.apps.length === 1 ? d.apps[0].app : '');
  const trend = one ? use(`/v1/apps/${encodeURIComponent(one)}/trend?format=json`, 10000, (e) => e.app === one && e.kind === 'terminal') : null;
  return [
    h('div.title.view-title', null, h('h1', null, chosen ? `Drills of ${chosen}` : 'Drills'), chosen ? link('All apps', to.drills) : null),
    summary(d),
    faultsOf(d, one),
    trend ? trendView(one, trend) : section('Trend', { id: 'trend' }, empty('Choose an app below to see its recovery times against the objectives.')),
    calendarView(d),
    h('div.columns', null, debtView(d, roles), pastView(d)),
  ];
}

// Of the one app that is looked at, else of whichever breaks something now.
function faultsOf(d, one) {
  const going = d.apps.find((a) => a.going_on && a.going_on.kind === 'game-day');
  return one || going ? faultsView(one || going.app, 0, Boolean(going)) : null;
}

function summary(d) {
  const over = d.apps.flatMap((a) => a.debt).filter((x) => x.points > x.max).length;
  const going = d.apps.filter((a) => a.going_on);
  const next = d.coming[0];
  return h('section.progress', { 'aria-label': 'Drills in short' },
    h('div.tile', null, h('span.tile-name', null, 'Going on'), h('span.tile-value.num', null, going.length), h('span.muted', null, going.slice(0, 2).map((a) => `${a.app}: ${a.going_on.kind}, ${words(a.going_on.state)}`).join('; ') || 'none')),
    h('div.tile', null, h('span.tile-name', null, 'Next'), h('span.tile-value.num', null, next ? shortDay(next.at_ms) : 'none'), next ? h('span.muted', null, `${next.app}, ${next.kind}`) : null),
    h('div.tile', null, h('span.tile-name', null, 'Over their debt'), h('span.tile-value.num', null, over), over ? sign('warn', 'warn', 'automation only proposes there') : sign('ok', 'check', 'none')));
}

// --- the trend

function trendView(app, entry) {
  const wait = waiting(entry);
  if (wait) return section(`Trend of ${app}`, { id: 'trend' }, wait);
  const runs = entry.data.runs.filter((r) => r.over && r.moves).sort((a, b) => a.began_ms - b.began_ms);
  if (!runs.length) return section(`Trend of ${app}`, { id: 'trend' }, empty('No run has moved it yet: there is nothing to compare.'));
  const shown = runs.slice(-40);
  const met = (key, objective) => shown.filter((r) => known(r[key]) && r[key] <= r[objective]).length;
  return section(`Trend of ${app}: RTO and RPO against the objectives`, { id: 'trend', aside: h('span.muted', null, `${count(shown.length, 'run')}; RTO met in ${met('rto_ms', 'rto_objective_ms')}, RPO in ${met('rpo_ms', 'rpo_objective_ms')}`) },
    h('div.columns.charts', null,
      h('figure', null, h('figcaption', null, 'RTO: how long users were without it'), sized('trend-rto', (w) => chart(shown, 'rto_ms', 'rto_objective_ms', 'RTO', w))),
      h('figure', null, h('figcaption', null, 'RPO: how much data was lost'), sized('trend-rpo', (w) => chart(shown, 'rpo_ms', 'rpo_objective_ms', 'RPO', w)))),
    h('p.legend', null, h('span.key-met', null, 'met'), h('span.key-missed', null, 'missed'), h('span.key-drill', null, 'hollow: a drill'), h('span.key-objective', null, 'objective')),
    h('details', null, h('summary', null, 'The same as a table'), table('Runs against the objectives', [
      { head: 'Run', cell: (r) => link(r.run, to.run(r.run)) }, { head: 'When', class: 'num', cell: (r) => moment(r.began_ms) }, { head: 'What', cell: (r) => words(r.kind) },
      { head: 'RTO', cell: (r) => measured(r.rto_ms, r.rto_objective_ms) }, { head: 'RPO', cell: (r) => measured(r.rpo_ms, r.rpo_objective_ms) },
      { head: 'Criteria', class: 'num', cell: (r) => `${r.criteria.met} met, ${r.criteria.missed} missed` }], [...shown].reverse(), (r) => r.run)));
}

const HEIGHT = 200, LEFT = 46, RIGHT = 14, TOP = 14, BOTTOM = 26;

function chart(runs, key, objectiveKey, name, width) {
  const objective = runs[runs.length - 1][objectiveKey];
  const top = Math.max(...runs.map((r) => Math.max(r[objectiveKey] * 1.1, r[key] || 0)));
  const ticks = axis(top, 5);
  const y = scale(0, ticks[ticks.length - 1], HEIGHT - BOTTOM, TOP);
  const x = scale(0, Math.max(1, runs.length - 1), LEFT + 14, width - RIGHT - 14);
  const nth = every(runs.length, width - LEFT - RIGHT, 62);
  const points = runs.map((r, i) => ({ x: runs.length === 1 ? (LEFT + width - RIGHT) / 2 : x(i), y: known(r[key]) ? y(r[key]) : null, r }));
  const objectives = runs.map((r, i) => ({ x: x(i), y: y(r[objectiveKey]) }));
  const said = `${name} of ${count(runs.length, 'run')}: ${runs.map((r) => span(r[key])).join(', ')}; objective ${span(objective)}`;
  return h('svg.chart', { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: 'group', 'aria-label': said },
    ticks.map((t) => h('g.chart-grid', { key: t, 'aria-hidden': 'true' }, h('line', { x1: LEFT, x2: width - RIGHT, y1: y(t), y2: y(t) }), h('text', { x: LEFT - 7, y: y(t) + 4, 'text-anchor': 'end' }, tick(t)))),
    h('path.chart-objective', { d: runs.length === 1 ? `M${LEFT} ${y(objective)}H${width - RIGHT}` : line([{ x: LEFT, y: objectives[0].y }, ...objectives, { x: width - RIGHT, y: y(objective) }]) }),
    h('text.chart-note', { x: width - RIGHT, y: y(objective) - 5, 'text-anchor': 'end' }, `objective ${span(objective)}`),
    h('path.chart-line', { d: line(points) }),
    points.map((p, i) => (p.y === null ? null : point(p, key, objectiveKey))),
    points.map((p, i) => (i % nth === 0 ? h('text.chart-day', { key: 'd' + i, x: p.x, y: HEIGHT - 8, 'text-anchor': 'middle' }, shortDay(p.r.began_ms)) : null)));
}

// Met: a disc. Missed: a cross. Hollow: a drill.
function point(p, key, objectiveKey) {
  const met = p.r[key] <= p.r[objectiveKey];
  const drill = /drill|live|isolated|rehearse|game/.test(p.r.kind);
  return h('a', { key: p.r.run, href: to.run(p.r.run), 'aria-label': `run ${p.r.run}, ${moment(p.r.began_ms)}: ${span(p.r[key])}, ${met ? 'met' : 'missed'}` },
    h('title', null, `run ${p.r.run}, ${p.r.kind}, ${day(p.r.began_ms)}: ${span(p.r[key])}`), h('circle.hit', { cx: p.x, cy: p.y, r: 12 }),
    met ? h('circle', { class: `met ${drill ? 'drill' : ''}`, cx: p.x, cy: p.y, r: 4.5 }) : h('path.missed', { d: `M${p.x - 5} ${p.y - 5}l10 10M${p.x + 5} ${p.y - 5}l-10 10` }));
}

// --- the calendar

function calendarView(d) {
  const from = new Date(d.now_ms);
  const months = Array.from({ length: 12 }, (_, i) => new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + i, 1)));
  const byDay = new Map();
  for (const c of d.coming) {
    const key = day(c.at_ms);
    byDay.set(key, [...(byDay.get(key) || []), c]);
  }
  return section('Calendar', { id: 'calendar', aside: h('span.muted', null, `${count(d.coming.length, 'drill')} in the year to come`) },
    h('div.calendar', null, months.map((m) => monthView(m, byDay, d.now_ms))),
    d.coming.length ? h('details', { open: d.coming.length <= 6 }, h('summary', null, 'The next ones as a list'), table('Drills to come', [
      { head: 'When', class: 'num', cell: (c) => moment(c.at_ms) }, { head: 'App', cell: (c) => link(c.app, to.app(c.app)) }, { head: 'Kind', cell: (c) => c.kind },
      { head: 'What stands against it', cell: (c) => (c.barred ? sign('warn', 'lock', c.barred) : c.waits ? sign('warn', 'clock', c.waits) : c.approval ? 'it wants approval' : 'nothing') }],
    d.coming.slice(0, 30), (c) => c.app + c.name + c.at_ms)) : empty('No drill is planned: give an app drills = ( { cron = ... } ).'));
}

function monthView(first, byDay, now) {
  const year = first.getUTCFullYear(), m = first.getUTCMonth();
  const days = new Date(Date.UTC(year, m + 1, 0)).getUTCDate();
  const lead = (first.getUTCDay() + 6) % 7; // weeks begin on Monday
  const list = Array.from({ length: days }, (_, i) => new Date(Date.UTC(year, m, i + 1)).toISOString().slice(0, 10));
  const planned = list.filter((x) => byDay.has(x));
  return h('div.month', { key: `${year}-${m}`, role: 'img', 'aria-label': `${month(year, m)}: ${planned.length ? planned.map((x) => `${Number(x.slice(8))}: ${byDay.get(x).map((c) => `${c.app} ${c.kind}`).join(', ')}`).join('; ') : 'no drills'}` },
    h('h3', { 'aria-hidden': 'true' }, month(year, m)),
    h('div.days', { 'aria-hidden': 'true' }, Array.from({ length: lead }, (_, i) => h('i', { key: 'l' + i })), list.map((x) => {
      const here = byDay.get(x) || [];
      return h('i', { key: x, class: `${here.length ? 'has ' + (here.some((c) => c.barred) ? 'barred' : here[0].kind) : ''} ${x === day(now) ? 'today' : ''}`, title: here.map((c) => `${c.app}: ${c.kind}${c.barred ? ', ' + c.barred : ''}`).join('\n') || null }, Number(x.slice(8)));
    })));
}

// --- what is owed, what was

function debtView(d, roles) {
  const rows = d.apps.flatMap((a) => a.debt.map((x) => ({ app: a.app, ...x }))).sort((a, b) => b.points / (b.max || 1) - a.points / (a.max || 1)).slice(0, 50);
  return section('Drill debt', { id: 'debt' }, rows.length ? table('Drill debt', [
    { head: 'App', cell: (x) => [link(x.app, to.app(x.app)), h('span.muted.whole', null, ` to ${x.to}`)] },
    { head: 'Debt', class: 'num', cell: (x) => [meter(x.points, x.max, x.points > x.max ? 'warn' : 'ok', ''), h('strong', null, ` ${x.points}`), h('span.muted', null, ` of ${x.max}`), x.points > x.max ? icon('warn') : null] },
    { head: 'Why', cell: (x) => [x.words, known(x.proven_ms) ? h('span.muted', null, ` proven ${day(x.proven_ms)}`) : null] },
    { head: '', cell: (x) => [link('Trend', `${to.drills}?app=${encodeURIComponent(x.app)}`), ' ', button('Drill ...', () => beginDrill({ app: x.app }, 'isolated'), { why: mayNot(roles, 'isolated'), label: `Drill ${x.app}` })] },
  ], rows, (x) => x.app + x.to) : empty('Nothing is owed.'));
}

function pastView(d) {
  const rows = d.past.filter((p) => p.drill || p.run || p.why).slice(0, 40);
  return section('What was', { id: 'past' }, rows.length ? table('Past drills', [
    { head: 'When', class: 'num', cell: (p) => moment(p.at_ms) }, { head: 'App', cell: (p) => [link(p.app, to.app(p.app)), h('span.muted', null, ` ${p.kind}`)] },
    { head: 'Result', cell: (p) => [outcome(p.result), p.why ? h('p.muted', null, p.why) : null] }, { head: 'Run', cell: (p) => (p.run ? link(p.run, to.run(p.run)) : '') },
  ], rows, (p) => p.app + p.at_ms + p.result) : empty('No drill has ended yet.'));
}
