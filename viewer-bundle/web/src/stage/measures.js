// What stands beside a measure, in the language and with the decimals of the page.
import { decimal, t } from '../texts.js';

/** Units of a value: Hounsfield where the image is in them; of the others only what the file names. */
const unitOf = (unit) => (unit && unit !== 'raw' ? ` ${unit}` : '');
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const plain = (unit) => (unit ?? '').replace(/ .*$/, '');

export function lengthLines(data, target) {
  const { length, unit } = data.cachedStats[target] ?? {};
  return isNumber(length) ? [`${decimal(length, 1)} ${plain(unit)}`] : undefined;
}

export function angleLines(data, target) {
  const { angle } = data.cachedStats[target] ?? {};
  return isNumber(angle) ? [`${decimal(angle, 1)}°`] : undefined;
}

export function probeLines(data, target) {
  const { value, modalityUnit } = data.cachedStats[target] ?? {};
  if (Array.isArray(value) || ArrayBuffer.isView(value)) { return [Array.from(value).slice(0, 3).map((one) => decimal(one, 0)).join(' / ')]; }
  return isNumber(value) ? [`${decimal(value, 1)}${unitOf(modalityUnit)}`] : undefined;
}

export function regionLines(data, target) {
  const { area, areaUnit, mean, stdDev, min, max, modalityUnit } = data.cachedStats[target] ?? {};
  if (!isNumber(area)) { return undefined; }
  const value = (key, number) => (isNumber(number) ? t(key, { value: `${decimal(number, 1)}${unitOf(modalityUnit)}` }) : null);
  const lines = [t('area', { value: `${decimal(area, 1)} ${plain(areaUnit)}` }), value('mean', mean), value('deviation', stdDev)];
  if (isNumber(min) && isNumber(max)) { lines.push(t('range', { min: decimal(min, 0), max: `${decimal(max, 0)}${unitOf(modalityUnit)}` })); }
  return lines.filter(Boolean);
}
