// The list of studies and series: each series is a button with its picture.
import { textOf } from './source/charset.js';
import { byId, element } from './element.js';
import { describe, register } from './image/loader.js';
import { date, t } from './texts.js';

/**
 * The series of a package that have pictures, ready to be shown: `ids` of the images, `places` in the body
 * where the directory says them, `title()` in the language of the page.
 */
export function seriesOf(source, studies) {
  return studies.flatMap((study) => study.series.filter(({ images }) => images.length).map((series) => {
    const shown = {
      ...series,
      study,
      ids: series.images.flatMap((image) => register(source, image)),
      places: series.images.every(({ along }) => along !== undefined) ? series.images : null,
      description: '',
      title() {
        return [series.modality, this.description || t('seriesTitle', { number: series.number ?? '' })].join(' · ');
      },
      /** The small picture of the package's pages, beside the files of the series. */
      thumbnail: () => source.address(`${series.images[0].path.replace(/^STUDIES/i, 'IHE_PDI').replace(/\/[^/]*$/, '')}/THUMB.JPG`),
    };
    return shown;
  }));
}

/** Fills the list; `open` is called with the series that somebody chose. */
export function fillShelf(source, studies, all, open) {
  const list = byId('shelf-list');
  list.replaceChildren(...studies.map((study) => {
    const own = all.filter((series) => series.study === study);
    const documents = study.series.reduce((sum, { documents: some }) => sum + some.length, 0);
    const heading = element('h2', {}, [[date(study.date), study.description].filter(Boolean).join(' · ') || t('study')]);
    const rows = element('ul', {}, own.map((series) => element('li', {}, [card(series, open)])));
    const notes = [];
    if (!own.length) { notes.push(element('p', { class: 'note' }, [t('noImages')])); }
    if (own.length && documents) { notes.push(element('p', { class: 'note' }, [t('documents', { count: documents })])); }
    return element('section', {}, [heading, rows, ...notes]);
  }));
  if (source.others) { list.prepend(element('p', { class: 'note' }, [t('moreDirectories')])); }
}

function card(series, open) {
  const picture = element('img', { alt: '', width: 56, height: 56 });
  picture.hidden = true;
  picture.addEventListener('load', () => { picture.hidden = false; });
  const title = element('span', { class: 'title' }, [series.title()]);
  const count = series.ids.length;
  const button = element('button', { type: 'button' }, [
    element('span', { class: 'thumbnail' }, [picture]),
    element('span', { class: 'words' }, [title, element('span', { class: 'count' }, [count === 1 ? t('images_one') : t('images_many', { count })])]),
  ]);
  button.addEventListener('click', () => open(series));
  series.button = button;
  whenSeen(button, async () => {
    picture.src = await series.thumbnail() ?? '';
    await nameSeries(series);
    title.textContent = series.title();
  });
  return button;
}

/** Series Description (0008,103E) is in the files only: read when the card comes into sight. */
export async function nameSeries(series) {
  try {
    const header = await describe(series.ids[0]);
    series.description = textOf(header, 'x0008103e');
    series.header = header;
  } catch {
    // The number names it then; what is wrong with the file is told where it would be shown.
  }
}

function whenSeen(target, act) {
  const watch = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) { watch.disconnect(); act(); }
  });
  watch.observe(target);
}

/** Marks the series that are on the stage. */
export function markShown(all, stage) {
  all.forEach((series) => {
    const isShown = stage.panes.some((pane) => pane.series === series);
    series.button?.setAttribute('aria-current', isShown ? 'true' : 'false');
  });
}
