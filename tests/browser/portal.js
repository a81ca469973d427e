// The portal in Chromium: from the first password to the log-out. Every page is judged: in Italian in every look and
// by keyboard, in English, with the script lost on its way; and everything is used without script.
// Arguments: the address of a demonstration, a folder for pictures if wanted.
'use strict';

const { Judge, FEW, LARGE, path, fill, press, pause } = require('./portal_page.js');

const [origin, pictures] = process.argv.slice(2);
const NEW_PASSWORD = 'Tramonto-Azzurro!7';
const judge = new Judge(origin, pictures);
const check = (holds, what) => judge.check(holds, what);

/** The first password, as the SMS has it. */
async function firstPassword(page) {
  await page.goto(`${origin}/outbox`);
  await judge.look(page, 'outbox');
  const text = await page.evaluate(() => document.body.innerText);
  return text.match(/password è (\S+)/)[1];
}

/** The first login, with rules that are ticked as one types (S-012, S-041 to S-047). */
async function changeForTheFirstTime(page, first) {
  await page.goto(`${origin}/`);
  check(path(page) === '/login', `a stranger comes to ${path(page)}`);
  await fill(page, { user_name: 'maria.test', password: first });
  await press(page, 'main button.primary');
  check(path(page) === '/password', `the first login leads to ${path(page)}`);
  await judge.look(page, 'password-first');
  const states = () => page.$$eval('[data-rule]', (items) => items.map((item) => item.dataset.state));
  check((await states()).every((state) => state === 'open'), 'rules are ticked before anything is typed');
  await page.type('#new', 'Ab1');
  check((await states()).join() === 'open,kept,kept,kept,open', `the rules of Ab1: ${await states()}`);
  await page.$eval('#new + .show', (button) => button.click());
  check(await page.$eval('#new', (input) => input.type) === 'text', 'the eye does not show the password');
  await judge.look(page, 'password-typed', FEW);
  await fill(page, { old: first, new: 'Ab1', confirm: 'Ab1' });
  await press(page, 'main button.primary');
  await judge.look(page, 'password-refused');
  await fill(page, { old: first, new: NEW_PASSWORD, confirm: NEW_PASSWORD });
  check((await states()).every((state) => state === 'kept'), 'the rules of a good password are not all ticked');
  await press(page, 'main button.primary');
  check(path(page) === '/password/changed', `the change leads to ${path(page)}`);
  await judge.look(page, 'password-changed');
}

/** Chooses a language, whatever the browser asks for. */
async function speak(page, language) {
  await page.goto(`${origin}/login`);
  do { await press(page, 'form[action="/language"] button'); } while (await page.$eval('html', (html) => html.lang) !== language);
}

async function logIn(page) {
  await page.goto(`${origin}/login`);
  await fill(page, { user_name: 'maria.test', password: NEW_PASSWORD });
  await press(page, 'main button.primary');
}

/** Every page of who is logged in, and what each of them can look like. */
async function pagesOfAPatient(page, look) {
  await page.goto(`${origin}/`);
  check(/^\/persons\/[0-9a-f]{32}\/results$/.test(path(page)), `home is ${path(page)}`);
  const home = page.url();
  // The PACS may be asked still: what is there comes with a reload.
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) {
    await pause(500);
    await page.reload();
  }
  check((await page.$$('.orders tbody tr')).length > 5, 'the list is empty');
  await look(page, 'results');
  await page.$$eval('details', (all) => all.forEach((details) => { details.open = true; }));
  await look(page, 'results-open');
  await page.type('#search', 'nothing has this');
  await press(page, 'form[role=search] button');
  check(!page.url().includes('nothing'), 'the search stands in the address');
  await look(page, 'results-none');
  await page.goto(`${origin}/notifications`);
  await look(page, 'notifications');
  await page.goto(home);
  const orders = await page.$$eval('.orders tbody th a', (links) => links.map((link) => [link.textContent, link.href]));
  const of = (name) => (orders.find(([text]) => text.includes(name)) || ['', home])[1];
  await page.goto(of('AVAMBRACCIO'));
  await look(page, 'order');
  await page.goto(of('GINOCCHIO'));
  await look(page, 'order-of-two');
  await press(page, '.tabs li:nth-child(2) a');
  await look(page, 'profile');
  await press(page, '.persons li:nth-child(2) a');
  await look(page, 'profile-of-a-child');
  await page.goto(`${origin}/password`);
  await look(page, 'password');
  await press(page, '.menu form[action="/logout/elsewhere"] button');
  await look(page, 'logout-elsewhere');
  for (const name of ['help', 'accessibility', 'privacy']) {
    await page.goto(`${origin}/${name}`);
    await look(page, name);
  }
  await page.goto(`${origin}/notifications`);
  if (await page.$('main form[action="/notifications"]')) { await press(page, 'main form[action="/notifications"] button'); }
  await look(page, 'notifications-read');
}

/** Every page of a stranger, and what each of them can look like. */
async function pagesOfAStranger(page, look) {
  await press(page, '.menu form[action="/logout"] button');
  check(path(page) === '/login', `the log-out leads to ${path(page)}`);
  await look(page, 'login');
  await fill(page, { user_name: 'maria.test', password: 'wrong' });
  await press(page, 'main button.primary');
  await look(page, 'login-wrong');
  await page.goto(`${origin}/recovery`);
  await look(page, 'recovery');
  await page.type('#email', 'nobody@example.org');
  await press(page, 'form[action="/recovery/user-name"] button');
  await look(page, 'recovery-sent');
  await page.goto(`${origin}/recovery`);
  await page.type('#user_name', 'nobody');
  await press(page, 'form[action="/recovery/password"] button');
  await look(page, 'recovery-code');
  await fill(page, { code: '00000000', new: NEW_PASSWORD, confirm: NEW_PASSWORD });
  await press(page, 'form[action="/recovery/code"] button.primary');
  await look(page, 'recovery-refused');
  await page.goto(`${origin}/nothing`);
  await look(page, 'not-found');
}

/** The same pages in English, with large letters, or without the script that comes with them. */
async function again(mode, { script = 'on', language = 'it', looks = FEW }) {
  const { browser, page } = await judge.browser(script, looks === LARGE);
  const look = async (open, name) => {
    const spoken = await open.$eval('html', (html) => html.lang);
    check(spoken === language, `${name} is in ${spoken}`);
    await judge.look(open, `${name}-${mode}`, looks);
  };
  await speak(page, language);
  await logIn(page);
  await pagesOfAPatient(page, look);
  await pagesOfAStranger(page, look);
  await browser.close();
}

/** Everything works without script as well (S-032, S-061, S-063, S-065, S-072). */
async function withoutScript() {
  const { browser, page } = await judge.browser('off');
  await page.setViewport({ width: 1280, height: 900 });
  const submit = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  const text = () => page.$eval('main', (main) => main.innerText);
  await page.goto(`${origin}/login`);
  await page.type('#user_name', 'maria.test');
  await page.type('#password', NEW_PASSWORD);
  await submit('main button.primary');
  check(path(page).endsWith('/results'), `without script the login leads to ${path(page)}`);
  await page.type('#search', 'ginocchio');
  await submit('form[role=search] button.primary');
  check((await page.$$('.orders tbody tr')).length === 1, 'without script the search finds something else');
  await page.click('.tests summary');
  check((await text()).includes('ECOGRAFIA GINOCCHIO'), 'without script the tests do not unfold');
  await submit('.orders thead th:nth-child(1) button');
  check((await page.$$('th[aria-sort]')).length === 1, 'without script nothing is sorted');
  await submit('.orders tbody th a');
  check((await page.$$('.examination[open]')).length === 2, 'without script the order is not open');
  await page.click('.examination summary');
  check((await page.$$('.examination[open]')).length === 1, 'without script an examination does not fold');
  await submit('.bell');
  check(path(page) === '/notifications', `without script the bell leads to ${path(page)}`);
  await submit('form[action="/language"] button');
  check(await page.$eval('html', (html) => html.lang) === 'en', 'without script no language can be chosen');
  await page.click('.menu summary');
  await submit('.menu form[action="/logout"] button');
  check(path(page) === '/login', `without script the log-out leads to ${path(page)}`);
  await submit('.toast button');
  check(!(await page.$('.toast')), 'without script a message does not close');
  await browser.close();
}

async function main() {
  const { browser, page } = await judge.browser();
  await speak(page, 'it');
  await changeForTheFirstTime(page, await firstPassword(page));
  const look = (open, name) => judge.look(open, name);
  await pagesOfAPatient(page, look);
  await pagesOfAStranger(page, look);
  await browser.close();
  await again('english', { language: 'en' });
  await again('script-lost', { script: 'lost' });
  await again('large-text', { looks: LARGE });
  await withoutScript();
}

judge.run(main());
