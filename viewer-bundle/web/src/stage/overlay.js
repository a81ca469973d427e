// What stands over a picture: whose it is, where it lies, how it is shown.
import { personName, textOf } from '../source/charset.js';
import { attributes } from '../image/loader.js';
import { planesOf } from '../image/planes.js';
import { barLength, edges, heightOf, scaleOf } from '../image/geometry.js';
import { element } from '../element.js';
import { date, decimal, t } from '../texts.js';

/** The largest share of the width that the bar takes. */
const BAR_SHARE = 0.25;

const corner = (where, lines) => element('div', { class: `corner ${where}` }, lines.filter(Boolean).map((line) => element('div', {}, [line])));

/** Which image of its series a pane is at, and what else is said of where it lies. */
export function placeLabel(pane, more = []) {
  return corner('bottom left', [t('placeOf', { place: pane.shown + 1, count: pane.ids.length }), ...more]);
}

/** Draws anew what stands over the picture of a pane. */
export function drawOverlay(pane) {
  const { labels, image, viewport } = pane;
  if (!image) { return; }
  const planes = planesOf(image);
  // The canvas still has the picture's own places.
  if (planes.canvas && !pane.isPlain()) { viewport.getCanvas().getContext('2d').drawImage(planes.canvas, 0, 0); }
  const header = attributes(image.imageId);
  const text = (tag) => textOf(header, tag);
  const position = heightOf(header);
  const thickness = Number(header.string('x00180050'));
  const scale = scaleOf(viewport, image.imageId);
  const parts = [
    corner('top left', [personName(text('x00100010')), text('x00100020'), date(header.string('x00100030'))]),
    corner('top right', [text('x00080080'), date(header.string('x00080020')), text('x00081030'), pane.series.title()]),
    placeLabel(pane, [
      position === null ? '' : t('position', { value: decimal(position, 1) }),
      thickness > 0 ? t('thickness', { value: decimal(thickness, 1) }) : '',
    ]),
    corner('bottom right', [
      Number.isFinite(pane.range.lower) ? t('windowShown', windowNumbers(pane.range)) : '',
      t('enlarged', { value: decimal(zoomOf(pane) * 100, 0) }),
      pane.series.keys.has(image.imageId) ? element('b', {}, [`★ ${t('keyImage')}`]) : '',
      pane.series.rejected.has(image.imageId) ? element('b', {}, [t('rejectedImage')]) : '',
      planes.isPartial ? element('b', {}, [t('planesMissing')]) : '',
      header.string('x00282110') === '01' ? element('strong', {}, [t('lossy')]) : '',
    ]),
    ...Object.entries(edges(viewport, image.imageId) ?? {}).map(([edge, name]) => element('div', { class: `edge ${edge}` }, [name])),
  ];
  const bar = scale && barLength(scale * pane.film.clientWidth * BAR_SHARE);
  if (bar) {
    const line = element('div', { class: 'bar' }, [t('millimetres', { value: bar })]);
    line.style.width = `${bar / scale}px`;
    parts.push(line);
  }
  labels.replaceChildren(...parts);
}

/** Centre and width as people write them; narrow windows of values that are no whole numbers with their decimals. */
function windowNumbers({ lower, upper, isExact }) {
  const last = isExact ? upper : upper + 1;
  const [centre, width] = [(lower + last) / 2, last - lower];
  const fraction = width < 5 ? 3 : width < 20 ? 1 : 0;
  const digits = [centre, width].every(Number.isInteger) ? 0 : fraction;
  return { centre: decimal(centre, digits), width: decimal(width, digits) };
}

/** Pixels of the screen for a pixel of the image. */
export function zoomOf(pane) {
  return pane.viewport.getZoom();
}
