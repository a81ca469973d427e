/* Scrolls through the images of a series. The page is whole without this script, which only comforts.
   ES5 and no library: it runs from file:// in browsers of the last ten years. */
(function () {
  'use strict';

  function at(id) { return document.getElementById(id); }

  var print = at('print');
  if (print) {
    print.hidden = false;
    print.addEventListener('click', function () { window.print(); });
  }

  var stack = at('stack');
  var list = at('frames');
  if (!stack || !list) { return; }

  /* The images as the page lists them: where they lie, what stands below them, why there is none. */
  var frames = [];
  var items = list.querySelectorAll('li:not(.capped)');
  var sheet = document.querySelectorAll('.frames > li:not(.capped)');
  Array.prototype.forEach.call(items, function (item) {
    var link = item.querySelector('a');
    var reason = item.querySelector('.placeholder');
    var picture = item.querySelector('img');
    var caption = item.querySelector('figcaption') || link || item.querySelector('span');
    frames.push({
      src: link && link.getAttribute('href'),
      caption: caption.textContent,
      alt: picture ? picture.alt : caption.textContent,
      reason: reason ? reason.textContent : ''
    });
  });
  if (!frames.length) { return; }

  var screen = at('screen');
  var position = at('position');
  var play = at('play');
  var message = at('message');
  var words = stack.dataset;
  var current = -1;
  var shown = null;
  var loaded = {};
  var timer = null;
  var rate = parseFloat(words.rate) || 10;

  /* Images in memory: the neighbours, fewer when they are large. */
  function picture(index) {
    if (!loaded[index] && frames[index] && frames[index].src) {
      var image = new Image();
      image.decoding = 'sync';
      image.draggable = false;
      image.addEventListener('load', function () { arrived(index); });
      image.addEventListener('error', function () { arrived(index); });
      image.src = frames[index].src;
      loaded[index] = image;
    }
    return loaded[index];
  }

  function arrived(index) {
    if (index === current) { draw(); }
  }

  function tell(text) {
    message.textContent = text;
    message.hidden = !text;
  }

  /* Never leaves the image before on the screen: a wrong image is worse than none. */
  function draw() {
    var frame = frames[current];
    var image = picture(current);
    var isThere = image && image.complete && image.naturalWidth > 0;
    if (shown && shown !== image) {
      screen.removeChild(shown);
      shown = null;
    }
    if (!frame.src) {
      tell(frame.reason);
    } else if (isThere) {
      tell('');
      image.alt = frame.alt;
      if (shown !== image) {
        screen.insertBefore(image, screen.firstChild);
        shown = image;
      }
      filter();
      keepNeighbours(image.naturalWidth * image.naturalHeight > 4e6 ? 1 : 6);
    } else {
      tell(image.complete ? words.failed : words.loading);
    }
  }

  function keepNeighbours(reach) {
    Object.keys(loaded).forEach(function (index) {
      if (Math.abs(index - current) > 2 * reach) { delete loaded[index]; }
    });
    for (var step = 1; step <= reach; step += 1) {
      picture(current + step);
      picture(current - step);
    }
  }

  function show(index) {
    index = Math.max(0, Math.min(frames.length - 1, index));
    if (index === current) { return; }
    current = index;
    position.value = index + 1;
    position.setAttribute('aria-valuetext', words.place.replace('%1', index + 1).replace('%2', frames.length));
    /* Read aloud where the slider does not say it already, and not while images run. */
    at('corner').setAttribute('aria-live', timer === null && document.activeElement === screen ? 'polite' : 'off');
    at('counter').textContent = (index + 1) + ' / ' + frames.length;
    at('caption').textContent = frames[index].caption;
    var file = at('file');
    file.hidden = !frames[index].src;
    if (frames[index].src) { file.setAttribute('href', frames[index].src); }
    at('previous').disabled = index === 0;
    at('next').disabled = index === frames.length - 1;
    draw();
  }

  function step(by) { show(current + by); }

  /* --- playing: waits for an image that is not there yet, and begins again at the end --- */

  var due = 0;

  function tick() {
    var next = (current + 1) % frames.length;
    var image = picture(next);
    if (!image || image.complete) { show(next); }
    /* A late image makes the next ones late too: none is hurried over. */
    due = Math.max(Date.now(), due + 1000 / (rate * parseFloat(at('speed').value)));
    timer = setTimeout(tick, due - Date.now());
  }

  function toggle() {
    if (timer === null) {
      due = Date.now();
      timer = setTimeout(tick, 0);
    } else {
      clearTimeout(timer);
      timer = null;
    }
    play.textContent = timer === null ? words.play : words.pause;
  }

  /* Nothing ever runs by itself; for who wants little motion it runs slowly. */
  if (window.matchMedia && window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
    at('speed').value = '0.5';
  }

  /* --- brightness and contrast --- */

  function filter() {
    if (shown) {
      shown.style.filter = 'brightness(' + at('brightness').value / 100 + ') contrast(' +
        at('contrast').value / 100 + ')';
    }
  }

  function reset() {
    at('brightness').value = 100;
    at('contrast').value = 100;
    filter();
  }

  /* --- full screen; telephones that know none get a viewer as large as the window --- */

  var viewer = at('viewer');

  function isFull() {
    return !!(document.fullscreenElement || document.webkitFullscreenElement) ||
      viewer.classList.contains('filled');
  }

  function fill() {
    viewer.classList.add('filled');
    tellFull();
  }

  function toggleFull() {
    var enter = viewer.requestFullscreen || viewer.webkitRequestFullscreen;
    var leave = document.exitFullscreen || document.webkitExitFullscreen;
    if (viewer.classList.contains('filled')) {
      viewer.classList.remove('filled');
      tellFull();
    } else if (isFull()) {
      leave.call(document);
    } else if (enter) {
      var entered = enter.call(viewer);
      if (entered && entered['catch']) { entered['catch'](fill); }
    } else {
      fill();
    }
  }

  function tellFull() {
    at('full').textContent = isFull() ? words.leave : words.full;
  }

  /* --- mouse, keyboard, fingers --- */

  at('previous').addEventListener('click', function () { step(-1); });
  at('next').addEventListener('click', function () { step(1); });
  position.addEventListener('input', function () { show(position.value - 1); });
  play.addEventListener('click', toggle);
  at('brightness').addEventListener('input', filter);
  at('contrast').addEventListener('input', filter);
  at('reset').addEventListener('click', reset);
  at('full').addEventListener('click', toggleFull);
  document.addEventListener('fullscreenchange', tellFull);
  document.addEventListener('webkitfullscreenchange', tellFull);

  var turned = 0;
  screen.addEventListener('wheel', function (event) {
    if (event.ctrlKey || frames.length === 1) { return; }
    event.preventDefault();
    /* A notch of a wheel is one image; a touch pad sends many small steps. */
    turned += event.deltaMode === 0 ? event.deltaY : event.deltaY * 40;
    if (Math.abs(turned) >= 40) {
      step(turned > 0 ? 1 : -1);
      turned = 0;
    }
  }, { passive: false });

  var keys = {
    ArrowLeft: function () { step(-1); },
    ArrowUp: function () { step(-1); },
    ArrowRight: function () { step(1); },
    ArrowDown: function () { step(1); },
    PageUp: function () { step(-10); },
    PageDown: function () { step(10); },
    Home: function () { show(0); },
    End: function () { show(frames.length - 1); },
    ' ': function () { if (frames.length > 1) { toggle(); } },
    f: toggleFull,
    F: toggleFull
  };
  screen.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) { return; }
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Escape' && viewer.classList.contains('filled')) { toggleFull(); }
  });

  /* Dragging sideways scrolls; up and down makes the image brighter or darker, except where a finger
     scrolls the page that way. The first movement decides which of the two it is. */
  var STEP = 24;
  var from = null;
  var axis = '';
  screen.addEventListener('pointerdown', function (event) {
    if (!event.isPrimary || event.button !== 0) { return; }
    from = { x: event.clientX, y: event.clientY, level: parseFloat(at('brightness').value) };
    axis = '';
  });
  screen.addEventListener('pointermove', function (event) {
    if (!from || !event.isPrimary) { return; }
    var across = from.x - event.clientX;
    var up = from.y - event.clientY;
    if (!axis && Math.max(Math.abs(across), Math.abs(up)) >= 8) {
      axis = Math.abs(across) >= Math.abs(up) ? 'across' : 'up';
    }
    if (axis === 'across') {
      var steps = Math.trunc(across / STEP);
      step(steps);
      from.x -= steps * STEP;
    } else if (axis === 'up' && (event.pointerType !== 'touch' || isFull())) {
      at('brightness').value = from.level + up / 2;
      filter();
    }
  });
  ['pointerup', 'pointercancel', 'pointerleave'].forEach(function (name) {
    screen.addEventListener(name, function () { from = null; });
  });

  /* A click on an image of the sheet below shows it above. The sheet begins the series. */
  Array.prototype.forEach.call(sheet, function (item, index) {
    item.addEventListener('click', function (event) {
      if (event.ctrlKey || event.shiftKey || event.metaKey || !item.querySelector('.picture').contains(event.target)) { return; }
      event.preventDefault();
      show(index);
      stack.scrollIntoView();
      screen.focus({ preventScroll: true });
    });
  });

  /* A link to an image, as reports have them: #IM000007, for a frame #IM000007-FR000012. */
  var places = {};
  Array.prototype.forEach.call(items, remember);
  Array.prototype.forEach.call(sheet, remember);
  function remember(item, index) {
    if (item.id) { places[item.id] = index; }
  }

  function fromAddress() {
    var index = places[window.location.hash.slice(1)];
    if (typeof index === 'number') {
      show(index);
      stack.scrollIntoView();
    }
  }
  window.addEventListener('hashchange', fromAddress);
  /* Chromium scrolls to the sheet once the page is loaded: the image is in the stack. */
  window.addEventListener('load', function () { setTimeout(fromAddress, 0); });

  position.max = frames.length;
  if (frames.length === 1) { stack.classList.add('single'); }
  stack.hidden = false;
  show(0);
  fromAddress();
}());
