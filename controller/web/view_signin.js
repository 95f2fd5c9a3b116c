// Who are you? A token opens a session; the page keeps neither.
import { h } from './dom.js';
import { signIn } from './live.js';
import { button, icon, redraw } from './ui.js';

const form = { token: '', problem: '', busy: false };

async function begin() {
  form.busy = true;
  form.problem = '';
  redraw();
  try {
    await signIn(form.token.trim());
  } catch (e) {
    form.problem = e.status === 401 || e.status === 403 ? 'That token is not valid, has expired, or was taken back.' : `${e.title}. ${e.message}`;
  }
  form.token = '';
  form.busy = false;
  redraw();
}

export function signInView() {
  return h('div.signin', null, h('h1', null, 'Sign in to evac'),
    h('p', null, 'This controller wants to know who asks. Give a token: it opens a session in this browser, and is not kept.'),
    h('form', { onsubmit: (e) => { e.preventDefault(); if (!form.busy) begin(); } },
      h('div.field', null, h('label', { for: 'token' }, 'Token'), h('input', { id: 'token', type: 'password', autocomplete: 'current-password', value: form.token, oninput: (e) => { form.token = e.target.value; }, 'aria-describedby': 'token-help' }),
        h('p.help', { id: 'token-help' }, 'An administrator makes one (POST /v1/tokens). On the controller\'s own machine no token is needed: evac dashboard.')),
      h('p.problem', { role: 'alert', hidden: !form.problem }, icon('warn'), form.problem),
      h('div.actions', null, button(form.busy ? 'Asking ...' : 'Sign in', null, { type: 'submit', kind: 'primary', safe: true }))));
}
