// Lines and marks from numbers. Pure.
import { roundStep } from './format.js';

// Ticks from 0 to at least top, at round times.
export function axis(top, most) {
  const step = roundStep(Math.max(top, 100), most);
  const ticks = [];
  for (let v = 0; v <= top + step * 0.999; v += step) ticks.push(v);
  return ticks;
}

export function scale(from, to, low, high) {
  const range = to - from || 1;
  return (v) => low + ((v - from) / range) * (high - low);
}

const round1 = (n) => Math.round(n * 10) / 10;

// A path through the points that are known; a gap where one is not.
export function line(points) {
  let d = '', pen = false;
  for (const p of points) {
    if (p.y === null) {
      pen = false;
      continue;
    }
    d += `${pen ? 'L' : 'M'}${round1(p.x)} ${round1(p.y)}`;
    pen = true;
  }
  return d;
}

// A small line of what was measured lately, 0 at the bottom; null stays a gap.
export function sparkline(values, width, height, top) {
  const max = Math.max(top || 0, ...values.filter((v) => v !== null), 1);
  const x = scale(0, Math.max(1, values.length - 1), 1, width - 1);
  const y = scale(0, max, height - 1, 1);
  return line(values.map((v, i) => ({ x: x(i), y: v === null ? null : y(v) })));
}

// Labels that stand at their points without lying over each other: every nth.
export function every(n, room, each) {
  return Math.max(1, Math.ceil((n * each) / Math.max(1, room)));
}
