// The pages as they look, print and are walked through by keyboard, in Chromium.
//
// Usage: node looks.js FOLDER...   (each folder an unpacked package, reference layout)
// Prints one line for each fault, then what was done; exit 1 if there was a fault.
'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const { axeFaults, judgeLooks } = require('./accessibility');
const { open } = require('./browsers');
const { walk } = require('./keyboard');
const { tryToBreakOut } = require('./policy');
const { judgePrint } = require('./print');

// Kinds of page that are looked at in every way.
const FULL = ['index', 'stack', 'report'];

const faults = [];
const counts = {};
const check = (holds, text) => { if (!holds) { faults.push(text); } };
const count = (what, by) => { counts[what] = (counts[what] || 0) + by; };

/** One page of each kind of a package: name and file. */
function kinds(root) {
  const web = path.join(root, 'IHE_PDI');
  const files = { index: path.join(root, 'index.htm'), overview: path.join(web, 'ST000001.HTM') };
  const candidates = { stack: 'ST000001/SE000002.HTM', report: 'RP000002.HTM', sheet: 'ST000001/SE000002/SH000002.HTM', list: 'ST000001/LS000001.HTM' };
  for (const [kind, name] of Object.entries(candidates)) {
    if (fs.existsSync(path.join(web, name))) { files[kind] = path.join(web, name); }
  }
  return files;
}

const textsOf = (page, selector) => page.$$eval(selector, (elements) => elements.map((element) => element.textContent));

/** The index, the overview and a report on paper. */
async function onPaper(page, files, name) {
  const texts = async (file, selector) => {
    await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
    return textsOf(page, selector);
  };
  const series = (await texts(files.index, '.card-title, .lines a')).concat(await texts(files.index, '.ways p'));
  const reports = await page.$$eval('.reports > li > a:first-child', (links) => links.map((link) => link.getAttribute('href')));
  const titles = await texts(files.overview, 'main h2, .lines bdi');
  // Six pictures beside each other; a sheet takes seven such rows, or three with headings between them.
  const rows = await page.$$eval('main section', (sections) => sections.reduce((sum, section) => sum + Math.ceil(section.querySelectorAll('figure').length / 6), 0));
  const sheets = { fewest: Math.max(1, Math.floor(rows / 7)), most: 1 + Math.ceil(rows / 3) };
  count('sheets of paper', await judgePrint(page, files.index, `${name} index`, { fewest: 1, most: 12, texts: series.concat(reports) }, check));
  count('sheets of paper', await judgePrint(page, files.overview, `${name} overview`, { ...sheets, texts: titles }, check));
  if (files.report) {
    const items = await texts(files.report, '.report h2, .report .concept');
    count('sheets of paper', await judgePrint(page, files.report, `${name} report`, { fewest: 1, most: 6, texts: items }, check));
  }
}

/** Who wants little motion gets nothing that moves by itself, and a slow sequence. */
async function littleMotion(page, file, label) {
  const session = await page.createCDPSession();
  await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-reduced-motion', value: 'reduce' }] });
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const before = await page.$eval('#counter', (counter) => counter.textContent);
  await new Promise((done) => { setTimeout(done, 400); });
  const state = await page.evaluate(() => ({
    counter: document.getElementById('counter').textContent,
    speed: document.getElementById('speed').value,
    moving: document.getAnimations().length + Array.from(document.querySelectorAll('*')).filter((element) => window.getComputedStyle(element).scrollBehavior === 'smooth').length,
  }));
  check(state.counter === before && state.speed === '0.5' && !state.moving, `${label}: moves: ${JSON.stringify(state)}`);
  await session.send('Emulation.setEmulatedMedia', { features: [] });
  await session.detach();
}

/** The first page without anything beside it, as some telephones show it: text says what to do. */
async function alone(page, file, label) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'esito-alone-'));
  fs.copyFileSync(file, path.join(folder, 'index.htm'));
  await page.goto(pathToFileURL(path.join(folder, 'index.htm')).href, { waitUntil: 'load' });
  const state = await page.evaluate(() => ({
    isTold: document.querySelector('.unstyled').getClientRects().length > 0,
    text: document.body.innerText,
  }));
  fs.rmSync(folder, { recursive: true });
  check(state.isTold && /IHE_PDI/.test(state.text), `${label}: alone the page does not say what to do`);
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  check(await page.$eval('.unstyled', (element) => element.getClientRects().length === 0), `${label}: the whole package speaks as if it were not`);
}

async function main() {
  const { browser, page } = await open('chromium', { script: true });
  page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
  page.on('dialog', (dialog) => { faults.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  for (const root of process.argv.slice(2)) {
    const name = path.basename(path.dirname(root));
    const files = kinds(root);
    for (const [kind, file] of Object.entries(files)) {
      const label = `${name} ${kind}`;
      count('axe runs', await judgeLooks(page, file, label, FULL.includes(kind), check));
      const load = () => page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
      count('steps by Tab', await walk(page, load, label, check));
    }
    if (files.stack) { await littleMotion(page, files.stack, name); }
    await onPaper(page, files, name);
    await alone(page, files.index, name);
    await tryToBreakOut(page, files.index, name, check);
    // axe itself needs script: that of the pages is taken away instead.
    fs.writeFileSync(path.join(root, 'IHE_PDI', 'STACK.JS'), '');
    for (const [kind, file] of Object.entries(files)) {
      await page.setViewport({ width: 390, height: 800 });
      await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
      for (const fault of await axeFaults(page)) { check(false, `${name} ${kind} without script: axe: ${fault}`); }
      count('axe runs without script', 1);
    }
  }
  await browser.close();
  faults.forEach((fault) => console.log(fault));
  console.log(`${JSON.stringify(counts)}, ${faults.length} findings`);
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
