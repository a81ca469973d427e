// One study, three ways into the viewer: from disk, through `_start.exe` under wine, in the portal. The same slice, the same
// value under the probe, the same measures, and what pydicom reads there.
//
// Usage: node viewer_ways.js ESITO PYTHON FOLDER [PICTURES]   (FOLDER is unpacked into; its name has spaces and accents)
'use strict';

const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { open } = require('./browsers');
const demonstration = require('./demonstration');
const { press, pause } = require('./portal_page');
const { look } = require('./viewer_looks');
const at = require('./viewer_page');
const { openReport, showsPdf, words } = require('./viewer_reports');
const wine = require('./wine');

const [esito, python, folder, pictures] = process.argv.slice(2);
/** The half axes of the region that is measured, pixels. */
const ELLIPSE = [12, 8];
const faults = [];
const check = (holds, text) => { if (!holds) { faults.push(text); } };
const done = [];

/** Asks for an order, and waits until it is ready; gives the page of its images and the address of the ZIP. */
async function prepare(page, demo, name) {
  await page.goto(`${demo.origin}/`);
  for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.reload(); }
  await page.goto(await page.$$eval('.orders tbody th a', (links, wanted) => links.find((link) => link.textContent.trim() === wanted).href, name));
  await press(page, '.acts > form .primary');
  const ready = await page.waitForFunction((wanted) => Array.from(document.querySelectorAll('.download[data-state=ready]')).find((one) => one.textContent.includes(wanted)), { timeout: 120_000 }, name);
  return ready.evaluate((one) => ({ look: one.querySelector('[data-part=look]').href, zip: one.querySelector('[data-part=fetch]').href }));
}

async function download(page, address) {
  const cookies = (await page.cookies(address)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const answer = await fetch(address, { headers: { cookie: cookies } });
  check(answer.status === 200, `the ZIP is answered with ${answer.status}`);
  const zip = path.join(folder, 'esito.zip');
  fs.writeFileSync(zip, Buffer.from(await answer.arrayBuffer()));
  execFileSync('unzip', ['-q', zip, '-d', folder]);
  return path.join(folder, fs.readdirSync(folder, { withFileTypes: true }).find((entry) => entry.isDirectory()).name);
}

/** Length, angle and region on the slice, each against geometry and pydicom; what they say is written down. */
async function measure(page, way, { columns, rows, spacing, ellipse, pixel: [x, y] }) {
  const place = (across, down) => at.placeOf(page, x + across, y + down, columns, rows);
  const [halfWidth, halfHeight] = ELLIPSE;
  const tools = [
    ['length', async () => at.drag(page, [await place(0, 0), await place(40, 0)]), 0, 40 * spacing[1], 0.2],
    ['angle', async () => {
      await at.drag(page, [await place(0, 0), await place(0, 40)]);
      await page.mouse.move(...await place(40, 40), { steps: 4 });
      await at.click(page, await place(40, 40));
    }, 0, 90, 0.5],
    ['region', async () => at.drag(page, [await place(0, 0), await place(halfWidth, halfHeight)]), 1, ellipse.mean, 3],
  ];
  const said = [];
  for (const [tool, use, line, expected, within] of tools) {
    await page.click('[data-hint="action_clear"]').catch(() => null);
    await page.click(`[data-hint="tool_${tool}"]`);
    await use();
    const text = (await at.measured(page))[0]?.[line];
    check(Math.abs(at.numberIn(text) - expected) <= within, `${way}: ${tool} says ${text}, not ${expected}`);
    said.push(text);
  }
  await page.click('[data-hint="action_clear"]');
  done.push(`${way}: ${said.join(', ')}`);
}

/** Window, turning, zoom, pan, wheel, cine and layout: the pixel has its grey where it belongs. */
async function drive(page, way, { rows, columns, pixel: [x, y], values: [value] }) {
  // An odd multiple: the middle of a pixel of the image is one of the screen.
  await at.resizeFilm(page, 3 * columns, 3 * rows);
  const act = async (key) => { await page.click(`[data-hint="action_${key}"]`); await at.frames(page); };
  const shows = async ([column, row], expected, what, [across, down] = [0, 0]) => {
    const [left, top] = await at.placeOf(page, column, row, columns, rows);
    const [found] = await at.colourAt(page, [left + across, top + down]);
    check(Math.abs(found - expected) <= 1.5, `${way}: ${what}: ${value} HU is ${found}, not ${expected.toFixed(1)}`);
  };
  const [own, bone] = [at.grey(value, 40, 400), at.grey(value, 400, 1800)];
  await act('reset');
  await shows([x, y], own, 'window of the file');
  await page.select('#bar select[data-hint="preset"]', 'bone');
  await at.frames(page);
  await shows([x, y], bone, 'bone');
  await act('invert');
  await shows([x, y], 255 - bone, 'inverted');
  await act('reset');
  for (const [key, place] of [['rotate', [rows - 1 - y, x]], ['flipHorizontal', [columns - 1 - x, y]], ['flipVertical', [x, rows - 1 - y]]]) {
    await act(key);
    await shows(place, own, key);
    await act('reset');
  }
  await page.click('[data-hint="tool_pan"]');
  const middle = await at.placeOf(page, columns / 2, rows / 2, columns, rows);
  await at.drag(page, [middle, [middle[0] + 60, middle[1] + 30]]);
  await shows([x, y], own, 'moved', [60, 30]);
  await act('reset');
  const zoom = () => page.$eval('.labels .bottom.right', (corner) => Number(corner.innerText.match(/Zoom (\d+)/)[1]));
  await page.keyboard.press('+');
  await at.frames(page);
  check(await zoom() === 360, `${way}: + makes 300 % ${await zoom()} %`);
  await act('reset');
  const place = () => page.$eval('.pane', ({ dataset }) => Number(dataset.place));
  const before = await place();
  await page.mouse.move(...middle);
  await page.mouse.wheel({ deltaY: 120 });
  await at.settledAt(page, before + 1);
  await act('play');
  await page.waitForFunction((from) => Number(document.querySelector('.pane').dataset.place) > from, {}, before + 2);
  await page.click('[data-hint="action_stop"]');
  await page.select('#bar select[data-hint="layout"]', '2x2');
  check((await page.$$('.pane')).length === 4, `${way}: 2x2 has ${(await page.$$('.pane')).length} views`);
  await page.select('#bar select[data-hint="layout"]', '1x1');
  await page.setViewport({ width: 1280, height: 900 });
  done.push(`${way}: window, turning, moving, zoom, wheel, cine, layout`);
}

/** Goes to a slice and asks for the value of a pixel. */
async function probe(page, { columns, rows, place, pixel }) {
  await page.setViewport({ width: 1280, height: 900 });
  await page.$eval('.place', (slider, number) => { slider.value = number; slider.dispatchEvent(new Event('input')); }, place);
  await at.settledAt(page, place);
  await at.frames(page, 4);
  await page.click('[data-hint="tool_probe"]');
  await at.click(page, await at.placeOf(page, ...pixel, columns, rows));
  return { shown: await at.shown(page), says: (await at.measured(page))[0]?.[0] };
}

function listen(page, allowed) {
  page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
  page.on('console', (message) => check(message.type() !== 'error' || /status of 404/.test(message.text()), `console at ${page.url().slice(0, 60)}: ${message.text().slice(0, 200)}`));
  page.on('request', (request) => check(allowed(request.url()), `asks for ${request.url().slice(0, 100)}`));
}

async function main() {
  const demo = await demonstration.start(esito);
  const { browser, page } = await open('chromium', { script: true });
  // Every byte that wine serves goes through its server, which a busy machine keeps waiting.
  page.setDefaultTimeout(120_000);
  try {
    listen(page, (url) => url.startsWith(demo.origin) || url.startsWith(new URL(demo.outbox).origin) || /^(data|blob|file|chrome|chrome-extension):/.test(url));
    await demonstration.logInForTheFirstTime(page, demo, await demonstration.firstPassword(page, demo));
    await documentBeside(page, demo);
    const { look: images, zip } = await prepare(page, demo, 'TC TORACE');
    const root = await download(page, zip);
    const slice = { place: 7, pixel: [90, 70] };
    const answers = {};

    // In the portal, by the links that a patient follows.
    await page.goto(images);
    const link = await page.$$eval('a', (links) => links.find((one) => /cdviewer\/index\.htm#it$/.test(one.href))?.href);
    check(link?.startsWith(demo.origin), `the pages of the images offer ${link}`);
    await Promise.all([page.waitForNavigation(), page.click('.cards a[href$="SE000001.HTM"]')]);
    const ofSeries = await page.$eval('a.button[href*="cdviewer"]', ({ href }) => href);
    check(ofSeries === `${link}/ST000001/SE000001`, `the page of the series offers ${ofSeries}`);
    const answer = await page.goto(ofSeries);
    check(!answer.headers()['content-security-policy'].includes("'unsafe-eval'"), 'the policy allows to evaluate texts');
    await at.settled(page);
    check(await page.$eval('html', ({ lang }) => lang) === 'it', 'the viewer is in the language of the browser, not of the portal');
    const file = path.join(root, 'STUDIES', 'ST000001', 'SE000001', fs.readdirSync(path.join(root, 'STUDIES', 'ST000001', 'SE000001'))[slice.place - 1]);
    const oracle = (name) => JSON.parse(execFileSync(python, [path.join(__dirname, '..', 'judges', 'viewer_values.py'), name, slice.pixel.join(), '--ellipse', [...slice.pixel, ...ELLIPSE].join()], { encoding: 'utf8' }));
    Object.assign(slice, oracle(file));
    answers.portal = await probe(page, slice);
    await measure(page, 'portal', slice);
    await drive(page, 'portal', slice);
    await readBeside(page, 'portal');
    await look(page, 'portal', check, pictures);
    await loggedOut(page, link);

    await at.openFromDisk(page, root);
    answers.disk = await probe(page, slice);
    await measure(page, 'disk', slice);
    await drive(page, 'disk', slice);
    await readBeside(page, 'disk');
    await look(page, 'disk', check, pictures);

    if (wine.hasWine) {
      const starter = await wine.start(path.join(path.dirname(at.viewerPage(root)), '_start.exe'), folder);
      page.removeAllListeners('request');
      await page.goto(starter.address);
      await at.settled(page);
      answers.starter = await probe(page, slice);
      await measure(page, 'starter', slice);
      await drive(page, 'starter', slice);
      await readBeside(page, 'starter');
      await look(page, 'starter', check, pictures);
      // By the pages of the package, whose links know of no program, it is kept alive as well.
      const served = starter.address.split('/cdviewer')[0];
      await page.goto(`${served}/index.htm`);
      await Promise.all([page.waitForRequest((request) => request.url().startsWith(`${served}/alive/`)), page.goto(`${served}/cdviewer/index.htm#it/ST000001/SE000001`)]);
      await at.settled(page);
      await page.goto('about:blank');
      check(await Promise.race([starter.ended, pause(60_000)]) === 0, '_start.exe does not end when its page is closed');
    } else {
      console.log('notice: wine64 is not installed: the way through _start.exe is not tested');
    }
    const { values: [value] } = oracle(path.join(root, answers.portal.shown.split('#')[0]));
    for (const [way, { shown, says }] of Object.entries(answers)) {
      check(shown === answers.portal.shown, `${way} shows ${shown}, the portal ${answers.portal.shown}`);
      check(says?.endsWith(' HU') && Math.abs(Number(says.replace(',', '.').replace(' HU', '')) - value) < 0.05, `${way} says ${says}, pydicom ${value}`);
      done.push(`${way}: ${shown} ${says}`);
    }
  } finally {
    await browser.close();
    demo.server.kill('SIGTERM');
  }
  faults.forEach((fault) => console.log(fault));
  console.log(`${done.join(', ')}; ${faults.length} findings`);
  return faults.length ? 1 : 0;
}

/** A radiograph whose report is a PDF, in the portal: its policy lets the frame show it. */
async function documentBeside(page, demo) {
  const { look: images } = await prepare(page, demo, 'TORACE');
  await page.goto(images);
  await Promise.all([page.waitForNavigation(), page.click('a.button[href*="cdviewer"]')]);
  await at.settled(page);
  await readBeside(page, 'portal, radiograph');
}

/** Every report opens beside the images: a structured one as text, a document as PDF. */
async function readBeside(page, way) {
  await at.complete(page);
  const kinds = await page.$$eval('.shelf .paper .sheet', (sheets) => sheets.map(({ textContent }) => textContent));
  check(kinds.length > 0, `${way} lists no report`);
  for (const [number, kind] of kinds.entries()) {
    await openReport(page, number);
    if (kind === 'PDF') {
      for (let tries = 0; tries < 50 && !showsPdf(page); tries += 1) { await pause(100); }
      check(showsPdf(page), `${way} shows no PDF but ${await words(page)}`);
    } else {
      check((await words(page)).includes('Quadro invariato'), `${way}: the report says ${await words(page)}`);
    }
    if (pictures) { await page.screenshot({ path: `${pictures}/viewer-${way}-report-${number}.png` }); }
    await page.focus('#beside-close');
    await page.keyboard.press('Escape');
  }
  done.push(`${way}: ${kinds.join(', ')}`);
}

/** Without a session the portal leads elsewhere, which the viewer takes for the end of it. */
async function loggedOut(page, viewer) {
  const kept = await page.cookies(viewer);
  await page.deleteCookie(...kept);
  check(await page.evaluate(async () => (await fetch('../DICOMDIR')).redirected), 'without a session entries are answered');
  await page.setCookie(...kept);
}

main().then((code) => process.exit(code), (error) => { console.error(error); faults.forEach((fault) => console.log(fault)); process.exit(2); });
