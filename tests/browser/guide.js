// Makes the pictures of the quick guide from `esito demo`, in both languages. Usage: guide.js ESITO OUT [PICTURES]
//
// OUT/it and OUT/en get WebP files, which are part of the program: portal/templates/guide. PICTURES gets what README shows
// of the portal.
'use strict';

const fs = require('fs');
const path = require('path');
const { open } = require('./browsers');
const { start, firstPassword, logInForTheFirstTime, PASSWORD } = require('./demonstration');
const { fill, press, pause } = require('./portal_page');

// A telephone, and a tablet for the page as a whole; some pixels more than are shown, so that letters stay sharp.
const PHONE = { width: 390, height: 844, deviceScaleFactor: 1.5 };
const TABLET = { width: 768, height: 620, deviceScaleFactor: 1.25 };
const LARGEST = 60 * 1024;

/** A picture of the window, cut at the end of an element if one is named. */
async function picture(page, file, { size = PHONE, from, until, isWindow = false } = {}) {
  await page.setViewport(size);
  await pause(200);
  const clip = await page.evaluate((first, last) => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const top = first ? box(first).top + window.scrollY - 12 : 0;
    const bottom = last ? box(last).bottom + window.scrollY + 12 : top + window.innerHeight;
    return { x: 0, y: top, width: window.innerWidth, height: Math.min(bottom - top, 900) };
  }, from, until);
  await page.screenshot({ path: file, type: 'webp', quality: 72, ...(isWindow ? {} : { clip }), captureBeyondViewport: !isWindow });
  const { size: bytes } = fs.statSync(file);
  if (bytes > LARGEST) { throw new Error(`${file} has ${bytes} bytes`); }
}

/** Numbers beside the parts of a page, in the order of the guide's list. */
const number = (page, parts) => page.evaluate((selectors) => {
  selectors.forEach((selector, index) => {
    const box = document.querySelector(selector).getBoundingClientRect();
    const mark = document.createElement('b');
    mark.textContent = index + 1;
    const place = { left: `${box.left + box.width / 2 - 13}px`, top: `${box.bottom - 7}px` };
    Object.assign(mark.style, { position: 'absolute', zIndex: 9, width: '26px', height: '26px', lineHeight: '24px', textAlign: 'center', borderRadius: '50%', background: '#b35900', color: '#fff', fontSize: '15px', border: '1px solid #fff', ...place });
    document.body.append(mark);
  });
}, parts);

/** Every picture, in the language that is chosen. */
async function guide(page, origin, folder) {
  const file = (name) => path.join(folder, `${name}.webp`);
  fs.mkdirSync(folder, { recursive: true });
  await page.goto(`${origin}/login`);
  await picture(page, file('login'), { until: '.entry .card' });
  await page.goto(`${origin}/recovery`);
  await picture(page, file('recovery'), { until: '.pair-of-cards .card' });
  await page.goto(`${origin}/login`);
  await fill(page, { user_name: 'maria.test', password: PASSWORD });
  await press(page, 'main button.primary');
  await page.goto(`${origin}/password`);
  await page.type('#new', 'Tramonto7');
  await page.evaluate(() => document.activeElement.blur());
  await picture(page, file('password'), { from: '#rules-head', until: '#differs' });
  await page.goto(`${origin}/`);
  const home = page.url();
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.goto(home); }
  await picture(page, file('results'), { from: '.search', until: '.orders tbody tr:nth-child(2)' });
  await page.setViewport(TABLET);
  await pause(200);
  await number(page, ['.bell', '.language', '.tool[href="/help"]', '.menu > summary', '.banner .avatar', '.tabs li', '.search button']);
  await picture(page, file('overview'), { size: TABLET });
  await page.goto(home);
  const order = await page.$$eval('.orders tbody th a', (links) => links.find((link) => link.textContent.includes('AVAMBRACCIO')).href);
  await page.goto(order);
  await picture(page, file('order'), { from: '.heading', until: '.examination' });
  await page.goto(home.replace('results', 'profile'));
  await picture(page, file('profile'), { from: '.heading', until: '.columns > div > .card' });
  await page.goto(order);
  await press(page, '.acts > form .primary');
  for (let tries = 0; tries < 60 && !(await page.$('.download[data-state=ready]')); tries += 1) { await pause(500); }
  if (await page.$('.toast')) { await page.click('.toast button'); }
  await picture(page, file('download'), { size: { ...PHONE, height: 720 }, isWindow: true });
  await page.goto(home);
  await page.click('.menu summary');
  await picture(page, file('menu'), { until: '.menu .entries' });
  await sharing(page, origin, order, file);
}

/** A share, as who makes it and as who is sent the link sees it. */
async function sharing(page, origin, order, file) {
  await page.goto(`${order}/share`);
  await page.type('#emails-next', 'anna.test@example.org ');
  await page.type('#pin', '271828');
  await page.evaluate(() => document.activeElement.blur());
  await picture(page, file('share'), { from: '.heading', until: '.choices' });
  await press(page, 'form.share button.primary');
  await page.goto(`${origin}/outbox`);
  const link = await page.$$eval('.message', (all) => all.map((one) => one.innerText.match(/https?:\S+\/s\/\S+/)).find(Boolean)[0]);
  await page.goto(link);
  await picture(page, file('pin'), { until: '.entry .card' });
  await fill(page, { pin: '271828' });
  await press(page, '.pin-entry button.primary');
  await picture(page, file('shared'), { from: '.band', until: '.heading' });
  await page.goto(`${origin}/shares`);
  await picture(page, file('shares'), { from: '.heading', until: '.share-card' });
}

/** The list and an order as a desk and a telephone show them. */
async function forReaders(page, origin, folder) {
  await page.goto(`${origin}/`);
  const home = page.url();
  const order = await page.$$eval('.orders tbody th a', (links) => links.find((link) => link.textContent.includes('TC TORACE')).href);
  for (const [name, address, size] of [['results', home, { width: 1280, height: 900 }], ['order', order, { width: 390, height: 844 }]]) {
    await page.setViewport(size);
    await page.goto(address);
    await page.screenshot({ path: path.join(folder, `portal-${name}-${size.width}-light.png`) });
  }
}

async function main(esito, out, pictures) {
  const demo = await start(esito);
  const { browser, page } = await open('chromium', { script: true });
  try {
    const first = await firstPassword(page, demo);
    await logInForTheFirstTime(page, demo, first);
    for (const language of ['it', 'en']) {
      await page.goto(`${demo.origin}/help`);
      // Chosen at least once, so that it stays when nobody is logged in.
      do { await press(page, 'form[action="/language"] button'); } while (await page.$eval('html', (html) => html.lang) !== language);
      await press(page, '.menu form[action="/logout"] button');
      await guide(page, demo.origin, path.join(out, language));
      if (pictures && language === 'en') { await forReaders(page, demo.origin, pictures); }
    }
  } finally {
    await browser.close();
    demo.server.kill('SIGTERM');
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
