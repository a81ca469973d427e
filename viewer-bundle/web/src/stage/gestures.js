// What wheel and menu do over a picture.

/** Wheel pixels for one image; a notch of a mouse is 100 or 120. */
const STEP = 60;

/** Calls with +1 or −1 for each image that the wheel passes. */
export function wheelSteps(host, step) {
  let rest = 0;
  host.addEventListener('wheel', (event) => {
    // With Ctrl the browser enlarges the page.
    if (event.ctrlKey) { return; }
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * 40 : event.deltaMode === 2 ? event.deltaY * 400 : event.deltaY;
    if (Math.sign(pixels) !== Math.sign(rest)) { rest = 0; }
    rest += pixels;
    // A notch is always one image at least, and a touchpad does not race.
    const steps = Math.abs(pixels) >= 100 ? Math.sign(pixels) : Math.trunc(rest / STEP);
    if (steps) { rest = 0; step(steps); }
  }, { passive: false });
}

/** The right button enlarges the picture; the menu of the browser stays away. */
export function swallowMenu(host) {
  host.addEventListener('contextmenu', (event) => event.preventDefault());
}
