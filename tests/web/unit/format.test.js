import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ago, clock, moment, principal, roundStep, span, tick, ticking } from '../../../controller/web/format.js';

test('a span is written as the command line writes it', () => {
  const cases = [[0, '0 ms'], [320, '320 ms'], [999, '999 ms'], [1000, '1.0 s'], [59949, '59.9 s'], [59999, '1m00s'], [125000, '2m05s'], [3599999, '1h00m'], [11520000, '3h12m'], [864e5, '24h00m'], [1e9, '11d13h'], [-1500, '-1.5 s']];
  for (const [ms, text] of cases) assert.equal(span(ms), text);
});

test('what is not known is unknown and never zero', () => {
  for (const f of [span, ticking, ago, clock, moment]) {
    assert.equal(f(null), 'unknown');
    assert.equal(f(undefined), 'unknown');
  }
});

test('what ticks counts whole seconds and never runs backwards', () => {
  assert.equal(ticking(1999), '1s');
  assert.equal(ticking(-5), '0s');
  assert.equal(ticking(61000), '1m01s');
});

test('times are UTC and say so', () => {
  assert.equal(clock(Date.UTC(2026, 10, 28, 6, 48, 45, 681)), '06:48:45');
  assert.equal(moment(Date.UTC(2026, 0, 2, 3, 4)), '2026-01-02 03:04 UTC');
});

test('a principal is called by its name', () => {
  assert.equal(principal('uid:1000(ann)'), 'ann');
  assert.equal(principal('policy'), 'policy');
  assert.equal(principal(null), '');
});

test('an axis has round steps and no more of them than asked for', () => {
  for (const range of [90, 1234, 45678, 567890, 123456789, 5e9])
    for (const most of [3, 6, 10]) assert.ok(range / roundStep(range, most) <= most, `${range} in ${most}`);
  assert.deepEqual([0, 500, 15000, 90000, 300000, 3600000].map(tick), ['0', '500ms', '15s', '1m30s', '5m', '1h']);
});
