// What buttons and keys do to the chosen picture.
import { byId } from './element.js';
import { savePicture } from './stage/picture.js';
import { measures, removeMeasures } from './stage/tools.js';
import { t } from './texts.js';

/** @returns an object with a function for each key of `ACTIONS`, and those that only keys do */
export function actionsOn(stage, cine, refresh, announce) {
  const change = (act) => () => {
    const pane = stage.chosen;
    if (pane.isBlank) { return; }
    act(pane.viewport, pane);
    pane.viewport.render();
    refresh();
  };
  return {
    rotate: change((viewport) => viewport.setViewPresentation({ rotation: ((viewport.getViewPresentation().rotation ?? 0) + 90) % 360 })),
    flipHorizontal: change((viewport) => viewport.setCamera({ flipHorizontal: !viewport.getCamera().flipHorizontal })),
    flipVertical: change((viewport) => viewport.setCamera({ flipVertical: !viewport.getCamera().flipVertical })),
    invert: change((_, pane) => {
      pane.isInverted = !pane.isInverted;
      pane.applyWindow();
    }),
    reset: change((viewport, pane) => {
      viewport.setViewPresentation({ rotation: 0 });
      viewport.resetCamera();
      // Cornerstone3D takes back what is drawn and keeps what it says of it: a change of size mirrored again.
      viewport.setCamera({ flipHorizontal: false, flipVertical: false });
      pane.isInverted = false;
      pane.setWindow(null);
    }),
    zoomBy: (factor) => change((viewport) => viewport.setZoom(viewport.getZoom() * factor))(),
    moveBy: (across, down) => change((viewport) => {
      const [from, to] = [viewport.canvasToWorld([0, 0]), viewport.canvasToWorld([across, down])];
      const { focalPoint } = viewport.getCamera();
      viewport.setCamera({ focalPoint: focalPoint.map((value, axis) => value - (to[axis] - from[axis])) });
    })(),
    clear() {
      if (measures().length) {
        removeMeasures(stage.films());
        stage.draw();
        announce(t('cleared'));
      }
      refresh();
    },
    async save() {
      if (await savePicture(stage.chosen)) { announce(t('saved')); }
    },
    labels() {
      stage.host.classList.toggle('plain');
      stage.draw();
      refresh();
    },
    link() { stage.setLinked(!stage.isLinked); },
    play() { cine.toggle(); },
    help() { byId('help').showModal(); },
  };
}
