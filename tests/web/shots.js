// The README's pictures, taken from a real outage.
import { launch, open, until, world } from './browser.js';

const dir = process.env.EVAC_SHOTS;
const browser = await launch();
const { page } = await open(browser, { colorScheme: 'light', viewport: { width: 1360, height: 860 } });

const call = (path, body) => page.evaluate(async ([p, b]) => {
  const r = await fetch(p, b ? { method: 'POST', body: JSON.stringify(b), headers: { 'content-type': 'application/json', 'x-evac-csrf': '1' } } : {});
  return r.json();
}, [path, body]);
const go = async (hash) => { await page.goto(page.url().replace(/#.*/, '') + hash); await page.waitForSelector('main h1'); await page.waitForTimeout(1200); };
const shot = (name, options) => page.screenshot({ path: `${dir}/dashboard-${name}.png`, ...options });
const say = (text) => process.stdout.write(text + '\n');

// Begins it, says yes where it asks, and waits for its end.
async function move(workflow, mode) {
  const begun = await until(`a ${workflow} begins`, async () => { const r = await call('/v1/apps/shop/runs', { workflow, mode, reason: 'us-east-1 is gone' }); return r.run && r; }, 60000);
  const state = await call('/v1/runs/' + begun.run);
  if (state.state === 'proposed') await call(`/v1/runs/${begun.run}/commands`, { verb: 'approve' });
  say(`run ${begun.run}: ${workflow}`);
  return begun.run;
}

// Found ready by a look: a region that was left a moment ago is not at once.
async function ready() {
  await until('the standby is ready', async () => {
    const look = await call('/v1/apps/shop/runs', { workflow: 'drill', kind: 'rehearse', reason: 'is it ready?' });
    if (look.run) await over(look.run);
    await page.waitForTimeout(1000);
    const app = await call('/v1/apps/shop');
    return app.regions.every((r) => r.role === 'active' || (r.readiness && r.readiness.ready));
  }, 60000);
}

const over = (run) => until(`the end of run ${run}`, async () => (await call('/v1/runs/' + run)).over, 120000);
const fine = () => until('all apps are fine', async () => (await call('/v1/status')).apps.every((a) => a.regions.every((r) => r.verdict === 'up') && (!a.has_data || a.loss_now_ms !== null)), 60000);

async function outage() {
  await world({ sand: 'region us-east-1 down' });
  await go('#/fleet');
  await until('the incident', async () => (await page.locator('.incident').count()) === 1, 60000);
  await page.waitForTimeout(4000);
  await shot('fleet');
  await go('#/apps/shop');
  await until('the plan', async () => (await page.locator('.node').count()) > 8);
  await shot('app', { fullPage: true });
  const phone = await open(browser, { colorScheme: 'dark', viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, hasTouch: true });
  await phone.page.goto((await world({ link: true })).url + '#/fleet');
  await until('the incident, on a phone', async () => (await phone.page.locator('.incident').count()) === 1, 20000);
  await phone.page.waitForTimeout(800);
  await phone.page.screenshot({ path: `${dir}/dashboard-phone.png` });
}

async function trend() {
  for (let i = 0; i < 3; i++) {
    for (const workflow of ['failover', 'failback']) {
      await ready();
      await over(await move(workflow, 'graceful'));
    }
  }
  await ready();
  await world({ sand: 'region us-east-1 down' });
  await until('the outage', async () => (await call('/v1/apps/shop')).situation === 'outage', 60000);
  await page.waitForTimeout(5000);
  await page.emulateMedia({ colorScheme: 'dark' });
  const run = await move('failover', 'ungraceful');
  await page.goto(page.url().replace(/#.*/, '') + '#/runs/' + run);
  await until('it is half-way', async () => (await page.locator('.bar.tone-ok').count()) > 4 && (await page.locator('.bar.tone-info').count()) > 0, 60000);
  await page.waitForTimeout(300);
  await shot('run', { fullPage: true });
  await over(run);
  await page.emulateMedia({ colorScheme: 'light' });
  await go('#/drills?app=shop');
  await until('the trend', async () => (await page.locator('svg.chart').count()) === 2);
  await shot('drills');
}

await page.goto((await world({ link: true })).url);
await fine();
await { outage, trend }[process.env.EVAC_PART]();
process.stdout.write('DONE\n');
await browser.close();
process.exit();
