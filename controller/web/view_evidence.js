// What an auditor asks for: runs and their reports, what was found wanting, signed bundles, and whether the journal is whole.
import { h } from './dom.js';
import { count, day, known, moment, principal, words } from './format.js';
import { getJson, use } from './live.js';
import { askForWord } from './words.js';
import { button, empty, fact, facts, icon, link, mayNot, notice, redraw, section, sign, table, to, waiting } from './ui.js';
import { listOf } from './api.js';
import { runColumns } from './view_app.js';

const state = { verifying: false, verdict: null, all: false };

export function evidenceView() {
  const runs = use('/v1/runs?limit=200', 15000, (e) => e.kind === 'terminal' || e.kind === 'admit');
  const wanting = use(`/v1/deficiencies?format=json${state.all ? '&all=1' : ''}`, 15000, (e) => e.kind === 'deficiency' || e.kind === 'terminal');
  const key = use('/v1/evidence/key', 60000);
  const roles = use('/v1/roles', 30000);
  return [
    h('h1', null, 'Evidence'),
    h('div.columns', null, journalView(roles), keyView(key)),
    deficienciesView(wanting, roles),
    runsView(runs, roles),
  ];
}

// --- the journal

async function verify() {
  state.verifying = true;
  redraw();
  try {
    state.verdict = { ...(await getJson('/v1/journal/verify')), at: Date.now() };
  } catch (e) {
    state.verdict = { problem: `${e.title}. ${e.message}`, at: Date.now() };
  }
  state.verifying = false;
  redraw();
}

function journalView(roles) {
  const v = state.verdict;
  const whole = v && !v.problem && v.intact !== false && v.ok !== false && v.whole !== false;
  return section('Journal', { id: 'journal' },
    h('p', null, 'Everything that anyone did is a row; each row holds the hash of the one before it.'),
    h('div', { role: 'status' }, !v ? null : whole ? sign('ok', 'check', `whole: ${verdictWords(v)}`) : sign('bad', 'cross', v.problem || verdictWords(v))),
    h('div.actions', null, button(state.verifying ? 'Verifying ...' : 'Verify the journal', verify, { kind: 'primary', why: mayNot(roles, 'verify') }),
      button('Sign a checkpoint ...', () => askForWord({ title: 'Sign the journal as it is', action: 'Sign', reason: 'none', intro: h('p', null, 'A checkpoint that is kept elsewhere shows later that nothing before it was changed.'),
        path: '/v1/journal/checkpoint', body: () => ({}), done: (a) => { save(new Blob([a.note], { type: 'text/plain' }), `evac-checkpoint-${a.size}.txt`); notice('ok', `Signed at ${count(a.size, 'row')}; saved as a file.`); } }), { why: mayNot(roles, 'checkpoint') })));
}

function verdictWords(v) {
  const parts = Object.entries(v).filter(([k, x]) => k !== 'at' && (typeof x === 'number' || typeof x === 'string') && x !== '');
  return parts.slice(0, 4).map(([k, x]) => `${words(k)} ${typeof x === 'number' ? x.toLocaleString('en') : String(x).slice(0, 80)}`).join(', ');
}

function keyView(entry) {
  const wait = waiting(entry);
  return section('What signs', { id: 'key' }, wait || facts(fact('Key', h('code', null, entry.data.fingerprint)), entry.data.origin ? fact('Origin', entry.data.origin) : null),
    h('p.muted', null, 'A bundle is verified without this controller: evac evidence verify FILE --key ', known(entry.data) ? String(entry.data.fingerprint || '').slice(0, 16) + '...' : 'KEY'));
}

// --- what was found wanting

function deficienciesView(entry, roles) {
  const wait = waiting(entry);
  const rows = wait ? [] : listOf(entry.data).length || Array.isArray(entry.data) ? listOf(entry.data) : entry.data.deficiencies || [];
  return section('Deficiencies', { id: 'deficiencies', aside: button(state.all ? 'Only open ones' : 'Closed ones too', () => { state.all = !state.all; redraw(); }, { safe: true, kind: 'quiet' }) },
    wait || (rows.length ? table('Deficiencies', [
      { head: 'Id', cell: (d) => d.id }, { head: 'What', cell: (d) => [d.title, h('span.muted', null, ` ${d.app}`)] },
      { head: 'Severity', cell: (d) => sign(d.severity === 'high' ? 'bad' : d.severity === 'medium' ? 'warn' : 'idle', d.severity === 'low' ? 'dot' : 'warn', d.severity) },
      { head: 'State', cell: (d) => sign(d.state === 'open' ? 'warn' : 'ok', d.state === 'open' ? 'clock' : 'check', d.state) }, { head: 'Owner', cell: (d) => principal(d.owner) || h('span.muted', null, 'nobody') },
      { head: 'Due', class: 'num', cell: (d) => (d.due_ms ? day(d.due_ms) : '') },
      { head: '', cell: (d) => (d.state === 'open' ? [button('Assign ...', () => assign(d), { why: mayNot(roles, 'deficiencies'), label: `Assign ${d.id}` }), ' ', button('Close ...', () => closeIt(d), { why: mayNot(roles, 'deficiencies'), label: `Close ${d.id}` })] : '') },
    ], rows, (d) => d.id) : empty('No report found anything wanting that nobody has mended.')));
}

function assign(d) {
  askForWord({ title: `Assign ${d.id}`, action: 'Assign', reason: 'none', intro: h('p', null, d.title), path: '/v1/deficiencies',
    fields: [{ name: 'owner', label: 'Owner', value: d.owner || '', required: true }, { name: 'due', label: 'Due', type: 'date', value: d.due_ms ? day(d.due_ms) : '' }],
    body: (v) => ({ verb: 'assign', id: d.id, owner: v.owner.trim(), ...(v.due ? { due_ms: Date.parse(v.due + 'T23:59:59Z') } : {}) }) });
}

function closeIt(d) {
  askForWord({ title: `Close ${d.id}`, action: 'Close it', reason: 'optional', intro: h('p', null, d.title), path: '/v1/deficiencies',
    fields: [{ name: 'retest', label: 'Shown by run', type: 'text', required: true, help: 'The later run that shows that it is mended.' }],
    body: (v) => ({ verb: 'close', id: d.id, retest: Number(v.retest), ...(v.reason.trim() ? { reason: v.reason.trim() } : {}) }) });
}

// --- runs, their reports, bundles

function runsView(entry, roles) {
  const wait = waiting(entry);
  const rows = wait ? [] : listOf(entry.data);
  return section('Runs and drills', { id: 'runs' }, wait || (rows.length ? table('Runs', [
    ...runColumns().slice(0, 1), { head: 'App', cell: (r) => link(r.app, to.app(r.app)) }, ...runColumns().slice(1),
    { head: 'Left behind', cell: (r) => r.left || '' },
    { head: '', cell: (r) => (r.over === false ? '' : [link('Report', `/v1/runs/${r.run}/report?format=html`, { target: '_blank', rel: 'noopener', 'aria-label': `Report of run ${r.run}` }), ' ',
      button('Bundle', () => bundle(r), { why: mayNot(roles, 'evidence'), label: `Signed bundle of run ${r.run}` })]) },
  ], rows, (r) => r.run) : empty('Nothing has run yet.')));
}

function bundle(r) {
  askForWord({ title: `Signed evidence of run ${r.run}`, action: 'Make the bundle', reason: 'none', intro: h('p', null, 'The report, the rows of the journal and their proof, signed; for whoever has to believe it.'), path: '/v1/evidence', raw: true,
    body: () => ({ run: r.run }), done: (blob) => { save(blob, `evac-run-${r.run}.evidence.tar`); notice('ok', 'Saved. Check it with: evac evidence verify FILE'); } });
}

function save(blob, name) {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60000);
}
