// A report beside the images: its page as text, or its PDF in a frame; in a tab of its own where somebody wants that.
import { byId, element } from '../element.js';
import { Problem, asProblem } from '../problem.js';
import { currentLanguage, t } from '../texts.js';
import { wordsOf } from './words.js';

/** Chromium and Firefox understand different words for "no list of pages, as wide as the frame". */
const PDF_VIEW = '#navpanes=0&pagemode=none&view=FitH';
/** Bytes in which a PDF says that it is one. */
const HEAD_BYTES = 1024;
/** Where the panel lies over the images; the style sheet says the same. */
const OVER = '(max-width: 37.5rem), (max-height: 30rem)';

/** Whether a frame shows a PDF. Telephones open it elsewhere, those of Apple show its first page alone. */
function showsPdf() {
  const isApplePhone = navigator.maxTouchPoints > 1 && /^(?:iP|Mac)/.test(navigator.platform);
  return navigator.pdfViewerEnabled === true && !isApplePhone;
}

export class Panel {
  /** @param {(link: string) => (() => void)|null} toImage what shows the image that a link of a report leads to */
  constructor(toImage) {
    this.toImage = toImage;
    this.host = byId('beside');
    this.body = byId('beside-body');
    this.report = null;
    byId('beside-close').addEventListener('click', () => this.close());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.report || document.querySelector('dialog[open]')) { return; }
      event.preventDefault();
      this.close();
    });
  }

  /** Whether the images are behind it. */
  isOver() { return Boolean(this.report) && matchMedia(OVER).matches; }

  /** Shows a report of `manifestOf`, and takes the focus. */
  async open(report, source) {
    this.report = report;
    this.source = source;
    this.host.hidden = false;
    document.body.dataset.beside = '';
    this.mark();
    this.body.focus();
    await this.fill();
  }

  /** Leaves the room to the images; the focus goes back to the report in the list, if it was here. */
  close() {
    if (!this.report) { return; }
    const hadFocus = this.host.contains(document.activeElement);
    const card = document.querySelector('.shelf .paper[aria-expanded="true"]');
    this.report = null;
    this.empty();
    this.host.hidden = true;
    delete document.body.dataset.beside;
    this.mark();
    if (hadFocus) { card?.focus(); }
  }

  /** Marks in the list which report is shown. */
  mark() {
    document.querySelectorAll('.shelf .paper').forEach((card) => card.setAttribute('aria-expanded', String(card.dataset.report === this.report?.path)));
  }

  /** Says everything anew, in the language of the page. */
  async say() {
    if (this.report) { await this.fill(); }
  }

  empty() {
    if (this.blob) { URL.revokeObjectURL(this.blob); }
    this.blob = undefined;
    this.body.replaceChildren();
  }

  async fill() {
    const { report, source } = this;
    byId('beside-title').textContent = report.title || t('report');
    const tab = byId('beside-tab');
    tab.hidden = true;
    const [address] = await Promise.all([source.address(report.path), this.fillBody(report, source)]);
    if (this.report !== report || !address) { return; }
    tab.href = address;
    tab.hidden = false;
  }

  async fillBody(report, source) {
    this.empty();
    this.body.append(element('p', {}, [t('loading')]));
    const turn = {};
    this.turn = turn;
    // A second click, or another language, came after this one.
    const isLate = () => this.report !== report || this.turn !== turn;
    let content;
    try {
      content = await this.content(report, source, isLate);
    } catch (error) {
      content = element('p', { class: 'problem', role: 'status' }, [sentence(asProblem(error))]);
    }
    if (!isLate()) { this.body.replaceChildren(content); }
  }

  async content(report, source, isLate) {
    const page = report.pages?.[currentLanguage()];
    if (page) {
      const words = wordsOf(await source.read(page), { picture: (path) => source.address(path), toImage: this.toImage });
      if (!words) { throw new Problem('damaged'); }
      return element('div', { class: 'report' }, [words]);
    }
    if (!showsPdf()) { return element('p', {}, [t('pdfElsewhere')]); }
    const bytes = await source.read(report.path);
    if (!new TextDecoder('latin1').decode(bytes.slice(0, HEAD_BYTES)).includes('%PDF-')) { throw new Problem('damaged'); }
    if (isLate()) { return ''; }
    this.blob = URL.createObjectURL(new Blob([bytes], { type: 'application/pdf' }));
    return element('iframe', { src: this.blob + PDF_VIEW, title: report.title || t('report') });
  }
}

/** Why a report is not shown: the sentences of images speak of images. */
function sentence({ key, values }) {
  if (['fileMissing', 'entryMissing'].includes(key)) { return t(`report_${key}`); }
  return ['starterGone', 'portalGone', 'loggedOut', 'shareClosed', 'serverRefused', 'fileUnreadable'].includes(key) ? t(`problem_${key}`, values) : t('report_damaged');
}
