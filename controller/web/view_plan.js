// A plan as a graph: what waits for what, which API plane each step leans on, and what stands in its way.
import { h } from './dom.js';
import { gathered, layout, planNodes } from './graph.js';
import { count, span } from './format.js';
import { APPROVAL, LOSSY, MUTATES, PIVOT } from './actions.js';
import { sign, sized } from './ui.js';

const SIZE = { width: 158, height: 50, gapX: 22, gapY: 12, bend: 6 };

// Per step: the planes of its operations, and the worst that the lint says of them.
function leaning(lint) {
  const by = new Map();
  for (const r of (lint && lint.rows) || []) {
    const s = by.get(r.step) || { planes: new Set(), problems: [] };
    if (r.plane) s.planes.add(r.plane);
    if (r.verdict === 'error' || r.verdict === 'warning' || r.verdict === 'warn') s.problems.push(r);
    by.set(r.step, s);
  }
  return by;
}

export function planSteps(p) {
  const all = p.plan.steps.slice(0, p.plan.forward_count);
  const named = all.map((s) => ({ ...s, after: s.after.filter((i) => i < p.plan.forward_count).map((i) => p.plan.steps[i].id) }));
  return planNodes(named, p.out || []);
}

// Of a node, which may stand for several steps.
function leaningOf(node, lean) {
  const parts = node.all.map((s) => lean.get(s.id)).filter(Boolean);
  return { planes: new Set(parts.flatMap((p) => [...p.planes])), problems: parts.flatMap((p) => p.problems) };
}

function planesOf(lean) {
  if (!lean || !lean.planes.size) return '';
  if (lean.planes.size > 1) return 'both planes';
  return [...lean.planes].sort().map((p) => p + ' plane').join(' + ');
}

function nodeView(n, lean, at, blocked) {
  const s = n.node;
  const problems = lean.problems;
  const bad = problems.some((r) => r.verdict === 'error') || s.all.some((x) => blocked.has(x.id));
  const classes = ['node', `phase-${s.phase}`, bad ? 'bad' : problems.length ? 'warn' : '', s.flags & PIVOT ? 'pivot' : '', s.flags & MUTATES ? '' : 'looks'].filter(Boolean).join(' ');
  const planes = planesOf(lean);
  const notes = [s.flags & PIVOT ? 'no return' : '', s.flags & LOSSY ? 'may lose data' : '', s.flags & APPROVAL ? 'wants approval' : ''].filter(Boolean);
  const second = notes.length ? notes[0] : planes || (s.flags & MUTATES ? 'changes' : 'looks only');
  return h('g', { key: s.id, class: classes, transform: `translate(${at(n.x)} ${at(n.y)})` },
    h('title', null, s.all.length > 1 ? s.all.map((x) => `${x.id}: ${x.title}`).join('\n') : `${s.id} in ${s.region}: ${s.title}. Usually ${span(s.usual_ms)}. ${planes}${notes.length ? '. ' + notes.join(', ') : ''}${problems.map((r) => '. ' + (r.problem || r.rule)).join('')}`),
    h('rect.node-box', { width: SIZE.width, height: SIZE.height, rx: 5 }), h('rect.node-phase', { width: 4, height: SIZE.height, rx: 2 }),
    h('text.node-id', { x: 12, y: 20 }, clip(s.id, 22)),
    h('text.node-note', { x: 12, y: 38 }, clip(second, 13)), h('text.node-time', { x: SIZE.width - 8, y: 38, 'text-anchor': 'end' }, '~' + span(Math.max(...s.all.map((x) => x.usual_ms)))),
    bad || problems.length ? h('path.node-mark', { d: 'M0 0 L6 11 H-6 Z M0 4 v3.5 M0 9 v.6', transform: `translate(${SIZE.width - 14} 9)` }) : null);
}

function clip(text, n) {
  return text.length > n ? text.slice(0, n - 1) + '…' : text;
}

// p: what the API says of a plan; lint: with its rows; blocked: ids of steps that a gate keeps shut.
export function planGraph(p, lint, blocked) {
  const steps = planSteps(p);
  const lean = leaning(lint);
  const g = layout(gathered(steps, (s) => !(s.flags & MUTATES)), SIZE);
  const pad = 6, at = (n) => Math.round(n + pad);
  const problems = steps.filter((s) => lean.has(s.id) && lean.get(s.id).problems.length);
  return h('div.plan', null,
    h('div.scroll.graph', { tabindex: '0', role: 'region', 'aria-label': `Plan as a graph, ${count(steps.length, 'step')}` },
      h('svg', { width: g.width + 2 * pad, height: g.height + 2 * pad, viewBox: `0 0 ${g.width + 2 * pad} ${g.height + 2 * pad}`, role: 'img', 'aria-label': `${count(steps.length, 'step')}, usually ${span(p.critical_path_ms)} along the critical path. The same as a list stands below.` },
        h('g', { transform: `translate(${pad} ${pad})` }, g.edges.map((e) => h('path.edge', { key: `${e.from}>${e.to}`, d: e.d }))),
        g.nodes.map((n) => nodeView(n, leaningOf(n.node, lean), at, blocked)))),
    h('p.legend', null, h('span.key-pivot', null, 'thick: point of no return'), h('span.key-looks', null, 'dashed: looks only'), h('span.key-bad', null, 'triangle: would not work as things are')),
    problems.length ? h('ul.plain', null, problems.map((s) => lean.get(s.id).problems.map((r) => h('li', null, sign(r.verdict === 'error' ? 'bad' : 'warn', 'warn', s.id), ` ${r.service} ${r.operation}: ${r.problem}`, r.alternative ? h('span.muted', null, ` Instead: ${r.alternative}`) : null)))) : null,
    h('details', null, h('summary', null, 'The same as a list'),
      h('ol.steps', null, steps.map((s) => h('li', { key: s.id }, h('strong', null, s.id), ` ${s.region}, ~${span(s.usual_ms)}. ${s.title}`, h('span.muted', null, s.after.length ? ` After ${s.after.join(', ')}.` : '', lean.has(s.id) ? ` ${planesOf(lean.get(s.id))}.` : ''))))));
}
