// Reads a DICOMDIR (PS3.3 Annex F) into patients' studies, their series, and what lies in these.
import { parseDicom } from 'dicom-parser';
import { textOf } from './charset.js';
import { inOrder } from './order.js';

/** Records that show pixels; other leaves are documents or objects without a picture. */
const PICTURES = new Set(['IMAGE', 'RT DOSE']);
/** A damaged directory must not keep the page busy for ever. */
const MOST_RECORDS = 500_000;
/** What Esito writes into the record of a study that has no date, since a record must have one (PS3.3 F.5.2, Type 1). */
const NO_DATE = '19000101';

/**
 * @param {ArrayBuffer} buffer the file
 * @returns {{uid, date, time, description, patient, series: Series[]}[]} studies in the order of the directory;
 *   a series: {uid, number, modality, images: Instance[], documents: Instance[]}
 * @throws {Error} what is no DICOMDIR, or one whose records cannot be followed
 */
export function readDirectory(buffer) {
  const root = parseDicom(new Uint8Array(buffer));
  const items = root.elements.x00041220?.items;
  if (!items?.length) { throw new Error('no directory records'); }
  // Offsets name the item tag, eight bytes before what dicom-parser calls the data of the item.
  const at = new Map(items.map((item) => [item.dataOffset - 8, item.dataSet]));
  const met = new Set();
  const siblings = (offset) => {
    const records = [];
    for (let next = offset; next && at.has(next) && !met.has(next) && met.size < MOST_RECORDS;) {
      met.add(next);
      records.push(at.get(next));
      next = at.get(next).uint32('x00041400');
    }
    return records;
  };
  const below = (record) => siblings(record.uint32('x00041420'));
  const type = (record) => record.string('x00041430');
  const studies = [];
  for (const patient of siblings(root.uint32('x00041200'))) {
    if (type(patient) !== 'PATIENT') { continue; }
    const person = { name: textOf(patient, 'x00100010'), id: textOf(patient, 'x00100020'), born: patient.string('x00100030') ?? '' };
    for (const study of below(patient)) {
      if (type(study) !== 'STUDY') { continue; }
      const date = study.string('x00080020') ?? '';
      studies.push({
        uid: study.string('x0020000d'),
        date: date === NO_DATE ? '' : date,
        time: study.string('x00080030') ?? '',
        description: textOf(study, 'x00081030'),
        patient: person,
        series: below(study).filter((record) => type(record) === 'SERIES').map((record) => seriesOf(record, below(record))),
      });
    }
  }
  if (!studies.length) { throw new Error('no studies'); }
  return studies;
}

function seriesOf(record, leaves) {
  const instances = leaves.filter((leaf) => leaf.string('x00041500')).map(instanceOf);
  return {
    uid: record.string('x0020000e'),
    number: record.intString('x00200011'),
    modality: record.string('x00080060') ?? 'OT',
    images: inOrder(instances.filter(({ type }) => PICTURES.has(type))),
    documents: instances.filter(({ type }) => !PICTURES.has(type)),
  };
}

function instanceOf(leaf) {
  const numbers = (tag, count) => {
    const values = (leaf.string(tag) ?? '').split('\\').map(Number);
    return values.length === count && values.every(Number.isFinite) ? values : null;
  };
  return {
    type: leaf.string('x00041430'),
    // The value has one component for each folder (PS3.10 §8.2).
    path: leaf.string('x00041500').split('\\').map((part) => part.trim()).join('/'),
    uid: leaf.string('x00041511'),
    sopClass: leaf.string('x00041510'),
    syntax: leaf.string('x00041512'),
    number: leaf.intString('x00200013') ?? 0,
    frames: Math.min(Math.max(leaf.intString('x00280008') || 1, 1), 100_000),
    position: numbers('x00200032', 3),
    orientation: numbers('x00200037', 6),
    frameOfReference: leaf.string('x00200052'),
  };
}
