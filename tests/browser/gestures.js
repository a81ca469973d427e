// What a finger and a drag do on a stack page, what is read aloud of it, and how fast it plays.
'use strict';

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

const read = (page) => page.evaluate(() => ({
  number: parseInt(document.getElementById('counter').textContent, 10),
  total: parseInt(document.getElementById('counter').textContent.split('/')[1], 10),
  brightness: Number(document.getElementById('brightness').value),
  aloud: document.getElementById('position').getAttribute('aria-valuetext'),
  live: document.getElementById('corner').getAttribute('aria-live'),
  rate: Number(document.getElementById('stack').dataset.rate),
}));

/** The middle of the screen, in view. */
async function middle(page) {
  const box = await (await page.$('#screen')).boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

async function finger(page, [x, y], across, up) {
  await page.touchscreen.touchStart(x, y);
  for (let part = 1; part <= 6; part += 1) { await page.touchscreen.touchMove(x + across * part / 6, y - up * part / 6); }
  await page.touchscreen.touchEnd();
  await pause(60);
}

/** Images in a second of playing, counted in the page. */
async function played(page) {
  return page.evaluate(async () => {
    const counter = document.getElementById('counter');
    let images = 0;
    const observer = new MutationObserver(() => { images += 1; });
    observer.observe(counter, { childList: true, characterData: true, subtree: true });
    const start = performance.now();
    document.getElementById('play').click();
    await new Promise((done) => { setTimeout(done, 1000); });
    document.getElementById('play').click();
    observer.disconnect();
    return images * 1000 / (performance.now() - start);
  });
}

/** Uses the stack page that is open; `rate` is what its cine says, images a second, if it is one. */
async function useGestures(page, label, check, rate) {
  const expect = (now, wanted, what) => Object.keys(wanted).forEach((key) => check(now[key] === wanted[key], `${label}: ${what}: ${key} is ${now[key]}, not ${wanted[key]}`));
  await page.click('#reset');
  await page.focus('#screen');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  const start = await read(page);
  check(new RegExp(`^(immagine|image) 2 (di|of) ${start.total}$`).test(start.aloud), `${label}: read aloud: ${start.aloud}`);
  expect(start, { number: 2, brightness: 100, live: 'polite' }, 'at the beginning');
  const [x, y] = await middle(page);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 5, y - 60, { steps: 5 });
  await page.mouse.up();
  expect(await read(page), { number: 2, brightness: 130 }, 'dragging up with the mouse');
  await page.click('#reset');
  // On the page a finger that moves up scrolls the page, and changes nothing in the image.
  await finger(page, await middle(page), 0, 60);
  expect(await read(page), { number: 2, brightness: 100 }, 'a finger that moves up');
  await page.evaluate(() => document.getElementById('screen').scrollIntoView({ block: 'center' }));
  await finger(page, await middle(page), 60, 0);
  expect(await read(page), { number: 1, brightness: 100 }, 'a swipe to the right');
  await page.click('#full');
  await pause(400);
  await finger(page, await middle(page), 0, 60);
  expect(await read(page), { number: 1, brightness: 130 }, 'a finger that moves up on the full screen');
  await finger(page, await middle(page), -60, 0);
  expect(await read(page), { number: 3 }, 'a swipe on the full screen');
  await page.click('#full');
  await pause(400);
  await page.click('#reset');
  if (rate) {
    check(start.rate === rate, `${label}: plays ${start.rate} images a second, not ${rate}`);
    const speed = await played(page);
    // A busy machine may be slow; it must never be fast.
    check(speed <= rate * 1.2 && speed >= rate / 8, `${label}: played ${speed.toFixed(1)} images a second, not ${rate}`);
    await page.select('#speed', '0.5');
    const slow = await played(page);
    check(slow <= rate * 0.6, `${label}: played ${slow.toFixed(1)} images a second slowly`);
  }
  check((await read(page)).total === start.total, `${label}: images are lost`);
}

module.exports = { useGestures };
