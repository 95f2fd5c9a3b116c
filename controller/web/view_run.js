// One run: what it waits for, where it is in time, what decides its end, and every step with the requests that it made.
import { h } from './dom.js';
import { axis } from './chart.js';
import { bars, criticalPath, eta, forecast, isOver } from './gantt.js';
import { clock, count, known, moment, principal, span, tick, ticking, words } from './format.js';
import { nowMs, use } from './live.js';
import { listOf } from './api.js';
import { aboutRun, aboutStep, overrideGate } from './actions.js';
import { approveByPhone } from './phone.js';
import { faultsView } from './view_faults.js';
import { button, closeDialog, empty, fact, facts, icon, link, mayNot, measured, meter, openDialog, page, phoneButton, result, section, sign, table, to, waiting } from './ui.js';

const STEP_SIGNS = {
  done: ['ok', 'check'], failed: ['bad', 'cross'], held: ['warn', 'pause'], halted: ['warn', 'warn'], undone: ['idle', 'check'], skipped: ['idle', 'skip'], waiting: ['idle', 'clock'],
  gated: ['warn', 'lock'], unknown: ['warn', 'question'], refused: ['warn', 'warn'], cooling: ['warn', 'clock'], quarantined: ['warn', 'clock'],
};

function stepSign(step) {
  const [tone, mark] = STEP_SIGNS[step.state] || ['info', 'play'];
  return sign(tone, mark, step.state);
}

export function runView(id) {
  const about = (e) => e.run === id;
  const live = use(`/v1/runs/${id}`, 1000, about);
  const report = use(`/v1/runs/${id}/report?format=json`, 1000, about);
  if (!report.data && !live.data) return [h('h1', null, `Run ${id}`), waiting(live)];
  const run = live.data && live.data.state ? live.data : null;
  const rep = report.data || live.data;
  const going = run !== null && !run.over;
  if (!going) live.every = report.every = 10000; // it changes no more
  const roles = use(`/v1/roles?app=${encodeURIComponent(rep.app)}`, 30000);
  const decide = going ? use(`/v1/apps/${encodeURIComponent(rep.app)}/decide`, 2000) : null;
  const m = merge(run, rep, decide && decide.data);
  return [
    heading(m, roles),
    going ? waitsView(m, roles) : null,
    faultsView(rep.app, rep.run, going),
    progressView(m),
    ganttView(m, roles),
    h('div.columns', null, saidView(m), outcomeView(m)),
  ];
}

// A step of the report, in which before and after are what was found; and of the run, in which after is what it waits for.
function withState(s, state) {
  return { progress: null, title: '', pivot: false, may_run: true, ...s, ...(state || {}), found: s.before, left: s.after, after: state ? state.after : [] };
}

// The run as it is and its report so far, as one.
function merge(run, rep, decide) {
  const states = new Map((run ? run.steps : []).map((s) => [s.id, s]));
  const left = new Map(((decide && decide.run === rep.run && decide.failover.path) || []).map((p) => [p.step, p.p50_ms]));
  const steps = rep.steps.map((s) => withState(s, states.get(s.id)));
  const shown = steps.filter((s) => s.state !== 'skipped' && (s.may_run || s.began_ms !== null) && !(s.undo && s.began_ms === null));
  const going = Boolean(run) && !run.over;
  const now = going ? nowMs() : rep.as_of_ms;
  const placed = forecast(shown, now, left);
  const critical = going ? criticalPath(placed) : new Set(shown.filter((s) => s.critical).map((s) => s.id));
  return { id: rep.run, run, rep, steps, shown, placed, critical, going, now, state: run ? run.state : rep.result, skipped: steps.filter((s) => !shown.some((x) => x.id === s.id)), decide };
}

// --- the top

function heading(m, roles) {
  const { run, rep } = m;
  const may = (what) => mayNot(roles, what);
  const act = (what, text, kind) => button(text, () => aboutRun(run, what), { kind, why: may(what), key: what });
  const tone = m.going ? (run.state === 'proposed' || run.state === 'asking' ? 'warn' : 'info') : m.state === 'succeeded' ? 'ok' : m.state === 'failed' ? 'bad' : 'warn';
  return h('header.page-head', { class: `edge-${tone}` },
    h('div.title', null, h('h1', null, `Run ${rep.run}`), run && run.paused ? sign('warn', 'pause', 'paused') : null, result(m.state),
      h('span', null, `${rep.rehearse ? 'rehearsal' : rep.kind === 'failover' ? 'failover' : words(rep.kind || rep.workflow)} of `, link(rep.app, to.app(rep.app)), ` ${rep.from} → ${rep.to}, ${rep.mode}`),
      h('span.muted', null, `by ${principal(rep.who)}${rep.why ? `: ${rep.why}` : ''}`)),
    m.going ? h('div.actions', null,
      run.state === 'proposed' ? act('approve', 'Approve ...', 'primary') : null,
      run.state === 'proposed' ? phoneButton(run, roles, () => approveByPhone(run), 'phone') : null,
      run.state === 'proposed' ? act('decline', 'Decline ...') : null,
      run.state !== 'proposed' ? (run.paused ? act('resume', 'Resume ...', 'primary') : act('pause', 'Pause ...')) : null,
      run.state !== 'proposed' && !run.pivoted ? act('cancel', 'Cancel and undo ...') : null,
      run.state !== 'proposed' ? act('stop', 'Stop where it stands ...', 'danger') : null,
      run.pivoted ? sign('info', 'flag', 'past the point of no return') : null) : null);
}

// --- what it waits for

function waitsView(m, roles) {
  const { run } = m;
  const shut = run.gates.filter((g) => g.shut);
  const failed = run.steps.filter((s) => s.state === 'failed');
  if (!shut.length && run.state !== 'asking') return null;
  return section('It waits for a person', { id: 'waits', class: 'edge-warn', aside: known(run.open_until_ms) ? h('span.muted', null, `until ${clock(run.open_until_ms)} UTC`) : null },
    h('ul.waits', null,
      shut.map((g) => h('li', { key: g.gate + g.place }, sign(g.answer === 'block' ? 'bad' : 'warn', 'lock', g.gate), h('p', null, h('span.muted', null, `before ${g.place === 'start' ? 'the start' : g.place}: `), g.reason),
        h('div.actions', null,
          g.gate === 'approval' ? button('Approve ...', () => (g.place === 'start' ? aboutRun(run, 'approve') : aboutStep(run, stepOf(run, g.place), 'approve')), { kind: 'primary', why: mayNot(roles, 'approve') }) : null,
          g.gate === 'approval' ? phoneButton(run, roles, () => approveByPhone(run, g.place === 'start' ? '' : g.place)) : null,
          g.roles.length ? button('Override ...', () => overrideGate(run, g), { why: mayNot(roles, 'override') }) : null))),
      run.state === 'asking' ? failed.map((s) => h('li', { key: s.id }, sign('bad', 'cross', s.id), h('p', null, s.reason || 'it failed'),
        h('div.actions', null, button('Retry ...', () => aboutStep(run, s, 'retry'), { kind: 'primary', why: mayNot(roles, 'retry') }), button('Skip ...', () => aboutStep(run, s, 'skip'), { why: mayNot(roles, 'skip') })))) : null),
    run.approvals.length ? h('p.muted', null, `${count(run.approvals.length, 'approval')} of ${run.approvals_needed}: ${run.approvals.map((a) => principal(a.who)).join(', ')}`) : null);
}

function stepOf(run, id) {
  return run.steps.find((s) => s.id === id) || { id, title: '', reason: '' };
}

// --- how far it is

function progressView(m) {
  const { rep, going } = m;
  const over = m.shown.filter((s) => isOver(s.state)).length;
  const impact = rep.instants.impact_lo || rep.instants.started || rep.began_ms;
  const spent = going ? nowMs() - impact : null;
  const end = eta(m.placed);
  const moves = !rep.rehearse && rep.rto_objective_ms > 0;
  const expected = going && end ? end - impact : null;
  const sure = m.decide && m.decide.run === rep.run && m.decide.failover.rto;
  return h('section.progress', { 'aria-label': 'Progress' },
    h('div.tile', null, h('span.tile-name', null, 'Steps'), h('span.tile-value.num', null, `${over} of ${m.shown.length}`), meter(over, m.shown.length, 'info', `${over} of ${m.shown.length} steps are over`)),
    going && rep.instants.started ? h('div.tile', null, h('span.tile-name', null, 'Expected end'), h('span.tile-value.num', null, end > m.now ? 'in ' + ticking(end - m.now) : 'any moment'), h('span.muted', null, `${clock(end)} UTC, ${m.critical.size ? 'decided by ' + (m.placed.find((s) => m.critical.has(s.id) && !isOver(s.state)) || { id: 'the last look' }).id : ''}`)) : null,
    moves ? h('div.tile', null, h('span.tile-name', null, going ? 'RTO so far' : 'RTO'),
      h('span.tile-value.num', null, going ? ticking(spent) : span(rep.rto_ms)),
      going ? meter(spent, rep.rto_objective_ms, spent > rep.rto_objective_ms ? 'bad' : 'info', '') : null,
      h('span.muted', null, going ? `objective ${span(rep.rto_objective_ms)}; as it goes ${span(sure ? sure.p50_ms : expected)}${sure ? `, slow ${span(sure.p95_ms)}` : ''}` : measured(rep.rto_ms, rep.rto_objective_ms))) : null,
    moves && rep.rpo_objective_ms ? h('div.tile', null, h('span.tile-name', null, 'Data lost'),
      h('span.tile-value.num', null, span(known(rep.rpo_ms) ? rep.rpo_ms : going && m.run ? m.run.loss_ms : null)), h('span.muted', null, known(rep.rpo_ms) ? measured(rep.rpo_ms, rep.rpo_objective_ms) : `objective ${span(rep.rpo_objective_ms)}`)) : null);
}

// --- the Gantt chart

const PHASES = ['check', 'fence', 'data', 'capacity', 'verify', 'traffic', 'confirm', 'protect', 'cleanup'];

function ganttView(m, roles) {
  if (!m.placed.length) return section('Steps', { id: 'gantt' }, empty('No step has begun.'));
  const begun = m.placed.filter((s) => s.began_ms !== null).map((s) => s.began_ms);
  const begin = Math.min(m.now, m.rep.instants.started || m.now, ...begun);
  const end = Math.max(m.going ? m.now + 1000 : 0, ...m.placed.map((s) => s.to_ms || 0));
  const pad = (end - begin) * 0.02 || 1000;
  const rows = bars(m.placed, begin, end + pad, m.now).sort((a, b) => a.step.from_ms - b.step.from_ms || PHASES.indexOf(a.step.phase) - PHASES.indexOf(b.step.phase));
  const ticks = axis(end - begin, 6).filter((t) => t <= end - begin);
  const at = (t) => `${(((t - begin) / (end + pad - begin)) * 100).toFixed(2)}%`;
  return section('Steps in time', { id: 'gantt', aside: h('span.legend', null, h('span.key-critical', null, 'on the critical path'), m.going ? h('span.key-expected', null, 'expected') : null) },
    h('div.gantt', { role: 'list' },
      h('div.gantt-axis', { 'aria-hidden': 'true' }, ticks.map((t) => h('span', { key: t, style: { left: at(begin + t) } }, tick(t)))),
      h('div.gantt-lines', { 'aria-hidden': 'true' }, ticks.map((t) => h('i', { key: t, style: { left: at(begin + t) } }))),
      m.going ? h('div.gantt-now', { 'aria-hidden': 'true' }, h('i', { style: { left: at(m.now) } })) : null,
      rows.map((b) => ganttRow(b, m, roles))),
    m.skipped.length ? h('p.muted.not-needed', null, `Not needed: ${m.skipped.map((s) => s.id).join(', ')}`) : null);
}

function ganttRow(b, m, roles) {
  const s = b.step, critical = m.critical.has(s.id);
  const [tone] = STEP_SIGNS[s.state] || ['info'];
  const percent = (v) => `${(v * 100).toFixed(2)}%`;
  const took = s.ended_ms !== null && s.began_ms !== null ? span(s.ended_ms - s.began_ms) : s.began_ms !== null ? `${ticking(m.now - s.began_ms)}${known(s.progress) && s.progress >= 0 ? `, ${s.progress} %` : ''}` : m.going ? `~${span(s.to_ms - s.from_ms)}` : '';
  return h('div.gantt-row', { key: s.id, role: 'listitem' },
    h('button.gantt-step', { type: 'button', class: critical ? 'critical' : '', onclick: () => openDialog({ title: `${s.id}: run ${m.id}`, wide: true, body: () => stepDetails(m.id, s.id, roles) }) },
      h('span.gantt-name', null, h('span.gantt-id', null, s.id, s.pivot ? icon('flag') : null), h('span.muted', null, s.region)), stepSign(s), h('span.gantt-took.num', null, took), h('span.hidden', null, critical ? 'on the critical path, ' : '', 'details')),
    h('div.gantt-bar', { 'aria-hidden': 'true' },
      h('i', { class: `bar tone-${tone} ${s.expected ? 'expected' : ''} ${critical ? 'critical' : ''}`, style: { left: percent(b.from), width: `max(3px, ${percent(Math.max(0, (s.expected ? b.to : s.ended_ms !== null ? b.to : b.now) - b.from))})` } }),
      !s.expected && s.ended_ms === null ? h('i', { class: `bar expected ${critical ? 'critical' : ''}`, style: { left: percent(b.now), width: percent(Math.max(0, b.to - b.now)) } }) : null));
}

// --- one step

const OUTCOMES = ['accepted', 'throttled', 'not sent', 'rejected', 'unknown'];

function stepDetails(id, stepId, roles) {
  const journal = use(`/v1/journal?run=${id}&limit=5000`, 3000, (e) => e.run === id);
  const live = use(`/v1/runs/${id}`, 1000, (e) => e.run === id);
  const report = use(`/v1/runs/${id}/report?format=json`, 1000, (e) => e.run === id);
  if (!report.data || !journal.data) return waiting(report) || waiting(journal);
  const run = live.data && live.data.state ? live.data : null;
  const s = withState(report.data.steps.find((x) => x.id === stepId), run ? run.steps.find((x) => x.id === stepId) : null);
  const rows = listOf(journal.data).filter((r) => r.name === stepId && r.step !== null);
  const over = !run || run.over;
  return h('div.step-details', null,
    s.title ? h('p', null, s.title) : null,
    facts(fact('State', stepSign(s), s.reason ? h('p.muted', null, s.reason) : null), fact('Action', `${s.type}.${s.action}${s.resource ? ' ' + s.resource : ''} in ${s.region}`), fact('Phase', s.phase),
      fact('Took', h('span.num', null, known(s.took_ms) ? span(s.took_ms) : s.began_ms ? ticking(nowMs() - s.began_ms) + ' so far' : 'not begun'), h('span.muted', null, `, usually ${span(s.usual_ms)}`)),
      fact('Tries', s.attempts), s.after.length ? fact('After', s.after.join(', ')) : null,
      s.found ? fact('Before', h('code', null, s.found)) : null, s.left ? fact('Afterwards', h('code', null, s.left)) : null),
    over ? null : h('div.actions', null,
      s.state === 'failed' || s.state === 'held' ? button('Retry ...', () => swap(() => aboutStep(run, s, 'retry')), { kind: 'primary', why: mayNot(roles, 'retry') }) : null,
      s.state === 'gated' ? button('Approve ...', () => swap(() => aboutStep(run, s, 'approve')), { kind: 'primary', why: mayNot(roles, 'approve') }) : null,
      s.state === 'gated' ? phoneButton(run, roles, () => swap(() => approveByPhone(run, s.id))) : null,
      isOver(s.state) && s.state !== 'failed' ? null : button('Skip ...', () => swap(() => aboutStep(run, s, 'skip')), { why: mayNot(roles, 'skip') })),
    h('h3', null, 'What was asked and answered'),
    rows.length ? table(`Journal of ${stepId}`, [
      { head: 'UTC', class: 'num', cell: (r) => new Date(r.t_wall_ms).toISOString().slice(11, 23) },
      { head: 'What', cell: (r) => (r.kind === 'step' ? `${r.from} → ${r.to}` : words(r.kind)) },
      { head: 'Why', cell: (r) => [r.event && r.kind === 'step' ? h('span.muted', null, `${r.event} `) : null, r.kind === 'outcome' ? OUTCOMES[r.number] || '' : '', r.text] },
      { head: 'Request', cell: (r) => (r.request_id ? h('code', null, r.request_id) : '') },
    ], rows, (r) => r.seq) : empty('Nothing yet.'));
}

function swap(next) {
  page.dialog = null;
  closeDialog();
  next();
}

// --- who said what; how it came out

function saidView(m) {
  const said = m.rep.said || [];
  return section('Who said what', { id: 'said' }, said.length ? h('ol.activity', null, said.map((s, i) => h('li', { key: i }, h('time.num', { datetime: new Date(s.wall_ms).toISOString() }, clock(s.wall_ms)),
    h('span', null, s.who ? principal(s.who) : 'evac'), h('span', null, h('strong', null, words(s.kind)), s.what ? ` ${s.what}` : '', s.step ? ` ${s.step}` : '', s.text ? h('span.muted', null, ` ${s.text}`) : null)))) : empty('Nobody has said anything.'));
}

const INSTANTS = [['impact_lo', 'last good answer'], ['impact_hi', 'first bad answer'], ['detected', 'detected'], ['decided', 'decided'], ['started', 'started'], ['fenced', 'old side fenced'], ['data_ready', 'data ready'],
  ['capacity_ready', 'capacity ready'], ['verified', 'verified by a write'], ['traffic_moved', 'traffic moved'], ['recovered', 'recovered for users'], ['ended', 'run over']];

function outcomeView(m) {
  const { rep } = m;
  const first = INSTANTS.map(([k]) => rep.instants[k]).find(known);
  return section('When', { id: 'when', aside: m.going ? null : h('span', null, link('Report', `/v1/runs/${rep.run}/report?format=html`, { target: '_blank', rel: 'noopener' })) },
    h('ol.instants', null, INSTANTS.filter(([k]) => known(rep.instants[k])).map(([k, word]) => h('li', { key: k }, h('span', null, word), h('time.num', { datetime: new Date(rep.instants[k]).toISOString(), title: moment(rep.instants[k]) }, clock(rep.instants[k])), h('span.num.muted', null, '+' + span(rep.instants[k] - first))))),
    m.going ? null : [rep.left ? h('p', null, h('strong', null, 'Left behind: '), rep.left) : null,
      (rep.criteria || []).length ? h('ul.plain', null, rep.criteria.map((c) => h('li', { key: c.name }, sign(c.verdict === 'met' ? 'ok' : c.verdict === 'missed' ? 'bad' : 'idle', c.verdict === 'met' ? 'check' : c.verdict === 'missed' ? 'cross' : 'question', words(c.name)),
        ' ', h('span.num', null, c.unit === 'ms' ? `${span(c.value)} of at most ${span(c.at_most)}` : `${known(c.value) ? c.value : 'not measured'} of at most ${c.at_most}`)))) : null]);
}
