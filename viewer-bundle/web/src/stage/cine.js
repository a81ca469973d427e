// Plays the images of the chosen pane one after the other.

/** Images a second, as the list offers them. */
export const RATES = [1, 2, 5, 10, 15, 20, 25, 30];
const USUAL = 10;

export class Cine {
  /** @param {Stage} stage @param {() => void} changed */
  constructor(stage, changed) {
    this.stage = stage;
    this.changed = changed;
    this.rate = USUAL;
  }

  get isRunning() { return Boolean(this.pane); }

  toggle() {
    if (this.isRunning) { this.stop(); } else { this.start(); }
  }

  start() {
    const pane = this.stage.chosen;
    if (pane.ids.length < 2) { return; }
    this.pane = pane;
    let due = performance.now();
    const tick = (now) => {
      // It ends with the series, and when another pane is chosen.
      if (this.pane !== pane || this.stage.chosen !== pane || pane.ids.length < 2) { this.stop(); return; }
      if (now >= due && !pane.isLoading) {
        due = Math.max(due + 1000 / this.rate, now - 1000 / this.rate);
        pane.show((pane.wanted + 1) % pane.ids.length);
      }
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
    this.changed();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.pane = null;
    this.changed();
  }

  /** The rate that the file recommends, if it is one of ours or near one. */
  recommend(header) {
    const rate = Number(header?.string('x00082144')) || Number(header?.string('x00180040')) || 1000 / Number(header?.string('x00181063'));
    this.rate = Number.isFinite(rate) && rate > 0 ? nearest(rate) : USUAL;
  }
}

const nearest = (rate) => RATES.reduce((best, one) => (Math.abs(one - rate) < Math.abs(best - rate) ? one : best));
