// A yes by phone: what to read out to an approver whom the network does not reach, and what they read back.
import { h } from './dom.js';
import { clock, ticking } from './format.js';
import { nowMs, post } from './live.js';
import { button, closeDialog, fact, facts, notice, openDialog, page, redraw, sign } from './ui.js';
import { spoken } from './spoken.js';

// step: of a plan's step that waits for its own yes; '' the run.
export function approveByPhone(run, step) {
  const call = { run, step: step || '', approver: run.phone[0], challenge: null, response: '', reason: '', problem: '', busy: false };
  openDialog({ title: `Approve by phone: run ${run.run}, ${run.app}`, wide: true, body: () => (call.challenge ? answerView(call) : askView(call)) });
}

async function attempt(call, what) {
  if (call.busy) return;
  call.busy = true;
  call.problem = '';
  redraw();
  try {
    await what();
  } catch (e) {
    call.problem = `${e.title || 'It failed'}. ${e.message}`;
  }
  call.busy = false;
  redraw();
}

// One that is live is told again, so that asking often gives nobody more guesses.
function makeChallenge(call) {
  return attempt(call, async () => {
    call.challenge = await post(`/v1/runs/${call.run.run}/challenges`, { approver: call.approver, ...(call.step ? { step: call.step } : {}) });
  });
}

function answer(call) {
  return attempt(call, async () => {
    if (!call.response.trim()) throw { title: 'Nothing is typed', message: `Type what ${call.approver} reads back.` };
    const said = await post(`/v1/runs/${call.run.run}/commands`, { verb: 'approve', as: call.approver, response: call.response.trim(),
      ...(call.step ? { step: call.step } : {}), ...(call.reason.trim() ? { reason: call.reason.trim() } : {}) });
    if (page.dialog) closeDialog();
    notice('ok', said.answer || 'Done.');
  });
}

function form(call, submit, ...kids) {
  return h('form', { key: call.challenge ? 'answer' : 'ask', novalidate: true, onsubmit: (e) => { e.preventDefault(); submit(call); } }, kids, h('p.problem', { role: 'alert', hidden: !call.problem }, call.problem));
}

function askView(call) {
  const names = call.run.phone;
  return form(call, makeChallenge,
    h('p', null, 'For an approver who has a telephone and no network. You read a code out, they type it into their own machine, and read nine characters back.'),
    names.length > 1 ? h('div.field', null, h('label', { for: 'phone-who' }, 'Who is on the phone'),
      h('select', { id: 'phone-who', onchange: (e) => { call.approver = e.target.value; redraw(); } }, names.map((n) => h('option', { value: n, selected: n === call.approver }, n))))
      : h('p', null, 'On the phone: ', h('strong', null, call.approver), '. ', h('span.muted', null, 'Know the voice.')),
    h('div.actions', null, button(call.busy ? 'Asking ...' : 'Show what to read out', null, { type: 'submit', kind: 'primary' }), button('Not now', closeDialog, { safe: true })));
}

function codeView(challenge) {
  return h('ol.spoken', { 'aria-label': 'The code, to be read out' }, spoken(challenge.code).map((g, i) => h('li', { key: i }, h('code', null, g.group), h('span', null, g.words))));
}

function answerView(call) {
  const c = call.challenge, left = c.ends_ms - nowMs();
  const set = (name) => (e) => { call[name] = e.target.value; };
  return form(call, left > 0 ? answer : makeChallenge,
    h('div.readout', { tabindex: '-1', role: 'group', 'aria-labelledby': 'phone-read', mounted: (el) => queueMicrotask(() => el.focus()) },
      h('h3', { id: 'phone-read' }, `1. Read out to ${c.approver}`),
      facts(fact('App', h('strong', null, c.app)), fact('From', h('strong', null, c.from)), fact('To', h('strong', null, c.to)), fact('Mode', h('strong', null, c.mode))),
      codeView(c),
      h('p.muted', null, `${c.approver} types `, h('code', null, 'evac challenge answer CODE --key FILE'), ', sees what it is for, and how much data ', c.mode === 'graceful' ? 'an ungraceful move' : 'it', ' would lose: ', h('strong', null, c.loss), '.')),
    h('h3', null, `2. Type what ${c.approver} reads back`),
    h('div.field', null, h('label', { for: 'phone-response' }, 'Nine characters'),
      h('input', { id: 'phone-response', class: 'num', type: 'text', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: '40', placeholder: 'XXXX-XXXX-X', oninput: set('response'), 'aria-describedby': 'phone-until' }),
      h('p.help', { id: 'phone-until' }, left > 0 ? ['Good once, until ', h('span.num', null, clock(c.ends_ms)), ' UTC (', h('span.num', { 'aria-hidden': 'true' }, ticking(left)), ' left). Five wrong answers end it.']
        : sign('warn', 'clock', 'Its time is over: make another code.'))),
    h('div.field', null, h('label', { for: 'phone-reason' }, 'Reason (may be left out)'),
      h('textarea', { id: 'phone-reason', rows: '2', maxlength: '400', oninput: set('reason'), 'aria-describedby': 'phone-kept' }), h('p.help', { id: 'phone-kept' }, `It is ${c.approver}'s yes. That you typed it in is kept in the journal as well.`)),
    h('div.actions', null,
      left > 0 ? button(call.busy ? 'Asking ...' : `Approve as ${c.approver}`, null, { type: 'submit', kind: 'primary' }) : button('Make another code', null, { type: 'submit', kind: 'primary' }),
      left > 0 && call.problem ? button('Show the code that counts now', () => makeChallenge(call)) : null,
      button('Not now', closeDialog, { safe: true })));
}
