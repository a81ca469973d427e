// A page of the portal, judged as it is open: axe-core in every look that people ask their systems for, nothing
// wider than the window, nothing that moves by itself, every control by the Tab key alone.
'use strict';

const { axeFaults, CONTRAST, FORCED } = require('./accessibility.js');
const { open } = require('./browsers.js');
const { walk } = require('./keyboard.js');

const DARK = [{ name: 'prefers-color-scheme', value: 'dark' }];
// 640 is what a window of 1280 px has left at 200 % (WCAG 2.1, 1.4.4), and 320 at 400 % (1.4.10).
// `quick`: only that nothing is wider than the window; axe-core finds the same there as beside it.
const ALL = [
  { width: 320, features: [] }, { width: 390, features: [], quick: true }, { width: 640, features: [], quick: true },
  { width: 768, features: [] }, { width: 1280, features: [] },
  { width: 390, features: DARK, quick: true }, { width: 1280, features: DARK },
  { width: 390, features: CONTRAST }, { width: 1280, features: CONTRAST.concat(DARK), quick: true },
  { width: 390, features: FORCED, quick: true }, { width: 1280, features: FORCED },
];
const FEW = ALL.filter(({ width, features }) => width === 320 || (width === 1280 && features === DARK));
// With letters twice as large, a telephone and a desk.
const LARGE = [{ width: 390, features: [] }, { width: 1280, features: [] }];

/** What is found wrong, and how much was looked at. */
class Judge {
  constructor(origin, pictures) {
    this.origin = origin;
    this.pictures = pictures;
    this.faults = [];
    this.counts = { pages: 0, looks: 0, 'steps by Tab': 0 };
  }

  check(holds, what) { if (!holds) { this.faults.push(what); } }

  /** A browser whose console, script and policy are listened to. `script`: on, off, or lost on its way. */
  async browser(script = 'on', hasLargeText = false) {
    // What people choose as the size of letters in its settings.
    const more = hasLargeText ? ['--blink-settings=defaultFontSize=32'] : [];
    const { browser, page } = await open('chromium', { script: script !== 'off', more });
    const session = await page.createCDPSession();
    await session.send('Network.enable');
    if (script === 'lost') { await session.send('Network.setBlockedURLs', { urls: ['*/assets/portal.js*'] }); }
    page.on('console', (message) => {
      const isWanted = /status of 4/.test(message.text()) || (script === 'lost' && /ERR_BLOCKED_BY_CLIENT/.test(message.text()));
      this.check(message.type() !== 'error' || isWanted, `console at ${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.faults.push(`script at ${page.url()}: ${error}`));
    return { browser, page };
  }

  /** The page that is open, in some looks; in all of them, and by keyboard, if none are named. */
  async look(page, name, looks = ALL) {
    this.counts.pages += 1;
    const moved = await shifts(page);
    this.check(moved <= 0.1, `${name}: the content moves by ${moved}`);
    const session = await page.createCDPSession();
    for (const { width, features, quick } of looks) {
      const look = `${name} at ${width} ${features.map(({ value }) => value).join(' ')}`;
      await session.send('Emulation.setEmulatedMedia', { features });
      await page.setViewport({ width, height: 900 });
      for (const fault of quick ? [] : await axeFaults(page)) { this.check(false, `${look}: axe: ${fault}`); }
      const wide = await overhang(page);
      this.check(wide <= 0, `${look}: ${wide} px too wide`);
      this.counts.looks += 1;
      if (this.pictures && width !== 320 && width !== 640) {
        const file = [name, width].concat(features.map(({ value }) => value)).join('-');
        await page.screenshot({ path: `${this.pictures}/${file}.png`, fullPage: true });
      }
    }
    await session.send('Emulation.setEmulatedMedia', { features: [] });
    if (looks === ALL) {
      const load = () => page.evaluate(() => {
        // Where the Tab key goes on from: before everything.
        const start = document.createElement('i');
        start.tabIndex = -1;
        document.body.prepend(start);
        start.focus();
        window.scrollTo(0, 0);
      });
      this.counts['steps by Tab'] += await walk(page, load, name, (holds, what) => this.check(holds, what));
    }
    await session.detach();
  }

  /** Says what was done and found; the exit code follows. */
  end() {
    this.faults.forEach((fault) => console.log(fault));
    console.log(`${JSON.stringify(this.counts)}, ${this.faults.length} findings`);
    process.exitCode = this.faults.length ? 1 : 0;
  }

  /** Runs a walk to its end; what it throws is told with what was found before. */
  run(walked) {
    walked.then(() => this.end(), (error) => {
      this.faults.push(error.stack);
      this.end();
    });
  }
}

const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** How far the content moved by itself while the page came (Layout Instability, W3C). */
const shifts = (page) => page.evaluate(() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) { sum += entry.value; } })).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 100);
}));

const path = (page) => new URL(page.url()).pathname;

/** Types into fields, by their ids, in the place of what they hold. */
async function fill(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    await page.$eval(`#${name}`, (input) => { input.value = ''; });
    await page.type(`#${name}`, value);
  }
}

/** Clicks, and waits for the next page. */
async function press(page, selector) {
  await Promise.all([page.waitForNavigation(), page.$eval(selector, (button) => button.click())]);
}

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

module.exports = { Judge, FEW, LARGE, path, fill, press, pause };
