// Downloads in Chromium, against a demonstration: the panel, live, on two devices, without events, without script; a study
// that is not online. Usage: downloads.js ESITO [PICTURES]
'use strict';

const { start, firstPassword, logInForTheFirstTime, PASSWORD } = require('./demonstration.js');
const { Judge, FEW, path, fill, press, pause } = require('./portal_page.js');

const [esito, pictures] = process.argv.slice(2);

const title = (page) => page.$eval('#panel-title', (heading) => heading.textContent);
const isShown = (page) => page.$eval('#panel', (panel) => !panel.hidden && panel.getClientRects().length > 0);
const panelText = (page) => page.$eval('#panel', (panel) => panel.innerText);

/** Waits until a download of the panel is in one of some states. */
async function until(page, name, states, seconds) {
  const state = () => page.evaluate((wanted) => {
    const items = Array.from(document.querySelectorAll('#downloads > .download'));
    const item = items.find((one) => one.textContent.includes(wanted));
    return item && item.dataset.state;
  }, name);
  for (let tries = 0; tries < seconds * 5; tries += 1) {
    const now = await state();
    if (states.includes(now)) { return now; }
    await pause(200);
  }
  return `${await state()} after ${seconds} s`;
}

async function logIn(page, origin) {
  await page.goto(`${origin}/login`);
  await fill(page, { user_name: 'maria.test', password: PASSWORD });
  await press(page, 'main button.primary');
  await page.goto(`${origin}/`);
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.reload(); }
  return page.url();
}

/** Opens the order with a name in its description. */
async function openOrder(page, home, name) {
  await page.goto(home);
  const href = await page.$$eval('.orders tbody th a', (links, wanted) => links.find((link) => link.textContent.includes(wanted)).href, name);
  await page.goto(href);
}

/** Counts what the live region says from now on; gives whether a download is still to become ready. */
const listenToIt = (page, name) => page.evaluate((wanted) => {
  window.said = [];
  new MutationObserver(() => window.said.push(document.getElementById('panel-said').textContent))
    .observe(document.getElementById('panel-said'), { childList: true, characterData: true, subtree: true });
  const items = Array.from(document.querySelectorAll('#downloads > .download'));
  return items.find((one) => one.textContent.includes(wanted)).dataset.state !== 'ready';
}, name);

/** Waits until the report that was asked for has opened; gives where. */
async function report(page, seconds) {
  for (let tries = 0; tries < seconds * 5 && !/\/pages\//.test(path(page)); tries += 1) { await pause(200); }
  return path(page);
}

/** "Guarda le immagini": the pages of a package, its images and its report, in the browser. */
async function lookOnline(judge, page, home) {
  const check = (holds, what) => judge.check(holds, what);
  await openOrder(page, home, 'AVAMBRACCIO');
  await press(page, '.acts > form .primary');
  check(await until(page, 'AVAMBRACCIO', ['ready'], 120) === 'ready', `online: ${await panelText(page)}`);
  const stored = [];
  page.on('response', (answer) => {
    if (/\/pages\//.test(answer.url()) && answer.headers()['cache-control'] !== 'no-store') { stored.push(answer.url()); }
  });
  const look = await page.$$eval('.download', (items) => items.find((one) => one.textContent.includes('AVAMBRACCIO')).querySelector('[data-part=look]').href);
  await page.goto(look);
  check(/\/pages\/index\.htm$/.test(path(page)), `online: ${path(page)}`);
  check((await page.$eval('body', (body) => body.innerText)).includes('ROSSI'), 'online: the index names nobody');
  await judge.look(page, 'online-index', FEW);
  const href = await page.$$eval('a', (links) => (links.find((link) => /\.PDF$/i.test(link.href)) || {}).href);
  await Promise.all([page.waitForNavigation(), page.$$eval('a', (links) => links.find((link) => /SE\d+\.HTM/i.test(link.href)).click())]);
  await page.waitForFunction(() => { const shown = document.querySelector('#screen img'); return shown && shown.naturalWidth > 0; }, { timeout: 20000 });
  check((await page.$eval('#counter', (counter) => counter.textContent)).startsWith('1 / '), 'online: the stack does not run');
  // The image itself, as a JPG.
  const image = await page.$eval('#file', (link) => link.href);
  const picture = await page.goto(image);
  check(picture.status() === 200 && picture.headers()['content-type'] === 'image/jpeg', `online: ${image}: ${picture.status()}`);
  check(await page.$eval('img', (img) => img.naturalWidth > 0), 'online: the image does not open');
  // The report, in the viewer of the browser.
  const opened = await page.goto(href);
  const policy = opened.headers()['content-security-policy'];
  check(opened.status() === 200 && opened.headers()['content-type'] === 'application/pdf' && policy.includes('sandbox'), `online: the report ${href}: ${opened.status()} ${policy}`);
  check(await page.evaluate(() => document.contentType) === 'application/pdf', 'online: the report does not open');
  check(stored.length === 0, `online: these may stay on the disk: ${stored.join(', ')}`);
  await page.goto(home);
}

async function main(judge, demo) {
  const check = (holds, what) => judge.check(holds, what);
  const { browser, page } = await judge.browser();
  await page.goto(`${demo.origin}/login`);
  if (await page.$eval('html', (html) => html.lang) !== 'it') { await press(page, 'form[action="/language"] button'); }
  const first = await firstPassword(page, demo);
  await logInForTheFirstTime(page, demo, first);
  await page.goto(`${demo.origin}/`);
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.reload(); }
  const home = page.url();

  // S-074, S-080, S-081: what is not online first, as it takes longest.
  await openOrder(page, home, 'RM ENCEFALO');
  await press(page, '.acts button.primary');
  check((await page.$eval('.toast', (toast) => toast.innerText)).includes('Richiesta generata correttamente.'), 'S-080: no toast');
  check(await isShown(page), 'S-081: no panel');
  // S-090: it is not online, and the panel says that it is asked for.
  check(await until(page, 'RM ENCEFALO', ['recalling'], 40) === 'recalling', `S-090: ${await panelText(page)}`);
  check((await panelText(page)).includes('Esito non disponibile. Il portale sta tentando di richiamarlo.'), 'S-090: what is said');
  await judge.look(page, 'panel-recalling', FEW);

  // S-073: its report is brought back with it; that of the CT opens by itself, and the way back leads to the order.
  await openOrder(page, home, 'RM ENCEFALO');
  await press(page, '.read button');
  const reading = page.url();
  for (let tries = 0; tries < 100 && !(await page.$eval('main', (main) => main.innerText)).includes('richiamarlo'); tries += 1) { await pause(200); await page.goto(reading); }
  // It comes again by itself after a while, which would end the looking.
  await page.evaluate(() => window.stop());
  await judge.look(page, 'report-recalling');
  check((await page.$eval('main', (main) => main.innerText)).includes('il portale tenta automaticamente di richiamare l\'esito'), 'S-073: a report that is not online');
  await openOrder(page, home, 'TC TORACE');
  const order = path(page);
  await press(page, '.read button');
  check(/\/pages\/IHE_PDI\/RP000001\.HTM$/.test(await report(page, 60)), `S-073: the report opens at ${path(page)}`);
  check((await page.$eval('main', (main) => main.innerText)).includes('Quadro invariato'), 'S-073: the report says something else');
  await page.goBack();
  check(path(page) === order, `back from the report is ${path(page)}`);
  await page.click('.acts summary');
  await judge.look(page, 'order-actions');
  await page.keyboard.press('Escape');
  // S-081: the panel while it is prepared. It may be through before one looks.
  await press(page, '.acts > form .primary');
  const early = await title(page);
  check(['Preparazione del download', 'Stato del download'].includes(early), `S-081: ${early}`);
  const isEarly = await listenToIt(page, 'TC TORACE');
  // S-082, S-085: it becomes ready without anybody doing anything.
  check(await until(page, 'TC TORACE', ['ready'], 120) === 'ready', `S-082: ${await panelText(page)}`);
  for (const words of ['Esito disponibile', 'File compresso pronto per il download.']) {
    check((await panelText(page)).includes(words), `S-082, S-085: ${words}: ${await panelText(page)}`);
  }
  check(await title(page) === 'Stato del download', `S-082: ${await title(page)}`);
  const said = await page.evaluate(() => window.said);
  check(said.length <= 2 && (!isEarly || said.some((text) => text.includes('TC TORACE: Esito disponibile'))), `the live region says ${JSON.stringify(said)}`);
  await judge.look(page, 'panel-ready');

  // S-083, S-084: the icon leads to the ZIP.
  const fetched = await page.evaluate(async () => {
    const item = Array.from(document.querySelectorAll('.download')).find((one) => one.dataset.state === 'ready');
    const answer = await fetch(item.querySelector('[data-part=fetch]').href);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { status: answer.status, kind: answer.headers.get('content-type'), length: bytes.length, start: String.fromCharCode(...bytes.slice(0, 2)) };
  });
  check(fetched.status === 200 && fetched.kind === 'application/zip' && fetched.start === 'PK', `S-083: ${JSON.stringify(fetched)}`);

  await lookOnline(judge, page, home);

  // S-086: it stays while one goes on, folds, closes, and is reached again from any page.
  await page.goto(`${demo.origin}/help`);
  check(await isShown(page), 'S-086: the panel does not come along');
  await page.click('#panel summary');
  await pause(500);
  await page.goto(home);
  check(!(await page.$eval('#panel details', (details) => details.open)), 'the panel does not stay folded');
  await page.click('.panel-close button');
  check(!(await isShown(page)), 'the panel does not close');
  await pause(500);
  await page.goto(`${demo.origin}/privacy`);
  check(!(await isShown(page)), 'the panel does not stay closed');
  await page.click('.tool.downloads');
  check(await isShown(page) && path(page) === '/privacy', 'the panel is not reached again');
  check(await page.evaluate(() => document.activeElement.tagName) === 'SUMMARY', 'the focus does not go to the panel');
  await pause(500);

  // Another device of the same patient; there events are lost on their way.
  const { browser: other, page: there } = await judge.browser();
  const session = await there.createCDPSession();
  await session.send('Network.enable');
  await session.send('Network.setBlockedURLs', { urls: ['*/downloads/events'] });
  const faults = judge.faults.length;
  await logIn(there, demo.origin);
  check((await panelText(there)).includes('TC TORACE'), 'the panel is not on the other device');
  await openOrder(there, home, 'ECOGRAFIA ADDOME');
  await press(there, '.acts > form .primary');
  check(await until(there, 'ECOGRAFIA ADDOME', ['ready'], 120) === 'ready', `without events: ${await panelText(there)}`);
  // The console tells of each request that is blocked.
  judge.faults.splice(faults, judge.faults.length, ...judge.faults.slice(faults).filter((fault) => !/ERR_BLOCKED_BY_CLIENT/.test(fault)));
  // And here it comes when the page is seen again.
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  check(await until(page, 'ECOGRAFIA ADDOME', ['ready'], 20) === 'ready', 'what another device asks for does not come');
  await other.close();

  // The page of all downloads, and × (S-081).
  await page.goto(`${demo.origin}/downloads`);
  for (const words of ['Premi l\'icona ⭳ per eseguire il download dell\'esito radiologico.', 'il portale tenta automaticamente di richiamare l\'esito', 'riceverai una nuova notifica di disponibilità dell\'esito']) {
    check((await page.$eval('main', (main) => main.innerText)).includes(words), `S-083, S-091, S-092: ${words}`);
  }
  await judge.look(page, 'downloads');
  const count = async () => (await page.$$('#downloads > .download')).length;
  const before = await count();
  await press(page, '.download[data-state=ready] [data-part=withdraw] button');
  check(await count() === before - 1, `${before} downloads, and ${await count()} after ×`);

  // S-091, S-092, S-131: it is back, and the patient is told.
  await page.goto(home);
  check(await until(page, 'RM ENCEFALO', ['ready'], 120) === 'ready', `S-091: ${await panelText(page)}`);
  await judge.look(page, 'panel-recalled', FEW);
  await page.goto(demo.outbox);
  check(/SMS/.test(await page.$eval('main', (main) => main.innerText)), 'S-131: no SMS');

  // Without script: the toast, the panel as it is, the page of all downloads.
  const { browser: plain, page: still } = await judge.browser('off');
  await still.setViewport({ width: 1280, height: 900 });
  const submit = (selector) => Promise.all([still.waitForNavigation(), still.click(selector)]);
  await still.goto(`${demo.origin}/login`);
  await still.type('#user_name', demo.user);
  await still.type('#password', PASSWORD);
  await submit('main button.primary');
  await submit('.orders tbody tr:first-child th a');
  await submit('.acts > form .primary');
  check(await still.$('.toast') && await isShown(still), 'without script there is no panel');
  await submit('.panel-all a');
  check(path(still) === '/downloads', `without script the panel leads to ${path(still)}`);
  for (let tries = 0; tries < 60 && (await still.$$('.download[data-state=ready]')).length < 3; tries += 1) { await pause(1000); await submit('noscript a'); }
  check((await still.$$('.download[data-state=ready]')).length >= 3, 'without script nothing becomes ready');
  await openOrder(still, home, 'GINOCCHIO');
  await submit('.read button');
  check(/\/pages\/index\.htm$/.test(await report(still, 60)), `without script the reports open at ${path(still)}`);
  await still.goto(home);
  await submit('.panel-close button');
  check(!(await isShown(still)), 'without script the panel does not close');
  await submit('.tool.downloads');
  check(path(still) === '/downloads', 'without script the downloads are not reached again');
  await plain.close();
  await browser.close();
}

(async () => {
  const demo = await start(esito, undefined, undefined, ['--recall-after', '30']);
  const judge = new Judge(demo.origin, pictures);
  const walked = main(judge, demo);
  judge.run(walked);
  await walked.catch(() => {});
  demo.server.kill('SIGTERM');
})();
