// Uses the viewer of a package from file://, tool by tool, and compares what it says with pydicom and geometry.
//
// Usage: node viewer.js chromium|firefox PYTHON CT [MIXED XSS CDA|few]   (unpacked packages: a CT of 512², an order of kinds, one with markup, a document; `few`
// tries scrolling and measures alone)
// Prints one line for each fault, then what was done; exit 1 if there was a fault.
'use strict';

const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { axeFaults } = require('./accessibility');
const { open } = require('./browsers');
const { dragged, kinds, linked, markup, rejected, withoutFolders } = require('./viewer_beside');
const { alone, hostile, withoutPdf } = require('./viewer_reports');
const { look } = require('./viewer_looks');
const { texts } = require('./viewer_texts');
const at = require('./viewer_page');

const SIZE = 512;
/** The picture is shown twice as large, so that a pixel has a middle that is a pixel of the screen. */
const FILM = 1024;

const faults = [];
const done = [];
/** The policy refuses what a page of somebody else asks for, and says so. */
let isHostile = false;
const check = (holds, text) => { if (!holds) { faults.push(text); } };
const near = (value, expected, within) => typeof value === 'number' && Math.abs(value - expected) <= within;

function oracle(python, root, shown, places, ellipse) {
  const script = path.join(__dirname, '..', 'judges', 'viewer_values.py');
  const file = path.join(root, shown.split('#')[0]);
  const more = ellipse ? ['--ellipse', ellipse.join()] : [];
  return JSON.parse(execFileSync(python, [script, file, ...places.map((place) => place.join()), ...more], { encoding: 'utf8' }));
}

const press = async (page, ...keys) => {
  for (const key of keys) { await page.keyboard.press(key); await at.frames(page); }
};
const tool = (page, key) => page.click(`[data-hint="tool_${key}"]`);
const act = async (page, key) => { await page.click(`[data-hint="action_${key}"]`); await at.frames(page); };
const instance = async (page) => Number((await at.shown(page))?.match(/IM0*(\d+)#/)?.[1]);
const label = (page, which) => page.$eval(`.labels .${which}`, (corner) => corner.innerText);

/** Wheel, keys, slider and dragging go through the series; both ends hold. */
async function scroll(page) {
  await press(page, 'Home');
  check(await instance(page) === 1, `Home shows ${await at.shown(page)}`);
  const middle = await at.placeOf(page, 256, 256, SIZE, SIZE);
  await page.mouse.move(...middle);
  await page.mouse.wheel({ deltaY: 120 });
  await at.frames(page, 6);
  check(await instance(page) === 2, `a notch of the wheel leads to ${await at.shown(page)}`);
  await press(page, 'ArrowDown', 'ArrowDown', 'ArrowUp');
  check(await instance(page) === 3, `the arrows lead to ${await at.shown(page)}`);
  await press(page, 'PageDown');
  check(await instance(page) === 13, `a page leads to ${await at.shown(page)}`);
  await press(page, 'End', 'ArrowDown');
  const count = await page.$eval('.place', ({ max }) => Number(max));
  check(await instance(page) === count, `the end is ${await at.shown(page)}`);
  await tool(page, 'slice');
  await at.drag(page, [middle, [middle[0], middle[1] - 85]]);
  check(await instance(page) === count - 10, `85 px upwards lead from ${count} to ${await at.shown(page)}`);
  await page.$eval('.place', (place) => { place.value = 7; place.dispatchEvent(new Event('input')); });
  await at.frames(page, 6);
  check(await instance(page) === 7, `the slider leads to ${await at.shown(page)}`);
  check((await label(page, 'bottom.left')).startsWith(`7 / ${count}`), 'the label names another place');
  done.push('scrolling');
}

/** The picture has the grey of each value under its window: of the file, of a preset, after dragging, inverted. */
async function windows(page, python, root) {
  const places = [[256, 300], [256, 340], [100, 250], [200, 200], [300, 256], [10, 10]];
  const { values } = oracle(python, root, await at.shown(page), places);
  const compare = async (centre, width, what, isInverted = false) => {
    for (const [n, place] of places.entries()) {
      const [red] = await at.colourAt(page, await at.placeOf(page, ...place, SIZE, SIZE));
      const expected = isInverted ? 255 - at.grey(values[n], centre, width) : at.grey(values[n], centre, width);
      check(near(red, expected, 1.5), `${what}: ${values[n]} HU at ${place} is ${red}, not ${expected.toFixed(1)}`);
    }
  };
  // One pixel of the screen for one of the image: nothing is interpolated.
  await at.resizeFilm(page, SIZE, SIZE);
  await compare(40, 400, 'window of the file');
  for (const [key, centre, width] of [['lung', -600, 1500], ['bone', 400, 1800], ['brain', 40, 80]]) {
    await page.select('#bar select[data-hint="preset"]', key);
    await at.frames(page);
    await compare(centre, width, key);
  }
  await page.select('#bar select[data-hint="preset"]', 'file0');
  await at.frames(page);
  await tool(page, 'window');
  const middle = await at.placeOf(page, 256, 256, SIZE, SIZE);
  await at.drag(page, [middle, [middle[0] + 150, middle[1]]]);
  const [, centre, width] = (await label(page, 'bottom.right')).match(/C (-?\d+) [LW] (\d+)/).map(Number);
  check(width > 480 && near(centre, 40, 2), `150 px to the right make C ${centre} W ${width} of C 40 W 400`);
  // The label is rounded.
  const [red] = await at.colourAt(page, await at.placeOf(page, ...places[3], SIZE, SIZE));
  check(near(red, at.grey(values[3], centre, width), 2), `after dragging ${values[3]} HU is ${red}`);
  await act(page, 'reset');
  await compare(40, 400, 'window after a reset');
  await act(page, 'invert');
  await compare(40, 400, 'inverted', true);
  await act(page, 'invert');
  await compare(40, 400, 'inverted twice');
  await at.resizeFilm(page, FILM, FILM);
  await act(page, 'reset');
  done.push('windows');
}

async function clear(page) {
  await act(page, 'clear').catch(() => null);
  check(!(await at.measured(page)).length, 'measures are left after clearing');
}

/** Length, angle, region and probe, against geometry and pydicom. */
async function measure(page, python, root) {
  const place = (x, y) => at.placeOf(page, x, y, SIZE, SIZE);
  const ellipse = [200, 220, 30, 20];
  const probes = [[256, 300], [100, 250], [301, 257], [256, 340]];
  const { spacing, values, ellipse: region } = oracle(python, root, await at.shown(page), probes, ellipse);
  await tool(page, 'length');
  await at.drag(page, [await place(100, 100), await place(400, 100)]);
  check(near(at.numberIn((await at.measured(page))[0]?.[0]), 300 * spacing[1], 0.06), `300 pixels are ${await at.measured(page)}, not ${300 * spacing[1]} mm`);
  await clear(page);
  await at.drag(page, [await place(100, 100), await place(190, 220)]);
  check(near(at.numberIn((await at.measured(page))[0]?.[0]), 150 * spacing[0], 0.06), `90 by 120 pixels are ${await at.measured(page)}`);
  await clear(page);
  await tool(page, 'angle');
  await at.drag(page, [await place(150, 150), await place(150, 350)]);
  await page.mouse.move(...await place(350, 350), { steps: 4 });
  await at.click(page, await place(350, 350));
  check(near(at.numberIn((await at.measured(page))[0]?.[0]), 90, 0.2), `a right angle is ${await at.measured(page)}`);
  await clear(page);
  await tool(page, 'region');
  // From the centre outwards.
  await at.drag(page, [await place(ellipse[0], ellipse[1]), await place(ellipse[0] + ellipse[2], ellipse[1] + ellipse[3])]);
  const [lines = []] = await at.measured(page);
  check(near(at.numberIn(lines[0]), region.area, region.area * 0.03), `the area is ${lines[0]}, not ${region.area}`);
  check(near(at.numberIn(lines[1]), region.mean, 0.6), `the mean is ${lines[1]}, not ${region.mean}`);
  check(near(at.numberIn(lines[2]), region.deviation, 0.6), `the deviation is ${lines[2]}, not ${region.deviation}`);
  check(lines[1]?.endsWith('HU'), `the mean has no unit: ${lines[1]}`);
  await clear(page);
  await tool(page, 'probe');
  for (const [n, probe] of probes.entries()) {
    await at.click(page, await place(...probe));
    const text = (await at.measured(page))[0]?.[0];
    check(near(at.numberIn(text), values[n], 0.05) && text.endsWith('HU'), `the probe at ${probe} says ${text}, not ${values[n]}`);
    await clear(page);
  }
  done.push('measures');
}

/** Screens with more pixels than a page counts: each of them is used, and measures are the same. */
async function dense(page, python, root, isChromium) {
  for (const share of [2, 1.25]) {
    await page.setViewport({ width: 1400, height: 1200, deviceScaleFactor: share });
    await at.resizeFilm(page, FILM, FILM);
    await act(page, 'reset');
    const canvas = await page.$eval('.film canvas', ({ width, height }) => [width, height]);
    check(canvas.every((side) => side === FILM * share), `${share} pixels for one: the canvas has ${canvas}`);
    check((await label(page, 'bottom.right')).includes(`Zoom ${(share * 100 * FILM) / SIZE} %`), `${share} pixels for one: ${await label(page, 'bottom.right')}`);
    await measure(page, python, root);
    await pan(page);
    await enlargeByHand(page, isChromium);
    done.splice(done.lastIndexOf('measures'), 1);
  }
  await page.setViewport({ width: 1400, height: 1200 });
  await at.resizeFilm(page, FILM, FILM);
  done.push('dense screens');
}

/** Turned and mirrored pictures show each pixel where it belongs; the probe still reads its value. */
async function turn(page, python, root) {
  const pixel = [300, 150];
  const { values } = oracle(python, root, await at.shown(page), [pixel]);
  await tool(page, 'probe');
  const last = SIZE - 1;
  const cases = [
    [['rotate'], ([x, y]) => [last - y, x], { left: 'P', top: 'R' }],
    [['rotate', 'rotate'], ([x, y]) => [last - x, last - y], { left: 'L', top: 'P' }],
    [['flipHorizontal'], ([x, y]) => [last - x, y], { left: 'L', top: 'A' }],
    [['flipVertical'], ([x, y]) => [x, last - y], { left: 'R', top: 'P' }],
  ];
  for (const [actions, moved, letters] of cases) {
    for (const action of actions) { await act(page, action); }
    await at.click(page, await at.placeOf(page, ...moved(pixel), SIZE, SIZE));
    const text = (await at.measured(page))[0]?.[0];
    check(near(at.numberIn(text), values[0], 0.05), `${actions}: the probe says ${text}, not ${values[0]}`);
    for (const [edge, letter] of Object.entries(letters)) {
      const shown = await page.$eval(`.edge.${edge}`, (one) => one.textContent);
      check(shown === letter, `${actions}: ${edge} is ${shown}, not ${letter}`);
    }
    await clear(page);
    await act(page, 'reset');
  }
  done.push('turning');
}

/** The picture goes with the mouse, and back by a reset. */
async function pan(page) {
  const before = await at.placeOf(page, 256, 256, SIZE, SIZE);
  await tool(page, 'pan');
  await act(page, 'reset');
  const colour = await at.colourAt(page, await at.placeOf(page, 100, 250, SIZE, SIZE));
  await at.drag(page, [before, [before[0] + 100, before[1] + 60]]);
  const moved = await at.placeOf(page, 100, 250, SIZE, SIZE);
  check(String(await at.colourAt(page, [moved[0] + 100, moved[1] + 60])) === String(colour), 'the picture has not moved by what was dragged');
  await act(page, 'reset');
  check(String(await at.colourAt(page, await at.placeOf(page, 100, 250, SIZE, SIZE))) === String(colour), 'a reset leaves the picture elsewhere');
}

/** What the label says of the enlargement, in hundredths. */
const zoomOf = async (page) => Number((await label(page, 'bottom.right')).match(/Zoom (\d+)/)[1]);

/** Zoom by the right button and by fingers: as far as they go, and hardly at all where they hardly move. */
async function enlargeByHand(page, isChromium) {
  const middle = await at.placeOf(page, 256, 256, SIZE, SIZE);
  await act(page, 'reset');
  const whole = await zoomOf(page);
  await at.drag(page, [middle, [middle[0], middle[1] - 1], [middle[0], middle[1] - 2]], { button: 'right' });
  check(near(await zoomOf(page) / whole, 1, 0.05), `2 px with the right button make ${await zoomOf(page)} % of ${whole} %`);
  await act(page, 'reset');
  await at.drag(page, [middle, [middle[0], middle[1] - 60]], { button: 'right' });
  const share = await zoomOf(page) / whole;
  check(near(Math.abs(Math.log(share)), 0.35, 0.3), `60 px with the right button make ${share} of the picture`);
  await act(page, 'reset');
  check(await zoomOf(page) === whole, `a reset makes ${await zoomOf(page)} % of ${whole} %`);
  if (isChromium) { await pinch(page, middle, whole); }
}

/** Zoom and pan by keys, mouse and fingers; a reset shows the whole image again. */
async function enlarge(page, isChromium) {
  check(await zoomOf(page) === 200, `the film of ${FILM} shows ${SIZE} at ${await zoomOf(page)} %`);
  await press(page, '+', '+');
  check(await zoomOf(page) === 288, `twice + makes ${await zoomOf(page)} %`);
  await pan(page);
  await enlargeByHand(page, isChromium);
  done.push('zoom');
}

/** The tools take a touch so soon after the mouse, or the mouse after a touch, for the same movement told twice. */
const apart = () => new Promise((resolve) => { setTimeout(resolve, 2100); });

/** One finger scrolls, two fingers enlarge. */
async function pinch(page, [x, y], whole) {
  const session = await page.createCDPSession();
  const touch = async (type, points) => {
    await session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([px, py], id) => ({ x: px, y: py, id })) });
    await at.frames(page, 2);
  };
  await tool(page, 'slice');
  await press(page, 'Home');
  await apart();
  await touch('touchStart', [[x, y]]);
  for (let n = 1; n <= 12; n += 1) { await touch('touchMove', [[x, y + 8 * n]]); }
  await touch('touchEnd', []);
  check(await instance(page) > 5, `a finger of 96 px leads from 1 to ${await at.shown(page)}`);
  await touch('touchStart', [[x - 50, y], [x + 50, y]]);
  for (let n = 1; n <= 12; n += 1) { await touch('touchMove', [[x - 50 - 8 * n, y], [x + 50 + 8 * n, y]]); }
  await touch('touchEnd', []);
  const share = await zoomOf(page) / whole;
  check(share > 1.1 && share < 4, `two fingers apart make ${share} of the picture`);
  await apart();
  await act(page, 'reset');
  await session.detach();
  if (!done.includes('touch')) { done.push('touch'); }
}

/** Plays at about the rate that was chosen. */
async function cine(page) {
  await press(page, 'Home');
  await page.select('#bar select[data-hint="rate"]', '10');
  const passed = page.evaluate(() => new Promise((resolve) => {
    let count = 0;
    const watch = new MutationObserver((changes) => { count += changes.length; });
    watch.observe(document.querySelector('.pane'), { attributes: true, attributeFilter: ['data-shown'] });
    setTimeout(() => { watch.disconnect(); resolve(count); }, 2000);
  }));
  await act(page, 'play');
  const images = await passed;
  check(images >= 14 && images <= 24, `${images} images in 2 s at 10 a second`);
  await page.click('[data-hint="action_stop"]');
  const here = await at.shown(page);
  await at.frames(page, 20);
  check(await at.shown(page) === here, 'it plays on after it was stopped');
  done.push('cine');
}

/** The picture is saved as a PNG of the size that is shown. */
async function save(page, isChromium) {
  if (!isChromium) { return; }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'viewer-'));
  const session = await page.createCDPSession();
  await session.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  await act(page, 'save');
  for (let tries = 0; tries < 50 && !fs.readdirSync(folder).some((name) => name.endsWith('.png')); tries += 1) { await at.frames(page, 6); }
  const [name] = fs.readdirSync(folder);
  check(/^(immagine|image)-\d+-\d+\.png$/.test(name ?? ''), `the picture is called ${name}`);
  const bytes = name ? fs.readFileSync(path.join(folder, name)) : Buffer.alloc(24);
  check(bytes.readUInt32BE(16) === FILM && bytes.readUInt32BE(20) === FILM, `the picture has ${bytes.readUInt32BE(16)} by ${bytes.readUInt32BE(20)} pixels`);
  // Beside the body all is black but the letter.
  const bright = await page.evaluate(async (address) => {
    const picture = await createImageBitmap(await (await fetch(address)).blob());
    const context = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height }).getContext('2d');
    context.drawImage(picture, 0, 0);
    const { data } = context.getImageData(8, picture.height / 2 - 12, 32, 24);
    return Array.from(data).filter((value, n) => n % 4 === 0 && value > 250).length;
  }, `data:image/png;base64,${bytes.toString('base64')}`);
  check(bright > 10, `the letter of the left side has ${bright} bright pixels`);
  fs.rmSync(folder, { recursive: true });
  done.push('saving');
}

/** Several pictures: each series in its own, stacks of one body go together. */
async function sideBySide(page) {
  for (const [layout, count] of [['2x2', 4], ['1x2', 2], ['2x1', 2], ['1x1', 1], ['1x2', 2]]) {
    await page.select('#bar select[data-hint="layout"]', layout);
    await at.frames(page);
    check((await page.$$('.pane')).length === count, `${layout} has ${(await page.$$('.pane')).length} views`);
  }
  await page.click('.pane:nth-child(2)');
  await page.click('.shelf li button');
  await page.waitForFunction(() => document.querySelectorAll('.pane')[1].dataset.shown);
  await page.click('.pane:nth-child(1) .labels', { offset: { x: 20, y: 200 } }).catch(() => page.focus('.pane:nth-child(1)'));
  await page.focus('.pane:nth-child(1)');
  await press(page, 'Home', 'ArrowDown', 'ArrowDown');
  await at.frames(page, 6);
  check(await at.shown(page, 0) === await at.shown(page, 1), `together: ${await at.shown(page, 0)} and ${await at.shown(page, 1)}`);
  await act(page, 'link');
  await page.focus('.pane:nth-child(1)');
  await press(page, 'ArrowDown');
  check(await at.shown(page, 0) !== await at.shown(page, 1), 'they go together though they are not to');
  await act(page, 'link');
  await page.select('#bar select[data-hint="layout"]', '1x1');
  done.push('side by side');
}

/** A file that is cut, one that is missing and one that is no DICOM: each says so, the others are shown. */
async function damaged(page, root) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'guasto è '));
  fs.cpSync(root, copy, { recursive: true });
  const folder = path.join(copy, 'STUDIES', 'ST000001', 'SE000001');
  fs.truncateSync(path.join(folder, 'IM000002'), 100_000);
  fs.rmSync(path.join(folder, 'IM000003'));
  fs.writeFileSync(path.join(folder, 'IM000004'), 'nonsense '.repeat(1000));
  await at.openFolder(page, copy);
  await press(page, 'Home');
  const cover = () => page.$eval('.pane .cover', (one) => (one.hidden ? '' : one.textContent));
  const texts = [];
  for (const number of [2, 3, 4]) {
    await press(page, 'ArrowDown');
    await at.frames(page, 20);
    check(await at.shown(page) === undefined, `image ${number} is damaged, and ${await at.shown(page)} is shown`);
    texts.push(await cover());
    const place = await label(page, 'bottom.left');
    check(place.startsWith(`${number} / `), `image ${number} is refused, and the label says ${place}`);
  }
  const told = await cover();
  await page.click('#language');
  const count = texts.length;
  check(await cover() !== told && await page.$eval('.pane', ({ dataset }) => dataset.place) === String(count + 1), `in the other language it is told as: ${await cover()}`);
  await page.click('#language');
  check(await cover() === told, `in the first language again: ${await cover()}`);
  await page.focus('.pane');
  check(new Set(texts).size === 3 && texts.every((text) => text.length > 20), `what is wrong is told as: ${texts.join(' | ')}`);
  await press(page, 'ArrowDown');
  await at.frames(page, 10);
  check(await instance(page) === 5 && await cover() === '', `after the damaged ones ${await at.shown(page)} is shown: ${await cover()}`);
  await press(page, 'ArrowUp', 'ArrowDown');
  await at.frames(page, 10);
  check(await instance(page) === 5 && await cover() === '', `going back and forth ${await at.shown(page)} is shown: ${await cover()}`);
  await at.chooseFolder(page, path.join(copy, 'STUDIES'));
  await page.waitForFunction(() => /DICOMDIR/.test(document.querySelector('#message.problem')?.textContent));
  check(await instance(page) === 5, 'a folder without DICOMDIR has closed what was open');
  fs.rmSync(copy, { recursive: true });
  done.push('damaged files');
}

/** Four views, and the keys over them. */
async function lookAtFour(page) {
  await page.select('#bar select[data-hint="layout"]', '2x2');
  await look(page, 'four views', check);
  await act(page, 'help');
  for (const fault of await axeFaults(page)) { check(false, `the keys: axe: ${fault}`); }
  await page.click('#help-close');
  await page.select('#bar select[data-hint="layout"]', '1x1');
}

async function others(page, { isChromium, python, ct, mixed, xss, cda, step }) {
  await step('windows', () => windows(page, python, ct));
  await step('turning', () => turn(page, python, ct));
  await step('dense screens', () => dense(page, python, ct, isChromium));
  await step('zoom', () => enlarge(page, isChromium));
  await step('cine', () => cine(page));
  await step('saving', () => save(page, isChromium));
  await step('side by side', () => sideBySide(page));
  await step('damaged files', () => damaged(page, ct));
  if (mixed && isChromium) {
    await step('texts', () => texts(page, check).then(() => done.push('texts')));
    await step('kinds', () => kinds(page, mixed, check).then(() => done.push('reports', 'key images')));
    await step('rejected images', () => rejected(page, mixed, check).then(() => done.push('rejected images')));
    await step('a document alone', () => alone(page, cda, check).then(() => done.push('a document alone')));
    await step('markup', () => markup(page, xss, check).then(() => done.push('markup')));
    isHostile = true;
    await step('hostile reports', () => hostile(page, xss, check).then(() => done.push('hostile reports')));
    isHostile = false;
    await step('links', () => linked(page, mixed, check).then(() => done.push('links')));
    await step('no PDF in frames', () => withoutPdf(page, mixed, check).then(() => done.push('no PDF in frames')));
    await step('no folders', () => withoutFolders(page, mixed, check).then(() => done.push('no folders')));
    await step('dragging', () => dragged(page, mixed, check).then(() => done.push('dragging')));
  }
}

async function main() {
  const [kind, python, ct, mixed, xss, cda] = process.argv.slice(2);
  const isChromium = kind === 'chromium';
  const { browser, page } = await open(kind, { script: true });
  page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
  const isExpected = (text) => /Error executing method|willReadFrequently/.test(text) || (isHostile && /Content Security Policy/.test(text));
  page.on('console', (message) => { if (['error', 'warn'].includes(message.type()) && !isExpected(message.text())) { faults.push(`console: ${message.text().slice(0, 300)}`); } });
  page.on('request', (request) => check(/^(file|data|blob|chrome|chrome-extension):/.test(request.url()), `asks for ${request.url().slice(0, 80)}`));
  await page.setViewport({ width: 1280, height: 900 });
  const step = async (name, act) => act().catch((error) => faults.push(`${name}: ${error.message.split('\n')[0]}`));
  const first = await at.openFromDisk(page, ct);
  if (isChromium) {
    await page.reload();
    await step('looks', () => look(page, 'first page', check).then(() => done.push('looks')));
    await at.openFolder(page, ct);
    await step('looks', () => look(page, 'viewer', check));
    await step('looks', () => lookAtFour(page));
  }
  await page.setViewport({ width: 1400, height: 1200 });
  await at.resizeFilm(page, FILM, FILM);
  await step('scrolling', () => scroll(page));
  await step('measures', () => measure(page, python, ct));
  if (mixed !== 'few') { await others(page, { isChromium, python, ct, mixed, xss, cda, step }); }
  await browser.close();
  faults.forEach((fault) => console.log(`${kind}: ${fault}`));
  console.log(`${kind}: first image after ${first} ms; ${done.join(', ')}; ${faults.length} findings`);
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
