// The picture of a pane as a PNG file: as it is shown, with its measures, its sides and a line that says what it is.
import { t } from '../texts.js';

const MARGIN = 12;

/** Saves the picture that a pane shows; does nothing while it shows none. */
export async function savePicture(pane) {
  const picture = await pictureOf(pane);
  if (!picture) { return false; }
  const address = URL.createObjectURL(picture);
  const link = document.createElement('a');
  link.href = address;
  // No name, no date: file names stay in histories.
  link.download = `${t('pictureFile')}-${pane.series.number ?? 0}-${pane.shown + 1}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return true;
}

/** @returns {Promise<Blob|null>} */
export async function pictureOf(pane) {
  if (pane.isBlank) { return null; }
  const shown = pane.viewport.getCanvas();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [shown.width, shown.height];
  const context = canvas.getContext('2d');
  context.drawImage(shown, 0, 0);
  const measures = await measuresOf(pane);
  if (measures) { context.drawImage(measures, 0, 0, canvas.width, canvas.height); }
  const size = Math.max(12, Math.round(canvas.width / 50));
  context.font = `${size}px sans-serif`;
  context.lineWidth = 3;
  context.strokeStyle = '#000';
  context.fillStyle = '#fff';
  const write = (text, [across, down], textAlign, textBaseline) => {
    Object.assign(context, { textAlign, textBaseline });
    context.strokeText(text, across, down);
    context.fillText(text, across, down);
  };
  const lines = [t('notDiagnostic'), ...(pane.labels.querySelector('strong') ? [t('lossy')] : [])];
  lines.forEach((line, n) => write(line, [MARGIN, canvas.height - MARGIN - n * size * 1.3], 'left', 'bottom'));
  // Which side is which must not be lost, also of a picture that was mirrored.
  const [middle, half] = [canvas.width / 2, canvas.height / 2];
  for (const [edge, ...where] of [
    ['left', [MARGIN, half], 'left', 'middle'], ['right', [canvas.width - MARGIN, half], 'right', 'middle'],
    ['top', [middle, MARGIN], 'center', 'top'], ['bottom', [middle, canvas.height - MARGIN], 'center', 'bottom'],
  ]) {
    const letters = pane.labels.querySelector(`.edge.${edge}`)?.textContent;
    if (letters) { write(letters, ...where); }
  }
  return new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
}

/** What the tools have drawn, as a picture. */
async function measuresOf(pane) {
  const layer = pane.film.querySelector('svg.svg-layer');
  if (!layer) { return null; }
  const copy = layer.cloneNode(true);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', pane.film.clientWidth);
  copy.setAttribute('height', pane.film.clientHeight);
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    return image;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}
