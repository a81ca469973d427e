// Places of the package that links name, without a UID: a series, an image.

/** What an address says behind its `#`: a language, a series. `#en/ST000001/SE000002` */
const ADDRESS = /^#(it|en)(?:\/(ST[0-9A-Z]{6}\/SE[0-9A-Z]{6}))?$/;
/** A link of a page to an image, or to a frame of it; frames are told by decimal numbers. */
const IMAGE = /^(?:\.\.\/)*(ST[0-9A-Z]{6}\/SE[0-9A-Z]{6})\.HTM#(IM[0-9A-Z]{6})(?:-FR(\d{6}))?$/;
const FILES = 'STUDIES';

/** @returns {{language: string|undefined, series: string|undefined}} nothing of what is no such address */
export function asked(hash = location.hash) {
  const [, language, series] = ADDRESS.exec(hash) ?? [];
  return { language, series };
}

/** The series in a folder such as `ST000001/SE000002`. */
export function seriesIn(all, folder) {
  return all.find(({ images }) => images.some(({ path }) => path.toUpperCase().startsWith(`${FILES}/${folder}/`)));
}

/** @returns {{series, place: number}|null} where the image that a link leads to is among `all` */
export function imageAt(all, link) {
  const [, folder, name, frame = '1'] = IMAGE.exec(link) ?? [];
  const series = folder && seriesIn(all, folder);
  const image = series?.images.find(({ path }) => path.toUpperCase() === `${FILES}/${folder}/${name}`);
  const id = image && series.idsOf.get(image.uid)?.[Number(frame) - 1];
  const place = series?.ids.indexOf(id);
  return place >= 0 ? { series, place } : null;
}
