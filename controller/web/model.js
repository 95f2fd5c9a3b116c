// What an app's state means to a person: what is wrong, what evac proposes, what it is doing. Pure: from the API's objects to words,
// so that every view says the same.
import { clock, known, span, words, count } from './format.js';

// The nearer to 0, the more urgent. tone is a colour, mark a shape: neither is the only sign, the word is always there.
const STATES = {
  down: { rank: 0, word: 'down', tone: 'bad', mark: 'cross' },
  asks: { rank: 1, word: 'needs an answer', tone: 'warn', mark: 'question' },
  moving: { rank: 2, word: 'moving', tone: 'info', mark: 'play' },
  alive: { rank: 3, word: 'old region alive', tone: 'bad', mark: 'warn' },
  suspect: { rank: 4, word: 'observer suspect', tone: 'warn', mark: 'warn' },
  dependency: { rank: 5, word: 'dependency down', tone: 'bad', mark: 'cross' },
  endpoint: { rank: 6, word: 'no public answer', tone: 'bad', mark: 'cross' },
  lag: { rank: 7, word: 'data at risk', tone: 'warn', mark: 'warn' },
  grey: { rank: 8, word: 'impaired', tone: 'warn', mark: 'warn' },
  standby: { rank: 9, word: 'standby down', tone: 'warn', mark: 'warn' },
  drill: { rank: 10, word: 'in a drill', tone: 'info', mark: 'play' },
  unproven: { rank: 11, word: 'not ready', tone: 'warn', mark: 'warn' },
  held: { rank: 12, word: 'held', tone: 'idle', mark: 'pause' },
  unknown: { rank: 13, word: 'not known yet', tone: 'idle', mark: 'question' },
  fine: { rank: 14, word: 'fine', tone: 'ok', mark: 'check' },
};

export const TROUBLE_RANK = STATES.drill.rank; // below it a person should look

export function activeRegion(app) {
  return app.regions.find((r) => r.name === app.active) || app.regions[0];
}

function isDown(region) {
  return region.verdict === 'down' || region.verdict === 'isolated';
}

// The region that the trouble is in: one that serves and is down, else the active one.
export function troubledRegion(app) {
  return app.regions.find((r) => r.role === 'active' && isDown(r)) || activeRegion(app);
}

function standbys(app) {
  return app.regions.filter((r) => r.role !== 'active');
}

export function worstDebt(app) {
  const debts = (app.drills && app.drills.debt) || [];
  return debts.reduce((worst, d) => (!worst || d.points / (d.max || 1) > worst.points / (worst.max || 1) ? d : worst), null);
}

export function lagTone(app) {
  if (!app.has_data) return 'idle';
  if (!known(app.loss_now_ms)) return 'warn';
  return app.loss_now_ms > app.rpo_objective_ms ? 'bad' : app.loss_now_ms > app.rpo_objective_ms / 2 ? 'warn' : 'ok';
}

function keyOf(app, run) {
  const active = troubledRegion(app);
  if (run && run.state === 'proposed') return 'asks';
  if (run && run.state === 'asking') return 'asks';
  if (run && !run.rehearse && run.workflow !== 'drill') return 'moving';
  if (app.situation === 'dependency') return 'dependency';
  if (app.situation === 'observer' || active.verdict === 'observer-suspect') return 'suspect';
  if (isDown(active)) return 'down';
  if (app.old_side && app.old_side.state === 'alive') return 'alive';
  if (app.endpoint.state === 'down') return 'endpoint';
  if (app.has_data && known(app.loss_now_ms) && app.loss_now_ms > app.rpo_objective_ms) return 'lag';
  if (active.verdict === 'grey') return 'grey';
  if (standbys(app).some(isDown)) return 'standby';
  if (run || (app.drills && app.drills.going_on)) return 'drill';
  if (standbys(app).some((r) => r.readiness && !r.readiness.ready)) return 'unproven';
  if (app.held || app.frozen) return 'held';
  return active.verdict === 'up' ? 'fine' : 'unknown';
}

export function stateOf(app, run) {
  const key = keyOf(app, run);
  return { key, ...STATES[key] };
}

// --- the three sentences of 3 a.m.

function firstReason(text) {
  const cut = String(text || '').split('; ')[0].trim();
  return cut.length > 160 ? cut.slice(0, 157) + '...' : cut && !/[.!?]$/.test(cut) ? cut + '.' : cut;
}

const WRONG = {
  suspect: () => 'Everything looks down from here. The controller doubts its own view first.',
  dependency: () => 'Something that all regions share is down. Moving would not help.',
  endpoint: (app) => 'The public address does not answer. ' + firstReason(app.endpoint.reason),
  lag: (app) => `${span(app.loss_now_ms)} of data would be lost now; the objective is ${span(app.rpo_objective_ms)}.`,
  alive: (app) => `${app.old_side.region}, which was left, ${app.old_side.writes ? 'accepts writes' : 'is alive'}. ${firstReason(app.old_side.reason)}`,
  standby: (app) => `${standbys(app).filter(isDown).map((r) => r.name).join(', ')} is down: there is nowhere to go.`,
  unproven: (app) => `${standbys(app).filter((r) => r.readiness && !r.readiness.ready).map((r) => r.name).join(', ')} was found not ready.`,
};

export function wrong(app, run) {
  const region = troubledRegion(app);
  const key = keyOf(app, null);
  const data = (app.has_data && !known(app.loss_now_ms) ? ' How much data would be lost is not known.' : '')
    + (isBrokenOnPurpose(app) ? ' A game day breaks it on purpose.' : '');
  if (key === 'down' || key === 'grey') {
    const what = key === 'grey' ? 'answers, but its own view is broken' : `is ${region.verdict}`;
    return `${region.name} ${what}. ${firstReason(region.reasons)}${data}`;
  }
  if (WRONG[key]) return WRONG[key](app) + (isBrokenOnPurpose(app) ? ' A game day goes on.' : '');
  if (run && run.state === 'asking') return 'A step failed and waits for a word.';
  return 'Nothing.';
}

export function proposes(app, run) {
  if (run && run.state === 'proposed') {
    const loss = run.mode === 'graceful' ? 'no data is lost'
      : known(run.loss_ms) ? `about ${span(run.loss_ms)} of data is lost` : 'how much data is lost is not known';
    return `${run.workflow[0].toUpperCase()}${run.workflow.slice(1)} ${run.from} → ${run.to}, ${run.mode}: ${loss}. It waits for a yes.`;
  }
  if (run && run.state === 'asking') return 'Retry the step, skip it, or cancel.';
  if (run) return 'Nothing more: a run is going on.';
  const d = app.decision;
  if (d.gates && d.gates.incident === 'block') return 'To evacuate the whole region, and this app with it: see the incident.';
  if (d.decide === 'nothing' || !d.decide) return 'Nothing.';
  const what = words(d.decide);
  return `${what[0].toUpperCase()}${what.slice(1)}: ${firstReason(d.reasons) || 'no reason given.'}`;
}

export function doing(app, run) {
  if (run && run.state !== 'proposed') {
    const kind = run.rehearse ? 'rehearsal' : run.workflow;
    const gate = run.gates.find((g) => g.shut);
    const waits = gate ? ` It waits: ${gate.gate} before ${gate.place}.` : '';
    return `Run ${run.run}: ${kind} ${run.from} → ${run.to}, ${run.paused ? 'paused' : words(run.state)}.${waits}`;
  }
  const drill = app.drills && app.drills.going_on;
  if (drill) return `Drill ${drill.drill} (${drill.kind}): ${words(drill.state)}.`;
  if (app.held) return `Held: ${app.held}`;
  if (app.frozen) return `Frozen: ${app.frozen.reason || 'by calendar'}`;
  return run ? 'Waiting for the answer, and watching.' : 'Watching.';
}

// A game day's faults as one sentence: the gravest thing first.
export function faultsWords(f) {
  const n = (...states) => f.faults.filter((x) => states.includes(x.state)).length;
  if (n('left-in')) return { tone: 'bad', mark: 'cross', text: `The drill is over, and nobody saw ${count(n('left-in'), 'fault')} go: look, and take out by hand what is still in.` };
  if (n('entering', 'in')) return { tone: 'warn', mark: 'warn', text: `${count(n('entering', 'in'), 'fault is', 'faults are')} in, on purpose. Calling the drill off takes ${n('entering', 'in') === 1 ? 'it' : 'them'} out.` };
  if (n('leaving')) return { tone: 'info', mark: 'play', text: `${count(n('leaving'), 'fault is', 'faults are')} being taken out.` };
  if (n('waiting')) return { tone: 'idle', mark: 'clock', text: 'Nothing is broken yet.' };
  if (n('out')) return { tone: 'ok', mark: 'check', text: `What was put in was put back: ${count(n('out'), 'fault')} out again.` };
  return { tone: 'ok', mark: 'check', text: 'Nothing was broken.' };
}

// In these a game day breaks something on purpose.
const BROKEN = ['breaking', 'watching', 'mending', 'salvaging'];
export function isBrokenOnPurpose(app) {
  const drill = app.drills && app.drills.going_on;
  return Boolean(drill && drill.kind === 'game-day' && BROKEN.includes(drill.state));
}

// --- the fleet

// Each app with what is derived of it once, the worst first.
export function fleet(status) {
  const runs = new Map(status.runs.map((r) => [r.run, r]));
  const list = status.apps.map((app) => {
    const run = runs.get(app.run) || runs.get(app.rehearsal) || null;
    const debt = worstDebt(app);
    return { app, run, state: stateOf(app, run), debt, text: searchText(app, run) };
  });
  list.sort((a, b) => a.state.rank - b.state.rank || (a.app.app < b.app.app ? -1 : 1));
  return list;
}

function searchText(app, run) {
  return [app.app, app.strategy, app.active, ...app.regions.map((r) => r.name), stateOf(app, run).word, app.decision.policy]
    .join(' ').toLowerCase();
}

export const FILTERS = [
  { id: 'all', word: 'All', test: () => true },
  { id: 'trouble', word: 'Trouble', test: (e) => e.state.rank < TROUBLE_RANK },
  { id: 'asks', word: 'Needs an answer', test: (e) => e.state.key === 'asks' },
  { id: 'runs', word: 'Running', test: (e) => e.run !== null && e.run.state !== 'proposed' },
  { id: 'debt', word: 'Drill debt', test: (e) => e.debt !== null && e.debt.points > e.debt.max },
  { id: 'held', word: 'Held', test: (e) => Boolean(e.app.held || e.app.frozen) },
];

// Every word must be somewhere in what an app is known by.
export function search(list, text, filter) {
  const parts = text.toLowerCase().split(/\s+/).filter(Boolean);
  const f = FILTERS.find((x) => x.id === filter) || FILTERS[0];
  return list.filter((e) => f.test(e) && parts.every((p) => e.text.includes(p)));
}

// Rows of the list: a heading a region that apps are active in, with its counts, then its apps.
export function byRegion(list) {
  const groups = new Map();
  for (const e of list) {
    if (!groups.has(e.app.active)) groups.set(e.app.active, []);
    groups.get(e.app.active).push(e);
  }
  const rank = ([, apps]) => Math.min(...apps.map((e) => e.state.rank));
  const order = [...groups].sort((a, b) => rank(a) - rank(b) || b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1));
  return order.flatMap(([region, apps]) => [{ region, apps: apps.length, bad: apps.filter((e) => e.state.rank < TROUBLE_RANK).length },
    ...apps]);
}

// One banner a regional incident that goes on.
export function incidents(status) {
  const regions = (status.incidents && status.incidents.regions) || [];
  return regions.filter((r) => r.incident && r.incident.on).map((r) => ({ region: r.region, down: r.down, serving: r.serving, ...r.incident }));
}

export function incidentWords(i) {
  const states = Object.entries(i.apps_by_state || {}).filter(([, n]) => n > 0).map(([name, n]) => `${n} ${words(name).replaceAll('-', ' ')}`);
  return `${i.down} of ${count(i.serving, 'app')} down there` + (states.length ? `: ${states.join(', ')}` : '');
}

// Until when an incident's question stands, what then, and who is told meanwhile; "" when nobody is asked.
const AT_EXPIRY = { decline: 'it counts as a no', hold: 'it is asked again' };
export function questionWords(i) {
  if (!i.asks || !known(i.expires_ms)) return '';
  const next = i.next_told ? ` ${i.next_told} is told at ${clock(i.next_told_ms)} UTC.` : '';
  return `The question stands until ${clock(i.expires_ms)} UTC; then ${AT_EXPIRY[i.at_expiry] || words(i.at_expiry)}.${next}`;
}

// What is wrong with the controller itself, the gravest first. Each a sentence.
export function controllerTrouble(status) {
  const says = [];
  if (status.trouble) says.push(`The controller is in trouble: ${status.trouble}`);
  if (status.cut_off) says.push('The controller is cut off: what it sees of regions does not count.');
  if (!status.lead) says.push('This controller does not lead: it shows, and does nothing.');
  if (status.automation_stopped) says.push('Automation is stopped for all apps.');
  if (status.parked) says.push('Automatic runs are parked until somebody looks.');
  const global = status.incidents && status.incidents.global;
  if (global) says.push(global);
  return says;
}

export function isUrgent(entry) {
  return entry.state.rank <= STATES.moving.rank;
}
