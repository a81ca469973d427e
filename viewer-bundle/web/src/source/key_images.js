// What somebody marked as important: Key Object Selections (PS3.3 §A.35.4), whose items point to images.
import { parseDicom } from 'dicom-parser';
import { textOf } from './charset.js';

const RECORD = 'KEY OBJECT DOC';
/** Content items that are looked at in a document. */
const MOST_ITEMS = 10_000;

/** @returns {Promise<{title: string, images: Map<string, Set<number>|null>}[]>} frames from 1 on by SOP Instance UID, null for all */
export async function keyImagesOf(source, studies) {
  const documents = studies.flatMap(({ series }) => series.flatMap(({ documents: some }) => some)).filter(({ type }) => type === RECORD);
  const read = documents.map(({ path }) => selectionIn(source, path));
  // One that cannot be read marks nothing; its images are shown all the same.
  return (await Promise.allSettled(read)).filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
}

async function selectionIn(source, path) {
  const root = parseDicom(new Uint8Array(await source.read(path)));
  const name = root.elements.x0040a043?.items?.[0]?.dataSet;
  const images = new Map();
  let met = 0;
  const walk = (dataSet) => {
    for (const { dataSet: item } of dataSet?.elements.x0040a730?.items ?? []) {
      met += 1;
      if (!item || met > MOST_ITEMS) { return; }
      for (const { dataSet: reference } of item.elements.x00081199?.items ?? []) {
        const uid = reference?.string('x00081155');
        const frames = (reference?.string('x00081160') ?? '').split('\\').map(Number).filter((frame) => frame > 0);
        if (uid) { images.set(uid, merged(images, uid, frames)); }
      }
      walk(item);
    }
  };
  walk(root);
  return { title: name ? textOf(name, 'x00080104', root.string('x00080005')) : '', images };
}

/** Frames of an instance that are marked, with those marked before. */
function merged(images, uid, frames) {
  const before = images.get(uid);
  if (before === null || !frames.length) { return null; }
  return new Set([...before ?? [], ...frames]);
}
