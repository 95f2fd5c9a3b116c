// A run's steps in time: what was, what is, and what is to be expected. Pure.

const IDLE = new Set(['waiting', 'none']);
const OVER = new Set(['done', 'skipped', 'failed', 'undone', 'halted', 'held']);

export function isOver(state) {
  return OVER.has(state);
}

// When each step began and ended, from the journal's rows; and all rows about it, for the details.
export function fold(rows) {
  const steps = new Map();
  for (const r of rows) {
    if (r.step === null || r.step === undefined || !r.name) continue;
    let s = steps.get(r.name);
    if (!s) steps.set(r.name, (s = { began_ms: null, ended_ms: null, rows: [] }));
    s.rows.push(r);
    if (r.kind !== 'step') continue;
    if (isOver(r.to)) {
      s.ended_ms = r.t_wall_ms;
    } else {
      if (s.began_ms === null && !IDLE.has(r.to) && r.to !== 'gated') s.began_ms = r.t_wall_ms;
      s.ended_ms = null; // tried again
    }
  }
  return steps;
}

// How long the rest of a step takes: by its history where the controller knows, else by its progress, else by what is usual.
function rest(step, left, now) {
  if (left) return left;
  const spent = step.began_ms === null ? 0 : now - step.began_ms;
  if (step.progress > 0 && step.progress < 100 && spent > 0) return (spent * (100 - step.progress)) / step.progress;
  return Math.max(step.usual_ms - spent, spent > step.usual_ms ? spent * 0.1 : 0);
}

// steps: [{id, state, began_ms, ended_ms, usual_ms, progress, after}], in an order in which each comes behind what it waits for, or not.
// left: Map of id to the milliseconds that are left of it, where that is known. Adds from_ms and to_ms to copies, and whether it is
// only expected; steps that are skipped have neither.
export function forecast(steps, now, left) {
  const byId = new Map(steps.map((s) => [s.id, s]));
  const done = new Map();
  const place = (s) => {
    if (done.has(s.id)) return done.get(s.id);
    const out = { ...s, from_ms: null, to_ms: null, expected: false };
    done.set(s.id, out);
    if (s.state === 'skipped') return out;
    const ready = Math.max(0, ...s.after.map((id) => (byId.has(id) ? place(byId.get(id)).to_ms || 0 : 0)));
    out.from_ms = s.began_ms !== null ? s.began_ms : Math.max(now, ready);
    out.expected = s.began_ms === null;
    if (s.ended_ms !== null) out.to_ms = s.ended_ms;
    else if (s.began_ms !== null) out.to_ms = now + rest(s, left.get(s.id), now);
    else out.to_ms = out.from_ms + (left.get(s.id) || s.usual_ms);
    return out;
  };
  return steps.map(place);
}

// The chain of steps that decides when it all ends: from the one that ends last back along what each waited for last.
export function criticalPath(placed) {
  const byId = new Map(placed.map((s) => [s.id, s]));
  const path = new Set();
  let at = placed.reduce((last, s) => (s.to_ms !== null && (!last || s.to_ms > last.to_ms) ? s : last), null);
  while (at && !path.has(at.id)) {
    path.add(at.id);
    at = at.after.map((id) => byId.get(id)).filter((s) => s && s.to_ms !== null)
      .reduce((last, s) => (!last || s.to_ms > last.to_ms ? s : last), null);
  }
  return path;
}

// Expected end of everything, wall ms.
export function eta(placed) {
  return placed.reduce((end, s) => Math.max(end, s.to_ms || 0), 0);
}

// Where bars stand, as parts of the whole width: {from, now, to} for each, clipped to [begin, end].
export function bars(placed, begin, end, now) {
  const at = (t) => Math.min(1, Math.max(0, (t - begin) / Math.max(1, end - begin)));
  return placed.filter((s) => s.from_ms !== null).map((s) => ({
    step: s, from: at(s.from_ms), now: at(Math.min(Math.max(now, s.from_ms), s.to_ms)), to: at(s.to_ms),
  }));
}
