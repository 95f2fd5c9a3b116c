import { test } from 'node:test';
import assert from 'node:assert/strict';
import { bars, criticalPath, eta, forecast, isOver } from '../../../controller/web/gantt.js';

const step = (id, over) => ({ id, state: 'waiting', began_ms: null, ended_ms: null, usual_ms: 1000, progress: null, after: [], ...over });
const none = new Map();

test('what has not begun is expected behind what it waits for', () => {
  const placed = forecast([step('a', { state: 'verifying', began_ms: 0, usual_ms: 5000 }), step('b', { after: ['a'], usual_ms: 2000 }), step('c', { after: ['b'] })], 1000, none);
  assert.deepEqual(placed.map((s) => [s.from_ms, s.to_ms, s.expected]), [[0, 5000, false], [5000, 7000, true], [7000, 8000, true]]);
  assert.equal(eta(placed), 8000);
});

test('what was expected to be over by now still takes a while', () => {
  const [late] = forecast([step('a', { state: 'applying', began_ms: 0 })], 60000, none);
  assert.ok(late.to_ms > 60000);
});

test('progress counts for more than what is usual, and history for more than progress', () => {
  const a = step('a', { state: 'verifying', began_ms: 0, usual_ms: 100000, progress: 50 });
  assert.equal(forecast([a], 4000, none)[0].to_ms, 8000);
  assert.equal(forecast([a], 4000, new Map([['a', 1000]]))[0].to_ms, 5000);
});

test('a step that is over stays where it was, and one that is skipped is nowhere', () => {
  const placed = forecast([step('a', { state: 'done', began_ms: 10, ended_ms: 30 }), step('b', { state: 'skipped', after: ['a'] }), step('c', { after: ['b'] })], 100, none);
  assert.deepEqual([placed[0].from_ms, placed[0].to_ms], [10, 30]);
  assert.equal(placed[1].from_ms, null);
  assert.equal(placed[2].from_ms, 100);
});

test('the critical path is the chain that decides the end', () => {
  const placed = forecast([step('a', { usual_ms: 100 }), step('long', { usual_ms: 900, after: ['a'] }), step('short', { usual_ms: 200, after: ['a'] }), step('z', { after: ['long', 'short'] })], 0, none);
  assert.deepEqual([...criticalPath(placed)].sort(), ['a', 'long', 'z']);
  assert.equal(criticalPath([]).size, 0);
});

test('bars stay within the chart', () => {
  const placed = forecast([step('a', { state: 'done', began_ms: -500, ended_ms: 200 }), step('b', { state: 'applying', began_ms: 300, usual_ms: 9000 }), step('c', { state: 'skipped' })], 400, none);
  const list = bars(placed, 0, 1000, 400);
  assert.equal(list.length, 2);
  for (const b of list) assert.ok(b.from >= 0 && b.from <= b.now && b.now <= b.to && b.to <= 1, JSON.stringify(b));
});

test('every end of a step is an end', () => {
  for (const s of ['done', 'skipped', 'failed', 'undone', 'halted', 'held']) assert.ok(isOver(s));
  for (const s of ['waiting', 'gated', 'observing', 'applying', 'verifying', 'unknown', 'cooling']) assert.ok(!isOver(s));
});
