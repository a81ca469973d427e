// What dragging over a picture does: one tool at a time for the left button and one finger. The middle button
// moves the picture, the right one and two fingers enlarge it, whatever the tool.
// One by one: the index of the package brings in some fifty that nobody asks for.
import * as Enums from 'tools/enums/index.js';
import * as annotation from 'tools/stateManagement/annotation/index.js';
import * as ToolGroupManager from 'tools/store/ToolGroupManager/index.js';
import { addTool } from 'tools/store/addTool.js';
import cancelActiveManipulations from 'tools/store/cancelActiveManipulations.js';
import PanTool from 'tools/tools/PanTool.js';
import ZoomTool from 'tools/tools/ZoomTool.js';
import AngleTool from 'tools/tools/annotation/AngleTool.js';
import EllipticalROITool from 'tools/tools/annotation/EllipticalROITool.js';
import LengthTool from 'tools/tools/annotation/LengthTool.js';
import ProbeTool from 'tools/tools/annotation/ProbeTool.js';
import BaseTool from 'tools/tools/base/BaseTool.js';
import { angleLines, lengthLines, probeLines, regionLines } from './measures.js';

const GROUP = 'stage';
const { MouseBindings: Button } = Enums;
/** Pixels of dragging for one image. */
const DRAG_STEP = 8;
/** Share of the window's width that a pixel of dragging changes. */
const WINDOW_STEP = 1 / 300;

/** Which pane an element belongs to; tools are made by Cornerstone3D and know only elements. */
const panes = new WeakMap();

class SliceTool extends BaseTool {
  static toolName = 'Slice';
  rest = 0;
  mouseDragCallback({ detail }) {
    this.rest += detail.deltaPoints.canvas[1];
    const steps = Math.trunc(this.rest / DRAG_STEP);
    this.rest -= steps * DRAG_STEP;
    if (steps) { panes.get(detail.element)?.step(steps); }
  }
  touchDragCallback(event) { this.mouseDragCallback(event); }
}

class WindowTool extends BaseTool {
  static toolName = 'Window';
  mouseDragCallback({ detail }) {
    const [across, down] = detail.deltaPoints.canvas;
    panes.get(detail.element)?.changeWindow(across * WINDOW_STEP, down * WINDOW_STEP);
  }
  touchDragCallback(event) { this.mouseDragCallback(event); }
}

/** The tools by their key in the texts and their letter on the keyboard, with the drawing of their button. */
export const TOOLS = [
  { key: 'slice', tool: SliceTool, letter: 's', path: 'M5 4h14M5 9h14M5 15h14M5 20h14M12 1v22' },
  { key: 'window', tool: WindowTool, letter: 'w', path: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18M15 8h4M15 12h6M15 16h4' },
  { key: 'pan', tool: PanTool, letter: 'p', path: 'M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3' },
  { key: 'zoom', tool: ZoomTool, letter: 'z', path: 'M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15 15l6 6M7 10h6M10 7v6' },
  { key: 'length', tool: LengthTool, letter: 'l', options: { getTextLines: lengthLines }, path: 'M4 20L20 4M2 18l4 4M18 2l4 4M9 11l3 3M13 7l3 3' },
  { key: 'angle', tool: AngleTool, letter: 'a', options: { getTextLines: angleLines }, path: 'M4 20L17 4M4 20h17M13 9a14 14 0 0 1 4 11' },
  { key: 'region', tool: EllipticalROITool, letter: 'o', options: { getTextLines: regionLines }, path: 'M12 5c5 0 9 3 9 7s-4 7-9 7-9-3-9-7 4-7 9-7M12 9v6M9 12h6' },
  { key: 'probe', tool: ProbeTool, letter: 'v', options: { getTextLines: probeLines }, path: 'M12 2v7M12 15v7M2 12h7M15 12h7M12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2' },
];

const isAnnotation = ({ options }) => options !== undefined;
let group;
let chosen;

/** Registers the tools; once. */
export function startTools() {
  group = ToolGroupManager.createToolGroup(GROUP);
  for (const { tool, options } of TOOLS) {
    addTool(tool);
    group.addTool(tool.toolName, options ?? {});
  }
  const usual = annotation.config.style.getDefaultToolStyles();
  annotation.config.style.setDefaultToolStyles({
    ...usual,
    global: {
      ...usual.global,
      color: 'rgb(255, 214, 92)', colorHighlighted: 'rgb(255, 240, 180)', colorSelected: 'rgb(120, 220, 255)', lineWidth: '2',
      textBoxColor: 'rgb(255, 240, 180)', textBoxColorHighlighted: 'rgb(255, 255, 255)', textBoxColorSelected: 'rgb(120, 220, 255)',
      textBoxFontFamily: 'system-ui, sans-serif', textBoxFontSize: '15px', textBoxBackground: 'rgba(0, 0, 0, 0.65)',
    },
  });
  chooseTool('slice');
}

export function follow(pane, engineId) {
  panes.set(pane.film, pane);
  group.addViewport(pane.id, engineId);
}

export function unfollow(pane, engineId) {
  group.removeViewports(engineId, pane.id);
}

/** Binds the left button and one finger to a tool. */
export function chooseTool(key) {
  chosen = key;
  for (const one of TOOLS) {
    const bindings = one.key === key ? [{ mouseButton: Button.Primary }, { numTouchPoints: 1 }] : [];
    if (one.tool === PanTool) { bindings.push({ mouseButton: Button.Auxiliary }); }
    if (one.tool === ZoomTool) { bindings.push({ mouseButton: Button.Secondary }, { numTouchPoints: 2 }); }
    const { toolName } = one.tool;
    // First off: bindings are added to those that a tool has.
    if (isAnnotation(one)) { group.setToolPassive(toolName, { removeAllBindings: true }); } else { group.setToolDisabled(toolName); }
    if (bindings.length) { group.setToolActive(toolName, { bindings }); }
  }
}

export const chosenTool = () => chosen;

/** How many measures there are. */
export const measures = () => annotation.state.getAllAnnotations();

/** Removes the measures that are selected, or else the newest. */
export function removeMeasure(films) {
  films.forEach((film) => cancelActiveManipulations(film));
  const selected = annotation.selection.getAnnotationsSelected();
  const all = measures();
  const doomed = selected.length ? selected : all.slice(-1).map(({ annotationUID }) => annotationUID);
  doomed.forEach((uid) => annotation.state.removeAnnotation(uid));
  return doomed.length;
}

/** Removes all measures, the one that is being drawn too. */
export function removeMeasures(films) {
  films.forEach((film) => cancelActiveManipulations(film));
  annotation.state.removeAllAnnotations();
}
