// What an app consists of, region by region: where users are led, what replicates to where and how far behind it is.
import { h } from './dom.js';
import { known, span } from './format.js';
import { sized } from './ui.js';

const HEAD = 56, NODE = 40, GAP = 10, TOP = 64;
const WORDS = { up: 'up', down: 'down', isolated: 'isolated', grey: 'impaired', 'observer-suspect': 'suspect', unknown: 'unknown' };
const TONES = { up: 'ok', down: 'bad', isolated: 'bad', grey: 'warn', 'observer-suspect': 'warn', unknown: 'idle' };
const SHAPES = { ok: 'M-4 0 -1 3 4 -3', bad: 'M-3 -3 3 3M3 -3 -3 3', warn: 'M0 -4v4M0 3v1', idle: 'M-3 0h6' };

// The public address is drawn as where users come from.
export function topologyView(app) {
  const shown = { ...app, resources: app.resources.filter((r) => r.name !== 'endpoint') };
  return sized('topology', (width) => drawing(shown, width));
}

function drawing(app, width) {
  const regions = app.regions, n = regions.length;
  const gap = width > 600 ? 120 : 34;
  const w = Math.max(96, Math.min(320, (width - gap * (n - 1)) / n));
  const total = n * w + gap * (n - 1), left = Math.max(0, (width - total) / 2);
  const x = (i) => left + i * (w + gap);
  const height = TOP + HEAD + app.resources.length * (NODE + GAP) + 12;
  const said = `${app.app}: ${regions.map((r) => `${r.name} ${r.role}, ${WORDS[r.verdict]}`).join('; ')}. Public address ${app.endpoint.state}${app.endpoint.served_by ? `, served by ${app.endpoint.served_by}` : ''}.`
    + app.data.map((d) => ` ${d.resource} ${known(d.lag_ms) ? `is ${span(d.lag_ms)} behind` : 'replicates'}.`).join('');
  return h('svg.topology', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': said },
    users(app, width, x, w), regions.map((r, i) => column(app, r, x(i), w, height)), app.data.map((d) => replication(app, d, x, w, gap)));
}

function users(app, width, x, w) {
  const tone = app.endpoint.state === 'up' ? 'ok' : app.endpoint.state === 'down' ? 'bad' : 'idle';
  const mid = width / 2;
  return h('g', { class: `users tone-${tone}` },
    app.regions.map((r, i) => {
      if (r.role !== 'active') return null;
      const to = x(i) + w / 2;
      return h('path.flow', { key: r.name, class: r.verdict === 'up' ? '' : 'cut', d: `M${mid} 34 C${mid} 52 ${to} 44 ${to} ${TOP - 2}` });
    }),
    h('rect', { x: mid - 82, y: 2, width: 164, height: 32, rx: 16 }),
    h('text', { x: mid, y: 23, 'text-anchor': 'middle' }, app.endpoint.state === 'up' ? `users, ${app.endpoint.latency_ms} ms` : app.endpoint.state === 'down' ? 'users: no answer' : 'users'));
}

function column(app, region, x, w, height) {
  const tone = TONES[region.verdict] || 'idle';
  return h('g', { key: region.name, class: `region-${region.role === 'active' ? 'active' : 'standby'} tone-${tone}` },
    h('rect.region-box', { x, y: TOP, width: w, height: height - TOP - 2, rx: 8 }),
    h('text.region-name', { x: x + 12, y: TOP + 22 }, region.name),
    h('text.region-role', { x: x + 12, y: TOP + 40 }, `${region.role}, ${WORDS[region.verdict] || region.verdict}`),
    h('g', { transform: `translate(${x + w - 18} ${TOP + 20})` }, h('circle.region-dot', { r: 9 }), h('path.region-mark', { d: SHAPES[tone] })),
    app.resources.map((s, k) => resource(s, region, x + 8, TOP + HEAD + k * (NODE + GAP), w - 16)));
}

function resource(s, region, x, y, w) {
  return h('g.resource', { key: s.name }, h('title', null, `${s.name}, ${s.type}, in ${region.name}`), h('rect', { x, y, width: w, height: NODE, rx: 5 }),
    h('text.resource-name', { x: x + 10, y: y + 17 }, s.name), h('text.resource-type', { x: x + 10, y: y + 32 }, s.type));
}

// From where users are to each other region: replication runs that way.
function replication(app, d, x, w, gap) {
  const row = app.resources.findIndex((r) => r.name === d.resource);
  const from = app.regions.findIndex((r) => r.name === app.active);
  if (row < 0 || from < 0) return null;
  const y = TOP + HEAD + row * (NODE + GAP) + NODE / 2;
  const lag = known(d.lag_ms) ? span(d.lag_ms) : known(d.newest_marker_ms) ? `${d.markers_missing} missing` : 'unknown';
  return app.regions.map((r, to) => {
    if (to === from || Math.abs(to - from) > 1) return null;
    const a = to > from ? x(from) + w - 6 : x(from) + 6, b = to > from ? x(to) + 6 : x(to) + w - 6, tip = to > from ? -5 : 5;
    return h('g.replication', { key: r.name + d.resource }, h('path', { d: `M${a} ${y} H${b}` }), h('path.tip', { d: `M${b + tip} ${y - 4} L${b} ${y} L${b + tip} ${y + 4}` }),
      gap > 60 ? h('text', { x: (a + b) / 2, y: y - 5, 'text-anchor': 'middle' }, lag) : null);
  });
}
