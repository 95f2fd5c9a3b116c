import { test } from 'node:test';
import assert from 'node:assert/strict';
import { gathered, layout, planNodes, reduced } from '../../../controller/web/graph.js';

const node = (id, ...after) => ({ id, after, phase: 'x' });
const SIZE = { width: 100, height: 40, gapX: 20, gapY: 10, bend: 6 };

// A plan of n steps from a seed: each waits for some before it.
function made(n, seed) {
  let s = seed;
  const chance = () => (s = (s * 1103515245 + 12345) % 2147483648) / 2147483648;
  return Array.from({ length: n }, (_, i) => node(`n${i}`, ...Array.from({ length: i }, (_, k) => `n${k}`).filter(() => chance() < 3 / (i + 1))));
}

test('an edge that others imply is left out, and nothing else', () => {
  assert.deepEqual(reduced([node('a'), node('b', 'a'), node('c', 'a', 'b')]), [['a', 'b'], ['b', 'c']]);
  for (let seed = 1; seed <= 30; seed++) {
    const nodes = made(24, seed);
    const reach = (edges) => {
      const next = new Map(nodes.map((n) => [n.id, edges.filter(([a]) => a === n.id).map(([, b]) => b)]));
      const all = (id, seen = new Set()) => { for (const k of next.get(id)) if (!seen.has(k)) { seen.add(k); all(k, seen); } return seen; };
      return nodes.map((n) => [...all(n.id)].sort().join());
    };
    const every = nodes.flatMap((n) => n.after.map((a) => [a, n.id]));
    assert.deepEqual(reach(reduced(nodes)), reach(every), `seed ${seed}`);
    assert.ok(reduced(nodes).length <= every.length);
  }
});

test('every step stands to the right of all that it waits for, and no two overlap', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const nodes = made(30, seed);
    const g = layout(nodes, SIZE);
    const at = new Map(g.nodes.map((p) => [p.node.id, p]));
    assert.equal(at.size, nodes.length);
    for (const n of nodes) for (const a of n.after) assert.ok(at.get(a).x + SIZE.width < at.get(n.id).x, `${a} before ${n.id}, seed ${seed}`);
    for (const p of g.nodes)
      for (const q of g.nodes) assert.ok(p === q || p.x !== q.x || Math.abs(p.y - q.y) >= SIZE.height, `${p.node.id} on ${q.node.id}, seed ${seed}`);
    for (const p of g.nodes) assert.ok(p.x >= 0 && p.y >= 0 && p.x + SIZE.width <= g.width + 0.01 && p.y + SIZE.height <= g.height + 0.01);
    for (const e of g.edges) assert.ok(!/NaN|undefined/.test(e.d));
  }
});

test('steps that do not run hand on what they wait for', () => {
  const steps = [node('a'), node('b', 'a'), node('c', 'b'), node('d', 'c', 'a')];
  assert.deepEqual(planNodes(steps, ['b', 'c']).map((s) => [s.id, s.after]), [['a', []], ['d', ['a']]]);
});

test('a circle, which no plan has, still ends', () => {
  const g = layout([node('a', 'b'), node('b', 'a')], SIZE);
  assert.equal(g.nodes.length, 2);
});

test('steps that only look and stand alike are drawn as one', () => {
  const nodes = [node('check:a'), node('check:b'), node('check:c'), node('go', 'check:a', 'check:b', 'check:c')];
  const g = gathered(nodes, (n) => n.id.startsWith('check'));
  assert.deepEqual(g.map((n) => [n.id, n.after, n.all.length]), [['check ×3', [], 3], ['go', ['check ×3'], 1]]);
  assert.equal(gathered(nodes.slice(0, 2), () => true).length, 2);
});

test('nothing has no extent', () => {
  assert.deepEqual(layout([], SIZE), { width: 0, height: 0, nodes: [], edges: [] });
});
