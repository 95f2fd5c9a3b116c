// The faults of a game day: which are in, since when, until when, and whether they were taken out again.
import { h } from './dom.js';
import { clock, count, known, ticking, words } from './format.js';
import { nowMs, use } from './live.js';
import { faultsWords } from './model.js';
import { fact, facts, link, section, sign, table, to } from './ui.js';

const STATES = {
  waiting: ['idle', 'clock', 'not in yet'], entering: ['warn', 'play', 'being put in'], absent: ['idle', 'skip', 'never was in'], in: ['warn', 'warn', 'in'],
  leaving: ['info', 'play', 'being taken out'], out: ['ok', 'check', 'out again'], 'left-in': ['bad', 'cross', 'may still be in'],
};

// run: the game day that this run was a part of; 0 the newest. Nothing, when there is none.
export function faultsView(app, run, going) {
  const path = `/v1/apps/${encodeURIComponent(app)}/faults${run ? `?run=${run}` : ''}`;
  const entry = use(path, going ? 1000 : 15000, (e) => e.app === app && (e.kind === 'drill' || e.kind === 'step' || e.kind === 'terminal'));
  const f = entry.data;
  if (!f || !known(f.drill)) return null;
  const { tone, mark, text } = faultsWords(f);
  const by = (n) => (known(n) ? link(`run ${n}`, to.run(n)) : 'none yet');
  return section(`Faults of game day ${f.drill}`, { id: 'faults', key: 'faults', class: `edge-${tone}`, aside: h('span.muted', null, words(f.state)) },
    h('p', null, sign(tone, mark, text)),
    facts(fact('Put in by', by(f.break_run)), fact("The policy's answer", by(f.policy_run)), fact('Taken out by', by(f.mend_run)),
      known(f.ended_ms) ? fact('Over', `${clock(f.ended_ms)} UTC`) : known(f.until_ms) ? fact('Taken out at the latest', h('span.num', null, `${clock(f.until_ms)} UTC, ${f.until_ms > nowMs() ? 'in ' + ticking(f.until_ms - nowMs()) : 'now'}`)) : null),
    f.faults.length ? table(`Faults of game day ${f.drill}`, COLUMNS, f.faults, (x) => x.fault) : null);
}

const at = (ms) => (known(ms) ? h('time.num', { datetime: new Date(ms).toISOString() }, clock(ms)) : '');

const COLUMNS = [
  { head: 'Fault', cell: (x) => [h('strong', null, x.fault), h('span.muted', null, ` ${x.type}`)] },
  { head: 'Breaks in', class: 'num', cell: (x) => x.region },
  { head: 'State', cell: (x) => { const [tone, mark, text] = STATES[x.state] || ['idle', 'question', words(x.state)]; return [sign(tone, mark, text), x.reason ? h('p.muted', null, x.reason) : null]; } },
  { head: 'In (UTC)', class: 'num', cell: (x) => at(x.in_ms) },
  { head: 'Out (UTC)', class: 'num', cell: (x) => at(x.out_ms) },
  { head: 'Ends by itself (UTC)', class: 'num', cell: (x) => (known(x.out_ms) ? '' : known(x.ends_ms) ? at(x.ends_ms) : x.state === 'in' ? 'it does not say' : '') },
  { head: 'By hand', cell: (x) => (x.clear && !['out', 'absent', 'waiting'].includes(x.state) ? h('code', null, x.clear) : '') },
];
