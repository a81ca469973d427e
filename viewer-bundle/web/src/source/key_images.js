// What somebody marked as important, or rejected: Key Object Selections (PS3.3 §A.35.4), whose items point to images.
import { parseDicom } from 'dicom-parser';

const RECORD = 'KEY OBJECT DOC';
/** Content items that are looked at in a document. */
const MOST_ITEMS = 10_000;
/** Titles of what was rejected (PS3.16 CID 7010): for its quality, for the safety of the patient, as it is of another order. */
const REJECTED = new Set(['113001', '113037', '113038']);
/** Titles that say nothing of importance: an issue of quality, lists of what there is, what need not be kept any more. */
const OTHERS = new Set(['113010', '113030', '113031', '113032', '113033', '113034', '113035', '113039']);

/**
 * What each selection marks, and the images: frames from 1 on by SOP Instance UID, null for all.
 *
 * @returns {Promise<{marks: 'keys'|'rejected', images: Map<string, Set<number>|null>}[]>}
 */
export async function keyImagesOf(source, studies) {
  const documents = studies.flatMap(({ series }) => series.flatMap(({ documents: some }) => some)).filter(({ type }) => type === RECORD);
  const read = documents.map(({ path }) => selectionIn(source, path));
  // One that cannot be read marks nothing; its images are shown all the same.
  return (await Promise.allSettled(read)).filter(({ status }) => status === 'fulfilled').map(({ value }) => value).filter(({ marks }) => marks);
}

/** What a selection marks by its title, null for neither. */
function marksOf(name) {
  const code = name?.string('x00080102')?.trim() === 'DCM' ? name.string('x00080100')?.trim() : '';
  if (OTHERS.has(code)) { return null; }
  return REJECTED.has(code) ? 'rejected' : 'keys';
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
  return { marks: marksOf(name), images };
}

/** Frames of an instance that are marked, with those marked before. */
function merged(images, uid, frames) {
  const before = images.get(uid);
  if (before === null || !frames.length) { return null; }
  return new Set([...before ?? [], ...frames]);
}
