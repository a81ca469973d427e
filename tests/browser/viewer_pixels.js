// What the viewer shows of each package, pixel for pixel: a PNG of the canvas for some frames, or what it says.
//
// Usage: node viewer_pixels.js JOBS: JSON [{"root", "rows", "columns", "frames": [0, …]}]; writes `frame-N.png` into
// the folder above each root and prints a line of JSON for each frame: {"root", "frame", "shown", "says", "isPartial", "ms"}.
'use strict';

const fs = require('fs');
const path = require('path');
const { open } = require('./browsers');
const at = require('./viewer_page');

async function look(page, job) {
  await at.openFolder(page, job.root);
  await page.waitForFunction(() => document.body.dataset.complete === document.body.dataset.opens);
  await at.resizeFilm(page, job.columns, job.rows);
  const results = [];
  for (const frame of job.frames) {
    const begun = Date.now();
    await page.$eval('.place', (place, number) => { place.value = number; place.dispatchEvent(new Event('input')); }, frame + 1);
    await at.settledAt(page, frame + 1);
    await page.keyboard.press('0');
    // What is said beside the picture may have taken room from it.
    await at.resizeFilm(page, job.columns, job.rows);
    await at.frames(page, 3);
    const state = await page.evaluate(() => {
      const pane = document.querySelector('.pane');
      const cover = pane.querySelector('.cover');
      return { shown: pane.dataset.shown, says: cover.hidden ? '' : cover.textContent, isPartial: /Annotazioni del file|Marks of the file/.test(pane.querySelector('.labels').innerText), picture: pane.dataset.shown ? pane.querySelector('canvas').toDataURL('image/png') : '' };
    });
    if (state.picture) {
      fs.writeFileSync(path.join(path.dirname(job.root), `frame-${frame}.png`), Buffer.from(state.picture.split(',')[1], 'base64'));
    }
    results.push({ root: job.root, frame, shown: state.shown, says: state.says, isPartial: state.isPartial, ms: Date.now() - begun });
  }
  return results;
}

async function main() {
  const jobs = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
  const { browser, page } = await open('chromium', { script: true });
  page.setDefaultTimeout(120_000);
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(`file://${at.viewerPage(jobs[0].root)}`, { waitUntil: 'load' });
  for (const job of jobs) {
    let results;
    try {
      results = await look(page, job);
    } catch (error) {
      results = [{ root: job.root, frame: job.frames[0], error: error.message.split('\n')[0] }];
      // What hangs must not spoil the next one.
      await page.goto(`file://${at.viewerPage(jobs[0].root)}`, { waitUntil: 'load' });
    }
    results.forEach((result) => console.log(JSON.stringify(result)));
  }
  await browser.close();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(2); });
