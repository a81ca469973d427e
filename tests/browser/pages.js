// Uses the pages of unpacked packages in a browser that is not ours, from file://, as people do.
//
// Usage: node pages.js chromium|firefox FOLDER...   (each folder an unpacked package)
// Prints one line for each fault, then what was done; exit 1 if there was a fault.
'use strict';

const fs = require('fs');
const path = require('path');
const { fileURLToPath, pathToFileURL } = require('url');
const { axeFaults } = require('./accessibility');
const { open } = require('./browsers');
const { useGestures } = require('./gestures');
const { followPlaces } = require('./places');
const { useStack } = require('./stack');

const INDEX_BYTES = 150 * 1024;
const PHONE = { width: 390, height: 800 };
const DESK = { width: 1280, height: 900 };
// A page is judged for its look once for each kind and language, not 64 times.
const OF_A_KIND = 1;
// Controls are used on so many stacks of a package.
const STACKS = 2;
// So many pages of a kind are opened; the others must only be there.
const MOST = { sheet: 1, other: 12 };

const faults = [];
const counts = {};
const check = (holds, text) => { if (!holds) { faults.push(text); } };
const count = (what, by = 1) => { counts[what] = (counts[what] || 0) + by; };

/** Whether a file is there under exactly this name: people unpack where case matters. */
function isThere(file) {
  const folder = path.dirname(file);
  return fs.existsSync(folder) && fs.readdirSync(folder).includes(path.basename(file));
}

/** The page to open: `index.htm`, or `INDEX.HTM` in the strict layout. */
const firstPage = (root) => fs.readdirSync(root).find((name) => /^index\.htm$/i.test(name));

const kindOf = (name) => name.replace(/\d+/g, '').replace(/\/(EN|IT)\//, '/') + (/\/(EN|IT)\//.test(name) ? ' other' : '');

/** Follows every link from the first page on; judges each page on the way. */
async function follow(page, root, name) {
  const todo = [firstPage(root)];
  const seen = new Set(todo);
  const kinds = {};
  const places = {};
  const toPlaces = [];
  const met = {};
  const opened = new Set();
  while (todo.length) {
    const at = todo.pop();
    const label = `${name}/${at}`;
    await page.setViewport(DESK);
    await page.goto(pathToFileURL(path.join(root, at)).href, { waitUntil: 'load' });
    count('pages');
    opened.add(at);
    const state = await page.evaluate(() => ({
      targets: Array.from(document.querySelectorAll('[href],[src]'), (element) => element.href || element.src),
      scripts: document.scripts.length,
      handlers: document.querySelectorAll('[onclick],[onerror],[onload],[onmouseover]').length,
      title: document.title,
      lang: document.documentElement.lang,
      text: document.body.innerText,
    }));
    check(state.scripts === 1 && state.handlers === 0, `${label}: ${state.scripts} scripts, ${state.handlers} handlers`);
    // The texts of this study are markup: they are read, not obeyed.
    check(!/xss/.test(name) || /RP\d+\.HTM/.test(at) || state.text.includes('<script>alert(1)</script>'), `${label}: a text is lost`);
    check(state.title && /^(it|en)$/.test(state.lang), `${label}: no title or language`);
    // As written: the script takes the places of images over.
    places[at] = new Set(Array.from(fs.readFileSync(path.join(root, at), 'utf8').matchAll(/ id="([^"]+)"/g), (found) => found[1]));
    for (const target of state.targets) {
      check(target.startsWith('file:'), `${label}: ${target} leaves the package`);
      const file = fileURLToPath(target.split('#')[0]);
      const relative = path.relative(root, file);
      const isFound = !relative.startsWith('..') && isThere(file);
      check(isFound, `${label}: ${relative} is not there in this case`);
      count('links');
      const place = target.split('#')[1];
      if (place) { toPlaces.push([label, relative, place]); }
      // The viewer is no page of links: viewer.js uses it.
      if (isFound && /\.htm$/i.test(file) && !/^cdviewer/i.test(relative) && !seen.has(relative)) {
        const kind = kindOf(relative);
        met[kind] = (met[kind] || 0) + 1;
        seen.add(relative);
        if (met[kind] <= (/\/SH/.test(relative) ? MOST.sheet : MOST.other)) { todo.push(relative); }
      }
    }
    const kind = kindOf(at);
    kinds[kind] = (kinds[kind] || 0) + 1;
    if (kinds[kind] <= OF_A_KIND) {
      await judgeLook(page, label);
    }
  }
  for (const [label, relative, place] of toPlaces) {
    check(!places[relative] || places[relative].has(place), `${label}: ${relative} has no place ${place}`);
    count('links to a place');
  }
  return opened;
}

/** Fits a telephone without scrolling sideways; every image of the page is shown; axe finds nothing. */
async function judgeLook(page, label) {
  for (const viewport of [PHONE, DESK]) {
    await page.setViewport(viewport);
    const state = await page.evaluate(async () => {
      document.querySelectorAll('details').forEach((details) => { details.open = true; });
      const images = Array.from(document.images);
      images.forEach((image) => { image.loading = 'eager'; });
      await Promise.all(images.map((image) => image.decode().catch(() => null)));
      return {
        overhang: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        broken: images.filter((image) => !image.naturalWidth).map((image) => image.src),
      };
    });
    check(state.overhang <= 0, `${label}: ${state.overhang} px too wide at ${viewport.width}`);
    check(!state.broken.length, `${label}: not shown: ${state.broken.slice(0, 3)}`);
    for (const fault of await axeFaults(page)) {
      faults.push(`${label} at ${viewport.width}: axe: ${fault}`);
    }
    count('axe runs');
  }
}

/** With script blocked everything is on the page: the images of the sheet, the way to the others. */
async function withoutScript(kind, root, name, seen) {
  const { browser, page } = await open(kind, { script: false });
  for (const at of [...seen].filter((at) => !/\/(EN|IT)\//.test(at)).slice(0, 5)) {
    await page.goto(pathToFileURL(path.join(root, at)).href, { waitUntil: 'load' });
    const state = await page.evaluate(() => {
      const stack = document.getElementById('stack');
      const isSeen = (element) => element.offsetParent !== null;
      return {
        stack: stack ? isSeen(stack) : false,
        links: Array.from(document.querySelectorAll('main a[href]')).filter(isSeen).length,
        images: document.images.length,
        broken: Array.from(document.images).filter((image) => !image.complete || !image.naturalWidth).length,
        sheets: document.querySelectorAll('.sheets').length,
      };
    });
    check(!state.stack, `${name}/${at}: controls that do nothing without script`);
    check(state.links > 0 || /ST\d+\.HTM$/.test(at) || /RP/.test(at), `${name}/${at}: no link without script`);
    check(state.broken === 0, `${name}/${at}: ${state.broken} of ${state.images} images not shown without script`);
    count('pages without script');
  }
  for (const report of [...seen].filter((at) => /RP\d+\.HTM$/.test(at))) {
    count('links to an image without script', await followPlaces(page, path.join(root, report), false, `${name}/${report}`, check));
  }
  await browser.close();
}

async function main() {
  const [kind, ...roots] = process.argv.slice(2);
  const { browser, page } = await open(kind, { script: true });
  page.on('dialog', (dialog) => { faults.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') { faults.push(`console: ${message.text()}`); } });
  page.on('request', (request) => check(request.url().startsWith('file:') || request.url().startsWith('data:'), `asks for ${request.url()}`));
  for (const root of roots) {
    const name = path.basename(path.dirname(root));
    const bytes = fs.statSync(path.join(root, firstPage(root))).size;
    check(bytes <= INDEX_BYTES, `${name}: the index has ${bytes} bytes`);
    const seen = await follow(page, root, name);
    let stacks = 0;
    for (const stack of [...seen].filter((at) => /SE\d+\.HTM$/.test(at) && !/\/(EN|IT)\//.test(at))) {
      if (stacks === STACKS) { break; }
      const label = `${name}/${stack}`;
      const failed = (error) => { faults.push(`${label}: ${error.message}`); return null; };
      const opened = await useStack(page, path.join(root, stack), label, check).catch(failed);
      const isLong = opened !== null && await page.$eval('#counter', (counter) => parseInt(counter.textContent.split('/')[1], 10) > 4);
      // The ultrasound fixture says 30 frames a second; a stack of slices says nothing.
      if (isLong) { await useGestures(page, label, check, /^us/.test(name) ? 30 : 0).catch(failed); }
      if (opened !== null) { stacks += 1; count('stacks'); console.log(`${kind}: ${name}: index ${bytes} bytes, stack page open in ${opened} ms`); }
    }
    await withoutScript(kind, root, name, seen);
    for (const report of [...seen].filter((at) => /RP\d+\.HTM$/.test(at))) {
      count('links to an image', await followPlaces(page, path.join(root, report), true, `${name}/${report}`, check));
    }
  }
  await browser.close();
  faults.forEach((fault) => console.log(`${kind}: ${fault}`));
  console.log(`${kind}: ${JSON.stringify(counts)}, ${faults.length} findings`);
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
