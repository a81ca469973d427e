// The pictures side by side: how many, which is chosen, and those that scroll together.
import { RenderingEngine } from '@cornerstonejs/core';
import { areParallel, dot, normalOf } from '../source/order.js';
import { element } from '../element.js';
import { Pane } from './pane.js';
import { Fetching } from './fetching.js';
import { follow, unfollow } from './tools.js';

const ENGINE = 'esito';
/** Rows and columns by the name of a layout. */
export const LAYOUTS = { '1x1': [1, 1], '1x2': [1, 2], '2x1': [2, 1], '2x2': [2, 2] };

export class Stage {
  /** @param {HTMLElement} host @param {() => void} changed called when what the controls show has changed */
  constructor(host, changed) {
    this.host = host;
    this.changed = changed;
    this.engine = new RenderingEngine(ENGINE);
    this.fetching = new Fetching();
    this.panes = [];
    this.isLinked = true;
    this.setLayout('1x1');
    new ResizeObserver(() => this.fit()).observe(host);
    this.watchScreen();
  }

  /** A window that is moved to a finer screen keeps its size and has other pixels. */
  watchScreen() {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener('change', () => {
      this.fit();
      this.watchScreen();
    }, { once: true });
  }

  fit() {
    if (!this.host.clientWidth) { return; }
    this.engine.resize(true, true);
    this.draw();
  }

  /** Draws all pictures anew. */
  draw() {
    this.panes.forEach(({ isBlank, viewport }) => { if (!isBlank) { viewport.render(); } });
  }

  setLayout(name) {
    const [rows, columns] = LAYOUTS[name];
    this.layout = name;
    this.host.dataset.layout = name;
    this.panes.splice(rows * columns).forEach((pane) => {
      unfollow(pane, ENGINE);
      pane.stop();
      pane.host.remove();
    });
    while (this.panes.length < rows * columns) {
      const pane = new Pane(this, this.panes.length + 1);
      this.host.append(pane.host);
      pane.start(this.engine);
      follow(pane, ENGINE);
      this.panes.push(pane);
    }
    if (!this.panes.includes(this.chosen)) { this.choose(this.panes[0]); }
    this.fit();
    this.changed();
  }

  /** The elements with a picture. */
  films() {
    return this.panes.filter(({ isBlank }) => !isBlank).map(({ film }) => film);
  }

  choose(pane) {
    if (this.chosen === pane) { return; }
    this.chosen = pane;
    this.panes.forEach((one) => one.host.classList.toggle('chosen', one === pane));
    this.changed();
  }

  /** A pane goes to another image: the linked ones go with it. */
  moved(pane) {
    this.fetching.want(pane.ids, pane.wanted);
    if (this.isLinked && !this.isFollowing) {
      this.isFollowing = true;
      this.panes.filter((other) => other !== pane && other.ids.length).forEach((other) => other.show(counterpart(pane, other)));
      this.isFollowing = false;
    }
    pane.before = pane.wanted;
  }

  /** A pane shows what it was asked for. The controls look again only when there is something else to do. */
  arrived(pane) {
    const state = `${pane.isBlank} ${pane.presets().length}`;
    if (pane.told === state && pane.toldSeries === pane.series) { return; }
    [pane.told, pane.toldSeries] = [state, pane.series];
    this.changed();
  }

  windowed() { this.changed(); }

  setLinked(isLinked) {
    this.isLinked = isLinked;
    this.changed();
  }
}

/** Where `other` goes when `pane` has gone somewhere: to the same height in the body, or by as many images. */
function counterpart(pane, other) {
  const [here, there] = [pane.series.places?.[pane.wanted], other.series.places];
  const isSameSpace = here && there && here.frameOfReference && here.frameOfReference === there[0].frameOfReference
    && areParallel(here.orientation, there[0].orientation);
  if (!isSameSpace) { return other.wanted + (pane.wanted - (pane.before ?? pane.wanted)); }
  // Rows of one may run against those of the other: then their heights are counted the other way round.
  const height = here.along * Math.sign(dot(normalOf(here.orientation), normalOf(there[0].orientation)));
  let best = 0;
  there.forEach(({ along }, place) => {
    if (Math.abs(along - height) < Math.abs(there[best].along - height)) { best = place; }
  });
  return best;
}
