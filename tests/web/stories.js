// What somebody does with the dashboard on a bad night, and on a quiet day. One world, one story after the other.
import { accessible, check, launch, open, text, until, world } from './browser.js';

const browser = await launch();
let at = '';

async function story(name, fn) {
  const begin = Date.now();
  at = name;
  await fn();
  process.stdout.write(`ok   ${name.padEnd(72)} ${((Date.now() - begin) / 1000).toFixed(1)} s\n`);
}

const { context, page, seen } = await open(browser, { colorScheme: 'light' });
const row = (name) => page.locator('.row', { has: page.getByText(name, { exact: true }) });
const runNumber = () => Number(new URL(page.url()).hash.split('/').pop());

async function one() {
  const { url } = await world({ link: true });
  const response = await page.goto(url);
  const origin = new URL(page.url()).origin;
  const csp = response.headers()['content-security-policy'];
  check(/default-src 'none'/.test(csp) && /script-src 'sha256-/.test(csp) && /frame-ancestors 'none'/.test(csp) && !/unsafe/.test(csp), `policy: ${csp}`);
  await until('the shop is fine', async () => /fine/.test(await row('shop').innerText()));
  const first = seen.requests.filter((r) => !r.includes('/enter/'));
  check(first.every((r) => r.startsWith(origin) || r.startsWith('data:')), `asked elsewhere: ${first.find((r) => !r.startsWith(origin))}`);
  const documents = first.filter((r) => !r.includes('/v1/') && !r.startsWith('data:'));
  check(documents.length === 1, `more than the one document: ${documents}`);
  check((await context.request.get(url)).status() === 403, 'the link works twice');
  check((await text(page, '.calm')).includes('nothing needs you'), 'calm is not said');
  await accessible(page, 'fleet, light');
}

// Not a click from here to the end of the drill.
async function drillByKeyboard() {
  const key = (k) => page.keyboard.press(k);
  await page.evaluate(() => document.activeElement.blur());
  await key('/');
  await page.keyboard.type('shop');
  await key('ArrowDown');
  await until('the row has the focus', () => page.evaluate(() => document.activeElement.matches('.row') && document.activeElement.innerText.includes('shop')));
  await key('Enter');
  await page.waitForSelector('h1:text-is("shop")');
  await until('the drill can be begun', () => page.evaluate(() => { const b = document.querySelector('[aria-keyshortcuts="d"]'); return b && b.getAttribute('aria-disabled') !== 'true'; }));
  await key('d');
  await page.waitForSelector('dialog[open]');
  await until('the receipt', async () => (await text(page, 'dialog')).includes('What it will touch'));
  await accessible(page, 'the drill\'s dialog');
  const to = async (id) => { for (let i = 0; i < 20; i++) { if (await page.evaluate((x) => document.activeElement.id === x, id)) return; await key('Tab'); } throw new Error(`Tab never reaches ${id}`); };
  await to('field-reason');
  await page.keyboard.type('does the standby carry it?');
  await to('field-typed');
  await page.keyboard.type('sho');
  await key('Enter');
  await until('a name that is not whole is refused', async () => (await text(page, 'dialog')).includes('Type shop to confirm'));
  await page.keyboard.type('p');
  await key('Enter');
  await until('the dialog closes', async () => (await page.locator('dialog').count()) === 0);
  await until('the drill is seen', async () => /drill/i.test(await text(page, '.three')));
  await key('Escape');
  await key('g');
  await key('d');
  await page.waitForSelector('h1:text-is("Drills")');
  await until('the drill went well', async () => /succeeded/.test(await text(page, '#past >> xpath=../..')), 40000);
  await accessible(page, 'drills');
}

// Broken on purpose: each page says so, the policy's question is answered with no, and what was put in is put back.
async function gameDay() {
  await page.goto(page.url().split('#')[0] + '#/apps/shop');
  await page.getByRole('button', { name: 'Drill ...' }).click();
  await page.selectOption('#field-kind', 'game-day');
  await until('the receipt names the fault', async () => /outage/.test(await page.locator('dialog').textContent()));
  await page.fill('#field-reason', 'does the policy see it?');
  await page.fill('#field-typed', 'shop');
  await page.locator('dialog').getByRole('button', { name: 'Begin the drill' }).click();
  const faults = page.locator('section', { has: page.locator('#faults') });
  await until('the fault is in', async () => /1 fault is in, on purpose/.test(await faults.innerText()) && /Taken out at the latest/.test(await faults.innerText()));
  await until('it is said beside what is wrong', async () => /A game day breaks it on purpose/.test(await text(page, '.three')));
  await accessible(page, 'app, a game day');
  await page.goto(page.url().replace(/#.*/, '#/drills'));
  await until('the drills\' page has it too', async () => /app-sick us-east-1 is in/.test(await faults.innerText()));
  await page.goto(page.url().replace(/#.*/, '#/apps/shop'));
  await until('what the policy proposes', async () => (await page.getByRole('button', { name: 'Decline ...' }).count()) === 1);
  await page.locator('.page-head a', { hasText: 'run' }).click();
  await page.waitForSelector('main[data-view^="runs/"] h1');
  await until('the run belongs to the game day', async () => /game day/i.test(await faults.innerText()));
  await page.getByRole('button', { name: 'Decline ...' }).click();
  await page.fill('#field-reason', 'it was seen, and that is enough');
  await page.locator('dialog').getByRole('button', { name: 'Decline' }).click();
  await until('what was put in was put back', async () => /put back: 1 fault out again/.test(await faults.innerText()));
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 375, height: 740 });
  await until('no wider than the phone', async () => (await page.evaluate(() => document.scrollingElement.scrollWidth)) <= 375, 3000);
  await accessible(page, 'a run of a game day, phone, dark');
  await page.setViewportSize({ width: 1360, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(page.url().replace(/#.*/, '#/apps/shop')); // the policy asks nothing anew before somebody has looked at what was said
  await until('the region is up again', async () => !/us-east-1 is down/.test(await text(page, '.three'))); // else it asks anew at once
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.locator('dialog').getByRole('button', { name: 'I have seen it' }).click();
  await until('the answer', async () => (await page.locator('dialog').count()) === 0);
}

async function regionDies() {
  await page.goto(page.url().split('#')[0] + '#/fleet');
  await until('calm again', async () => (await page.locator('.calm').count()) === 1);
  await world({ sand: 'region us-east-1 down' });
  const card = page.locator('.card');
  await until('the outage, and what is proposed', async () => /us-east-1 is down/.test(await card.innerText()) && /It waits for a yes/.test(await card.innerText()), 15000);
  check(/What is wrong[\s\S]*What evac proposes[\s\S]*What it is doing/.test(await card.innerText()), 'the three answers');
  await accessible(page, 'fleet, an outage');
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible(page, 'fleet, dark');
  await card.getByRole('link', { name: 'Decision clock and plan' }).click();
  await page.waitForSelector('#clock');
  const seconds = async () => parseInt(await text(page, '#clock >> xpath=../.. >> .burn-time'), 10);
  const before = await until('the clock', seconds);
  await until('the clock ticks', async () => (await seconds()) > before, 10000);
  await until('the plan', async () => (await page.locator('.node').count()) > 8);
  check((await page.locator('.node.pivot').count()) === 1 && (await text(page, '.graph svg')).includes('data plane'), 'the plan\'s point of no return, and its planes');
  check((await page.locator('.history .bad').count()) > 2, 'the probes\' history');
  check(/us-east-1/.test(await page.locator('svg.topology').getAttribute('aria-label')), 'the topology says what it shows');
  await accessible(page, 'app, dark');
}

// Presses Tab until what is wanted has the focus.
async function tabTo(what, is) {
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(is)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${what}`);
}

// Ann has a telephone and no network. Not a click.
async function approveByPhone() {
  await tabTo('the button', () => document.activeElement.innerText === 'By phone ...');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  await accessible(page, 'by phone: who');
  await tabTo('what shows the code', () => document.activeElement.innerText === 'Show what to read out');
  await page.keyboard.press('Enter');
  await until('what is read out has the focus', () => page.evaluate(() => document.activeElement.matches('.readout')));
  const code = (await page.locator('.spoken code').allInnerTexts()).join('-');
  const [app, from, to, mode] = await page.locator('.readout dd').allInnerTexts();
  check((await text(page, '.spoken')).includes('zero') && app === 'shop', `the code is spelled: ${await text(page, '.spoken')}`);
  await accessible(page, 'by phone: the code');
  const { response } = await world({ heard: { code, app, from, to, mode } });
  await tabTo('the answer', () => document.activeElement.id === 'phone-response');
  await page.keyboard.type('QQQQ-QQQQ-Q');
  await page.keyboard.press('Enter');
  await until('a wrong answer is refused', async () => /misheard|not the answer/.test(await text(page, 'dialog .problem')));
  check(await page.evaluate(() => document.activeElement.id === 'phone-response'), 'what was typed keeps the focus');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(response.toLowerCase());
  await tabTo('the reason', () => document.activeElement.id === 'phone-reason');
  await page.keyboard.type('seen by ann <img src=x onerror=alert(1)>');
  await tabTo('the yes', () => document.activeElement.innerText === 'Approve as ann');
  await page.keyboard.press('Enter');
  await until('the dialog closes', async () => (await page.locator('dialog').count()) === 0);
  await page.keyboard.press('Escape');
}

async function approveAndFollow() {
  await approveByPhone();
  await page.locator('.page-head a', { hasText: 'run' }).click();
  await page.waitForSelector('.gantt-row');
  await until('what is going on is drawn beside what is expected', async () => (await page.locator('.bar.tone-info').count()) > 0 && (await page.locator('.bar.expected').count()) > 0);
  await page.getByRole('button', { name: 'Pause ...' }).click();
  await page.fill('#field-reason', 'a breath');
  await page.locator('dialog').getByRole('button', { name: 'Pause' }).click();
  await until('paused', async () => (await page.locator('.page-head').innerText()).includes('paused'));
  await page.getByRole('button', { name: 'Resume ...' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Resume' }).click();
  await accessible(page, 'run, live');
  await page.locator('.gantt-step', { hasText: 'fence' }).first().click();
  await until('the requests of a step', async () => (await page.locator('dialog td code').count()) > 0);
  await accessible(page, 'a step\'s details');
  await page.keyboard.press('Escape');
  await until('the end of the run', async () => /succeeded/.test(await text(page, '.page-head')), 40000);
  const said = await text(page, '#said >> xpath=../..');
  check(/offline:ann/.test(said) && /by phone, typed in by/.test(said), `whose yes it was: ${said}`);
  check(/approve/.test(said) && /pause/.test(said) && /resume/.test(said) && said.includes('a breath'), `who said what: ${said}`);
  check(said.includes('<img src=x onerror=alert(1)>') && (await page.locator('main img').count()) === 0, 'what somebody typed is text');
  check((await page.locator('.gantt-step.critical').count()) > 2, 'the critical path');
  const truth = await world({ truth: true });
  check(truth.writers.length === 1 && truth.writers[0] === 'us-west-2', `writers: ${truth.writers}`);
}

async function controllerDies() {
  await world({ evacd: 'kill' });
  const lost = page.locator('.lost');
  await until('it is said that nobody answers', async () => /can not be reached/.test(await lost.innerText()), 15000);
  check(/as it was at \d\d:\d\d:\d\d UTC/.test(await lost.innerText()), 'with its age');
  check((await page.locator('main.stale').count()) === 1 && /No contact/.test(await page.title()), 'what is old does not look new');
  await accessible(page, 'no contact');
  await page.goto(page.url().replace(/#.*/, '#/apps/shop'));
  await until('the age grows', async () => parseInt((await lost.innerText()).match(/UTC, (\d+)s ago/)[1], 10) >= 3, 15000);
  await world({ evacd: 'start' });
  await until('contact again', async () => (await lost.count()) === 0, 30000);
  await until('the stream again', async () => /live/.test(await text(page, '.reach')), 30000);
}

async function evidence() {
  await page.goto(page.url().replace(/#.*/, '#/evidence'));
  await page.getByRole('button', { name: 'Verify the journal' }).click();
  await until('the journal is whole', async () => /whole/.test(await text(page, '#journal >> xpath=../..')));
  await until('the runs', async () => (await page.locator('table >> text=Report').count()) > 0);
  await accessible(page, 'evidence');
  await page.goto(page.url().replace(/#.*/, '#/drills'));
  await until('the trend', async () => (await page.locator('svg.chart').count()) === 2 && (await page.locator('svg.chart .met').count()) > 1);
  check((await page.locator('.chart-objective').count()) === 2, 'the objectives');
}

// What sticks out of a phone's screen, in the page's own words.
function tooWide() {
  const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > 376 && !e.parentElement.closest('.scroll'));
  return `${document.scrollingElement.scrollWidth} px: ` + out.slice(0, 4).map((e) => `${e.localName}.${e.getAttribute('class')} ${e.textContent.slice(0, 40)}`).join(' | ');
}

async function phone() {
  await page.setViewportSize({ width: 375, height: 740 });
  for (const hash of ['#/fleet', '#/apps/shop', '#/runs/' + run, '#/drills', '#/evidence']) {
    await page.goto(page.url().replace(/#.*/, hash));
    const main = page.locator(`main[data-view="${hash.slice(2)}"]`); // the view before stands until this one is drawn
    await until(`${hash} at phone width`, async () => (await main.locator('h1').count()) === 1 && (await main.locator('section').count()) > 0);
    await until(`${hash} no wider than the phone`, async () => (await page.evaluate(() => document.scrollingElement.scrollWidth)) <= 375, 3000)
      .catch(async (e) => { throw new Error(`${e.message}: ${await page.evaluate(tooWide)}`); });
    await accessible(page, `${hash}, phone`);
  }
  await page.setViewportSize({ width: 1360, height: 900 });
}

// A thousand apps, told by a controller that has one: what is measured is this page, by counts.
async function thousand() {
  await page.route('**/v1/status', async (route) => {
    const headers = { ...route.request().headers() };
    delete headers['if-none-match']; // what it has is another status
    const response = await route.fetch({ headers }).catch(() => null);
    if (!response) return route.abort().catch(() => {}); // the page asks again
    const status = await response.json();
    const [shop] = status.apps;
    status.apps = Array.from({ length: 1000 }, (_, i) => ({ ...shop, app: `app-${String(i).padStart(4, '0')}`, active: shop.regions[i % 2].name, run: null, rehearsal: null }));
    status.incidents = { global: null, regions: [{ region: 'us-east-1', serving: 500, down: 480, incident: { state: 'open', on: true, since_ms: status.now_ms - 95000, proposed: true, approved: false, who: null, why: '480 of 500 apps are down there', tier: null,
      apps_by_state: { 'awaiting-approval': 479, blocked: 1 }, asks: true, expires_ms: status.now_ms + 600000, at_expiry: 'decline', next_told: 'lead', next_told_ms: status.now_ms + 60000 } }] };
    await route.fulfill({ response, json: status }).catch(() => {}); // the page asks no more: it was left
  });
  await page.goto(page.url().replace(/#.*/, '#/fleet'));
  await page.fill('#search', '');
  await until('a thousand', async () => (await page.locator('.grid').getAttribute('aria-rowcount')) === '1003');
  const banner = await text(page, '.incident');
  check(/us-east-1 is failing/.test(banner) && /480 of 500 apps down there: 479 awaiting approval, 1 blocked/.test(banner) && /then it counts as a no. lead is told/.test(banner), `the banner: ${banner}`);
  await page.getByRole('button', { name: 'Evacuate the region ...' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Evacuate the region' }).click();
  await until('a whole region is not moved by a slip', async () => (await text(page, 'dialog')).includes('Type us-east-1 to confirm'));
  await page.keyboard.press('Escape');
  await until('the dialog closes', async () => (await page.locator('dialog').count()) === 0);
  await accessible(page, 'an incident');
  await page.evaluate(() => {
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
  });
  const most = { nodes: 0, rows: 0 };
  for (let y = 2500; y <= 37500; y += 2500) {
    await page.evaluate((to) => new Promise((done) => { scrollTo(0, to); requestAnimationFrame(() => requestAnimationFrame(done)); }), y);
    const now = await page.evaluate(() => ({ nodes: document.querySelectorAll('*').length, rows: document.querySelectorAll('.row').length }));
    await until(`rows at ${y}`, () => page.evaluate(() => document.elementFromPoint(600, 450).closest('.row') !== null), 5000);
    most.nodes = Math.max(most.nodes, now.nodes);
    most.rows = Math.max(most.rows, now.rows);
  }
  check(most.nodes < 2500 && most.rows < 60, `${most.nodes} nodes, ${most.rows} rows in the document`);
  const long = await page.evaluate(() => window.long.filter((ms) => ms > 300).length);
  check(long <= 4, `${long} tasks of more than 300 ms in fifteen jumps`);
  await page.evaluate(() => scrollTo(0, 0));
  await page.fill('#search', 'app-0777');
  await until('the search', async () => (await page.locator('.grid').getAttribute('aria-rowcount')) === '3');
  await page.fill('#search', '');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await until('the last row has the focus', () => page.evaluate(() => document.activeElement.getAttribute('aria-rowindex') === '1003' && document.activeElement.getBoundingClientRect().bottom <= innerHeight));
  await accessible(page, 'fleet, a thousand');
  await page.unroute('**/v1/status');
}

async function keysAndMotion() {
  await page.goto(page.url().replace(/#.*/, '#/fleet'));
  await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
  await page.reload();
  await page.waitForSelector('main h1');
  await page.keyboard.press('Tab');
  check((await page.evaluate(() => document.activeElement.textContent)) === 'Skip to the content', 'the first stop skips to the content');
  await page.keyboard.press('Enter');
  check(await page.evaluate(() => document.activeElement.id === 'main'), 'and does');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open] kbd');
  await page.locator('dialog input[type=checkbox]').uncheck();
  await page.keyboard.press('Escape');
  await until('the keys\' list closes', async () => (await page.locator('dialog').count()) === 0);
  await page.keyboard.press('?');
  await page.waitForTimeout(100);
  check((await page.locator('dialog').count()) === 0, 'keys of one letter can be turned off');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0 || getComputedStyle(e).animationName !== 'none').length);
  check(moving === 0, `${moving} things move although that is not wanted`);
}

// Over TCP: a token opens a session, and a viewer sees everything and can press nothing.
async function signIn() {
  const made = await page.evaluate(async () => (await fetch('/v1/tokens', { method: 'POST', headers: { 'content-type': 'application/json', 'x-evac-csrf': '1' }, body: JSON.stringify({ name: 'ann', roles: ['viewer'] }) })).json());
  check(typeof made.token === 'string', `no token: ${JSON.stringify(made)}`);
  const visitor = await open(browser, {});
  await visitor.page.goto(process.env.EVAC_TCP);
  await visitor.page.waitForSelector('h1:text-is("Sign in to evac")');
  await accessible(visitor.page, 'sign in');
  await visitor.page.fill('#token', 'wrong');
  await visitor.page.keyboard.press('Enter');
  await until('a wrong token is refused', async () => /not valid/.test(await text(visitor.page, '.signin')));
  await visitor.page.fill('#token', made.token);
  await visitor.page.keyboard.press('Enter');
  await until('the fleet', async () => (await visitor.page.locator('.row').count()) > 1);
  check(!(await visitor.page.content()).includes(made.token), 'the token stays in the page');
  await visitor.page.goto(process.env.EVAC_TCP + '#/apps/shop');
  const over = visitor.page.getByRole('button', { name: 'Fail over ...' });
  await until('a viewer may not, and is told who may', async () => /do not allow it \(operator may\)/.test(await over.getAttribute('title')));
  await over.click({ force: true });
  check((await visitor.page.locator('dialog').count()) === 0, 'a button that is off does nothing');
  await visitor.page.getByRole('button', { name: 'Sign out' }).click();
  await visitor.page.waitForSelector('h1:text-is("Sign in to evac")');
  check(visitor.seen.errors.length === 0, visitor.seen.errors.join());
  await visitor.context.close();
}

let run = 0;
try {
  await story('one request, one strict policy, a link that works once', one);
  await story('a drill, by keyboard alone', drillByKeyboard);
  await story('a game day: what is broken on purpose, and put back', gameDay);
  await story('a region dies: what is wrong, what is proposed, the clock', regionDies);
  await story('approved by phone, paused, resumed and followed to its end', async () => { await approveAndFollow(); run = runNumber(); });
  await story('the controller dies and comes back: nothing old looks new', controllerDies);
  await story('a viewer signs in, looks, and signs out', signIn);
  await story('evidence and trend', evidence);
  await story('phone width, every view', phone);
  await story('a thousand apps', thousand);
  await story('skip link, keys, reduced motion', keysAndMotion);
  check(seen.errors.length === 0, `the page complained: ${seen.errors.slice(0, 5).join('\n')}`);
  process.stdout.write('DONE\n');
} catch (e) {
  process.stdout.write(`FAIL ${at}\n${e.stack}\n${seen.errors.slice(0, 5).join('\n')}\n`);
  if (process.env.EVAC_SHOT) await page.screenshot({ path: process.env.EVAC_SHOT }).catch(() => {});
  process.exitCode = 1;
}
await browser.close();
process.exit();
