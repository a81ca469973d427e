// The sentences of the page, in Italian and English, and how numbers and dates are written.
import { ENGLISH } from './texts/english.js';
import { asked } from './source/places.js';
import { ITALIAN } from './texts/italian.js';

const ALL = { it: ITALIAN, en: ENGLISH };
/** How numbers and dates are written: English as in Europe. */
const LOCALE = { it: 'it-IT', en: 'en-GB' };
const KEPT = 'esito-viewer-language';
let language = 'it';

/** What the link said that led here, else what was chosen before, else the browser's first of ours. */
export function startLanguage() {
  const wanted = [asked().language, kept(), ...navigator.languages.map((name) => name.slice(0, 2))];
  language = wanted.find((name) => name in ALL) ?? 'it';
}

function kept() {
  try { return localStorage.getItem(KEPT); } catch { return null; }
}

export function switchLanguage() {
  language = language === 'it' ? 'en' : 'it';
  try { localStorage.setItem(KEPT, language); } catch { /* pages from disk may have none: it lasts as long as the page */ }
  // Loaded again, the page is to be in the language that was chosen last.
  if (asked().language) { location.replace(location.hash.replace(/^#../, `#${language}`)); }
}

export const currentLanguage = () => language;

/** A sentence; `{name}` in it becomes the value of that name. */
export function t(key, values = {}) {
  const sentence = ALL[language][key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

export function decimal(value, digits) {
  return new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: digits, minimumFractionDigits: digits, useGrouping: false }).format(value);
}

/** A DICOM date (`20260312`) for people; what is none stays as it is. */
export function date(value) {
  const [year, month, day] = (/^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(value ?? '') ?? []).slice(1).map(Number);
  const found = new Date(Date.UTC(year, month - 1, day));
  // A day or a month that there is not, as of who knows but the year, would become one of the year before.
  if (found.getUTCFullYear() !== year || found.getUTCMonth() !== month - 1 || found.getUTCDate() !== day) { return value ?? ''; }
  return new Intl.DateTimeFormat(LOCALE[language], { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(found);
}

/** Puts the sentences into the page: elements name theirs in `data-text`, `data-label` and `data-hint`. */
export function fillPage(root = document) {
  document.documentElement.lang = language;
  document.title = t('title');
  root.querySelectorAll('[data-text]').forEach((one) => { one.textContent = t(one.dataset.text); });
  root.querySelectorAll('[data-label]').forEach((one) => { one.setAttribute('aria-label', t(one.dataset.label)); });
  root.querySelectorAll('[data-hint]').forEach((one) => { one.title = t(one.dataset.hint); });
}
