import { test } from 'node:test';
import assert from 'node:assert/strict';
import { FILTERS, TROUBLE_RANK, byRegion, controllerTrouble, doing, faultsWords, fleet, incidents, lagTone, proposes, questionWords, search, stateOf, wrong } from '../../../controller/web/model.js';

const region = (name, role, verdict, more) => ({ name, role, verdict, reasons: '', readiness: null, probes: [], impact_lo_ms: null, ...more });
const app = (name, more) => ({
  app: name, strategy: 'warm-standby', active: 'us-east-1', situation: 'fine', has_data: true, loss_now_ms: 1000, rpo_objective_ms: 30000, rto_objective_ms: 120000,
  endpoint: { state: 'up', reason: '' }, regions: [region('us-east-1', 'active', 'up'), region('us-west-2', 'standby', 'up')], decision: { policy: 'propose', decide: 'nothing', reasons: '' },
  held: null, frozen: null, run: null, rehearsal: null, old_side: null, drills: { going_on: null, debt: [{ to: 'us-west-2', points: 10, max: 200 }] }, ...more,
});
const down = (name) => app(name, { situation: 'outage', regions: [region('us-east-1', 'active', 'down', { reasons: 'web: 3 failures in a row' }), region('us-west-2', 'standby', 'up')] });
const run = (more) => ({ run: 7, workflow: 'failover', state: 'running', from: 'us-east-1', to: 'us-west-2', mode: 'ungraceful', loss_ms: 4100, rehearse: false, gates: [], paused: false, ...more });

test('in calm nothing is wrong, nothing is proposed, and it watches', () => {
  const a = app('shop');
  assert.equal(stateOf(a, null).word, 'fine');
  assert.deepEqual([wrong(a, null), proposes(a, null), doing(a, null)], ['Nothing.', 'Nothing.', 'Watching.']);
});

test('a region that is down is said with its reason, and a proposal with its cost', () => {
  const a = down('shop'), asks = run({ state: 'proposed' });
  assert.match(wrong(a, null), /^us-east-1 is down\. web: 3 failures in a row\.$/);
  assert.equal(stateOf(a, null).key, 'down');
  assert.equal(stateOf(a, asks).key, 'asks');
  assert.match(proposes(a, asks), /about 4\.1 s of data is lost. It waits for a yes/);
  assert.match(proposes(a, { ...asks, loss_ms: null }), /not known/);
  assert.match(proposes(a, { ...asks, mode: 'graceful' }), /no data is lost/);
});

test('what it does is said with what it waits for', () => {
  const a = down('shop');
  assert.match(doing(a, run({ gates: [{ gate: 'rpo', place: 'promote', shut: true }] })), /It waits: rpo before promote/);
  assert.match(doing(a, run({ paused: true })), /paused/);
  assert.match(doing(app('shop', { held: 'until Monday' }), null), /^Held: until Monday/);
});

test('an unknown loss is never a good one', () => {
  assert.equal(lagTone(app('a', { loss_now_ms: null })), 'warn');
  assert.equal(lagTone(app('a', { loss_now_ms: 31000 })), 'bad');
  assert.equal(lagTone(app('a', { loss_now_ms: 0 })), 'ok');
  assert.equal(stateOf(app('a', { loss_now_ms: 31000 }), null).key, 'lag');
  assert.match(wrong(down('a') && { ...down('a'), loss_now_ms: null }, null), /is not known/);
});

test('what an observer can not tell is not called down', () => {
  const suspect = app('a', { situation: 'observer', regions: [region('us-east-1', 'active', 'observer-suspect'), region('us-west-2', 'standby', 'observer-suspect')] });
  assert.equal(stateOf(suspect, null).key, 'suspect');
  const shared = { ...down('a'), situation: 'dependency' };
  assert.match(wrong(shared, null), /Moving would not help/);
});

test('the worst come first, each app is under its region once, and the counts agree', () => {
  const list = fleet({ apps: [app('b'), down('z'), app('c', { active: 'eu-west-1' }), app('a')], runs: [] });
  assert.deepEqual(list.map((e) => e.app.app), ['z', 'a', 'b', 'c']);
  const rows = byRegion(list);
  assert.deepEqual(rows.map((r) => r.region || r.app.app), ['us-east-1', 'z', 'a', 'b', 'eu-west-1', 'c']);
  assert.deepEqual([rows[0].apps, rows[0].bad], [3, 1]);
});

test('every word of a search must be there, and a filter holds beside it', () => {
  const list = fleet({ apps: [app('shop-a'), down('shop-b'), app('pay')], runs: [] });
  assert.deepEqual(search(list, 'shop us-west', 'all').map((e) => e.app.app), ['shop-b', 'shop-a']);
  assert.deepEqual(search(list, 'SHOP down', 'all').map((e) => e.app.app), ['shop-b']);
  assert.deepEqual(search(list, '', 'trouble').map((e) => e.app.app), ['shop-b']);
  assert.deepEqual(search(list, 'nowhere', 'all'), []);
  for (const f of FILTERS) assert.equal(search(list, '', f.id).length, list.filter(f.test).length);
});

test('a drill is no trouble', () => {
  const drilled = app('a', { rehearsal: 9 });
  const [e] = fleet({ apps: [drilled], runs: [run({ run: 9, workflow: 'drill', rehearse: true })] });
  assert.equal(e.state.key, 'drill');
  assert.ok(e.state.rank >= TROUBLE_RANK);
});

test('one banner an incident that goes on, and the controller speaks of itself', () => {
  const status = { incidents: { global: 'everything looks down', regions: [{ region: 'us-east-1', serving: 9, down: 8, incident: { on: true, state: 'open', apps_by_state: { ready: 8 } } }, { region: 'us-west-2', serving: 0, down: 0, incident: null }, { region: 'eu-west-1', serving: 1, down: 0, incident: { on: false } }] }, lead: false, trouble: 'the disk is full' };
  assert.deepEqual(incidents(status).map((i) => i.region), ['us-east-1']);
  assert.deepEqual(controllerTrouble(status).length, 3);
  assert.deepEqual(controllerTrouble({ lead: true }), []);
});

test('an incident\'s question says how long it stands and what then', () => {
  const at = Date.UTC(2026, 10, 28, 3, 0, 0);
  assert.equal(questionWords({ asks: false, expires_ms: null }), '');
  assert.equal(questionWords({ asks: true, expires_ms: at, at_expiry: 'decline', next_told: 'lead', next_told_ms: at - 60000 }), 'The question stands until 03:00:00 UTC; then it counts as a no. lead is told at 02:59:00 UTC.');
  assert.match(questionWords({ asks: true, expires_ms: at, at_expiry: 'hold', next_told: '' }), /asked again\.$/);
});

test('what a game day breaks is said to be on purpose, and a fault that nobody saw go is the gravest', () => {
  const says = (...states) => faultsWords({ faults: states.map((state) => ({ state })) });
  assert.match(says('in', 'out').text, /^1 fault is in, on purpose/);
  assert.match(says('in', 'left-in').text, /nobody saw 1 fault go/);
  assert.equal(says('left-in', 'out').tone, 'bad');
  assert.match(says('leaving', 'out').text, /being taken out/);
  assert.match(says('out', 'out').text, /put back: 2 faults out again/);
  assert.equal(says('out', 'absent').tone, 'ok');
  assert.match(says('waiting').text, /Nothing is broken yet/);
  const down = { regions: [region('us-east-1', 'active', 'down', { reasons: 'web down' }), region('us-west-2', 'standby', 'up')] };
  const drill = (kind, state) => ({ drills: { going_on: { drill: 1, kind, state }, debt: [] } });
  assert.match(wrong(app('shop', { ...down, ...drill('game-day', 'watching') }), null), /A game day breaks it on purpose/);
  assert.doesNotMatch(wrong(app('shop', { ...down, ...drill('game-day', 'checking') }), null), /on purpose/);
  assert.doesNotMatch(wrong(app('shop', { ...down, ...drill('live', 'soaking') }), null), /on purpose/);
});
