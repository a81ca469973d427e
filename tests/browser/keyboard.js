// A walk over a page with the Tab key alone.
'use strict';

const WIDTHS = [1280, 390];

/** What can have the focus, in the order of the page: a selector for each that a walk must meet. */
const wanted = (page) => page.evaluate(() => {
  // Of a group of radio buttons the chosen one is the stop.
  const all = document.querySelectorAll('a[href],button:not([disabled]),input:not([type=radio]:not(:checked)),select,textarea,summary,[tabindex="0"]');
  const isHidden = (element) => element.parentElement.closest('details:not([open])') && !(element.tagName === 'SUMMARY' && !element.parentElement.parentElement.closest('details:not([open])'));
  return Array.from(all).filter((element) => element.getClientRects().length && !isHidden(element)).map((element, number) => {
    element.dataset.walk = number;
    return `${element.tagName} ${element.id || element.textContent.trim().slice(0, 30)}`;
  });
});

/** Where the focus is: the number of the element, whether it is seen, and how high on the page. */
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  if (!element || element === document.body) { return null; }
  const style = window.getComputedStyle(element);
  // What a menu offers lies over the page too.
  const isFloating = (one) => one !== null && (one.matches('.menu .entries') || ['fixed', 'sticky'].includes(window.getComputedStyle(one).position) || isFloating(one.parentElement));
  const box = element.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + box.width / 2, 0), window.innerWidth - 1);
  const above = document.elementFromPoint(x, Math.min(Math.max(box.top + box.height / 2, 0), window.innerHeight - 1));
  return {
    isCovered: !above || !(element.contains(above) || above.contains(element) || (element.labels && Array.from(element.labels).some((label) => label.contains(above)))),
    number: Number(element.dataset.walk),
    name: `${element.tagName} ${element.id || element.textContent.trim().slice(0, 30)}`,
    outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    isSeen: box.width > 0 && box.bottom > 0 && box.top < window.innerHeight && box.right > 0 && box.left < window.innerWidth,
    row: Array.from(document.querySelectorAll('tr')).indexOf(element.closest('tr')),
    isFloating: isFloating(element),
    isDate: element.type === 'date',
    left: box.left,
    right: box.right,
    top: box.top + window.scrollY,
    bottom: box.bottom + window.scrollY,
  };
});

/** Every control once, in the order of the page, each seen, marked and uncovered, never a step back up, no trap.
 * `load` opens the page, with the focus nowhere. */
async function walk(page, load, label, check) {
  let steps = 0;
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 800 });
    await load();
    const controls = await wanted(page);
    let before = null;
    for (let number = 0; number < controls.length; number += 1) {
      await page.keyboard.press('Tab');
      let now = await focused(page);
      // A date has a stop for each of its parts.
      for (let parts = 0; parts < 4 && now && now.isDate && now.number === number - 1; parts += 1) {
        await page.keyboard.press('Tab');
        now = await focused(page);
      }
      steps += 1;
      if (!now || now.number !== number) {
        check(false, `${label} at ${width}: Tab ${number + 1} leads to ${now && now.name}, not to ${controls[number]}`);
        break;
      }
      check(now.outline && now.isSeen && !now.isCovered, `${label} at ${width}: the focus on ${now.name} is not seen`);
      const isBeside = before && (now.isFloating || before.isFloating || (now.row >= 0 && now.row === before.row) || now.left >= before.right);
      check(!before || isBeside || now.bottom > before.top, `${label} at ${width}: from ${before && before.name} the focus jumps up to ${now.name}`);
      before = now;
    }
    await page.keyboard.press('Tab');
    const end = await focused(page);
    check(!end || end.number === 0, `${label} at ${width}: the focus does not leave the page: ${end && end.name}`);
  }
  return steps;
}

module.exports = { walk };
