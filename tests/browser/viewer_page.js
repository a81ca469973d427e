// The viewer of a package in a browser: opens it as people do, turns places in an image into places on the screen.
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { open } = require('./browsers');

const faults = [];
const check = (holds, text) => { if (!holds) { faults.push(text); } };

/** Files of a folder and below, for browsers whose driver takes no folder. */
function filesBelow(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(file) : [file];
  });
}

/** The page of the viewer in a package: `index.htm`, `INDEX.HTM` in the strict layout. */
function viewerPage(root) {
  const folder = fs.readdirSync(root).find((name) => /^cdviewer$/i.test(name));
  const file = fs.readdirSync(path.join(root, folder)).find((name) => /^index\.htm$/i.test(name));
  return path.join(root, folder, file);
}

/** Waits for the package to be open: its first image, or why there is none. `before` had been opened. */
const settled = (page, before = 0) => page.waitForFunction((count) => Number(document.body.dataset.opens ?? 0) > count, { timeout: 60_000 }, before);

/** Waits for what stands beside the images. */
const complete = (page) => page.waitForFunction(() => document.body.dataset.complete === document.body.dataset.opens);

/** Waits until the first pane has come to a place of its series, and shows it or says why not. */
const settledAt = (page, place) => page.waitForFunction((number) => {
  const pane = document.querySelector('.pane');
  const cover = pane.querySelector('.cover');
  const hasSaid = !cover.hidden && cover.classList.contains('problem');
  return Number(pane.dataset.place) === number && (Boolean(pane.dataset.shown) || hasSaid);
}, {}, place);

/** Chooses a folder as somebody does with the button. */
async function chooseFolder(page, root) {
  const input = await page.$('#folder');
  await input.uploadFile(root).catch(() => uploadFiles(page, root));
}

/** Firefox's driver chooses no folders: the files are chosen one by one, and given the paths that a folder gives them. */
async function uploadFiles(page, root) {
  const files = filesBelow(root);
  await page.evaluate(() => {
    const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, id: 'files' });
    document.body.append(input);
  });
  await (await page.$('#files')).uploadFile(...files);
  await page.evaluate((paths) => {
    const input = document.getElementById('files');
    const chosen = Array.from(input.files);
    chosen.forEach((file, n) => Object.defineProperty(file, 'webkitRelativePath', { value: paths[n] }));
    const folder = document.getElementById('folder');
    Object.defineProperty(folder, 'files', { value: chosen, configurable: true });
    folder.dispatchEvent(new Event('change'));
    input.remove();
  }, files.map((file) => path.join('package', path.relative(root, file))));
}

/** Opens a package from disk by choosing its folder; gives the milliseconds to the first image. */
async function openFolder(page, root) {
  const before = await page.evaluate(() => Number(document.body.dataset.opens ?? 0));
  const begun = Date.now();
  await chooseFolder(page, root);
  await settled(page, before);
  return Date.now() - begun;
}

async function openFromDisk(page, root) {
  await page.goto(pathToFileURL(viewerPage(root)).href, { waitUntil: 'load' });
  return openFolder(page, root);
}

/** Makes the picture of the first pane exactly so large, in pixels of the screen, its canvas with it. */
async function resizeFilm(page, width, height) {
  for (let tries = 0; tries < 16; tries += 1) {
    const [film, canvas] = await page.$eval('.film', (one) => {
      const { width: across = 0, height: down = 0 } = one.querySelector('canvas') ?? {};
      return [[one.clientWidth, one.clientHeight], [across / devicePixelRatio, down / devicePixelRatio]];
    });
    if (film[0] === width && film[1] === height) {
      if (canvas[0] === width && canvas[1] === height) { return; }
    } else {
      const now = page.viewport();
      await page.setViewport({ ...now, width: now.width + width - film[0], height: now.height + height - film[1] });
    }
    await frames(page, 3);
  }
}

/** Where the centre of a pixel of the image is on the screen while the whole image is shown upright. */
async function placeOf(page, x, y, columns, rows, number = 0) {
  const box = await page.$$eval('.film', (films, which) => {
    const { left, top, width, height } = films[which].getBoundingClientRect();
    return { left, top, width, height };
  }, number);
  const scale = Math.min(box.width / columns, box.height / rows);
  return [box.left + box.width / 2 + (x + 0.5 - columns / 2) * scale, box.top + box.height / 2 + (y + 0.5 - rows / 2) * scale];
}

/** Red, green and blue of the picture at a place of the screen. */
function colourAt(page, [x, y], number = 0) {
  return page.$$eval('.film canvas', (canvases, which, at) => {
    const canvas = canvases[which];
    const box = canvas.getBoundingClientRect();
    const share = canvas.width / box.width;
    return Array.from(canvas.getContext('2d').getImageData(Math.floor((at[0] - box.left) * share), Math.floor((at[1] - box.top) * share), 1, 1).data.slice(0, 3));
  }, number, [x, y]);
}

/** The image that the first pane shows, by its file and frame; undefined while it shows none. */
const shown = (page, number = 0) => page.$$eval('.pane', (panes, which) => panes[which].dataset.shown, number);

const frames = (page, count = 3) => page.evaluate(async (many) => {
  for (let n = 0; n < many; n += 1) { await new Promise(requestAnimationFrame); }
}, count);

/** The lines beside the measures of a pane. */
const measured = (page) => page.$$eval('.film svg text', (texts) => texts.map((text) => Array.from(text.querySelectorAll('tspan'), (line) => line.textContent)));

/** The number in a line of a measure: `Media -12,3 HU`. */
const numberIn = (line) => Number((line ?? '').replace(',', '.').match(/-?\d+(\.\d+)?/)?.[0]);

/** Grey of a value under a window (PS3.3 §C.11.2.1.2.1). */
const grey = (value, centre, width) => Math.min(Math.max(((value - (centre - 0.5)) / (width - 1) + 0.5) * 255, 0), 255);

/** A click that is over: the tools wait 0.4 s to see whether it becomes a double one. */
async function click(page, place) {
  await page.mouse.click(...place);
  await new Promise((resolve) => { setTimeout(resolve, 450); });
  await frames(page);
}

/** Drags with the left button through the places; the tools work values out at most every 0.1 s. */
async function drag(page, places, options = {}) {
  await page.mouse.move(...places[0]);
  await page.mouse.down(options);
  for (const place of places.slice(1)) { await page.mouse.move(...place, { steps: 4 }); }
  await page.mouse.up(options);
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  await frames(page);
}

/** Walks through the viewer in Chromium; prints what `check` found wrong and ends with 1 then, with 2 where it broke off. */
async function judge(width, height, walk) {
  try {
    const { browser, page } = await open('chromium', { script: true });
    page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
    await page.setViewport({ width, height });
    await walk(page);
    await browser.close();
    process.exitCode = faults.length ? 1 : 0;
  } catch (error) {
    console.error(error);
    process.exitCode = 2;
  }
  faults.forEach((fault) => console.log(fault));
  process.exit();
}

module.exports = { check, chooseFolder, click, colourAt, complete, drag, filesBelow, frames, grey, judge, measured, numberIn, openFolder, openFromDisk, placeOf, resizeFilm, settled, settledAt, shown, viewerPage };
