// What the pages of the portal weigh on the wire, and how soon they are painted on a slow line.
// Usage: weight.js ESITO [--paint]; with --paint the machine should be at rest.
//
// The line is that which WebPageTest calls 3G Fast: 1.6 Mbit/s down, 768 kbit/s up, 150 ms there and back. Each page is
// opened by a browser that has nothing of it yet.
'use strict';

const { open } = require('./browsers');
const { start, firstPassword, logInForTheFirstTime } = require('./demonstration');
const { pause } = require('./portal_page');

const MOST_BYTES = 60 * 1024;
const MOST_PAINT = 500;
const LINE = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 768e3 / 8 };
const RUNS = 5;

/** Bytes of all answers of a page, heads included, those of the pictures of the guide apart: they come when somebody
 * scrolls to them; and when something is first painted. */
async function measure(page, session, address, isSlow) {
  let bytes = 0;
  let pictures = 0;
  const later = new Set();
  const ask = ({ requestId, request }) => { if (request.url.includes('/assets/guide/')) { later.add(requestId); } };
  const count = ({ requestId, encodedDataLength }) => { if (later.has(requestId)) { pictures += encodedDataLength; } else { bytes += encodedDataLength; } };
  session.on('Network.requestWillBeSent', ask);
  session.on('Network.loadingFinished', count);
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  await session.send('Network.emulateNetworkConditions', isSlow ? LINE : { ...LINE, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await page.goto(address, { waitUntil: 'networkidle0' });
  session.off('Network.requestWillBeSent', ask);
  session.off('Network.loadingFinished', count);
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
  return { bytes, pictures, paint };
}

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

async function main(esito, ...more) {
  const isPainted = more.includes('--paint');
  const demo = await start(esito);
  const { browser, page } = await open('chromium', { script: true });
  const faults = [];
  try {
    const session = await page.createCDPSession();
    await session.send('Network.enable');
    await page.setViewport({ width: 390, height: 844 });
    const first = await firstPassword(page, demo);
    const pages = { login: `${demo.origin}/login`, help: `${demo.origin}/help` };
    const measured = {};
    const weigh = async () => {
      for (const [name, address] of Object.entries(pages)) {
        const runs = [];
        for (let run = 0; run < (isPainted ? RUNS : 1); run += 1) { runs.push(await measure(page, session, address, isPainted)); }
        measured[name] = { ...runs[0], paint: Math.round(median(runs.map(({ paint }) => paint))) };
        delete pages[name];
      }
    };
    await weigh();
    await logInForTheFirstTime(page, demo, first);
    await page.goto(`${demo.origin}/`);
    pages.results = page.url();
    for (let tries = 0; tries < 20 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(500); await page.reload(); }
    pages.order = await page.$eval('.orders tbody th a', (link) => link.href);
    pages.profile = pages.results.replace('results', 'profile');
    pages.notifications = `${demo.origin}/notifications`;
    await weigh();
    for (const [name, { bytes, pictures, paint }] of Object.entries(measured)) {
      console.log(`${name}: ${bytes} bytes${pictures ? ` and ${pictures} of pictures` : ''}${isPainted ? `, first paint after ${paint} ms` : ''}`);
      if (bytes > MOST_BYTES) { faults.push(`${name} weighs ${bytes} bytes: ${MOST_BYTES} at most`); }
      if (isPainted && paint > MOST_PAINT) { faults.push(`${name} is painted after ${paint} ms: ${MOST_PAINT} at most`); }
    }
  } finally {
    await browser.close();
    demo.server.kill('SIGTERM');
  }
  faults.forEach((fault) => console.log(fault));
  process.exitCode = faults.length ? 1 : 0;
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
