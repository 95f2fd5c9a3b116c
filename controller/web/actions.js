// What a person can ask for, each with what it needs to know before: a plan, a receipt, a gate's words.
import { h } from './dom.js';
import { count, known, span, words } from './format.js';
import { getJson, inquire, post } from './live.js';
import { askForWord } from './words.js';
import { fact, facts, icon, notice, redraw, sign, to } from './ui.js';

function say(what, body, path) {
  return { path: path || '/v1/commands', body: (v) => ({ verb: what, ...body(v) }) };
}

const why = (v) => (v.reason.trim() ? { reason: v.reason.trim() } : {});

// --- a run

const ABOUT_RUN = {
  approve: { title: 'Approve', action: 'Approve', reason: 'optional', intro: 'What was proposed begins at once.' },
  decline: { title: 'Decline', action: 'Decline', reason: 'required', intro: 'The proposal ends, or what the run did is undone.' },
  pause: { title: 'Pause', action: 'Pause', reason: 'optional', intro: 'Nothing new begins. What is in flight is seen through.' },
  resume: { title: 'Resume', action: 'Resume', reason: 'optional', intro: 'The run goes on.' },
  cancel: { title: 'Cancel and undo', action: 'Cancel the run', tone: 'bad', reason: 'required', intro: 'What was done is undone, in reverse. Not possible from the point of no return on.' },
  stop: { title: 'Stop where it stands', action: 'Stop the run', tone: 'bad', reason: 'required', intro: 'Everything is left where it stands, and the run ends as held. A person has to mend what is left.' },
};

export function aboutRun(run, what) {
  const a = ABOUT_RUN[what];
  askForWord({ ...a, title: `${a.title}: run ${run.run}, ${run.app}`, tone: a.tone, intro: h('div', null, runLine(run), h('p', null, a.intro)),
    ...say(what, why, `/v1/runs/${run.run}/commands`) });
}

function runLine(run) {
  return h('p', null, h('strong', null, `${words(run.workflow)} of ${run.app}`), ` ${run.from} → ${run.to}, ${run.mode}`,
    run.has_loss === false || run.mode === 'graceful' ? '' : known(run.loss_ms) ? `; about ${span(run.loss_ms)} of data is lost` : '; how much data is lost is not known');
}

export function aboutStep(run, step, what) {
  const skip = what === 'skip';
  askForWord({
    title: `${skip ? 'Skip' : what === 'approve' ? 'Approve' : 'Retry'} ${step.id}: run ${run.run}`, action: skip ? 'Skip the step' : what === 'approve' ? 'Approve the step' : 'Try it again', tone: skip ? 'bad' : '',
    reason: skip ? 'required' : 'optional', intro: h('div', null, h('p', null, step.title), step.reason ? h('p.problem', null, step.reason) : null,
      skip ? h('p', null, 'The run goes on as if the step were not needed. Steps after it begin.') : null),
    ...say(what, (v) => ({ step: step.id, ...why(v) }), `/v1/runs/${run.run}/commands`),
  });
}

export function overrideGate(run, gate) {
  askForWord({
    title: `Override ${gate.gate}: run ${run.run}`, action: 'Open the gate', tone: 'bad', reason: 'required', phrase: gate.phrase,
    intro: h('div', null, h('p', null, `Before ${gate.place === 'start' ? 'the start' : gate.place}: `, h('strong', null, gate.reason)),
      gate.gate === 'rpo' ? h('p', null, known(gate.number) ? `You accept a loss of ${span(gate.number)}.` : 'You accept a loss that nobody knows.') : null,
      h('p', null, `This is for the role ${gate.roles.join(' or ') || 'of nobody'}. It stays in the run's report.`)),
    ...say('override', (v) => ({ gate: gate.gate, ...(gate.place === 'start' ? {} : { step: gate.place }), ...why(v),
      ...(gate.gate === 'rpo' && known(gate.number) ? { value: gate.number } : {}) }), `/v1/runs/${run.run}/commands`),
  });
}

// --- a regional incident

export function aboutIncident(incident, what) {
  const title = { approve: 'Evacuate', decline: 'Do not evacuate', pause: 'Pause the evacuation of', resume: 'Resume the evacuation of' }[what];
  askForWord({
    title: `${title} ${incident.region}`, action: { approve: 'Evacuate the region', decline: 'Decline', pause: 'Pause', resume: 'Resume' }[what], tone: what === 'approve' ? 'bad' : '',
    reason: what === 'decline' ? 'required' : 'optional', must: what === 'approve' ? incident.region : '',
    mustWhy: 'One word moves all its apps, by tiers and in order of dependency.',
    intro: h('div', null, h('p', null, incident.why)), ...say(what, (v) => ({ incident: incident.region, ...why(v) })),
  });
}

// --- an app

const SPANS = [['3600000', 'an hour'], ['14400000', '4 hours'], ['86400000', 'a day'], ['604800000', 'a week']];

export function aboutApp(app, what) {
  const name = app.app;
  const spans = { name: 'value', label: 'For how long', value: '14400000', options: SPANS.map(([value, word]) => ({ value, word })) };
  const kinds = {
    hold: { title: `Hold ${name}`, action: 'Hold', reason: 'required', intro: h('p', null, 'Nothing automatic happens to it. People still can do everything.'), fields: [spans] },
    release: { title: `Release ${name}`, action: 'Release', reason: 'optional', intro: h('p', null, app.held ? `Held: ${app.held}` : '') },
    freeze: { title: `Freeze ${name}`, action: 'Freeze', reason: 'required', intro: h('p', null, 'No automatic run; what people begin needs a word.'),
      fields: [{ name: 'owner', label: 'Owner', required: true, help: 'Who stands for it.' }, spans] },
    unfreeze: { title: `End the freeze of ${name}`, action: 'End it', reason: 'optional', intro: null },
    ack: { title: `Acknowledge the last run of ${name}`, action: 'I have seen it', reason: 'optional', intro: h('p', null, 'Automation may act again.') },
    reconcile: { title: `The old side of ${name} is reconciled`, action: 'It is reconciled', tone: 'bad', reason: 'required', must: name,
      intro: h('p', null, 'The data of the region that was left are reconciled, or given up. It is watched no more.') },
    'call-off': { title: `Call off the drill of ${name}`, action: 'Call it off', reason: 'required', intro: h('p', null, 'What the drill changed is put back.') },
  };
  const extra = (v) => ({ ...(v.value ? { value: Number(v.value) } : {}), ...(v.owner ? { owner: v.owner } : {}) });
  askForWord({ ...kinds[what], ...say(what, (v) => ({ app: name, ...extra(v), ...why(v) })) });
}

// --- a move: the plan first, then the name typed out

function lintLine(lint) {
  if (!lint) return null;
  const tone = lint.errors ? 'bad' : lint.warnings ? 'warn' : 'ok';
  return sign(tone, lint.errors ? 'cross' : lint.warnings ? 'warn' : 'check',
    lint.errors || lint.warnings ? `${count(lint.errors, 'error')}, ${count(lint.warnings, 'warning')} with ${lint.assume_down || 'nothing'} gone` : `would work with ${lint.assume_down || 'either region'} gone`);
}

// What the run would wait for.
function gatesLine(gates) {
  const shut = gates.filter((g) => g.shut);
  return shut.length ? h('ul.plain', null, shut.map((g) => h('li', { key: g.gate + g.place }, sign(g.answer === 'block' ? 'bad' : 'warn', 'lock', g.gate), ` before ${g.place === 'start' ? 'the start' : g.place}: ${g.reason}`))) : null;
}

function planView(p) {
  const out = new Set(p.out || []);
  const steps = p.plan.steps.slice(0, p.plan.forward_count).filter((s) => !out.has(s.id));
  const pivot = steps.find((s) => s.flags & PIVOT);
  const blocked = p.lint ? p.lint.rows : [];
  return h('div.preview', null,
    facts(
      fact('From, to', h('strong', null, `${p.from} → ${p.to}`)), fact('Mode', p.mode),
      fact('Usually takes', h('span.num', null, span(p.critical_path_ms))),
      p.has_data ? fact('Data lost now', p.mode === 'graceful' ? 'none: it waits for replication' : h('span', null, h('span.num', null, span(p.loss_now_ms)), ` (objective ${span(p.rpo_objective_ms)})`)) : null,
      fact('Point of no return', pivot ? pivot.id : 'none'), fact('Lint', lintLine(p.lint))),
    gatesLine(p.start_gates || []),
    blocked.length ? h('ul.plain', null, blocked.slice(0, 6).map((r) => h('li', null, `${r.step}: ${r.problem || r.rule}`))) : null,
    h('details', null, h('summary', null, `${count(steps.length, 'step')} in order`),
      h('ol.steps', null, steps.map((s) => h('li', { key: s.id }, h('strong', null, s.id), ` ${s.region} `, h('span.muted', null, s.title),
        s.flags & PIVOT ? h('em', null, ' point of no return') : null, s.flags & LOSSY ? h('em', null, ' may lose data') : null)))));
}

// Flags of a plan's step that matter to people.
export const MUTATES = 1;
export const LOSSY = 8;
export const PIVOT = 512;
export const APPROVAL = 1024;

function isDownIn(app, name) {
  const r = app.regions.find((x) => x.name === name);
  return r && (r.verdict === 'down' || r.verdict === 'isolated');
}

const MOVES = { failover: 'Fail over', failback: 'Fail back', fence: 'Fence the region that was left by' };

export function beginMove(app, workflow) {
  const preview = { data: null, problem: '', asked: '' };
  const others = app.regions.filter((r) => r.name !== app.active);
  const wish = (v) => ({ workflow, mode: v.mode, ...(v.to ? { to: v.to } : {}) });
  const load = async (v) => {
    const asked = JSON.stringify(wish(v));
    if (asked === preview.asked) return;
    preview.asked = asked;
    Object.assign(preview, { data: null, problem: '' });
    try {
      const data = await getPlan(app.app, wish(v));
      if (preview.asked === asked) preview.data = data;
    } catch (e) {
      if (preview.asked === asked) preview.problem = `${e.title}. ${e.message}`;
    }
    redraw();
  };
  const first = { mode: isDownIn(app, app.active) ? 'ungraceful' : 'graceful', to: '' };
  load(first);
  askForWord({
    title: `${MOVES[workflow]} ${app.app}`, wide: true, tone: 'bad', action: `Begin the ${workflow}`,
    reason: 'required', must: app.app, path: `/v1/apps/${encodeURIComponent(app.app)}/runs`,
    fields: [
      { name: 'mode', label: 'Mode', value: first.mode, changed: load,
        options: [{ value: 'graceful', word: 'graceful: no data is lost, needs the old side alive' }, { value: 'ungraceful', word: 'ungraceful: the region is gone' }] },
      ...(others.length > 1 ? [{ name: 'to', label: 'To', value: '', changed: load, options: [{ value: '', word: 'the standby that is up and readiest' }, ...others.map((r) => ({ value: r.name, word: r.name }))] }] : []),
    ],
    intro: () => (preview.data ? planView(preview.data) : preview.problem ? h('p.problem', { role: 'alert' }, icon('warn'), preview.problem) : h('p.empty', { role: 'status' }, 'Making the plan ...')),
    body: (v) => ({ ...wish(v), reason: v.reason.trim() }),
    done: (answer) => { location.hash = to.run(answer.run); },
  });
}

export function getPlan(app, wish) {
  return inquire(`/v1/apps/${encodeURIComponent(app)}/plan`, wish);
}

// --- a drill: its receipt first

const KINDS = [
  ['rehearse', 'rehearse: looks at every step, changes nothing'], ['isolated', 'isolated: exercises the standby with no users on it, puts it back'],
  ['live', 'live: moves users there, soaks, and home again'], ['game-day', 'game day: breaks something, and watches'],
];

// By dated prices; what is not counted is named, so that a small number is not taken for all.
function costWords(c) {
  const gaps = c.not_counted.length + c.not_counted_more;
  return `${(c.estimate_millionths / 1e6).toFixed(2)} ${c.currency}${gaps ? `, without ${c.not_counted.slice(0, 2).join(', ')}${gaps > 2 ? ` and ${gaps - 2} more` : ''}` : ''}${c.prices_of ? ` (prices of ${c.prices_of})` : ''}`;
}

function receiptView(r) {
  return h('div.preview', null,
    facts(fact('From, to', h('strong', null, `${r.from} → ${r.to}`)), fact('Takes about', h('span.num', null, span(r.takes_ms))),
      known(r.soak_ms) ? fact('Soak', span(r.soak_ms)) : null, fact('Touches', r.touches.length ? count(r.touches.length + (r.touches_more || 0), 'step') : 'nothing'), r.cost ? fact('Costs about', costWords(r.cost)) : null),
    r.touches.length ? h('details', null, h('summary', null, 'What it will touch'), h('ul.plain', null, r.touches.map((t) => h('li', { key: t.step }, h('strong', null, t.step), ` ${t.action} in ${t.region}${t.put_back ? ', put back afterwards' : ''}`)))) : null,
    (r.meanwhile || []).length ? h('ul.plain', null, r.meanwhile.map((t) => h('li', null, t))) : null,
    (r.not_tested || []).length ? h('p.muted', null, 'Not tested: ' + r.not_tested.join('; ') + '.') : null);
}

export function beginDrill(app, kind) {
  const receipt = { data: null, problem: '', asked: '' };
  const load = async (v) => {
    if (v.kind === receipt.asked) return;
    Object.assign(receipt, { asked: v.kind, data: null, problem: '' });
    try {
      const data = await getJson(`/v1/apps/${encodeURIComponent(app.app)}/receipt?kind=${v.kind}`);
      if (receipt.asked === v.kind) receipt.data = data;
    } catch (e) {
      if (receipt.asked === v.kind) receipt.problem = `${e.title}. ${e.message}`;
    }
    redraw();
  };
  load({ kind });
  askForWord({
    title: `Drill ${app.app}`, wide: true, action: 'Begin the drill', reason: 'required', must: app.app, mustWhy: 'A live drill moves users.',
    fields: [{ name: 'kind', label: 'Kind', value: kind, changed: load, options: KINDS.map(([value, word]) => ({ value, word })) }],
    intro: () => (receipt.data ? receiptView(receipt.data) : receipt.problem ? h('p.problem', { role: 'alert' }, icon('warn'), receipt.problem) : h('p.empty', { role: 'status' }, 'Making the receipt ...')),
    path: (v) => (v.kind === 'rehearse' ? `/v1/apps/${encodeURIComponent(app.app)}/runs` : `/v1/apps/${encodeURIComponent(app.app)}/drills`),
    body: (v) => (v.kind === 'rehearse' ? { workflow: 'drill', kind: 'rehearse', reason: v.reason.trim() } : { kind: v.kind, reason: v.reason.trim() }),
    done: (answer) => {
      if (answer.run) location.hash = to.run(answer.run);
      else notice('ok', `Drill ${answer.drill} of ${app.app} has begun.`);
    },
  });
}

export async function rehearse(app) {
  try {
    const answer = await post(`/v1/apps/${encodeURIComponent(app.app)}/runs`, { workflow: 'drill', kind: 'rehearse', reason: 'a look at whether the standby is ready' });
    location.hash = to.run(answer.run);
  } catch (e) {
    notice('bad', `${e.title}. ${e.message}`);
  }
}
