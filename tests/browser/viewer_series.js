// Images of one series that differ: a small one in MONOCHROME1, then a larger one in MONOCHROME2. Each is shown whole and with the
// greys that it says, and what somebody chose stays; what was taken back does not come again. Series of one body go together,
// and say where they are.
//
// Usage: node viewer_series.js ROOT MR   (unpacked packages: a series of two such images, 60 by 50 and 120 by 100 pixels, whose
// corners are dark; an examination of the brain). Prints what is wrong; exit 1 then.
'use strict';

const fs = require('fs');
const path = require('path');
const at = require('./viewer_page');

const { check } = at;

/** Both images fit exactly into this. */
const [WIDTH, HEIGHT] = [600, 720];

const press = async (page, key) => { await page.keyboard.press(key); await at.frames(page, 4); };
/** Keeps the picture as it is by a name. */
const keep = (page, name) => page.$eval('.film canvas', (canvas, key) => {
  window.kept ??= {};
  window.kept[key] = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
}, name);
/** By how much grey the picture differs from one that was kept, on average: below 0.5 it is the same, but for rounding. */
const apart = (page, name) => page.$eval('.film canvas', (canvas, key) => {
  const [now, before] = [canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data, window.kept[key]];
  return before.length === now.length ? now.reduce((sum, value, n) => sum + Math.abs(value - before[n]), 0) / now.length : 255;
}, name);
const SAME = 0.5;
const isPressed = (page) => page.$eval('[data-hint="action_invert"]', (button) => button.getAttribute('aria-pressed') === 'true');

/** Goes to an image by a key. */
async function go(page, key, place) {
  await page.keyboard.press(key);
  await at.settledAt(page, place);
  await at.frames(page, 6);
}

/** The last pixel of the picture is dark, or bright where the picture is inverted; the button says the same. */
async function shades(page, isInverted, what) {
  const [red] = await page.$eval('.film canvas', (canvas) => Array.from(canvas.getContext('2d').getImageData(canvas.width - 3, canvas.height - 3, 1, 1).data));
  check(isInverted ? red > 195 : red < 60, `${what}: the corner is ${red}`);
  check(await isPressed(page) === isInverted, `${what}: the button says ${await isPressed(page)}`);
}

/** A larger image is shown whole, as it is after a reset. */
async function sizes(page) {
  await go(page, 'ArrowDown', 2);
  const zoom = await page.$eval('.labels .bottom.right', (corner) => Number(corner.innerText.match(/Zoom (\d+)/)[1]));
  check(zoom === 600, `an image of 120 rows fills ${HEIGHT} px at ${zoom} %`);
  await shades(page, false, 'MONOCHROME2 after MONOCHROME1');
  await keep(page, 'larger');
  await press(page, '0');
  check(await apart(page, 'larger') < SAME, 'a larger image is shown otherwise than after a reset');
  await go(page, 'ArrowUp', 1);
  await shades(page, false, 'MONOCHROME1 after MONOCHROME2');
}

/** Inverted stays inverted, whatever the images say. */
async function inversion(page) {
  await press(page, 'i');
  await shades(page, true, 'MONOCHROME1 inverted');
  await go(page, 'ArrowDown', 2);
  await shades(page, true, 'MONOCHROME2 after one that was inverted');
  await press(page, 'i');
  await shades(page, false, 'MONOCHROME2 inverted twice');
  await press(page, 'i');
  await go(page, 'ArrowUp', 1);
  await press(page, '0');
  await shades(page, false, 'MONOCHROME1 after a reset');
}

/** What was mirrored and reset stays as it was when the page becomes smaller and larger, and is mirrored by one press again. */
async function mirrors(page) {
  await keep(page, 'upright');
  for (const key of ['h', 'j']) {
    await press(page, key);
    await keep(page, key);
    check(await apart(page, 'upright') > 4 * SAME, `${key} mirrors nothing`);
    await press(page, '0');
    check(await apart(page, 'upright') < SAME, `a reset after ${key} leaves the picture mirrored`);
    await at.resizeFilm(page, WIDTH - 100, HEIGHT - 120);
    await at.resizeFilm(page, WIDTH, HEIGHT);
    await at.frames(page, 4);
    check(await apart(page, 'upright') < SAME, `after ${key}, a reset and a change of size the picture is another one`);
    await press(page, key);
    check(await apart(page, key) < SAME, `after ${key} and a reset ${key} does not mirror`);
    await press(page, '0');
  }
}

/** Letters, digits and signs can be switched off as keys, also for the next page; arrows go on. */
async function singleKeys(page, root) {
  const turn = async () => {
    await page.click('[data-hint="action_help"]');
    await page.click('#single-keys');
    await page.click('#help-close');
    await page.focus('.pane');
  };
  await turn();
  await press(page, 'i');
  check(!(await isPressed(page)), 'a letter acts that was switched off');
  await at.openFromDisk(page, root);
  await at.complete(page);
  await at.settledAt(page, 1);
  await page.focus('.pane');
  await press(page, 'i');
  check(!(await isPressed(page)), 'a letter acts that was switched off on the page before');
  await go(page, 'ArrowDown', 2);
  await go(page, 'ArrowUp', 1);
  await turn();
  await press(page, 'i');
  check(await isPressed(page), 'a letter does not act that was switched on again');
  await press(page, '0');
}

/** Two series through the same heights go together, also when the columns of one run the other way. */
async function heights(page, root) {
  const directory = path.join(root, 'DICOMDIR');
  const text = fs.readFileSync(directory, 'latin1');
  const axial = '1\\0\\0\\0\\1\\0 ';
  const slices = at.filesBelow(path.join(root, 'STUDIES', 'ST000001', 'SE000002')).length;
  const parts = text.split(axial);
  check(parts.length > 2 * slices, `the directory names ${parts.length - 1} axial slices`);
  const turned = parts.slice(0, slices + 1).join('1\\0\\0\\0\\-1\\0');
  fs.writeFileSync(directory, [turned, ...parts.slice(slices + 1)].join(axial), 'latin1');
  await at.openFromDisk(page, root);
  await at.complete(page);
  await go(page, 'Home', 1);
  const label = await page.$eval('.labels .bottom.left', ({ innerText }) => innerText);
  check(/Pos\. -54[.,]0 mm/.test(label), `a sagittal slice 54 mm to the right is at ${label}`);
  await page.select('#bar select[data-hint="layout"]', '1x2');
  for (const number of [0, 1]) {
    await page.focus(`.pane:nth-child(${number + 1})`);
    await (await page.$$('.shelf li button:not(.paper)'))[number + 1].click();
    await page.waitForFunction((which) => document.querySelectorAll('.pane')[which].dataset.shown, {}, number);
  }
  await page.focus('.pane:nth-child(1)');
  for (const [key, place] of [['Home', 1], ['End', slices]]) {
    await go(page, key, place);
    await at.frames(page, 20);
    const [one, other] = [await at.shown(page, 0), await at.shown(page, 1)];
    check(/SE000002\/IM0*\d+#1$/.test(one) && other === one.replace('SE000002', 'SE000003'), `together: ${one} and ${other}`);
  }
}

/** Of somebody only the year of birth is known: what is no date stands as it is. */
function forgetBirthday(file) {
  const bytes = fs.readFileSync(file);
  const found = bytes.indexOf(Buffer.from('\x10\x00\x30\x00DA\x08\x00', 'latin1'));
  check(found > 0, 'the image has no date of birth');
  bytes.write('19550000', found + 8, 'latin1');
  fs.writeFileSync(file, bytes);
}

async function birthday(page) {
  const says = await page.$eval('.labels .top.left', ({ innerText }) => innerText);
  check(says.includes('19550000'), `who was born in 1955 is ${says}`);
}

/** A directory must date each study: the day that stands there for none is not shown. */
async function undated(page, root) {
  const heading = () => page.$eval('#shelf-list h2', ({ textContent }) => textContent);
  check(/2026 · RM encefalo$/.test(await heading()), `the study with a date is ${await heading()}`);
  const directory = path.join(root, 'DICOMDIR');
  const bytes = fs.readFileSync(directory);
  const found = bytes.indexOf(Buffer.from('\x08\x00\x20\x00DA\x08\x00', 'latin1'));
  check(found > 0, 'the directory has no date of the study');
  bytes.write('19000101', found + 8, 'latin1');
  fs.writeFileSync(directory, bytes);
  await at.openFromDisk(page, root);
  await at.complete(page);
  check(await heading() === 'RM encefalo', `the study without a date is ${await heading()}`);
}

async function main(page) {
  const [root, mr] = process.argv.slice(2);
  forgetBirthday(at.filesBelow(path.join(root, 'STUDIES')).sort()[0]);
  await at.openFromDisk(page, root);
  await at.complete(page);
  await at.settledAt(page, 1);
  await at.resizeFilm(page, WIDTH, HEIGHT);
  await page.focus('.pane');
  await press(page, '0');
  await birthday(page);
  await sizes(page);
  await inversion(page);
  await mirrors(page);
  await singleKeys(page, root);
  await heights(page, mr);
  await undated(page, mr);
}

at.judge(1280, 1000, main);
