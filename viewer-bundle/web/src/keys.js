// The keyboard, wherever on the page it is: all that mouse and fingers do, but drawing measures.
import { byId } from './element.js';
import { TOOLS, removeMeasure } from './stage/tools.js';

const MOVE = 40;
const WINDOW_SHARE = 0.05;
const KEPT = 'esito-viewer-single-keys';

/** Where letters, digits and signs are switched off as keys by those who dictate or hit them unawares (WCAG 2.1 §2.1.4). */
function singleKeys() {
  const box = byId('single-keys');
  // Pages from disk may keep nothing: it lasts as long as the page.
  try { box.checked = localStorage.getItem(KEPT) !== 'off'; } catch { box.checked = true; }
  box.addEventListener('change', () => {
    try { localStorage.setItem(KEPT, box.checked ? 'on' : 'off'); } catch { /* as above */ }
  });
  return box;
}

export function listenToKeys(stage, controls, actions) {
  const step = (by) => stage.chosen.step(by);
  const plain = {
    ArrowUp: () => step(-1), ArrowDown: () => step(1), PageUp: () => step(-10), PageDown: () => step(10),
    Home: () => stage.chosen.show(0), End: () => stage.chosen.show(stage.chosen.ids.length - 1),
    ArrowLeft: () => stage.chosen.changeWindow(-WINDOW_SHARE, 0), ArrowRight: () => stage.chosen.changeWindow(WINDOW_SHARE, 0),
    '+': () => actions.zoomBy(1.2), '-': () => actions.zoomBy(1 / 1.2), 0: actions.reset, ' ': actions.play,
    r: actions.rotate, h: actions.flipHorizontal, j: actions.flipVertical, i: actions.invert, t: actions.labels, '?': actions.help,
    Delete: () => { removeMeasure(stage.films()); stage.chosen.viewport.render(); controls.refresh(); },
  };
  const shifted = {
    ArrowUp: () => actions.moveBy(0, -MOVE), ArrowDown: () => actions.moveBy(0, MOVE),
    ArrowLeft: () => actions.moveBy(-MOVE, 0), ArrowRight: () => actions.moveBy(MOVE, 0),
  };
  const single = singleKeys();
  TOOLS.forEach(({ key, letter }) => { plain[letter] = () => controls.tool(key); });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) { return; }
    if (/^[^ ]$/u.test(event.key) && !single.checked) { return; }
    // A report is read with the keys that the browser has for that.
    if (event.target.closest('.beside')) { return; }
    // Lists and sliders have the keys that they know themselves, buttons are pressed by the space bar.
    const isOwn = event.target.closest('select, input') ? /^(Arrow|Home|End|Page| |.$)/ : event.target.closest('button, a') ? /^ $/ : /^$/;
    if (isOwn.test(event.key)) { return; }
    const digit = /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    const act = digit
      ? () => { stage.chosen.choosePreset(stage.chosen.presets()[digit - 1]?.key); controls.refresh(); }
      : (event.shiftKey && shifted[event.key]) || plain[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
