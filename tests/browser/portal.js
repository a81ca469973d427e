// The portal in Chromium: from the first password to the log-out, each page looked at by axe-core at the
// widths of a telephone and of a desk. Arguments: the address of a demonstration, a folder for pictures if wanted.
'use strict';

const { open } = require('./browsers.js');
const { axeFaults } = require('./accessibility.js');

const [origin, pictures] = process.argv.slice(2);
const NEW_PASSWORD = 'Tramonto-Azzurro!7';
const faults = [];
const seen = [];

function check(holds, what) { if (!holds) { faults.push(what); } }

/** The page that is open, at both widths: nothing for axe to find, nothing wider than the window. */
async function look(page, name) {
  seen.push(name);
  const moved = await shifts(page);
  check(moved <= 0.1, `${name}: the content moves by ${moved}`);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
  for (const fault of await axeFaults(page)) { check(false, `${name} in the dark: axe: ${fault}`); }
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  for (const width of [320, 390, 768, 1280]) {
    await page.setViewport({ width, height: 900 });
    for (const fault of await axeFaults(page)) { check(false, `${name} at ${width}: axe: ${fault}`); }
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(overhang <= 0, `${name} at ${width}: ${overhang} px too wide`);
    if (pictures && width !== 320) { await page.screenshot({ path: `${pictures}/${name}-${width}.png`, fullPage: true }); }
  }
}

/** How far the content moved by itself while the page came (Layout Instability, W3C). */
const shifts = (page) => page.evaluate(() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) { sum += entry.value; } })).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 100);
}));

async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await page.$eval(`#${name}`, (input) => { input.value = ''; });
    await page.type(`#${name}`, value);
  }
}

async function press(page, selector) {
  await Promise.all([page.waitForNavigation(), page.$eval(selector, (button) => button.click())]);
}

async function firstPassword(page) {
  await page.goto(`${origin}/outbox`);
  await look(page, 'outbox');
  const text = await page.evaluate(() => document.body.innerText);
  return text.match(/password è (\S+)/)[1];
}

const path = (page) => new URL(page.url()).pathname;

async function use(script) {
  const { browser, page } = await open('chromium', { script });
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 4/.test(message.text())) { faults.push(`console: ${message.text()}`); } });
  page.on('pageerror', (error) => faults.push(`script: ${error}`));
  return { browser, page };
}

async function changeForTheFirstTime(page, first) {
  await page.goto(`${origin}/`);
  check(path(page) === '/login', `a stranger comes to ${path(page)}`);
  await look(page, 'login');
  await fill(page, { user_name: 'maria.test', password: 'wrong' });
  await press(page, 'main button.primary');
  await look(page, 'login-wrong');
  await fill(page, { user_name: 'maria.test', password: first });
  await press(page, 'main button.primary');
  check(path(page) === '/password', `the first login leads to ${path(page)}`);
  const states = () => page.$$eval('[data-rule]', (items) => items.map((item) => item.dataset.state));
  check((await states()).every((state) => state === 'open'), 'rules are ticked before anything is typed');
  await page.type('#new', 'Ab1');
  check((await states()).join() === 'open,kept,kept,kept,open', `the rules of Ab1: ${await states()}`);
  await page.$eval('#new + .show', (button) => button.click());
  check(await page.$eval('#new', (input) => input.type) === 'text', 'the eye does not show the password');
  await look(page, 'password');
  await fill(page, { old: first, new: 'Ab1', confirm: 'Ab1' });
  await press(page, 'main button.primary');
  await look(page, 'password-refused');
  await fill(page, { old: first, new: NEW_PASSWORD, confirm: NEW_PASSWORD });
  check((await states()).every((state) => state === 'kept'), 'the rules of a good password are not all ticked');
  await press(page, 'main button.primary');
  check(path(page) === '/password/changed', `the change leads to ${path(page)}`);
  await look(page, 'password-changed');
}

async function readResults(page) {
  await page.goto(`${origin}/`);
  check(/^\/persons\/[0-9a-f]{32}\/results$/.test(path(page)), `home is ${path(page)}`);
  // The PACS may be asked still: what is there comes with a reload.
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    await page.reload();
  }
  const rows = await page.$$('.orders tbody tr');
  check(rows.length > 0, 'the list is empty');
  await page.$$eval('details', (all) => all.forEach((details) => { details.open = true; }));
  await look(page, 'results');
  await page.type('#search', 'nothing has this');
  await press(page, 'form[role=search] button');
  check(!page.url().includes('nothing'), 'the search stands in the address');
  await look(page, 'results-none');
  await page.goto(`${origin}/notifications`);
  await look(page, 'notifications');
  await page.goBack();
  await page.goto(`${origin}/`);
  if (!rows.length) { return; }
  await press(page, '.orders tbody th a');
  await look(page, 'order');
  await press(page, '.tabs li:nth-child(2) a');
  await look(page, 'profile');
}

/** Everything works without script as well. */
async function withoutScript() {
  const { browser, page } = await use(false);
  await page.goto(`${origin}/login`);
  await page.type('#user_name', 'maria.test');
  await page.type('#password', NEW_PASSWORD);
  const submit = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  await submit('main button.primary');
  check(path(page).endsWith('/results'), `without script the login leads to ${path(page)}`);
  await submit('form[action="/language"] button');
  check(await page.$eval('html', (html) => html.lang) === 'en', 'without script no language can be chosen');
  await page.click('.menu summary');
  await submit('.menu form[action="/logout"] button');
  check(path(page) === '/login', `without script the log-out leads to ${path(page)}`);
  await browser.close();
}

(async () => {
  const { browser, page } = await use(true);
  const first = await firstPassword(page);
  await changeForTheFirstTime(page, first);
  await readResults(page);
  await press(page, '.menu form[action="/logout/elsewhere"] button');
  await look(page, 'logout-elsewhere');
  await press(page, '.menu form[action="/logout"] button');
  check(path(page) === '/login', `the log-out leads to ${path(page)}`);
  await page.goto(`${origin}/recovery`);
  await look(page, 'recovery');
  await page.type('#user_name', 'maria.test');
  await press(page, 'form[action="/recovery/password"] button');
  await look(page, 'recovery-code');
  for (const name of ['help', 'accessibility', 'privacy']) {
    await page.goto(`${origin}/${name}`);
    await look(page, name);
  }
  await page.goto(`${origin}/nothing`);
  await look(page, 'not-found');
  await browser.close();
  await withoutScript();
  console.log(`${seen.length} pages at 4 widths`);
  for (const fault of faults) { console.log(fault); }
  process.exitCode = faults.length ? 1 : 0;
})().catch((error) => { console.log(error.stack); for (const fault of faults) { console.log(fault); } process.exitCode = 1; });
