// Numbers, units and sides in the viewer: of CT that is not in Hounsfield units, of a reconstruction, of regions of ultrasound,
// of radiographs, of windows.
//
// Usage: node viewer_units.js CT US CR WINDOWS   (unpacked packages: two slices of 64², a cine of 240 by 320, two radiographs of 60
// by 50, CT with a SIGMOID and a LINEAR_EXACT window; files of the others are changed). Prints what is wrong; exit 1 then.
'use strict';

const fs = require('fs');
const path = require('path');
const at = require('./viewer_page');

const { check } = at;
const images = (root) => at.filesBelow(path.join(root, 'STUDIES')).sort();
const near = (value, expected, share) => Math.abs(value - expected) <= Math.abs(expected) * share;

/** An element in Explicit VR Little Endian; its value has an even number of bytes. */
function element(group, number, vr, value) {
  const head = Buffer.alloc(vr === 'SQ' ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (vr === 'SQ') { head.writeUInt32LE(value.length, 8); } else { head.writeUInt16LE(value.length, 6); }
  return Buffer.concat([head, value]);
}

/** Numbers of a value representation. */
function numbers(vr, ...values) {
  const [bytes, write] = { US: [2, 'writeUInt16LE'], UL: [4, 'writeUInt32LE'], SL: [4, 'writeInt32LE'], FD: [8, 'writeDoubleLE'] }[vr];
  const made = Buffer.alloc(bytes * values.length);
  values.forEach((value, n) => made[write](value, n * bytes));
  return made;
}

/** Puts elements before the pixels of a file. */
function add(file, ...elements) {
  const bytes = fs.readFileSync(file);
  const pixels = bytes.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  check(pixels > 0, `${file} has no pixels`);
  fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, pixels), ...elements, bytes.subarray(pixels)]));
}

/** An item of Sequence of Ultrasound Regions (0018,6011): where it is, its units across and down, and how much a pixel is of them. */
function region({ kind, place, reference, units, deltas }) {
  const values = [
    [0x6012, 'US', kind === 1 ? 1 : 3], [0x6014, 'US', kind], [0x6016, 'UL', 0],
    ...place.map((value, n) => [0x6018 + 2 * n, 'UL', value]),
    ...reference.map((value, n) => [0x6020 + 2 * n, 'SL', value]),
    ...units.map((value, n) => [0x6024 + 2 * n, 'US', value]),
    ...deltas.map((value, n) => [0x602c + 2 * n, 'FD', value]),
  ];
  const content = Buffer.concat(values.map(([number, vr, value]) => element(0x0018, number, vr, numbers(vr, value))));
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

async function show(page, place) {
  await page.$eval('.place', (slider, number) => { slider.value = number; slider.dispatchEvent(new Event('input')); }, place);
  await at.settledAt(page, place);
  await at.frames(page, 4);
}

/** Uses a tool, gives its lines, and takes the measure away. */
async function says(page, tool, use) {
  await page.click(`[data-hint="tool_${tool}"]`);
  await use();
  const [lines = []] = await at.measured(page);
  await page.click('[data-hint="action_clear"]');
  await at.frames(page);
  return lines;
}

/** Values and windows in Hounsfield units where Rescale Type (0028,1054) says so, and not where it says another unit. */
async function hounsfield(page, root) {
  const file = images(root)[1];
  const bytes = fs.readFileSync(file);
  const type = bytes.indexOf(Buffer.from('\x28\x00\x54\x10LO\x02\x00HU', 'latin1'));
  check(type > 0, 'the slice has no Rescale Type');
  bytes.write('US', type + 8, 'latin1');
  fs.writeFileSync(file, bytes);
  await at.openFromDisk(page, root);
  await at.complete(page);
  for (const [place, isIn] of [[1, true], [2, false]]) {
    await show(page, place);
    const [line] = await says(page, 'probe', async () => at.click(page, await at.placeOf(page, 30, 30, 64, 64)));
    check(line !== undefined && line.endsWith(' HU') === isIn, `the probe on slice ${place} says ${line}`);
    const keys = await page.$$eval('#bar select[data-hint="preset"] option', (options) => options.map(({ value }) => value));
    check(keys.includes('lung') === isIn, `slice ${place} has the windows ${keys}`);
  }
}

/** The plane of a reconstruction of nuclear medicine stands in Detector Information Sequence (0054,0022). */
async function reconstruction(page, root) {
  const plane = element(0x0020, 0x0037, 'DS', Buffer.from('0\\1\\0\\0\\0\\-1'));
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, plane.length, 0, 0, 0]);
  add(
    images(root)[0],
    element(0x0008, 0x0008, 'CS', Buffer.from('ORIGINAL\\PRIMARY\\RECON TOMO ')),
    element(0x0008, 0x0060, 'CS', Buffer.from('NM')),
    element(0x0020, 0x0037, 'DS', Buffer.alloc(0)),
    element(0x0054, 0x0022, 'SQ', Buffer.concat([head, plane])),
  );
  await at.openFolder(page, root);
  await at.complete(page);
  await show(page, 1);
  const sides = await page.$$eval('.edge', (all) => all.map(({ className, textContent }) => `${className.replace('edge ', '')} ${textContent}`).sort().join(', '));
  check(sides === 'bottom F, left A, right P, top H', `the sides of a sagittal plane are ${sides}`);
}

/** Lengths and areas of a region in centimetres as millimetres; a place in a spectrum with its units. */
async function ultrasound(page, root) {
  const tissue = region({ kind: 1, place: [0, 0, 159, 239], reference: [0, 0], units: [3, 3], deltas: [0.05, 0.05] });
  const spectrum = region({ kind: 3, place: [160, 0, 319, 239], reference: [0, 100], units: [4, 7], deltas: [0.01, -0.5] });
  add(images(root)[0], element(0x0018, 0x6011, 'SQ', Buffer.concat([tissue, spectrum])));
  await at.openFolder(page, root);
  await at.complete(page);
  const place = (x, y) => at.placeOf(page, x, y, 320, 240);
  const [length] = await says(page, 'length', async () => at.drag(page, [await place(30, 60), await place(130, 60)]));
  check(near(at.numberIn(length), 50, 0.02) && length?.endsWith(' mm'), `100 pixels of 0.5 mm are ${length}`);
  const [area] = await says(page, 'region', async () => at.drag(page, [await place(80, 120), await place(120, 140)]));
  check(near(at.numberIn(area), Math.PI * 20 * 10, 0.05) && area?.endsWith(' mm²'), `an ellipse of half axes of 20 and 10 mm is ${area}`);
  const [value] = await says(page, 'probe', async () => at.click(page, await place(210, 40)));
  check(/^0[.,]50 s \/ 30[.,]00 cm\/s$/.test(value ?? ''), `the place in the spectrum is ${value}`);
}

/** Lengths in a radiograph hold at the detector, unless somebody has calibrated them. */
async function radiographs(page, root) {
  for (const [n, file] of images(root).entries()) {
    const bytes = fs.readFileSync(file);
    const found = bytes.indexOf(Buffer.from([0x18, 0x00, 0x64, 0x11, 0x44, 0x53]));
    check(found > 0, 'the radiograph has no Imager Pixel Spacing');
    const spacing = bytes.subarray(found + 8, found + 8 + bytes.readUInt16LE(found + 6));
    const calibrated = n ? [element(0x0028, 0x0a02, 'CS', Buffer.from('GEOMETRY'))] : [];
    add(file, element(0x0028, 0x0030, 'DS', spacing), ...calibrated);
  }
  await at.openFolder(page, root);
  await at.complete(page);
  for (const [number, isAtDetector] of [[1, true], [2, false]]) {
    await show(page, number);
    const [length] = await says(page, 'length', async () => at.drag(page, [await at.placeOf(page, 10, 20, 50, 60), await at.placeOf(page, 40, 20, 50, 60)]));
    check(near(at.numberIn(length), 30 * (430 / 60), 0.02) && / mm/.test(length), `30 pixels of radiograph ${number} are ${length}`);
    check(/detector|rivelatore/.test(length ?? '') === isAtDetector, `the length in radiograph ${number} is ${length}`);
  }
}

/** Windows are called by the centre and width that the file gives them, whatever their function. */
async function windows(page, root) {
  await at.openFolder(page, root);
  await at.complete(page);
  for (const number of [1, 2]) {
    await show(page, number);
    for (const [key, expected] of [['file0', /C 40 [LW] 400$/m], ['file1', /C -600 [LW] 1500$/m]]) {
      await page.select('#bar select[data-hint="preset"]', key);
      await at.frames(page, 4);
      const says = await page.$eval('.labels .bottom.right', ({ innerText }) => innerText);
      check(expected.test(says), `the window ${key} of slice ${number} is called ${says}`);
    }
    await page.select('#bar select[data-hint="preset"]', 'file0');
  }
}

/** A LINEAR window of few values has one more than its bounds are apart (PS3.3 C.11.2.1.2.1). */
async function narrowWindow(page, root) {
  const texts = images(root).map((file) => [file, fs.readFileSync(file, 'latin1')]);
  const [file, text] = texts.find(([, text]) => text.includes('LINEAR_EXACT'));
  const width = '400\\1500';
  check(text.includes(width), `no widths ${width}`);
  const changed = text.replace('LINEAR_EXACT', 'LINEAR'.padEnd(12)).replace(width, '4\\1500'.padEnd(width.length));
  fs.writeFileSync(file, changed, 'latin1');
  await at.openFolder(page, root);
  await at.complete(page);
  await show(page, images(root).indexOf(file) + 1);
  const says = await page.$eval('.labels .bottom.right', ({ innerText }) => innerText);
  check(/C 40 [LW] 4$/m.test(says), `a window of four values is called ${says}`);
}

async function main(page) {
  const [ct, us, cr, exact] = process.argv.slice(2);
  await hounsfield(page, ct);
  await reconstruction(page, ct);
  await ultrasound(page, us);
  await radiographs(page, cr);
  await windows(page, exact);
  await narrowWindow(page, exact);
}

at.judge(1280, 1000, main);
