// What stands beside a measure, in the language and with the decimals of the page.
import { isAtDetector, isHounsfield } from '../image/header.js';
import { attributes } from '../image/loader.js';
import { decimal, t } from '../texts.js';

/** Regions of ultrasound are in centimetres: a decimal of those is not enough. */
const MILLIMETRES = { cm: [10, 'mm'], 'cm²': [100, 'mm²'] };
/** Units of spectra as people write them; the others as Cornerstone3D calls them. */
const SPECTRAL = { seconds: 's', 'cm/sec': 'cm/s' };

/** The attributes of what a measure is of: `imageId:pdi:0/0`. */
const headerOf = (target) => attributes(target.replace(/^imageId:/, ''));
/** Units of a value: Hounsfield where the image is in them; of the others only what the file names. */
const unitOf = (unit, target) => (unit && unit !== 'raw' && (unit !== 'HU' || isHounsfield(headerOf(target))) ? ` ${unit}` : '');
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const plain = (unit) => (unit ?? '').replace(/ .*$/, '');

/** A length or an area; of radiographs it may hold at the detector alone. */
function size(value, unit, target) {
  const [times, name] = MILLIMETRES[plain(unit)] ?? [1, plain(unit)];
  const where = name.startsWith('mm') && isAtDetector(headerOf(target)) ? ` (${t('atDetector')})` : '';
  return `${decimal(value * times, 1)} ${name}${where}`;
}

export function lengthLines(data, target) {
  const { length, unit } = data.cachedStats[target] ?? {};
  return isNumber(length) ? [size(length, unit, target)] : undefined;
}

export function angleLines(data, target) {
  const { angle } = data.cachedStats[target] ?? {};
  return isNumber(angle) ? [`${decimal(angle, 1)}°`] : undefined;
}

export function probeLines(data, target) {
  const { value, modalityUnit } = data.cachedStats[target] ?? {};
  // A place in a spectrum or an M-mode: time across, and depth or speed.
  if (Array.isArray(modalityUnit)) { return [modalityUnit.map((unit, n) => `${decimal(value[n], 2)} ${SPECTRAL[unit] ?? unit}`).join(' / ')]; }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) { return [Array.from(value).slice(0, 3).map((one) => decimal(one, 0)).join(' / ')]; }
  return isNumber(value) ? [`${decimal(value, 1)}${unitOf(modalityUnit, target)}`] : undefined;
}

export function regionLines(data, target) {
  const { area, areaUnit, mean, stdDev, min, max, modalityUnit } = data.cachedStats[target] ?? {};
  if (!isNumber(area)) { return undefined; }
  const value = (key, number) => (isNumber(number) ? t(key, { value: `${decimal(number, 1)}${unitOf(modalityUnit, target)}` }) : null);
  const lines = [t('area', { value: size(area, areaUnit, target) }), value('mean', mean), value('deviation', stdDev)];
  if (isNumber(min) && isNumber(max)) { lines.push(t('range', { min: decimal(min, 0), max: `${decimal(max, 0)}${unitOf(modalityUnit, target)}` })); }
  return lines.filter(Boolean);
}
