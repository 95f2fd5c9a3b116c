// Numbers for people, as the command line writes them. What is not known is said to be unknown, never shown as zero.

export const UNKNOWN = 'unknown';

export function known(value) {
  return value !== null && value !== undefined;
}

// "320 ms", "4.6 s", "2m05s", "3h12m", "4d03h".
export function span(ms) {
  if (!known(ms)) return UNKNOWN;
  if (ms < 0) return '-' + span(-ms);
  if (ms < 1000) return Math.round(ms) + ' ms';
  if (ms < 59950) return (ms / 1000).toFixed(1) + ' s';
  const s = Math.round(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  if (s < 3600) return Math.floor(s / 60) + 'm' + two(s % 60) + 's';
  const m = Math.floor(s / 60);
  if (m < 48 * 60) return Math.floor(m / 60) + 'h' + two(m % 60) + 'm';
  const hours = Math.floor(m / 60);
  return Math.floor(hours / 24) + 'd' + two(hours % 24) + 'h';
}

// For what ticks: whole seconds, so that the width stays. "8s", "2m05s", "3h12m".
export function ticking(ms) {
  if (!known(ms)) return UNKNOWN;
  const s = Math.max(0, Math.floor(ms / 1000));
  return s < 60 ? s + 's' : span(s * 1000);
}

export function ago(ms) {
  if (!known(ms)) return UNKNOWN;
  return ms < 1500 ? 'just now' : ticking(ms) + ' ago';
}

// "14:03:22", in UTC as the journal and the command line say it.
export function clock(ms) {
  return known(ms) ? new Date(ms).toISOString().slice(11, 19) : UNKNOWN;
}

export function day(ms) {
  return known(ms) ? new Date(ms).toISOString().slice(0, 10) : UNKNOWN;
}

export function moment(ms) {
  return known(ms) ? day(ms) + ' ' + new Date(ms).toISOString().slice(11, 16) + ' UTC' : UNKNOWN;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function shortDay(ms) {
  const d = new Date(ms);
  return d.getUTCDate() + ' ' + MONTHS[d.getUTCMonth()];
}

export function month(year, index) {
  return MONTHS[index] + ' ' + year;
}

export function count(n, one, many) {
  return n.toLocaleString('en') + ' ' + (n === 1 ? one : many || one + 's');
}

// "succeeded_with_exceptions" is a name in the journal; people read words.
export function words(name) {
  return String(name || '').replaceAll('_', ' ');
}

// An account's own ids are long: what tells them apart is their end.
export function principal(who) {
  const m = /^uid:\d+\((.+)\)$/.exec(who || '');
  return m ? m[1] : who || '';
}

// Steps that make round numbers on an axis of time: the first that leaves at most `most` of them.
const ROUND_MS = [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5];

export function roundStep(range, most) {
  for (const step of ROUND_MS) if (range / step <= most) return step;
  return Math.ceil(range / most / 864e5) * 864e5;
}

// A label of an axis: as short as its step allows.
export function tick(ms) {
  if (ms === 0) return '0';
  if (ms < 1000) return ms + 'ms';
  if (ms < 60000) return ms / 1000 + 's';
  if (ms < 3600000) return ms % 60000 ? span(ms) : ms / 60000 + 'm';
  return ms % 3600000 ? span(ms) : ms / 3600000 + 'h';
}
