// The first page, where the browser needs the folder from somebody: a button, a place to drop it, a picture.
import { byId } from './element.js';
import { chosenFiles, draggedFiles, folderSource } from './source/folder.js';
import { asProblem } from './problem.js';
import { t } from './texts.js';

/** Calls `open(source)` with each folder that is chosen or dropped; it says itself that the folder is open. */
export function askForFolder(open) {
  const input = byId('folder');
  const zone = document.body;
  // Some telephones let people choose files alone.
  if (!('webkitdirectory' in input)) { tell('noFolders', {}, true); }
  const take = async (files) => {
    tell('opening');
    try {
      await open(folderSource(await files));
    } catch (error) {
      const { key, values } = asProblem(error);
      tell(`problem_${key}`, values, true);
    }
  };
  input.addEventListener('change', () => {
    if (input.files.length) { take(chosenFiles(input.files)); }
    // The same folder may be chosen again.
    input.value = '';
  });
  byId('choose').addEventListener('click', () => input.click());
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.classList.add('dropping');
  });
  zone.addEventListener('dragleave', (event) => { if (!event.relatedTarget) { zone.classList.remove('dropping'); } });
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('dropping');
    take(draggedFiles(event.dataTransfer));
  });
}

let told = [''];

/** Says above everything what is being done, or why it cannot be: a key of the texts, none to say nothing. */
export function tell(key, values = {}, isProblem = false) {
  told = [key, values, isProblem];
  const message = byId('message');
  message.textContent = key ? t(key, values) : '';
  message.classList.toggle('problem', isProblem);
}

/** Says the same in the language of the page as it is now. */
export function tellAgain() { tell(...told); }

/** The folder of the package by its name, where the address of this page shows it: `…/NAME/cdviewer/index.htm`. */
export function folderName() {
  const parts = decodeURIComponent(location.pathname).split('/');
  return /^cdviewer$/i.test(parts[parts.length - 2] ?? '') ? parts[parts.length - 3] ?? '' : '';
}
