// The viewer: puts the parts together. From disk it asks for the folder; served, it reads beside its address.
import './source/ahead.js';
import { eventTarget, init as startCore, setUseCPURendering } from '@cornerstonejs/core';
import { Events } from 'tools/enums/index.js';
import { init as startToolLibrary } from 'tools/init.js';
import * as annotation from 'tools/stateManagement/annotation/index.js';
import { actionsOn } from './actions.js';
import { Controls } from './controls.js';
import { byId } from './element.js';
import { Panel } from './beside/panel.js';
import { attributes, startLoading } from './image/loader.js';
import { listenToKeys } from './keys.js';
import { Problem, asProblem } from './problem.js';
import { fillShelf, keysAlone, markKeys, markShown, seriesOf } from './shelf.js';
import { readDirectory } from './source/dicomdir.js';
import { keyImagesOf } from './source/key_images.js';
import { manifestOf } from './source/manifest.js';
import { asked, imageAt, seriesIn } from './source/places.js';
import { servedSource } from './source/served.js';
import { keepStarterAlive } from './source/starter.js';
import { Cine } from './stage/cine.js';
import { Stage } from './stage/stage.js';
import { startTools } from './stage/tools.js';
import { askForFolder, folderName, tell, tellAgain } from './start.js';
import { currentLanguage, fillPage, startLanguage, switchLanguage, t } from './texts.js';

let opened = null;
let panel = null;

const announce = (text) => { byId('announce').textContent = text; };

function start() {
  startLoading();
  startLanguage();
  startCore();
  // The processor draws the same pixels on every machine, and keeps each image once, not again as a texture.
  setUseCPURendering(true);
  startToolLibrary();
  startTools();
  let controls = null;
  const refresh = () => {
    controls?.refresh();
    if (opened) { markShown(opened.shown, stage); }
  };
  const stage = new Stage(byId('stage'), refresh);
  const cine = new Cine(stage, refresh);
  const actions = actionsOn(stage, cine, refresh, announce);
  controls = new Controls(stage, cine, actions);
  listenToKeys(stage, controls, actions);
  panel = new Panel((link) => toImage(link, stage));
  for (const event of [Events.ANNOTATION_COMPLETED, Events.ANNOTATION_REMOVED]) { eventTarget.addEventListener(event, refresh); }
  byId('help-close').addEventListener('click', () => byId('help').close());
  byId('language').addEventListener('click', () => {
    switchLanguage();
    speak(stage, controls, cine);
  });
  document.querySelector('.skip').addEventListener('click', (event) => {
    // The address stays as it is: it says the language.
    event.preventDefault();
    stage.chosen.host.focus();
  });
  byId('keys').addEventListener('click', () => showKeysAlone(!opened.isKeysAlone, stage));
  byId('other-folder').addEventListener('click', () => byId('folder').click());
  const open = (source) => openPackage(source, stage, cine, refresh);
  if (location.protocol === 'file:') {
    askForFolder(open);
    document.body.dataset.state = 'start';
    document.body.dataset.disk = '';
  } else {
    openServed(open);
    keepStarterAlive();
  }
  speak(stage, controls, cine);
}

async function openServed(open) {
  document.body.dataset.state = 'opening';
  try {
    await open(servedSource(new URL('..', location.href).href));
  } catch (error) {
    const { key, values } = asProblem(error);
    tell(`problem_${key}`, values, true);
    document.body.dataset.state = 'failed';
  }
}

/** @throws {Problem} when the package cannot be read; what was open stays open then */
async function openPackage(source, stage, cine, refresh) {
  const begun = performance.now();
  const bytes = await source.read('DICOMDIR');
  let studies;
  try {
    studies = readDirectory(bytes);
  } catch {
    throw new Problem('badDirectory');
  }
  const isFirst = !opened;
  opened?.source.close();
  panel.close();
  annotation.state.removeAllAnnotations();
  const all = seriesOf(source, studies);
  opened = { source, studies, all, shown: all, isKeysAlone: false };
  const here = opened;
  stage.panes.forEach((pane) => pane.clear());
  opened.show = async (series, place = middleOf(series)) => {
    cine.stop();
    await stage.chosen.open(series, place);
    cine.recommend(attributes(series.ids[0]));
    refresh();
  };
  const wanted = isFirst ? asked().series : undefined;
  const first = wanted ? seriesIn(all, wanted) : all[0];
  const isElsewhere = Boolean(wanted) && !first;
  tell(isElsewhere ? 'seriesElsewhere' : '', {}, isElsewhere);
  if (!all.length) { stage.panes.forEach((pane) => pane.blank(emptyWords())); }
  const wasVisible = document.body.dataset.state === 'open';
  document.body.dataset.state = 'open';
  byId('keys').hidden = true;
  // A stage that was visible is watched. To fit it to the room that a message leaves, which goes before the next
  // look of the browser, would keep the canvas in that size.
  if (!wasVisible) { stage.fit(); }
  const shown = first ? opened.show(first) : null;
  // The list is made while the first image is on its way.
  list();
  await shown;
  // For who measures: since the folder was chosen, and since the page was asked for. Milliseconds.
  document.body.dataset.firstImage = Math.round(performance.now() - begun);
  document.body.dataset.sinceStart = Math.round(performance.now());
  document.body.dataset.opens = Number(document.body.dataset.opens ?? 0) + 1;
  // What stands beside the images comes after the first of them.
  const [{ reports, firstPages }, selections] = await Promise.all([manifestOf(source), keyImagesOf(source, studies)]);
  if (opened !== here) { return; }
  Object.assign(opened, { reports, firstPages });
  leadBack();
  opened.keyCount = markKeys(all, selections);
  sayKeys();
  list();
  refresh();
  stage.draw();
  if (!all.length && reports.length) { panel.open(reports[0], source); }
  document.body.dataset.complete = document.body.dataset.opens;
}

/** Shows the key images alone, or all images again. */
async function showKeysAlone(isAlone, stage) {
  opened.isKeysAlone = isAlone;
  opened.shown = isAlone ? keysAlone(opened.all) : opened.all;
  sayKeys();
  list();
  const [first] = opened.shown;
  stage.panes.filter((pane) => pane !== stage.chosen).forEach((pane) => pane.clear());
  if (first) { await opened.show(first); }
}

function list() {
  fillShelf(opened, (series) => opened.show(series), (report) => panel.open(report, opened.source));
  panel.mark();
}

/** What shows the image that a link of a report leads to; null when it is not here. */
function toImage(link, stage) {
  if (!imageAt(opened.all, link)) { return null; }
  return async () => {
    if (panel.isOver()) { panel.close(); }
    if (!imageAt(opened.shown, link)) { await showKeysAlone(false, stage); }
    const { series, place } = imageAt(opened.shown, link);
    stage.chosen.host.focus();
    await opened.show(series, place);
  };
}

function sayKeys() {
  const button = byId('keys');
  button.hidden = !opened?.keyCount;
  button.setAttribute('aria-pressed', Boolean(opened?.isKeysAlone));
  button.textContent = opened?.keyCount ? t('keysAlone', { count: opened.keyCount }) : '';
}

/** A stack opens in its middle, where there is something to see; a film at its beginning. */
function middleOf(series) {
  return series.images.length > 2 ? Math.floor(series.ids.length / 2) : 0;
}

/** What stands in the place of a picture. */
const emptyWords = () => t(opened && !opened.all.length ? 'noImages' : 'paneEmpty');

/** Links to the first page of the package lead to that of this language, once it is known where that lies. */
function leadBack() {
  // In the strict layout names are in capitals.
  const main = /\/INDEX\.HTM$/.test(location.pathname) ? 'INDEX.HTM' : 'index.htm';
  const page = opened?.firstPages?.[currentLanguage()] ?? main;
  document.querySelectorAll('[data-index]').forEach((link) => link.setAttribute('href', `../${page}`));
}

function speak(stage, controls, cine) {
  fillPage();
  byId('language').lang = currentLanguage() === 'it' ? 'en' : 'it';
  const folder = folderName();
  byId('start-folder').textContent = folder ? t('startFolder', { folder }) : t('startAnyFolder');
  leadBack();
  byId('help-lines').replaceChildren(...['arrows', 'tools', 'view', 'more', 'mouse'].map((key) => {
    const line = document.createElement('li');
    line.textContent = t(`help_${key}`);
    return line;
  }));
  controls.refresh();
  sayKeys();
  if (opened) { list(); }
  panel.say();
  tellAgain();
  stage.panes.forEach((pane) => {
    if (pane.ids.length) { pane.sayAgain(); } else { pane.blank(emptyWords()); }
  });
}

start();
