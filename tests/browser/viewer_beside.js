// What stands beside the pictures of a package in the viewer: reports, key images, a folder that is dragged onto the page.
'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const at = require('./viewer_page');
const { reports } = require('./viewer_reports');

/** An order of several kinds: every series opens, every report opens beside them, key images are marked and can be shown alone. */
async function kinds(page, root, check) {
  await at.openFolder(page, root);
  await at.complete(page);
  const buttons = await page.$$('.shelf li button:not(.paper)');
  check(buttons.length >= 2, `${buttons.length} series are listed`);
  for (const button of buttons) {
    await button.click();
    await page.waitForFunction(() => document.querySelector('.pane').dataset.shown, { timeout: 30_000 });
  }
  await buttons[0].click();
  await presets(page, check);
  await reports(page, root, check);
  await keyImages(page, check);
}

/** Pictures without a scale of their own have windows relative to that of the file. */
async function presets(page, check) {
  const width = async () => Number((await page.$eval('.labels', (labels) => labels.innerText)).match(/C -?\d+ [LW] (\d+)/)[1]);
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown);
  const keys = await page.$$eval('#bar select[data-hint="preset"] option', (options) => options.map(({ value }) => value));
  check(['full', 'harder', 'softer'].every((key) => keys.includes(key)) && !keys.includes('lung'), `a radiograph has the windows ${keys}`);
  const before = await width();
  await page.select('#bar select[data-hint="preset"]', 'harder');
  await at.frames(page);
  check(Math.abs((await width()) / before - 0.6) < 0.02, `more contrast makes ${await width()} of ${before}`);
}

async function keyImages(page, check) {
  const label = await page.$eval('#keys', (button) => (button.hidden ? '' : button.textContent));
  const count = Number(label.match(/\((\d+)\)/)?.[1]);
  check(count > 0, `key images: ${label}`);
  await page.click('#keys');
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown && document.querySelector('#keys').getAttribute('aria-pressed') === 'true');
  const counts = await page.$$eval('.shelf li button:not(.paper) .count', (all) => all.map((one) => Number(one.textContent.match(/\d+/)[0])));
  check(counts.reduce((sum, one) => sum + one, 0) === count, `${counts} images are left of ${count}`);
  check((await page.$eval('.labels', (labels) => labels.innerText)).includes('★'), 'a key image is not marked');
  const alone = await page.$eval('.place', ({ max }) => Number(max));
  check(alone === counts[0], `the first has ${alone} images, and ${counts[0]} are told`);
  await page.click('#keys');
  await page.waitForFunction((few) => Number(document.querySelector('.place').max) !== few || document.querySelectorAll('.shelf li button:not(.paper)').length > 1, {}, alone);
}

/** A selection of what was rejected for its quality, not of key images: no star, no list of them, and the label says it. */
async function rejected(page, root, check) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'scartate è '));
  fs.cpSync(root, copy, { recursive: true });
  let titles = 0;
  for (const file of at.filesBelow(path.join(copy, 'STUDIES'))) {
    const text = fs.readFileSync(file, 'latin1');
    if (!text.includes('1.2.840.10008.5.1.4.1.1.88.59') || !text.includes('113000')) { continue; }
    fs.writeFileSync(file, text.replace('113000', '113001'), 'latin1');
    titles += 1;
  }
  check(titles === 1, `${titles} selections have become others`);
  await at.openFolder(page, copy);
  await at.complete(page);
  check(await page.$eval('#keys', ({ hidden }) => hidden), 'rejected images are offered as key images');
  const [, stack] = await page.$$('.shelf li button:not(.paper)');
  await stack.click();
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown);
  await page.$eval('.place', (place) => { place.value = 1; place.dispatchEvent(new Event('input')); });
  await at.settledAt(page, 1);
  await at.frames(page, 4);
  const says = await page.$eval('.labels', ({ innerText }) => innerText);
  check(!says.includes('★') && /Immagine scartata|Rejected image/.test(says), `a rejected image says ${says}`);
  fs.rmSync(copy, { recursive: true });
}

/** Links of the package's pages: in their language, and from the page of a series at that series. */
async function linked(page, root, check) {
  const follow = async (from) => {
    await page.goto(pathToFileURL(path.join(root, from)).href, { waitUntil: 'load' });
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.click('a.button[href*="cdviewer"]')]);
  };
  const language = () => page.$eval('html', ({ lang }) => lang);
  for (const [from, expected, series] of [['index.htm', 'it', 1], ['IHE_PDI/EN/INDEX.HTM', 'en', 1], ['IHE_PDI/EN/ST000001/SE000002.HTM', 'en', 2], ['IHE_PDI/ST000001/SE000002.HTM', 'it', 2]]) {
    await follow(from);
    check(await language() === expected, `from ${from} the viewer opens in ${await language()}`);
    await at.openFolder(page, root);
    check((await at.shown(page)).startsWith(`STUDIES/ST000001/SE00000${series}/`), `from ${from} it opens ${await at.shown(page)}`);
  }
  const backTo = async (expected) => {
    await at.complete(page);
    const links = await page.$$eval('a[data-index]', (all) => all.map(({ href }) => href));
    check(links.length > 1 && links.every((link) => link.endsWith(`/${expected}`)), `in ${await language()} the viewer leads back to ${links}`);
  };
  await backTo('index.htm');
  await page.click('#language');
  await backTo('IHE_PDI/EN/INDEX.HTM');
  check(await language() === 'en' && new URL(page.url()).hash === '#en/ST000001/SE000002', `the button leads to ${await language()} at ${page.url().split('/').pop()}`);
  await page.reload({ waitUntil: 'load' });
  check(await language() === 'en', 'loaded again it is in another language than was chosen');
  const openAt = async (place) => {
    await page.goto('about:blank');
    await page.goto(pathToFileURL(at.viewerPage(root)).href + place, { waitUntil: 'load' });
    await at.openFolder(page, root);
  };
  // Not another series in the place of one that has no pictures here.
  await openAt('#en/ST000001/SE999999');
  const says = await page.$eval('#message', ({ textContent }) => textContent);
  check(await at.shown(page) === undefined && says.includes('choose another one from the list'), `a series that is not here shows ${await at.shown(page)} and says: ${says}`);
  for (const odd of ['#en/../../ST000001/SE000002', '#de/ST000001/SE000002', '#en/<b>']) {
    await openAt(odd);
    check((await at.shown(page)).startsWith('STUDIES/ST000001/SE000001/'), `${odd} opens ${await at.shown(page)}`);
  }
}

/** Where people can choose files alone, as on some telephones, the first page says so. */
async function withoutFolders(page, root, check) {
  const script = await page.evaluateOnNewDocument(() => { delete HTMLInputElement.prototype.webkitdirectory; });
  await page.goto('about:blank');
  await page.goto(pathToFileURL(at.viewerPage(root)).href, { waitUntil: 'load' });
  const says = await page.$eval('#message', (message) => message.className + message.textContent);
  check(/^problem.*computer.*JPG/.test(says), `where no folder can be chosen it says: ${says}`);
  await page.removeScriptToEvaluateOnNewDocument(script.identifier);
}

/** A folder dragged onto the first page opens; only Chromium's driver can drag one. */
async function dragged(page, root, check) {
  await page.goto(pathToFileURL(at.viewerPage(root)).href, { waitUntil: 'load' });
  const session = await page.createCDPSession();
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, x: 600, y: 300, data: { items: [], files: [root], dragOperationsMask: 1 } });
  }
  await at.settled(page);
  check(await at.shown(page), 'a folder that is dragged shows nothing');
  await session.detach();
}

/** Markup in every text of the files stays text. */
async function markup(page, root, check) {
  page.on('dialog', (dialog) => { check(false, `a text of a file was run: ${dialog.message()}`); dialog.dismiss(); });
  await at.openFolder(page, root);
  await at.complete(page);
  for (const button of await page.$$('.shelf li button:not(.paper)')) {
    await button.click();
    await page.waitForFunction(() => document.querySelector('.pane').dataset.shown);
  }
  check((await page.$eval('.labels', (labels) => labels.textContent)).includes('<script>'), 'the name of the patient is not shown as it is');
  const made = await page.$$eval('.viewer :is(script, svg[onload], [onclick], [onerror], img[src="x"])', (all) => all.length);
  check(!made, `texts of files have become ${made} elements`);
}

module.exports = { dragged, kinds, linked, markup, rejected, withoutFolders };
