// What stands beside the pictures of a package in the viewer: reports, key images, a folder that is dragged onto the page.
'use strict';

const { pathToFileURL } = require('url');
const at = require('./viewer_page');

const complete = (page) => page.waitForFunction(() => document.body.dataset.complete === document.body.dataset.opens);

/** An order of several kinds: every series opens, every report is a tab of its own, key images are marked and can be shown alone. */
async function kinds(page, root, check) {
  await at.openFolder(page, root);
  await complete(page);
  const buttons = await page.$$('.shelf li button');
  check(buttons.length >= 2, `${buttons.length} series are listed`);
  for (const button of buttons) {
    await button.click();
    await page.waitForFunction(() => document.querySelector('.pane').dataset.shown, { timeout: 30_000 });
  }
  await buttons[0].click();
  await presets(page, check);
  await reports(page, check);
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

async function reports(page, check) {
  const papers = await page.$$('.shelf .paper');
  check(papers.length === 3, `${papers.length} reports are listed, not the PDF, the SR and the key images`);
  const browser = page.browser();
  for (const paper of papers) {
    const opened = new Promise((resolve) => { browser.once('targetcreated', resolve); });
    await paper.click();
    const target = await Promise.race([opened, new Promise((resolve) => { setTimeout(resolve, 5_000); })]);
    check(target, 'a report opens no tab');
    const tab = await target?.page();
    const kind = await tab?.waitForFunction(() => document.contentType, { timeout: 10_000 }).then((value) => value.jsonValue()).catch((error) => error.message);
    check(kind === 'application/pdf', `a report is shown as ${kind}`);
    await tab?.close();
  }
}

async function keyImages(page, check) {
  const label = await page.$eval('#keys', (button) => (button.hidden ? '' : button.textContent));
  const count = Number(label.match(/\((\d+)\)/)?.[1]);
  check(count > 0, `key images: ${label}`);
  await page.click('#keys');
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown && document.querySelector('#keys').getAttribute('aria-pressed') === 'true');
  const counts = await page.$$eval('.shelf li button .count', (all) => all.map((one) => Number(one.textContent.match(/\d+/)[0])));
  check(counts.reduce((sum, one) => sum + one, 0) === count, `${counts} images are left of ${count}`);
  check((await page.$eval('.labels', (labels) => labels.innerText)).includes('★'), 'a key image is not marked');
  const alone = await page.$eval('.place', ({ max }) => Number(max));
  check(alone === counts[0], `the first has ${alone} images, and ${counts[0]} are told`);
  await page.click('#keys');
  await page.waitForFunction((few) => Number(document.querySelector('.place').max) !== few || document.querySelectorAll('.shelf li button').length > 1, {}, alone);
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
  await complete(page);
  for (const button of await page.$$('.shelf li button')) {
    await button.click();
    await page.waitForFunction(() => document.querySelector('.pane').dataset.shown);
  }
  check((await page.$eval('.labels', (labels) => labels.textContent)).includes('<script>'), 'the name of the patient is not shown as it is');
  const made = await page.$$eval('.viewer :is(script, svg[onload], [onclick], [onerror], img[src="x"])', (all) => all.length);
  check(!made, `texts of files have become ${made} elements`);
}

module.exports = { dragged, kinds, markup };
