import { test } from 'node:test';
import assert from 'node:assert/strict';
import { takeEvents } from '../../../controller/web/events.js';
import { axis, line, sparkline } from '../../../controller/web/chart.js';

const STREAM = ': evac\n\nid: 7\nevent: step\ndata: {"seq":7}\n\nid: 8\nevent: run\ndata: {"text":"a: b"}\n\n';

test('events come whole, wherever the stream is cut', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const first = takeEvents(STREAM.slice(0, cut));
    const second = takeEvents(first.rest + STREAM.slice(cut));
    assert.deepEqual([...first.events, ...second.events], [{ id: '7', event: 'step', data: '{"seq":7}' }, { id: '8', event: 'run', data: '{"text":"a: b"}' }], `cut at ${cut}`);
    assert.equal(second.rest, '');
  }
});

test('lines end as they like, data may have several, comments say nothing', () => {
  assert.deepEqual(takeEvents('data: a\r\ndata: b\r\n\r\n: x\n\n').events, [{ id: '', event: 'message', data: 'a\nb' }]);
});

test('an axis reaches beyond what it shows', () => {
  for (const top of [0, 1, 99, 12345, 7200000]) {
    const ticks = axis(top, 5);
    assert.equal(ticks[0], 0);
    assert.ok(ticks[ticks.length - 1] >= top && ticks.length <= 8, `${top}: ${ticks}`);
  }
});

test('a gap in what is known is a gap in the line', () => {
  assert.equal(line([{ x: 0, y: 1 }, { x: 1, y: null }, { x: 2, y: 3 }]), 'M0 1M2 3');
  assert.ok(!/NaN/.test(sparkline([null, 5, null, 0], 100, 20)));
  assert.equal(sparkline([], 100, 20), '');
});
