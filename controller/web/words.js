// Dialogs in which a person says a word: why, and, where much is at stake, what is meant, typed out.
import { h } from './dom.js';
import { button, closeDialog, notice, openDialog, page, redraw } from './ui.js';
import { post } from './live.js';

// ask: {title, tone, action, intro: vnodes, must: text to type or '', reason: 'required'|'optional'|'none', phrase: what the
// reason must hold or '', fields: [{name, label, value, options or type}], path, body(values), done(answer), wide}
export function askForWord(ask) {
  const values = { reason: '', typed: '' };
  for (const f of ask.fields || []) values[f.name] = f.value || '';
  const form = { ask, values, problem: '', busy: false };
  openDialog({ title: ask.title, wide: ask.wide, body: () => formView(form) });
}

function missing(form) {
  const { ask, values } = form;
  if (ask.reason === 'required' && !values.reason.trim()) return 'Say why: it is kept in the journal.';
  if (ask.phrase && !values.reason.includes(ask.phrase)) return `The reason must contain the words "${ask.phrase}".`;
  if (ask.must && values.typed.trim() !== ask.must) return `Type ${ask.must} to confirm.`;
  for (const f of ask.fields || []) if (f.required && !String(values[f.name]).trim()) return `${f.label} is needed.`;
  return '';
}

async function submit(form) {
  form.problem = missing(form);
  if (!form.problem) {
    form.busy = true;
    redraw();
    try {
      const answer = await post(typeof form.ask.path === 'function' ? form.ask.path(form.values) : form.ask.path, form.ask.body(form.values), form.ask.raw);
      if (page.dialog) closeDialog();
      if (form.ask.done) form.ask.done(answer);
      else notice('ok', answer.answer || 'Done.');
      return;
    } catch (e) {
      form.problem = `${e.title || 'It failed'}. ${e.message}`;
    }
  }
  form.busy = false;
  redraw();
}

function field(form, f) {
  const id = `field-${f.name}`;
  const set = (e) => { form.values[f.name] = e.target.value; if (f.changed) f.changed(form.values); redraw(); };
  const input = f.options
    ? h('select', { id, onchange: set }, f.options.map((o) => h('option', { value: o.value, selected: o.value === form.values[f.name] }, o.word)))
    : f.long ? h('textarea', { id, rows: '2', maxlength: '400', oninput: set, 'aria-describedby': f.help ? id + '-help' : null })
      : h('input', { id, type: f.type || 'text', value: f.value || '', autocomplete: 'off', spellcheck: 'false', oninput: set, 'aria-describedby': f.help ? id + '-help' : null });
  return h('div.field', { key: f.name }, h('label', { for: id }, f.label), input, f.help ? h('p.help', { id: id + '-help' }, f.help) : null);
}

function formView(form) {
  const { ask } = form;
  const all = [...(ask.fields || [])];
  if (ask.reason !== 'none')
    all.push({ name: 'reason', label: ask.reason === 'required' ? 'Reason' : 'Reason (may be left out)', long: true,
      help: ask.phrase ? `Must contain the words "${ask.phrase}". Kept in the journal with your name.` : 'Kept in the journal with your name.' });
  if (ask.must) all.push({ name: 'typed', label: `Type ${ask.must} to confirm`, help: ask.mustWhy || 'So that nothing is moved by a slip of the hand.' });
  return h('form', { novalidate: true, onsubmit: (e) => { e.preventDefault(); if (!form.busy) submit(form); } },
    typeof ask.intro === 'function' ? ask.intro(form.values) : ask.intro,
    all.map((f) => field(form, f)),
    h('p.problem', { role: 'alert', hidden: !form.problem }, form.problem),
    h('div.actions', null,
      button(form.busy ? 'Asking ...' : ask.action, null, { type: 'submit', kind: ask.tone === 'bad' ? 'danger' : 'primary' }),
      button('Not now', closeDialog, { safe: true })));
}
