// The decision clock: how much of the objective has burnt, when to start at the latest, what would be lost, what blocks.
import { h } from './dom.js';
import { scale, sparkline } from './chart.js';
import { clock, known, span, tick, ticking, words } from './format.js';
import { axis } from './chart.js';
import { nowMs } from './live.js';
import { fact, facts, icon, section, sign, sized, waiting } from './ui.js';

const ADVICE = {
  nothing: ['ok', 'check', 'Nothing to do'], look: ['warn', 'question', 'Look closer'], wait: ['info', 'clock', 'Wait'], start: ['bad', 'arrow', 'Start a failover'],
  answer: ['warn', 'question', 'Answer'], follow: ['info', 'play', 'Follow the run'], fix: ['bad', 'warn', 'Fix what blocks'],
};

export function clockView(entry) {
  const wait = waiting(entry);
  if (wait) return section('Decision clock', { id: 'clock' }, wait);
  const c = entry.data;
  const [tone, mark, word] = ADVICE[c.advice.what] || ADVICE.look;
  return section('Decision clock', { id: 'clock', class: `edge-${tone}` },
    h('p.advice', { class: `tone-${tone}` }, icon(mark), h('span', null, h('strong', null, word + ': '), c.advice.words)),
    h('div.clock-body', null,
      h('div.clock-time', null, c.down || known(c.outage.burnt_ms) ? burning(c) : calm(c)),
      h('div.clock-data', null, lossView(c))),
    blocksView(c), policyView(c));
}

function range(r) {
  return r ? `${span(r.p50_ms)} usually, ${span(r.p95_ms)} when slow` : 'unknown';
}

function calm(c) {
  const f = c.failover;
  return facts(
    fact('A failover takes', h('span.num', null, range(f.takes)), f.takes && !f.takes.from_history ? h('span.muted', null, ' (no history of its own yet)') : null),
    fact('Found after', h('span.num', null, range(f.detection))),
    fact('Objective', h('span.num', null, span(c.rto_objective_ms))),
    f.no_plan ? fact('No plan', f.no_plan) : null);
}

function burning(c) {
  const f = c.failover, o = c.outage;
  const burnt = known(o.impact_lo_ms) ? nowMs() - o.impact_lo_ms : o.burnt_ms;
  const late = known(f.start_by_p50_ms) && nowMs() > f.start_by_p50_ms;
  const left = known(f.start_by_p50_ms) ? f.start_by_p50_ms - nowMs() : null;
  return [
    h('div.burn.big', null, h('span.burn-time.num', { 'aria-hidden': 'true' }, ticking(burnt)), h('span.muted', null, `since impact at ${clock(o.impact_lo_ms)} UTC, objective ${span(c.rto_objective_ms)}`)),
    sized('clock', (w) => timeline(c, burnt, w)),
    facts(
      c.run_state && c.run_state !== 'proposed' ? null : fact('Start by', known(left) ? sign(late ? 'bad' : 'warn', late ? 'cross' : 'clock', late ? `${ticking(-left)} too late to meet the objective: every second counts` : `in ${ticking(left)}, at ${clock(f.start_by_p50_ms)} UTC`) : 'unknown'),
      fact(c.run_state && c.run_state !== 'proposed' ? 'RTO as it goes' : 'RTO if started now', h('span.num', null, range(f.rto))),
      fact('Found after', h('span.num', null, span(o.detection_took_ms))),
      known(o.asked_for_ms) ? fact('Waits for an answer', h('span.num', null, ticking(o.asked_for_ms))) : null,
      f.no_plan ? fact('No plan', f.no_plan) : null),
  ];
}

// From the impact on: what has burnt, the objective, and the span in which users would be served again.
function timeline(c, burnt, width) {
  const f = c.failover, height = 74, base = 34;
  const expected = f.rto ? [f.rto.p50_ms, Math.min(f.rto.p95_ms, f.rto.p50_ms * 2.5)] : null;
  const end = Math.max(c.rto_objective_ms * 1.12, burnt * 1.12, expected ? expected[1] * 1.03 : 0);
  const x = scale(0, end, 1, width - 1);
  const over = burnt > c.rto_objective_ms;
  const mark = (at, text, kind, y, anchor) => h('g', { class: kind }, h('line', { x1: x(at), x2: x(at), y1: 18, y2: base + 18 }),
    h('text', { x: x(at) + (anchor === 'end' ? -4 : anchor === 'start' ? 4 : 0), y, 'text-anchor': anchor }, text));
  const objectiveEnd = x(c.rto_objective_ms) > width - 120;
  return h('svg.timeline', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': `${ticking(burnt)} of ${span(c.rto_objective_ms)} burnt; ${expected ? `served again after ${span(f.rto.p50_ms)} to ${span(f.rto.p95_ms)}` : 'when users are served again is not known'}` },
  h('rect.tl-track', { x: 0, y: base - 8, width, height: 16, rx: 3 }),
  h('rect', { class: over ? 'tl-burnt bad' : 'tl-burnt', x: 0, y: base - 8, width: Math.max(2, x(burnt)), height: 16, rx: 3 }),
  expected ? h('g.tl-expected', null, h('rect', { x: x(expected[0]), y: base - 5, width: Math.max(3, x(expected[1]) - x(expected[0])), height: 10, rx: 3 })) : null,
  mark(c.rto_objective_ms, 'objective', 'tl-objective', 12, objectiveEnd ? 'end' : 'start'),
  mark(burnt, 'now', 'tl-now', 12, x(burnt) > width - 40 ? 'end' : Math.abs(x(burnt) - x(c.rto_objective_ms)) < 90 && burnt < c.rto_objective_ms ? 'end' : 'start'),
  expected ? servedNote(x, expected, c.rto_objective_ms, base) : null,
  axis(end, Math.max(3, Math.floor(width / 90))).filter((t) => t <= end).map((t) => h('g.tl-tick', { key: t }, h('line', { x1: x(t), x2: x(t), y1: base + 10, y2: base + 16 }),
    h('text', { x: Math.min(Math.max(x(t), 8), width - 14), y: height - 6, 'text-anchor': 'middle' }, tick(t)))));
}

// Where it does not lie on the objective's word.
function servedNote(x, expected, objective, base) {
  const near = Math.abs(x(expected[0]) - x(objective)) < 110;
  return h('text.tl-note', { x: near ? x(expected[1]) : x(expected[0]), y: base - 12, 'text-anchor': near ? 'end' : 'start' }, 'users served again');
}

const TRENDS = { steady: ['ok', 'steady'], rising: ['warn', 'rising'], falling: ['ok', 'falling'], unknown: ['idle', 'trend unknown'] };

function lossView(c) {
  if (!c.has_data) return h('p.muted', null, 'No data store: nothing can be lost.');
  const beyond = known(c.loss_ms) && c.loss_ms > c.rpo_objective_ms;
  return [
    h('div.burn.big', null, h('span.burn-time.num', null, span(c.loss_ms)), h('span.muted', null, `of data would be lost, objective ${span(c.rpo_objective_ms)}`),
      known(c.loss_ms) ? sign(beyond ? 'bad' : 'ok', beyond ? 'cross' : 'check', beyond ? 'beyond' : 'within') : sign('warn', 'question', 'counts as all')),
    h('ul.stores', null, c.data.map((d) => {
      const [tone, trend] = TRENDS[d.trend] || TRENDS.unknown;
      return h('li', { key: d.resource }, h('span', null, h('strong', null, d.resource), ' ', h('span.num', null, span(d.loss_ms))),
        h('svg.spark', { viewBox: '0 0 120 24', width: 120, height: 24, role: 'img', 'aria-label': `loss of ${d.resource} lately: ${trend}` },
          h('path', { d: sparkline(d.samples.map((s) => s.loss_ms), 120, 24, c.rpo_objective_ms / 10) })),
        h('span', { class: `tone-${tone}` }, trend, d.by_ms_a_minute ? ` by ${span(Math.abs(d.by_ms_a_minute))} a minute` : ''));
    })),
  ];
}

function blocksView(c) {
  if (!c.blocks.length) return null;
  return h('div.blocks', null, h('h3', null, 'What holds it back'),
    h('ul.plain', null, c.blocks.map((b) => h('li', { key: b.gate + b.reason }, sign(b.answer === 'block' ? 'bad' : 'warn', b.answer === 'block' ? 'lock' : 'question', b.gate), ' ', b.reason))));
}

function policyView(c) {
  return h('p.muted', null, `Policy: ${c.policy.automatic}. It ${c.policy.words || words(c.policy.decide)}.`);
}
