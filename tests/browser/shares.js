// Sharing in Chromium, against a demonstration: a patient and two recipients in browsers of their own, who follow the
// links of their mails as people do. Usage: shares.js ESITO [PICTURES]
'use strict';

const { start, firstPassword, logInForTheFirstTime, PASSWORD } = require('./demonstration.js');
const { judgeRevoked, openViewer, sliceIn } = require('./viewer_shared.js');
const { Judge, FEW, path, fill, press, pause } = require('./portal_page.js');

const [esito, pictures] = process.argv.slice(2);
const PIN = '271828';
const TWO = ['anna.test@example.org', 'luca.test@example.org'];

const mainText = (page) => page.$eval('main', (main) => main.innerText);

/** The messages of the outbox, the newest first: to whom, with which subject, what they say, and their links. */
async function letters(page, demo) {
  await page.goto(demo.outbox);
  return page.$$eval('.message', (all) => all.map((one) => ({
    to: one.querySelector('h2').textContent,
    text: one.innerText,
    html: (one.querySelector('a[href^="/outbox/"]') || {}).href,
  })));
}

/** The link in the newest mail to somebody, as it stands in both of its parts. */
async function linkFor(page, demo, address, check) {
  const letter = (await letters(page, demo)).find(({ to, text }) => to.includes(address) && /\/s\//.test(text));
  const [link] = letter.text.match(/https?:\/\/\S+\/s\/\S+/);
  await page.goto(letter.html);
  const button = await page.$eval('a[href*="/s/"]', (one) => one.href);
  check(button === link, `S-109: the parts of the mail to ${address} lead to different places`);
  return { link, letter };
}

async function openOrder(page, home, name) {
  await page.goto(home);
  const href = await page.$$eval('.orders tbody th a', (links, wanted) => links.find((link) => link.textContent.includes(wanted)).href, name);
  await page.goto(href);
}

/** Enters a PIN on the page that a link opens. */
async function enter(page, pin) {
  await fill(page, { pin });
  await press(page, '.pin-entry button.primary');
}

async function until(page, states, seconds) {
  const state = () => page.evaluate(() => (document.querySelector('#downloads > .download') || { dataset: {} }).dataset.state);
  for (let tries = 0; tries < seconds * 5 && !states.includes(await state()); tries += 1) { await pause(200); }
  return state();
}

/** Fetches the first package of the panel in the page; its tag is its SHA-256. */
const fetched = (page) => page.evaluate(async () => {
  const answer = await fetch(document.querySelector('.download [data-part=fetch]').href);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { said: `${answer.status} ${answer.headers.get('content-type')} ${String.fromCharCode(...bytes.slice(0, 2))}`, tag: answer.headers.get('etag') };
});

/** The dialog over the order: chips, rules of the PIN, dates, letters that are left (S-100 to S-107). */
async function shareFromTheWindow(judge, page, home) {
  const check = (holds, what) => judge.check(holds, what);
  await openOrder(page, home, 'TC TORACE');
  const order = page.url();
  await page.click('.acts summary');
  await page.click('.acts a[data-opens]');
  const window = await page.$eval('#share-window', (dialog) => ({ open: dialog.open, text: dialog.innerText }));
  check(window.open && page.url() === order, 'S-100: Azioni >> Condividi opens no window');
  for (const words of ['Condividi cartella', 'Dettagli paziente', 'ROSSI, MARIA TEST (Femmina)', 'ID paziente', 'TEST000001', 'ID ordine', 'MTF3234309',
    'Nata', '1 gen 1970', 'Indirizzi e-mail destinatario *', 'PIN (6 cifre) *', 'Inserisci il PIN per sicurezza. (Non dovrebbe iniziare con zero)',
    'Valido per', '15 Giorni', '30 Giorni', '45 Giorni', 'Messaggio', 'Condividi', 'Cancella tutto']) {
    check(window.text.includes(words), `S-101 to S-107: ${words}: ${window.text}`);
  }
  check(await page.$eval('#emails-next', (input) => input.placeholder) === 'Immetti destinatario/i', 'S-103: the placeholder of the recipients');
  check(await page.$eval('#message', (area) => area.placeholder) === 'Immetti messaggio', 'S-106: the placeholder of the message');
  await judge.look(page, 'share-window', FEW);
  const chips = () => page.$$eval('.chip', (all) => all.map((chip) => chip.dataset.address + (chip.classList.contains('odd') ? '!' : '')));
  await page.type('#emails-next', `${TWO[0]},wrong `);
  check((await chips()).join() === `${TWO[0]},wrong!`, `S-103: the chips are ${await chips()}`);
  await page.keyboard.press('Backspace');
  await page.type('#emails-next', TWO[1]);
  await page.keyboard.press('Enter');
  check((await chips()).join() === TWO.join(), `S-103: the chips are ${await chips()}`);
  check(await page.$eval('#emails', (area) => area.value) === TWO.join('\n'), 'S-103: what is sent is something else');
  const states = () => page.$$eval('#share-window [data-rule]', (items) => items.map((item) => item.dataset.state).join());
  await page.type('#pin', '0123');
  check(await states() === 'open,open,open', `S-104: the rules of 0123: ${await states()}`);
  await fill(page, { pin: '111111' });
  check(await states() === 'kept,kept,open', `S-104: the rules of 111111: ${await states()}`);
  await fill(page, { pin: PIN });
  check(await states() === 'kept,kept,kept', `S-104: the rules of ${PIN}: ${await states()}`);
  await page.$eval('#pin + .show', (button) => button.click());
  check(await page.$eval('#pin', (input) => input.type) === 'text', 'S-104: the eye does not show the PIN');
  await page.type('#message', 'Buongiorno, ecco la TC di controllo.');
  await judge.look(page, 'share-window-filled', FEW);
  await press(page, '#share-window form.share button.primary');
  for (const address of TWO) { check((await mainText(page)).includes(address), `the confirmation does not name ${address}`); }
  await judge.look(page, 'share-done');
  return order;
}

/** The page of the form, with its errors beside their fields. */
async function pageOfTheForm(judge, page, order) {
  await page.goto(`${order}/share`);
  await judge.look(page, 'share');
  await page.type('#emails-next', 'not-an-address');
  await fill(page, { pin: '111111' });
  await press(page, 'form.share button.primary');
  judge.check((await page.$$('form.share .wrong')).length === 2, `faults at their fields: ${await mainText(page)}`);
  judge.check(await page.$eval('#pin', (input) => input.value) === '', 'the PIN comes back');
  await judge.look(page, 'share-refused');
}

async function main(judge, demo) {
  const check = (holds, what) => judge.check(holds, what);
  const { browser, page } = await judge.browser();
  await page.goto(`${demo.origin}/login`);
  if (await page.$eval('html', (html) => html.lang) !== 'it') { await press(page, 'form[action="/language"] button'); }
  await logInForTheFirstTime(page, demo, await firstPassword(page, demo));
  await page.goto(`${demo.origin}/`);
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.reload(); }
  const home = page.url();
  await page.goto(`${demo.origin}/shares`);
  await judge.look(page, 'shares-none');
  const order = await shareFromTheWindow(judge, page, home);

  // S-109, S-133: link and PIN in mails of their own.
  const { link, letter } = await linkFor(page, demo, TWO[0], check);
  check(letter.text.includes('MARIA TEST ROSSI') && letter.text.includes('ecco la TC di controllo') && !letter.text.includes(PIN), `S-109: ${letter.text}`);
  await judge.look(page, 'mail-link', FEW);
  const pins = (await letters(page, demo)).filter(({ text }) => text.includes(PIN));
  check(pins.length === 2 && pins.every(({ text }) => !text.includes('/s/')), 'S-109: the PIN has no mail of its own');
  await page.goto(pins[0].html);
  await judge.look(page, 'mail-pin', FEW);

  // S-120: a browser of their own.
  const { browser: theirs, page: guest } = await judge.browser();
  await guest.goto(link);
  if (await guest.$eval('html', (html) => html.lang) !== 'it') { await press(guest, 'form[action="/language"] button'); }
  check(guest.url() === link, `S-032: the globe leads from the link to ${path(guest)}`);
  await judge.look(guest, 'pin');
  check(await guest.$('body.recipient'), 'S-004: the page of the PIN is not orange');
  await enter(guest, '999999');
  check(/4 tentativi/.test(await mainText(guest)), `S-120: a wrong PIN: ${await mainText(guest)}`);
  await judge.look(guest, 'pin-wrong');
  await enter(guest, PIN);
  const shared = guest.url();
  check(/^\/shared\/[0-9a-f]{32}$/.test(path(guest)), `S-121: the PIN leads to ${path(guest)}`);
  check(!shared.includes(link.split('/s/')[1]), 'the address holds the link still');
  check((await mainText(guest)).includes('TC TORACE') && await guest.$('body.recipient'), 'S-121: it is not the order, in orange');
  check(!(await guest.$('.bell, .menu .user, .tabs')) && await guest.$('.tool.language') && await guest.$('.tool[href^="/help"]'), 'S-031, S-121: the head has something else');
  const banner = await guest.$eval('.banner', (one) => one.innerText);
  check(banner.includes('ROSSI, MARIA TEST') && !banner.includes('@') && !banner.includes('+39'), `S-122: ${banner}`);
  // S-075, S-124: nothing of the patient's is there for them.
  await guest.$$eval('details', (all) => all.forEach((details) => { details.open = true; }));
  check(!(await mainText(guest)).includes('Condividi'), 'S-075: it can be shared on');
  await judge.look(guest, 'shared');
  for (const elsewhere of [order, `${order}/share`, home, `${demo.origin}/shares`, `${demo.origin}/downloads`]) {
    await guest.goto(elsewhere);
    check(path(guest) === '/login', `S-124: ${elsewhere} leads a recipient to ${path(guest)}`);
  }
  await guest.goto(shared);

  // S-123: the same steps, as for a patient.
  await press(guest, '.acts > form .primary');
  check((await guest.$eval('.toast', (toast) => toast.innerText)).includes('Richiesta generata correttamente.'), 'S-123: no toast');
  check(await until(guest, ['ready'], 120) === 'ready', 'S-123: it does not become ready');
  await judge.look(guest, 'shared-ready');
  const theirZip = await fetched(guest);
  check(theirZip.said === '200 application/zip PK', `S-123: ${theirZip.said}`);
  await guest.goto(await guest.$eval('.download [data-part=look]', (one) => one.href));
  check(/\/pages\/index\.htm$/.test(path(guest)), `S-123: the images are at ${path(guest)}`);
  const viewer = await openViewer(theirs, guest.url());
  const theirSlice = await sliceIn(viewer.page);
  await guest.goto(shared);
  await press(guest, '.read button');
  for (let tries = 0; tries < 300 && !/\/pages\//.test(path(guest)); tries += 1) { await pause(200); }
  check((await mainText(guest)).includes('Quadro invariato'), `S-123: the report opens at ${path(guest)}`);

  // S-110: the patient sees who came, and what they did.
  await page.goto(`${demo.origin}/shares`);
  const seen = await mainText(page);
  for (const words of [TWO[0], TWO[1], 'una volta', 'TC TORACE']) { check(seen.includes(words), `S-110: ${words}: ${seen}`); }
  await judge.look(page, 'shares');
  await page.$$eval('.manage details', (all) => all.forEach((details) => { details.open = true; }));
  await judge.look(page, 'shares-open', FEW);
  await press(page, '.share-card form[action$="/extend"] button.primary');
  check(await page.$('.toast'), 'S-110: it cannot be extended');
  await page.$$eval('.manage details', (all) => all.forEach((details) => { details.open = true; }));
  // Another PIN: who came in has to come in again, and the old one is worth nothing.
  await fill(page, { [await page.$eval('.share-card form[action$="/pin"] input[name=pin]', (input) => input.id)]: '314159' });
  await press(page, '.share-card form[action$="/pin"] button.primary');
  await guest.goto(shared);
  check(!(await mainText(guest)).includes('TC TORACE'), 'S-110: the old PIN still opens it');
  await judge.look(guest, 'shared-closed', FEW);
  await guest.goto(link);
  await enter(guest, PIN);
  check(path(guest).startsWith('/s/'), 'S-110: the old PIN opens it anew');
  await enter(guest, '314159');
  check(guest.url() === shared, `S-110: the new PIN leads to ${path(guest)}`);

  // S-150: what they fetched is what the patient gets.
  await page.goto(order);
  await press(page, '.acts > form .primary');
  check(await until(page, ['ready'], 120) === 'ready' && (await fetched(page)).tag === theirZip.tag, 'S-150: the patient gets another package');

  await page.goto(await page.$eval('.download [data-part=look]', (one) => one.href));
  const own = await openViewer(browser, page.url());
  const { shown, pixels } = await sliceIn(own.page);
  check(shown === theirSlice.shown && /IM000007#1$/.test(shown) && pixels === theirSlice.pixels, `S-123: in the viewer they see ${theirSlice.shown}, the patient ${shown}`);
  await own.page.close();

  // Revoked: at once, also what is open.
  await page.goto(`${demo.origin}/shares`);
  await press(page, '.share-card form[action$="/revoke"] button');
  check((await mainText(page)).includes('Revocata'), 'S-110: it is not revoked');
  await judge.look(page, 'shares-revoked', FEW);
  await guest.goto(shared);
  check(!(await mainText(guest)).includes('TC TORACE'), 'S-110: it is open after it was revoked');
  await guest.goto(link);
  await enter(guest, '314159');
  await judgeRevoked(viewer, check, (tab) => judge.look(tab, 'viewer-revoked', FEW));
  check((await mainText(guest)).includes('Chiedi al paziente'), `a link that is revoked says ${await mainText(guest)}`);
  await judge.look(guest, 'link-gone');

  await pageOfTheForm(judge, page, order);
  await paused(judge, page, guest, demo, order);
  await theirs.close();
  await browser.close();
  await inEnglish(judge, demo, order);
  await withoutScript(judge, demo, order);
}

/** Five wrong PINs, and a pause. */
async function paused(judge, page, guest, demo, order) {
  await page.goto(`${order}/share`);
  await page.type('#emails-next', TWO[0]);
  await fill(page, { pin: PIN });
  await press(page, 'form.share button.primary');
  const { link } = await linkFor(page, demo, TWO[0], (holds, what) => judge.check(holds, what));
  await guest.goto(link);
  for (let tries = 0; tries < 5; tries += 1) { await enter(guest, '999999'); }
  judge.check(/PIN errato|Troppi tentativi/.test(await mainText(guest)), `a pause: ${await mainText(guest)}`);
  await judge.look(guest, 'pin-pause', FEW);
}

/** Both sides in English. */
async function inEnglish(judge, demo, order) {
  const { browser, page } = await judge.browser();
  await page.goto(`${demo.origin}/login`);
  do { await press(page, 'form[action="/language"] button'); } while (await page.$eval('html', (html) => html.lang) !== 'en');
  await fill(page, { user_name: demo.user, password: PASSWORD });
  await press(page, 'main button.primary');
  await page.goto(`${order}/share`);
  await judge.look(page, 'share-english', FEW);
  await page.type('#emails-next', TWO[1]);
  await fill(page, { pin: PIN });
  await press(page, 'form.share button.primary');
  await page.goto(`${demo.origin}/shares`);
  await judge.look(page, 'shares-english', FEW);
  const { link } = await linkFor(page, demo, TWO[1], (holds, what) => judge.check(holds, what));
  // In the browser of the patient: both are in there, and give each other nothing.
  await page.goto(link);
  await judge.look(page, 'pin-english', FEW);
  await enter(page, PIN);
  await judge.look(page, 'shared-english', FEW);
  judge.check(await page.$('body.recipient') && !(await page.$('.bell')), 'the order of a recipient shows who is logged in');
  await page.goto(order);
  judge.check(await page.$('body.patient'), 'the patient is not logged in any more');
  await browser.close();
}

/** Both sides without script. */
async function withoutScript(judge, demo, order) {
  const check = (holds, what) => judge.check(holds, what);
  const { browser, page } = await judge.browser('off');
  await page.setViewport({ width: 390, height: 844 });
  const submit = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  await page.goto(`${demo.origin}/login`);
  await page.type('#user_name', demo.user);
  await page.type('#password', PASSWORD);
  await submit('main button.primary');
  await page.goto(order);
  await page.click('.acts summary');
  await submit('.acts a[data-opens]');
  check(path(page).endsWith('/share'), `without script Condividi leads to ${path(page)}`);
  await page.type('#emails', `${TWO[0]}, ${TWO[1]}\nthird.test@example.org`);
  await page.type('#pin', PIN);
  await submit('form.share button.primary');
  for (const address of [...TWO, 'third.test@example.org']) { check((await mainText(page)).includes(address), `without script ${address} is not named`); }
  const { link } = await linkFor(page, demo, 'third.test@example.org', check);
  await page.goto(link);
  await page.type('#pin', PIN);
  await submit('.pin-entry button.primary');
  const shared = page.url();
  check((await mainText(page)).includes('TC TORACE'), 'without script the PIN opens nothing');
  await submit('.acts > form .primary');
  check(await page.$('.toast'), 'without script a recipient cannot download');
  await page.goto(`${demo.origin}/shares`);
  // Nothing lies below the panel of the downloads.
  await page.setViewport({ width: 390, height: 2400 });
  await page.click('.share-card[data-state=active] details:has(form[action$="/revoke"]) summary');
  await submit('.share-card[data-state=active] form[action$="/revoke"] button');
  await page.goto(shared);
  check(!(await mainText(page)).includes('TC TORACE'), 'without script nothing can be revoked');
  await browser.close();
}

(async () => {
  const demo = await start(esito);
  const judge = new Judge(demo.origin, pictures);
  const walked = main(judge, demo);
  judge.run(walked);
  await walked.catch(() => {});
  demo.server.kill('SIGTERM');
})();
