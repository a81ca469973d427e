// The viewer of somebody with whom an order is shared: the same slice as for the patient, until the share is taken back.
'use strict';

const at = require('./viewer_page');

const SIZE = { width: 1000, height: 800 };
const PLACE = 7;

const goTo = (page, place) => page.$eval('.place', (slider, number) => { slider.value = number; slider.dispatchEvent(new Event('input')); }, place);

/** Opens the viewer in a tab of its own from the page of the images; leaves its last image unread. */
async function openViewer(browser, images) {
  const page = await browser.newPage();
  await page.setViewport(SIZE);
  await page.goto(images);
  const session = await page.createCDPSession();
  await session.send('Network.enable');
  await session.send('Network.setBlockedURLs', { urls: ['*/IM000120'] });
  await Promise.all([page.waitForNavigation(), page.click('a.button[href*="cdviewer"]')]);
  await at.settled(page);
  await goTo(page, PLACE);
  await at.settledAt(page, PLACE);
  await at.frames(page, 4);
  return { page, unblock: () => session.send('Network.setBlockedURLs', { urls: [] }) };
}

/** Which image is shown, and how. */
const sliceIn = async (page) => ({ shown: await at.shown(page), pixels: await page.$eval('.film canvas', (canvas) => canvas.toDataURL()) });

/** What was not read before says that the share is over, image and report; loaded again, so does the page. */
async function judgeRevoked({ page, unblock }, check, look) {
  await unblock();
  const last = await page.$eval('.place', ({ max }) => Number(max));
  await goTo(page, last);
  await at.settledAt(page, last);
  const says = await page.$eval('.pane .cover', (cover) => (cover.hidden ? '' : cover.textContent));
  check(says.includes('la condivisione è finita') && !(await at.shown(page)), `S-110: in the viewer an image of a share that is over says: ${says}`);
  await page.click('.shelf .paper');
  await page.waitForFunction(() => document.querySelector('#beside-body .problem'));
  const report = await page.$eval('#beside-body', (body) => body.innerText);
  check(report.includes('la condivisione è finita'), `S-110: in the viewer a report of a share that is over says: ${report}`);
  await look(page);
  const answer = await page.reload();
  check(answer.status() === 404 && !(await page.$('#stage')), `S-110: the viewer of a share that is over is answered with ${answer.status()}`);
  await page.close();
}

module.exports = { judgeRevoked, openViewer, sliceIn };
