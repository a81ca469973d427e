// How fast the viewer is: 300 CT slices of 512² in Chromium, drawn by the processor. `make viewer-bench` runs it.
//
// Usage: NODE_PATH=.cache/browser/node_modules node benches/viewer.js ESITO [RUNS]: prints a table, medians of RUNS (3).
// Folder: from choosing it to the first image. `_start.exe` under wine, and portal: from asking for the page.
'use strict';

const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const browsers = require('../tests/browser/browsers');
const demonstration = require('../tests/browser/demonstration');
const { press, pause } = require('../tests/browser/portal_page');
const at = require('../tests/browser/viewer_page');
const wine = require('../tests/browser/wine');

const [esito, runs = '3'] = process.argv.slice(2);
const SLICES = 300;
const PIXEL_BYTES = SLICES * 512 * 512 * 2;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function inBrowser(act) {
  const { browser, page } = await browsers.open('chromium', { script: true });
  page.setDefaultTimeout(120_000);
  // A browser that has just started is busy with itself.
  await pause(3000);
  await page.setViewport({ width: 1280, height: 900 });
  try { return await act(page); } finally { await browser.close(); }
}

/** Milliseconds from asking for a page to its first image, by the clock of the page. */
async function openServed(page, address) {
  await page.goto(address, { waitUntil: 'domcontentloaded' });
  await at.settled(page);
  return page.evaluate(() => Number(document.body.dataset.sinceStart));
}

/** Goes through all images; gives how many a second were shown. */
const scrollThrough = (page) => page.evaluate(async (count) => {
  const slider = document.querySelector('.place');
  const pane = document.querySelector('.pane');
  const begun = performance.now();
  for (let place = 1; place <= count; place += 1) {
    slider.value = place;
    slider.dispatchEvent(new Event('input'));
    while (Number(pane.dataset.place) !== place) { await new Promise((resolve) => { setTimeout(resolve); }); }
    // The next picture of the screen shows it.
    await new Promise(requestAnimationFrame);
  }
  return count / ((performance.now() - begun) / 1000);
}, SLICES);

async function heapOf(page) {
  const session = await page.createCDPSession();
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

function unpacked(folder) {
  execFileSync(esito, ['fixtures', '--study', 'ct', '--slices', String(SLICES), '--out', path.join(folder, 'ct')]);
  execFileSync(esito, ['package', '--folder', path.join(folder, 'ct'), '--out', path.join(folder, 'ct.zip'), '--progress', 'none']);
  execFileSync('unzip', ['-q', path.join(folder, 'ct.zip'), '-d', path.join(folder, 'unpacked')]);
  const lines = execFileSync('unzip', ['-v', path.join(folder, 'ct.zip'), '*/cdviewer/*'], { encoding: 'utf8' }).trim().split('\n');
  const bundle = Number(lines.at(-1).trim().split(/\s+/)[1]);
  return { bundle, root: path.join(folder, 'unpacked', fs.readdirSync(path.join(folder, 'unpacked'))[0]) };
}

async function fromDisk(root) {
  return inBrowser(async (page) => {
    await page.goto(pathToFileURL(at.viewerPage(root)).href, { waitUntil: 'load' });
    await at.chooseFolder(page, root);
    // The driver hands over the files one by one: the page's own clock begins when it has them.
    await at.settled(page);
    const first = await page.evaluate(() => Number(document.body.dataset.firstImage));
    const begun = performance.now();
    await scrollThrough(page);
    const all = performance.now() - begun;
    return { first, all, rate: await scrollThrough(page), heap: await heapOf(page) };
  });
}

async function online() {
  const demo = await demonstration.start(esito, undefined, undefined, ['--large']);
  try {
    return await inBrowser(async (page) => {
      await demonstration.logInForTheFirstTime(page, demo, await demonstration.firstPassword(page, demo));
      await page.goto(`${demo.origin}/`);
      for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.reload(); }
      await page.goto(await page.$$eval('.orders tbody th a', (links) => links.find((link) => link.textContent.includes('TC TORACE')).href));
      await press(page, '.acts > form .primary');
      const ready = await page.waitForSelector('.download[data-state=ready]');
      const pages = await ready.evaluate((one) => one.querySelector('[data-part=look]').href);
      return await openServed(page, `${pages}/cdviewer/index.htm`);
    });
  } finally { demo.server.kill('SIGTERM'); }
}

async function throughStarter(root, folder) {
  if (!wine.hasWine) { return NaN; }
  const starter = await wine.start(path.join(path.dirname(at.viewerPage(root)), '_start.exe'), folder);
  const time = await inBrowser((page) => openServed(page, starter.address));
  // A browser that is closed at once may not say so.
  await fetch(`${starter.address.split('/cdviewer')[0]}/bye`, { method: 'POST' }).catch(() => null);
  await starter.ended;
  return time;
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'viewer-bench-'));
  const { bundle, root } = unpacked(folder);
  const disk = [];
  const starter = [];
  const portal = [];
  for (let run = 0; run < Number(runs); run += 1) {
    disk.push(await fromDisk(root));
    starter.push(await throughStarter(root, folder));
    portal.push(await online());
  }
  const of = (key) => median(disk.map((one) => one[key]));
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
  console.log(`${os.cpus().length} processors, load ${os.loadavg()[0].toFixed(1)} at the end; ${runs} runs, medians\n`);
  console.log('| | bound | measured |\n|---|---|---|');
  const rows = [
    ['first image of a chosen folder', '1 s', seconds(of('first'))],
    ['first image through `_start.exe` (wine)', '0.5 s', seconds(median(starter))],
    ['first image in the portal', '0.5 s', seconds(median(portal))],
    ['all 300 images shown once', '', seconds(of('all'))],
    ['images a second after that', '30', of('rate').toFixed(0)],
    ['heap, × the pixels', '2.5', (of('heap') / PIXEL_BYTES).toFixed(2)],
    ['viewer in each ZIP', '3 MB', `${(bundle / 1e6).toFixed(2)} MB`],
  ];
  rows.forEach((row) => console.log(`| ${row.join(' | ')} |`));
  fs.rmSync(folder, { recursive: true });
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
