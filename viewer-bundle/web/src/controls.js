// The bar above the pictures: tools, what is done to a picture, how pictures stand side by side.
import { byId, drawing, element } from './element.js';
import { fillPage, t } from './texts.js';
import { LAYOUTS } from './stage/stage.js';
import { RATES } from './stage/cine.js';
import { TOOLS, chooseTool, chosenTool, measures } from './stage/tools.js';

/** What the buttons do, by their key in the texts, with the drawing of each. */
export const ACTIONS = {
  rotate: 'M20 12a8 8 0 1 1-3-6M20 3v5h-5',
  flipHorizontal: 'M12 3v18M9 7v10H3zM15 7v10h6z',
  flipVertical: 'M3 12h18M7 9h10V3zM7 15h10v6z',
  invert: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 3v18M12 7h5M12 11h8M12 15h7',
  reset: 'M4 12a8 8 0 1 1 3 6M4 21v-5h5',
  clear: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v6M14 11v6',
  save: 'M12 3v12M7 11l5 5 5-5M4 20h16',
  labels: 'M4 6h16M4 12h10M4 18h13',
  link: 'M9 15l6-6M8 12l-3 3a4 4 0 0 0 5 5l3-3M16 12l3-3a4 4 0 0 0-5-5l-3 3',
  play: 'M7 4l13 8-13 8z',
  help: 'M9 9a3 3 0 1 1 4 3c-1 1-1 2-1 3M12 18v2',
};

export class Controls {
  constructor(stage, cine, actions) {
    this.stage = stage;
    this.cine = cine;
    this.actions = actions;
    const tools = TOOLS.map(({ key, path }) => this.button(`tool_${key}`, path, () => this.tool(key)));
    this.tools = new Map(TOOLS.map(({ key }, n) => [key, tools[n]]));
    const buttons = Object.fromEntries(Object.entries(ACTIONS).map(([key, path]) => [key, this.button(`action_${key}`, path, () => actions[key]())]));
    this.buttons = buttons;
    this.preset = this.list('preset', (value) => { stage.chosen.choosePreset(value); this.refresh(); });
    this.rate = this.list('rate', (value) => { cine.rate = Number(value); });
    this.layout = this.list('layout', (value) => stage.setLayout(value));
    byId('bar').replaceChildren(
      this.group('tools', [...tools, this.preset]),
      this.group('actions', [buttons.rotate, buttons.flipHorizontal, buttons.flipVertical, buttons.invert, buttons.reset, buttons.clear]),
      this.group('view', [buttons.play, this.rate, this.layout, buttons.link, buttons.labels, buttons.save, buttons.help]),
    );
    this.refresh();
  }

  group(key, parts) {
    return element('div', { class: 'group', role: 'group', 'data-label': key }, parts);
  }

  button(key, path, press) {
    const made = element('button', { type: 'button', 'data-hint': key }, [drawing(path), element('span', { 'data-text': key })]);
    made.addEventListener('click', press);
    return made;
  }

  list(key, choose) {
    const made = element('select', { 'data-label': key, 'data-hint': key });
    made.addEventListener('change', () => choose(made.value));
    return made;
  }

  tool(key) {
    chooseTool(key);
    this.refresh();
  }

  /** Shows what is so now: the chosen tool, the windows of the picture, whether it plays. */
  refresh() {
    const { stage, cine } = this;
    const pane = stage.chosen;
    this.tools.forEach((button, key) => button.setAttribute('aria-pressed', key === chosenTool()));
    fill(this.preset, [['', t('presetChoose')], ...pane.presets().map(({ key, label }) => [key, windowName(key, label)])], '');
    fill(this.rate, RATES.map((rate) => [String(rate), t('rateOf', { rate })]), String(cine.rate));
    fill(this.layout, Object.entries(LAYOUTS).map(([name, [rows, columns]]) => [name, `${rows} × ${columns}`]), stage.layout);
    const { play, link, labels, clear, save, invert } = this.buttons;
    play.querySelector('span').dataset.text = play.dataset.hint = cine.isRunning ? 'action_stop' : 'action_play';
    play.querySelector('path').setAttribute('d', cine.isRunning ? 'M6 5h12v14H6z' : ACTIONS.play);
    play.disabled = this.rate.disabled = pane.ids.length < 2;
    link.setAttribute('aria-pressed', stage.isLinked);
    link.disabled = stage.panes.length < 2;
    labels.setAttribute('aria-pressed', !stage.host.classList.contains('plain'));
    for (const key of ['rotate', 'flipHorizontal', 'flipVertical', 'invert', 'reset']) { this.buttons[key].disabled = pane.isBlank; }
    invert.setAttribute('aria-pressed', !pane.isBlank && pane.isInverted);
    save.disabled = pane.isBlank;
    clear.disabled = !measures().length;
    this.preset.disabled = pane.isBlank;
    fillPage(byId('bar'));
  }
}

function windowName(key, label) {
  if (!key.startsWith('file')) { return t(`window_${key}`); }
  return label ? t('window_fileNamed', { name: label }) : t('window_file');
}

/** New choices only when they differ: a list that is open must not be rebuilt. */
function fill(select, choices, value) {
  const now = Array.from(select.options, (option) => [option.value, option.text]);
  if (JSON.stringify(now) !== JSON.stringify(choices)) {
    select.replaceChildren(...choices.map(([key, text]) => element('option', { value: key }, [text])));
  }
  select.value = value;
}
