// One picture on the stage: which image of which series it shows, its window, its messages.
//
// Invariant: either the canvas shows the image that the labels name, or a message covers it. Cornerstone3D
// keeps the old picture when an image fails.
import { Enums } from '@cornerstonejs/core';
import { asProblem } from '../problem.js';
import { imageOf, placeOf } from '../image/loader.js';
import { ownWindow, windowsFor } from '../image/windows.js';
import { drawOverlay, placeLabel } from './overlay.js';
import { element } from '../element.js';
import { t } from '../texts.js';
import { wheelSteps, swallowMenu } from './gestures.js';

export class Pane {
  /** @param {object} stage @param {number} number from 1 on */
  constructor(stage, number) {
    this.stage = stage;
    this.id = `pane${number}`;
    this.number = number;
    this.film = element('div', { class: 'film' });
    this.labels = element('div', { class: 'labels', 'aria-hidden': 'true' });
    this.cover = element('p', { class: 'cover', role: 'status' });
    this.place = element('input', { class: 'place', type: 'range', min: 1, max: 1, value: 1, hidden: '' });
    this.host = element('div', { class: 'pane', role: 'group', tabindex: 0 }, [this.film, this.labels, this.cover, this.place]);
    this.place.addEventListener('input', () => this.show(this.place.value - 1));
    this.host.addEventListener('focusin', () => stage.choose(this));
    this.host.addEventListener('pointerdown', () => stage.choose(this), true);
    wheelSteps(this.host, (by) => this.step(by));
    swallowMenu(this.host);
    this.clear();
  }

  /** To be called once the host is in the document. */
  start(engine) {
    this.engine = engine;
    engine.enableElement({ viewportId: this.id, type: Enums.ViewportType.STACK, element: this.film });
    this.viewport = engine.getViewport(this.id);
    const redraw = () => { if (!this.isBlank) { drawOverlay(this); } };
    this.film.addEventListener(Enums.Events.IMAGE_RENDERED, redraw);
  }

  stop() {
    this.wanted = -1;
    if (this.engine) { this.engine.disableElement(this.id); }
  }

  clear() {
    this.series = null;
    this.image = null;
    this.isInverted = false;
    this.ids = [];
    this.wanted = -1;
    this.shown = -1;
    this.place.hidden = true;
    this.blank(t('paneEmpty'));
  }

  /** Opens a series; the picture follows. Resolves once it is shown, or a message is. */
  async open(series, at = 0) {
    this.series = series;
    this.image = null;
    this.ids = series.ids;
    this.shown = -1;
    this.window = null;
    this.isInverted = false;
    this.isStarted = false;
    this.place.max = this.ids.length;
    this.place.hidden = this.ids.length < 2;
    this.blank(t('loading'));
    await this.show(at);
  }

  step(by) {
    return this.show(this.wanted + by);
  }

  /** Shows an image by its place from 0 on; beyond the ends the first or the last. */
  async show(index) {
    if (!this.ids.length) { return; }
    const place = Math.min(Math.max(index, 0), this.ids.length - 1);
    if (place === this.wanted && (place === this.shown || this.isLoading)) { return; }
    this.wanted = place;
    this.place.value = place + 1;
    this.stage.moved(this);
    // One at a time: places that were passed while one was loading are skipped.
    if (this.isLoading) { return; }
    this.isLoading = true;
    try {
      while (this.shown !== this.wanted) { await this.bring(this.wanted); }
    } finally {
      this.isLoading = false;
    }
    this.stage.arrived(this);
  }

  async bring(place) {
    const { ids } = this;
    const imageId = ids[place];
    try {
      const image = await imageOf(imageId);
      // Another series, or another place, was asked for meanwhile: this picture is not shown any more.
      if (this.ids !== ids) { this.shown = -1; return; }
      await this.put(ids, place);
      if (this.ids !== ids) { this.shown = -1; return; }
      if (this.viewport.getCurrentImageId() !== imageId || this.viewport.csImage !== image) { throw new Error('another image'); }
      this.image = image;
      this.shown = place;
      this.applyWindow();
      this.unblank();
      this.viewport.render();
      this.host.dataset.shown = placeOf(imageId);
      this.host.dataset.place = place + 1;
    } catch (error) {
      if (this.ids !== ids) { this.shown = -1; return; }
      this.shown = place;
      this.image = null;
      this.refuse(asProblem(error));
      this.host.dataset.place = place + 1;
    }
    this.say();
  }

  async put(ids, place) {
    if (this.isStarted) {
      // After an image that failed the viewport may believe to be here already.
      if (this.viewport.getCurrentImageIdIndex() === place) { return; }
      await this.viewport.setImageIdIndex(place);
      return;
    }
    await this.viewport.setStack(ids, place);
    this.isStarted = true;
  }

  /** The window that somebody chose for this series, otherwise the image's own; black and white as the image says, or inverted. */
  applyWindow() {
    const { viewport: shown } = this.viewport._cpuFallbackEnabledElement;
    const own = ownWindow(this.image);
    shown.modalityLUT = this.image.modalityLUT;
    shown.voiLUT = this.window ? undefined : own.table;
    this.range = this.window ?? own.range;
    this.viewport.setProperties({ voiRange: this.range, invert: Boolean(this.image.invert) !== this.isInverted }, true);
  }

  /** @param {{lower, upper}|null} range of the values; null for what each image says */
  setWindow(range) {
    if (!this.image) { return; }
    this.window = range;
    this.applyWindow();
    this.viewport.render();
  }

  /** Wider, and brighter or darker, by a share of the width. */
  changeWindow(wider, darker) {
    if (!this.image) { return; }
    const { lower, upper, isExact } = this.range;
    const width = Math.max((upper - lower) * (1 + wider), Math.min(upper - lower, 1));
    const centre = (lower + upper) / 2 + (upper - lower) * darker;
    this.setWindow({ lower: centre - width / 2, upper: centre + width / 2, isExact });
    this.stage.windowed(this);
  }

  /** One of `windowsFor`, by its key. */
  choosePreset(key) {
    if (!this.image) { return; }
    const found = this.presets().find((preset) => preset.key === key);
    if (!found) { return; }
    this.setWindow(found.range ?? null);
  }

  presets() {
    return this.image ? windowsFor(this.image) : [];
  }

  /** Whether nothing is to be written over the picture. */
  isPlain() { return this.stage.host.classList.contains('plain'); }

  /** Covers the picture with a sentence. */
  blank(text) {
    this.isBlank = true;
    this.problem = null;
    delete this.host.dataset.shown;
    delete this.host.dataset.place;
    this.cover.textContent = text;
    this.cover.classList.remove('problem');
    this.cover.hidden = false;
    this.labels.replaceChildren();
    this.say();
  }

  /** Says why the image is not shown, and which it is. */
  refuse(problem) {
    this.blank(t(`problem_${problem.key}`, problem.values));
    this.problem = problem;
    this.cover.classList.add('problem');
    this.labels.replaceChildren(placeLabel(this));
  }

  /** Says everything in the language of the page as it is now. */
  sayAgain() {
    this.say();
    if (this.problem) {
      const { place } = this.host.dataset;
      this.refuse(this.problem);
      this.host.dataset.place = place;
    } else if (!this.isBlank) {
      this.viewport.render();
    }
  }

  unblank() {
    this.isBlank = false;
    this.problem = null;
    this.cover.hidden = true;
  }

  /** The name of the pane for those who do not see it. */
  say() {
    const { series } = this;
    const name = series
      ? t('paneName', { number: this.number, series: series.title(), place: this.wanted + 1, count: this.ids.length })
      : t('paneNameEmpty', { number: this.number });
    this.host.setAttribute('aria-label', name);
    this.place.setAttribute('aria-label', t('place'));
    this.place.setAttribute('aria-valuetext', t('placeOf', { place: this.wanted + 1, count: this.ids.length }));
  }
}
