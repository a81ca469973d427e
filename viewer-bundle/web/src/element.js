// Elements of the page. Text of files is only ever set as text.

/** An element with attributes and children; an attribute that is null is left out. */
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) { made.setAttribute(key, value); }
  }
  made.append(...children);
  return made;
}

/** A drawing of lines, 24 by 24, from the `d` of its path. */
export function drawing(path) {
  const space = 'http://www.w3.org/2000/svg';
  const picture = document.createElementNS(space, 'svg');
  picture.setAttribute('viewBox', '0 0 24 24');
  picture.setAttribute('aria-hidden', 'true');
  picture.setAttribute('focusable', 'false');
  const line = document.createElementNS(space, 'path');
  line.setAttribute('d', path);
  picture.append(line);
  return picture;
}

export const byId = (id) => document.getElementById(id);
