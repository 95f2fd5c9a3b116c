// Real Chromium against a real controller: what the stories share. The processes are the caller's (test_dashboard.py): they are asked
// for by a line on standard output, and answered by a line on standard input.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const modules = createRequire(join(process.env.EVAC_NODE_MODULES, 'here.js'));
const { chromium } = modules('playwright-core');
const axeSource = readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// {sand: line} to the sandbox, {evacd: 'kill' | 'start'}, {truth: true}: the sandbox's truth, {link: true}: one of evac dashboard, {heard: {code, app, from, to, mode}}:
// what an approver's own machine answers.
export async function world(wish) {
  process.stdout.write('WISH ' + JSON.stringify(wish) + '\n');
  const { value } = await answers.next();
  return JSON.parse(value);
}

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

// Until it holds, or too late: says what it was waiting for.
export async function until(what, holds, ms = 20000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await holds().catch(() => false);
    if (value) return value;
    if (Date.now() > end) throw new Error('gave up waiting: ' + what);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export async function launch() {
  return chromium.launch({ executablePath: process.env.EVAC_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
}

// A page whose every request, message and error is kept.
export async function open(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  const seen = { requests: [], errors: [] };
  page.on('request', (r) => seen.requests.push(r.url()));
  page.on('pageerror', (e) => seen.errors.push(e.stack || e.message));
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 50[234]|Failed to load resource|ERR_/.test(m.text())) seen.errors.push(m.text()); });
  return { context, page, seen };
}

// Nothing that WCAG 2.2 A and AA ask for is missing, as far as a program can tell.
export async function accessible(page, where) {
  await page.evaluate((source) => { if (!window.axe) (0, eval)(source); }, axeSource).catch(() => page.evaluate(axeSource));
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
    .then((r) => r.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0] ? n.any[0].message : '')).join(' | ')}`)));
  check(found.length === 0, `${where}: ${found.join('\n')}`);
}

export const text = (page, selector) => page.locator(selector).first().evaluate((e) => e.innerText || e.textContent);
