// The list of studies, their reports and series: each series is a button with its picture.
import { textOf } from './source/charset.js';
import { byId, element } from './element.js';
import { describe, register } from './image/loader.js';
import { currentLanguage, date, t } from './texts.js';

/**
 * The series of a package that have pictures, ready to be shown: `ids` of the images, `places` in the body
 * where the directory says them, `keys` and `rejected` among the ids, `title()` in the language of the page.
 */
export function seriesOf(source, studies) {
  return studies.flatMap((study) => study.series.filter(({ images }) => images.length).map((series) => {
    const ids = series.images.map((image) => register(source, image));
    return {
      ...series,
      study,
      ids: ids.flat(),
      idsOf: new Map(series.images.map(({ uid }, n) => [uid, ids[n]])),
      keys: new Set(),
      rejected: new Set(),
      places: series.images.every(({ along }) => along !== undefined) ? series.images : null,
      description: '',
      title() {
        return [this.modality, this.description || t('seriesTitle', { number: this.number ?? '' })].join(' · ');
      },
      /** The small picture of the package's pages, beside the files of the series. */
      thumbnail: () => source.address(`${series.images[0].path.replace(/^STUDIES/i, 'IHE_PDI').replace(/\/[^/]*$/, '')}/THUMB.JPG`),
    };
  }));
}

/** Marks what the selections name. Gives how many key images there are. */
export function markKeys(all, selections) {
  for (const { marks, images } of selections) {
    for (const [uid, frames] of images) {
      for (const { idsOf, [marks]: marked } of all) {
        (idsOf.get(uid) ?? []).forEach((id, n) => { if (!frames || frames.has(n + 1)) { marked.add(id); } });
      }
    }
  }
  return all.reduce((sum, { keys }) => sum + keys.size, 0);
}

/** The series with key images, and of each these alone. */
export function keysAlone(all) {
  return all.filter(({ keys }) => keys.size).map((series) => {
    const isKey = (_, place) => series.keys.has(series.ids[place]);
    return Object.assign(Object.create(series), { ids: series.ids.filter(isKey), places: series.places?.filter(isKey) ?? null });
  });
}

/** Fills the list; `open` is called with the series that somebody chose, `read` with the report. */
export function fillShelf({ source, studies, shown, reports = [] }, open, read) {
  const list = byId('shelf-list');
  list.replaceChildren(...studies.map((study) => {
    const own = shown.filter((series) => series.study === study);
    const heading = element('h2', {}, [[date(study.date), study.description].filter(Boolean).join(' · ') || t('study')]);
    const papers = reports.filter((report) => studyOf(report, studies) === study);
    const rows = element('ul', {}, [...own.map((series) => card(series, open)), ...papers.map((report) => paper(report, read))].map((one) => element('li', {}, [one])));
    const notes = study.series.some(({ images }) => images.length) ? [] : [element('p', { class: 'note' }, [t('noImages')])];
    return element('section', {}, [heading, rows, ...notes]);
  }));
  if (source.others) { list.prepend(element('p', { class: 'note' }, [t('moreDirectories')])); }
}

/** The study that a report belongs to; one of the whole package stands with the first. */
function studyOf(report, studies) {
  const folder = `${report.study ?? ''}/`.toUpperCase();
  const isOwn = ({ series }) => series.some(({ images, documents }) => [...images, ...documents].some(({ path }) => path.toUpperCase().startsWith(folder)));
  return (report.study && studies.find(isOwn)) || studies[0];
}

function paper(report, read) {
  const words = [date(report.date), ['preliminary', 'final', 'withdrawn', 'cancelled'].includes(report.status) ? t(`status_${report.status}`) : ''].filter(Boolean).join(' · ');
  const button = element('button', { type: 'button', class: 'paper', 'data-report': report.path, 'aria-expanded': 'false', 'aria-controls': 'beside' }, [
    element('span', { class: 'thumbnail sheet', 'aria-hidden': 'true' }, [report.pages?.[currentLanguage()] ? t('text') : 'PDF']),
    element('span', { class: 'words' }, [
      element('span', { class: 'title' }, [report.title || t('report')]),
      element('span', { class: 'count' }, [words]),
    ]),
  ]);
  button.addEventListener('click', () => read(report));
  return button;
}

function card(series, open) {
  const picture = element('img', { alt: '', width: 56, height: 56 });
  picture.hidden = true;
  picture.addEventListener('load', () => { picture.hidden = false; });
  const title = element('span', { class: 'title' }, [series.title()]);
  const count = series.ids.length;
  const marked = series.ids.filter((id) => series.keys.has(id)).length;
  const words = [count === 1 ? t('images_one') : t('images_many', { count }), marked && marked < count ? t('keysOf', { count: marked }) : ''];
  const button = element('button', { type: 'button' }, [
    element('span', { class: 'thumbnail' }, [picture]),
    element('span', { class: 'words' }, [title, element('span', { class: 'count' }, [words.filter(Boolean).join(' · ')])]),
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
async function nameSeries(series) {
  try {
    series.description = textOf(await describe(series.ids[0]), 'x0008103e');
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
export function markShown(shown, stage) {
  shown.forEach((series) => {
    const isShown = stage.panes.some((pane) => pane.series === series);
    series.button?.setAttribute('aria-current', isShown ? 'true' : 'false');
  });
}
