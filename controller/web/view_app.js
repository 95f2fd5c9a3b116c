// One app: the answers first, then the decision clock, what it consists of, how it is seen, and what a move would do.
import { h } from './dom.js';
import { sparkline } from './chart.js';
import { ago, count, day, known, moment, principal, span, ticking, words } from './format.js';
import { inquire, nowMs, use } from './live.js';
import { aboutApp, aboutRun, beginDrill, beginMove, getPlan, rehearse } from './actions.js';
import { listOf } from './api.js';
import { activeRegion, stateOf } from './model.js';
import { button, empty, fact, facts, icon, link, mayNot, meter, phoneButton, redraw, result, section, sign, table, to, verdict, waiting } from './ui.js';
import { approveByPhone } from './phone.js';
import { clockView } from './view_clock.js';
import { faultsView } from './view_faults.js';
import { outageClock, threeAnswers } from './view_fleet.js';
import { planGraph } from './view_plan.js';
import { topologyView } from './view_topology.js';

export function appView(name) {
  const path = `/v1/apps/${encodeURIComponent(name)}`;
  const about = (e) => e.app === name;
  const entry = use(path, 1000, about);
  const clock = use(path + '/decide', 1000, about);
  const probes = use(path + '/probes', 2000);
  const roles = use(`/v1/roles?app=${encodeURIComponent(name)}`, 30000);
  const runs = use(`/v1/runs?app=${encodeURIComponent(name)}&limit=8`, 15000, (e) => about(e) && (e.kind === 'run' || e.kind === 'terminal' || e.kind === 'admit'));
  if (!entry.data) return [h('h1', null, name), waiting(entry)];
  const app = entry.data;
  const runId = app.run || app.rehearsal;
  const runEntry = runId ? use(`/v1/runs/${runId}`, 1000, about) : null;
  const run = runEntry && runEntry.data && runEntry.data.state ? runEntry.data : null;
  return [
    heading(app, run, roles),
    app.drills.going_on && app.drills.going_on.kind === 'game-day' ? faultsView(app.app, 0, true) : null,
    oldSideView(app, roles),
    clockView(clock),
    h('div.columns', null,
      section('Topology', { id: 'topology' }, topologyView(app)),
      section('Probes', { id: 'probes' }, probesView(app, probes.data))),
    planView(app, run, clock.data),
    h('div.columns', null, readinessView(app, roles), runsView(runs)),
    policyView(app),
  ];
}

// --- who it is, how it is, what can be done

function heading(app, run, roles) {
  const state = stateOf(app, run);
  const may = (what) => mayNot(roles, what);
  const busy = run && run.state !== 'proposed' ? 'a run is going on' : '';
  const held = Boolean(app.held), frozen = Boolean(app.frozen);
  return h('header.page-head', { class: `edge-${state.tone}` },
    h('div.title', null, h('h1', null, app.app), sign(state.tone, state.mark, state.word), h('span.muted', null, `${app.strategy}, active in ${app.active}`), outageClock(app)),
    threeAnswers(app, run),
    h('div.actions', null,
      run && run.state === 'proposed' ? button('Approve ...', () => aboutRun(run, 'approve'), { kind: 'primary', icon: 'check', why: may('approve'), keys: 'a' }) : null,
      run && run.state === 'proposed' ? phoneButton(run, roles, () => approveByPhone(run)) : null,
      run && run.state === 'proposed' ? button('Decline ...', () => aboutRun(run, 'decline'), { why: may('decline') }) : null,
      run ? link(`${run.state === 'proposed' ? 'See' : 'Follow'} run ${run.run}`, to.run(run.run), { class: 'go' }) : null,
      button('Fail over ...', () => beginMove(app, 'failover'), { kind: 'danger', why: may('failover') || busy, keys: 'f' }),
      button('Fail back ...', () => beginMove(app, 'failback'), { why: may('failback') || busy }),
      button('Drill ...', () => beginDrill(app, 'isolated'), { why: may('isolated') || busy, keys: 'd' }),
      button('Check readiness', () => rehearse(app), { why: may('rehearse') || busy, title: 'Looks at every step of a failover, changes nothing' }),
      held ? button('Release ...', () => aboutApp(app, 'release'), { why: may('release') }) : button('Hold ...', () => aboutApp(app, 'hold'), { why: may('hold'), title: 'Nothing automatic' }),
      frozen ? button('End the freeze ...', () => aboutApp(app, 'unfreeze'), { why: may('unfreeze') }) : button('Freeze ...', () => aboutApp(app, 'freeze'), { why: may('freeze') }),
      app.last_run && !app.last_run.acknowledged ? button(`Acknowledge run ${app.last_run.run} ...`, () => aboutApp(app, 'ack'), { why: may('ack') }) : null,
      app.drills.going_on ? button('Call the drill off ...', () => aboutApp(app, 'call-off'), { why: may('call-off') }) : null));
}

function oldSideView(app, roles) {
  const side = app.old_side;
  if (!side) return null;
  const tone = side.state === 'alive' ? 'bad' : 'info';
  return h('section.strip', { class: `tone-${tone}`, 'aria-label': 'The region that was left' }, icon(side.state === 'alive' ? 'warn' : 'clock'),
    h('p', null, h('strong', null, side.region), ` was left by run ${side.left_by_run} and is watched: ${words(side.state)}${side.writes ? ', and it accepts writes' : ''}. `, side.reason),
    side.state === 'alive' ? button('Fence it again ...', () => beginMove(app, 'fence'), { kind: 'danger', why: mayNot(roles, 'fence') }) : null,
    button('It is reconciled ...', () => aboutApp(app, 'reconcile'), { why: mayNot(roles, 'reconcile') }));
}

// --- probes

function probesView(app, history) {
  const samples = new Map(((history && history.probes) || []).map((p) => [(p.role === 'endpoint' ? 'public' : p.region || '') + '\n' + p.name, p.samples]));
  const rows = app.regions.flatMap((r) => r.probes.map((p) => ({ region: r.name, p }))).concat(app.probes.map((p) => ({ region: '', p })));
  const endpoint = { region: 'public', p: { name: 'endpoint', ...app.endpoint, good: null } };
  return [
    h('ul.verdicts', null, app.regions.map((r) => h('li', { key: r.name }, verdict(r.verdict, `${r.name} ${r.verdict}`), h('span.muted', null, ` for ${ticking(r.for_ms)}`), r.reasons ? h('p', null, r.reasons) : null))),
    table('Probes', [
      { head: 'Probe', cell: (x) => [x.p.name, h('span.muted', null, x.region ? ` ${x.region}` : '')] },
      { head: 'State', cell: (x) => sign(x.p.state === 'up' ? 'ok' : x.p.state === 'down' ? 'bad' : 'idle', x.p.state === 'up' ? 'check' : x.p.state === 'down' ? 'cross' : 'question', x.p.state) },
      { head: 'Lately', cell: (x) => resultBars(samples.get(x.region + '\n' + x.p.name), x.p.name) },
      { head: 'In a row', class: 'num', cell: (x) => (x.p.good === null ? '' : x.p.bad ? `${x.p.bad} bad of ${x.p.fall}` : `${x.p.good} good`) },
      { head: 'Latency', class: 'num', cell: (x) => (x.p.state === 'up' ? span(x.p.latency_ms) : '') },
    ], [endpoint, ...rows], (x) => x.region + x.p.name),
    h('ul.plain', null, [endpoint, ...rows].filter((x) => x.p.reason).map((x) => h('li', { key: x.region + x.p.name }, h('strong', null, `${x.p.name} ${x.region}: `), x.p.reason))),
  ];
}

// A bar a result: its height the latency, a full dark one a failure.
function resultBars(samples, name) {
  if (!samples || !samples.length) return h('span.muted', null, 'nothing yet');
  const top = Math.max(10, ...samples.map((s) => s.latency_ms || 0));
  const bad = samples.filter((s) => !s.good).length;
  return h('svg.history', { viewBox: '0 0 180 22', width: 180, height: 22, role: 'img', 'aria-label': `${name}: ${bad} of the last ${samples.length} answers were bad` },
    samples.slice(-60).map((s, i) => {
      const tall = s.good ? 4 + ((s.latency_ms || 0) / top) * 12 : 20;
      return h('rect', { key: i, class: s.good ? 'good' : 'bad', x: i * 3, y: 21 - tall, width: 2, height: tall });
    }));
}

// --- the plan

const plans = new Map(); // app: {key, at, plan, lint, problem}

async function loadPlan(app, key, wish, p) {
  Object.assign(p, { key, at: performance.now() });
  try {
    const [plan, lint] = await Promise.all([getPlan(app.app, wish), askLint(app.app, wish)]);
    Object.assign(p, { plan, lint, problem: '' });
  } catch (e) {
    p.problem = `${e.title || 'No plan'}. ${e.message}`;
  }
  redraw();
}

function askLint(app, wish) {
  return inquire(`/v1/apps/${encodeURIComponent(app)}/lint`, wish);
}

const REPLAN_MS = 20000;

function planView(app, run, clock) {
  const down = ['down', 'isolated'].includes(activeRegion(app).verdict);
  const wish = { workflow: 'failover', mode: down ? 'ungraceful' : 'graceful' };
  const key = JSON.stringify([wish, app.active, run ? run.run : 0]);
  let p = plans.get(app.app);
  if (!p) plans.set(app.app, (p = {}));
  if (p.key !== key || performance.now() - p.at > REPLAN_MS) loadPlan(app, key, wish, p);
  const shut = (run ? run.gates : (p.plan && p.plan.start_gates) || []).filter((g) => g.shut);
  const blocked = new Set(shut.map((g) => g.place));
  const takes = clock && clock.failover.takes;
  const title = p.plan ? `Plan of a failover: ${p.plan.from} → ${p.plan.to}, ${p.plan.mode}` : 'Plan of a failover';
  return section(title, { id: 'plan', aside: p.plan ? h('span.muted', null, `usually ${span(takes ? takes.p50_ms : p.plan.critical_path_ms)} of ${span(app.rto_objective_ms)}`) : null },
    p.problem ? h('p.problem', null, icon('warn'), p.problem) : null,
    shut.length && !run ? h('ul.plain', null, shut.map((g) => h('li', { key: g.gate + g.place }, sign(g.answer === 'block' ? 'bad' : 'warn', 'lock', g.gate), ` before ${g.place === 'start' ? 'the start' : g.place}: ${g.reason}`))) : null,
    p.plan ? planGraph(p.plan, p.lint, blocked) : p.problem ? null : empty('Making the plan ...'));
}

// --- readiness, runs, policy

function readinessView(app, roles) {
  return section('Readiness and drills', { id: 'readiness', aside: link('Calendar and trend', `${to.drills}?app=${encodeURIComponent(app.app)}`) },
    facts(
      app.regions.filter((r) => r.role !== 'active').map((r) => fact(`${r.name} ready?`, r.readiness ? [sign(r.readiness.ready ? 'ok' : 'bad', r.readiness.ready ? 'check' : 'cross', r.readiness.ready ? 'ready' : 'not ready'),
        h('span.muted', null, ` ${ago(nowMs() - r.readiness.at_ms)}, `), link(`run ${r.readiness.run}`, to.run(r.readiness.run))] : sign('warn', 'question', 'nobody has looked'))),
      app.drills.debt.map((d) => fact(`Drill debt, ${d.to}`, h('span', { class: d.points > d.max ? 'tone-warn' : '' }, h('strong.num', null, d.points), ` of ${d.max}`), ' ', meter(d.points, d.max, d.points > d.max ? 'warn' : 'ok', ''), h('p.muted', null, d.words))),
      fact('Next drill', app.next_drill ? `${app.next_drill.kind}, ${moment(app.next_drill.at_ms)}` : 'none planned'),
      app.drills.going_on ? fact('Going on', `${app.drills.going_on.kind}: ${words(app.drills.going_on.state)}`) : null));
}

export function runColumns() {
  return [
    { head: 'Run', cell: (r) => link(`${r.run}`, to.run(r.run)) },
    { head: 'Result', cell: (r) => result(r.state) },
    { head: 'What', cell: (r) => [r.workflow ? `${r.rehearse ? 'rehearsal' : r.workflow}` : '', r.from ? [' ', h('span.muted.whole', null, `${r.from} → ${r.to}`)] : null] },
    { head: 'Ended', class: 'num', cell: (r) => (r.ended_ms ? moment(r.ended_ms) : 'going on') },
  ];
}

function runsView(runs) {
  return section('Runs', { id: 'runs', aside: link('All', to.evidence) }, waiting(runs) || (listOf(runs.data).length ? table('Runs of this app', runColumns(), listOf(runs.data), (r) => r.run) : empty('It never ran.')));
}

function policyView(app) {
  const d = app.decision;
  const gates = Object.entries(d.gates).filter(([, a]) => a === 'block' || a === 'waived');
  return section('Policy', { id: 'policy' },
    facts(fact('Automatic', h('strong', null, d.policy)), fact('May it act?', sign(d.may_act ? 'ok' : 'idle', d.may_act ? 'check' : 'lock', d.may_act ? 'yes' : 'no'), d.may_act ? null : h('p.muted', null, d.may_not_act_because)),
      gates.length ? fact('Conditions', gates.map(([g, a]) => h('span', { key: g }, sign(a === 'block' ? 'bad' : 'warn', a === 'block' ? 'lock' : 'flag', `${g}: ${a === 'block' ? 'shut' : a}`), ' '))) : null,
      app.waivers.map((w) => fact(`Waiver: ${w.condition}`, `${w.reason} (${principal(w.owner)}, until ${day(w.until_ms)})`)),
      app.frozen ? fact('Frozen', `${app.frozen.reason}, ${app.frozen.owner}${known(app.frozen.until_ms) ? ', until ' + moment(app.frozen.until_ms) : ''}`) : null,
      app.held ? fact('Held', app.held) : null));
}
