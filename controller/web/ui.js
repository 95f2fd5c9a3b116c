// Parts that every view is made of.
import { h } from './dom.js';
import { known, span, UNKNOWN } from './format.js';
import { isLost } from './live.js';

// Everything about this page that is not the controller's: where we are, what is open, what was said last.
export const page = {
  route: { view: 'fleet', args: [], query: new URLSearchParams() },
  dialog: null, // {title, body: () => vnodes, tone}
  notices: [], // {id, tone, text}
  redraw: () => {},
};

// now: at once, as what follows looks for what is drawn.
export function redraw(now) {
  page.redraw(now);
}

// What is drawn to measure: view(width in pixels), again when the width changes.
const widths = new Map();
export function sized(name, view) {
  const mounted = (el) => {
    const look = () => {
      const w = Math.floor(el.clientWidth);
      if (w && widths.get(name) !== w) {
        widths.set(name, w);
        redraw();
      }
    };
    new ResizeObserver(look).observe(el);
    look();
  };
  return h('div.sized', { mounted, key: 'sized-' + name }, widths.has(name) ? view(widths.get(name)) : null);
}

// --- signs: a shape and a word, and a colour for those who see it

const MARKS = {
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5', cross: 'M4 4 12 12M12 4 4 12', warn: 'M8 3v6M8 11.5v1.5', question: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.7 8 9 8 10M8 12v1.3',
  play: 'M5.5 3.5 12 8 5.5 12.5z', pause: 'M5.5 4v8M10.5 4v8', clock: 'M8 4v4l2.5 2M8 1.8a6.2 6.2 0 1 0 .01 0', dot: 'M8 7.9v.2', skip: 'M4 4l5 4-5 4zM11.5 4v8',
  arrow: 'M2.5 8h10M9 4.5 12.5 8 9 11.5', flag: 'M4 14V2.5h8L9.5 5.5 12 8.5H4', lock: 'M4 7.5h8V13H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5', search: 'M7 2.5a4.5 4.5 0 1 0 .01 0M10.3 10.3 13.5 13.5',
  phone: 'M4 2.5h2.5l1 3-1.6 1.2a8 8 0 0 0 3.4 3.4L10.5 8.5l3 1V12a1.5 1.5 0 0 1-1.6 1.5A10 10 0 0 1 2.5 4.1 1.5 1.5 0 0 1 4 2.5z',
  halves: 'M8 2a6 6 0 1 0 .01 0M8 2v12M11 4v8', sun: 'M8 5a3 3 0 1 0 .01 0M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13', moon: 'M12.5 10A5.5 5.5 0 0 1 6 3.5 5.5 5.5 0 1 0 12.5 10z',
};

export function icon(name) {
  return h('svg.icon', { viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, h('path', { d: MARKS[name] || MARKS.dot }));
}

export function sign(tone, mark, text, extra) {
  return h('span.sign', { class: `tone-${tone} ${extra || ''}` }, icon(mark), h('span', null, text));
}

const VERDICTS = {
  up: ['ok', 'check'], down: ['bad', 'cross'], isolated: ['bad', 'cross'], grey: ['warn', 'warn'], 'observer-suspect': ['warn', 'question'], unknown: ['idle', 'question'],
};
export function verdict(name, text) {
  const [tone, mark] = VERDICTS[name] || VERDICTS.unknown;
  return sign(tone, mark, text || name);
}

const RESULTS = {
  succeeded: ['ok', 'check'], succeeded_with_exceptions: ['warn', 'warn'], rolled_back: ['warn', 'warn'], held: ['warn', 'pause'], failed: ['bad', 'cross'],
  proposed: ['warn', 'question'], running: ['info', 'play'], asking: ['warn', 'question'], unwinding: ['info', 'play'], stopping: ['info', 'pause'], settling: ['info', 'play'],
};
export function result(name) {
  const [tone, mark] = RESULTS[name] || ['idle', 'question'];
  return sign(tone, mark, String(name || UNKNOWN).replaceAll('_', ' '));
}

// --- numbers against what was promised

// value of limit as a bar; the number and the limit stand beside it in words.
export function meter(value, limit, tone, label) {
  const part = known(value) && limit > 0 ? Math.min(1, value / limit) : 0;
  return h('span.meter', { class: `tone-${tone}`, ...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' }) },
    h('span.meter-fill', { style: { width: `${(part * 100).toFixed(1)}%` } }));
}

export function measured(value, objective) {
  const met = known(value) && value <= objective;
  const tone = !known(value) ? 'idle' : met ? 'ok' : 'bad';
  return h('span.measured', null, h('strong.num', null, span(value)), ' of ', h('span.num', null, span(objective)), ' ',
    sign(tone, !known(value) ? 'question' : met ? 'check' : 'cross', !known(value) ? 'not measured' : met ? 'met' : 'missed'));
}

export function fact(label, ...value) {
  return h('div.fact', null, h('dt', null, label), h('dd', null, value));
}

export function facts(...list) {
  return h('dl.facts', null, list);
}

// --- what can be pressed

// why: what keeps it from being pressed, '' nothing. A button that is off stays reachable and says why.
export function button(text, onclick, options) {
  const o = options || {};
  const why = o.why || (o.safe ? '' : isLost() ? 'the controller can not be reached' : '');
  return h('button', {
    class: o.kind || '',
    type: o.type || 'button', key: o.key, 'aria-disabled': why ? 'true' : null, title: why || o.title || null, onclick: why ? (e) => e.preventDefault() : onclick,
    'aria-keyshortcuts': o.keys || null, 'aria-pressed': o.pressed === undefined ? null : String(o.pressed), 'aria-expanded': o.expanded === undefined ? null : String(o.expanded), 'aria-label': o.label || null,
  }, o.icon ? icon(o.icon) : null, text);
}

export function link(text, href, options) {
  return h('a', { href, ...(options || {}) }, text);
}

export const to = {
  fleet: '#/fleet', drills: '#/drills', evidence: '#/evidence',
  app: (name) => `#/apps/${encodeURIComponent(name)}`,
  run: (id) => `#/runs/${id}`,
};

// What somebody may do, by /v1/roles; '' yes, else why not.
export function mayNot(roles, what) {
  if (!roles || !roles.data) return 'your roles are not known yet';
  const row = roles.data.commands.find((c) => c.what === what) || roles.data.commands.find((c) => c.what === 'anything else');
  return row && row.may ? '' : `your roles do not allow it (${(row ? row.roles : []).join(' or ')} may)`;
}

// For whom a yes by phone is configured; null otherwise.
export function phoneButton(run, roles, call, key) {
  return run.phone && run.phone.length ? button('By phone ...', call, { key, icon: 'phone', why: mayNot(roles, 'challenge'), title: 'An approver says yes over a telephone' }) : null;
}

// --- boxes

export function section(title, options, ...kids) {
  const o = options || {};
  const id = o.id || 's-' + title.toLowerCase().replace(/[^a-z]+/g, '-');
  return h('section.box', { 'aria-labelledby': id, class: o.class || '', key: o.key },
    h('div.box-head', null, h('h2', { id }, title), o.aside || null), kids);
}

export function empty(text) {
  return h('p.empty', null, text);
}

// Of an entry that is not there yet, or can not be had.
export function waiting(entry) {
  if (entry.data) return null;
  if (entry.error) return h('p.problem', { role: 'alert' }, icon('warn'), `${entry.error.title}. ${entry.error.message}`);
  return h('p.empty', { role: 'status' }, 'Asking the controller ...');
}

// A table for what is read row by row. columns: [{head, cell(row), class}].
export function table(caption, columns, rows, keyOf) {
  return h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', null, h('caption.hidden', null, caption),
      h('thead', null, h('tr', null, columns.map((c) => h('th', { scope: 'col', class: c.class || '' }, c.head)))),
      h('tbody', null, rows.map((r, i) => h('tr', { key: keyOf ? keyOf(r) : i }, columns.map((c, k) => h(k ? 'td' : 'th', { class: c.class || '', scope: k ? null : 'row' }, c.cell(r))))))));
}

// --- dialogs and notices

let opener = null;

export function openDialog(dialog) {
  opener = document.activeElement;
  page.dialog = dialog;
  redraw();
}

export function closeDialog() {
  page.dialog = null;
  redraw();
  if (opener && opener.isConnected) opener.focus();
  opener = null;
}

export function dialogView() {
  const d = page.dialog;
  if (!d) return null;
  return h('dialog', {
    key: d.title, class: d.wide ? 'wide' : '', 'aria-labelledby': 'dialog-title', mounted: (el) => queueMicrotask(() => el.isConnected && !el.open && el.showModal()),
    oncancel: (e) => { e.preventDefault(); closeDialog(); },
  }, h('div.dialog-head', null, h('h2', { id: 'dialog-title' }, d.title), button('Close', closeDialog, { safe: true, kind: 'quiet', keys: 'Escape' })), d.body());
}

let noticeId = 0;

export function notice(tone, text) {
  const n = { id: ++noticeId, tone, text };
  page.notices.push(n);
  redraw();
  if (tone !== 'bad') setTimeout(() => dismiss(n), 8000);
}

function dismiss(n) {
  page.notices = page.notices.filter((x) => x !== n);
  redraw();
}

// Two regions that are always there, so that what comes is read out: what is wrong at once, the rest when there is time.
export function noticesView() {
  const list = (tone) => page.notices.filter((n) => (n.tone === 'bad') === (tone === 'bad'))
    .map((n) => h('div.notice', { key: n.id, class: `tone-${n.tone}` }, icon(n.tone === 'bad' ? 'cross' : 'check'), h('span', null, n.text),
      button('Dismiss', () => dismiss(n), { safe: true, kind: 'quiet' })));
  return h('div.notices', null, h('div', { role: 'alert' }, list('bad')), h('div', { role: 'status' }, list('ok')));
}
