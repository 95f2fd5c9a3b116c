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

async function move(workflow) {
  const begun = await until(`a ${workflow} begins`, async () => { const r = await call('/v1/apps/shop/runs', { workflow, mode: 'graceful', reason: 'rehearsing it for real' }); return r.run && r; }, 60000);
  await until('it begins or is approved', async () => {
    const r = await call('/v1/runs/' + begun.run);
    if (r.state === 'proposed') await call(`/v1/runs/${begun.run}/commands`, { verb: 'approve' });
    return r.over;
  }, 120000);
  say(`run ${begun.run}: ${workflow}`);
}

await page.goto((await world({ link: true })).url);
await until('all apps are fine', async () => (await call('/v1/status')).apps.every((a) => a.regions.every((r) => r.verdict === 'up') && a.loss_now_ms !== null), 60000);
for (const workflow of ['failover', 'failback', 'failover', 'failback']) await move(workflow);

await world({ sand: 'region us-east-1 down' });
await go('#/fleet');
await until('the incident', async () => (await page.locator('.incident').count()) === 1, 60000);
await page.waitForTimeout(4000);
await shot('fleet');
await go('#/apps/shop');
await until('the plan', async () => (await page.locator('.node').count()) > 8);
await shot('app', { fullPage: true });
const phone = await open(browser, { colorScheme: 'dark', viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, hasTouch: true });
await phone.page.goto((await world({ link: true })).url);
await until('the incident, on a phone', async () => (await phone.page.locator('.incident').count()) === 1, 20000);
await phone.page.waitForTimeout(800);
await phone.page.screenshot({ path: `${dir}/dashboard-phone.png` });

await page.emulateMedia({ colorScheme: 'dark' });
const begun = await until('the failover begins', async () => { const r = await call('/v1/apps/shop/runs', { workflow: 'failover', mode: 'ungraceful', reason: 'us-east-1 is gone' }); return r.run && r; }, 30000);
const state = await call('/v1/runs/' + begun.run);
if (state.state === 'proposed') await call(`/v1/runs/${begun.run}/commands`, { verb: 'approve' });
await page.goto(page.url().replace(/#.*/, '') + '#/runs/' + begun.run);
await until('it is half-way', async () => (await page.locator('.bar.tone-ok').count()) > 4 && (await page.locator('.bar.tone-info').count()) > 0, 60000);
await page.waitForTimeout(300);
await shot('run', { fullPage: true });
await until('its end', async () => (await call('/v1/runs/' + begun.run)).over, 120000);
await page.emulateMedia({ colorScheme: 'light' });
await go('#/drills?app=shop');
await until('the trend', async () => (await page.locator('svg.chart').count()) === 2);
await shot('drills');
process.stdout.write('DONE\n');
await browser.close();
process.exit();
