// Reads the reports that stand in this page's frames and writes what is wrong with them into #verdict.
// Each frame carries its name and the number of pictures it must show.

// Two rectangles that share more than a hair.
function overlap(a, b) {
  var wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  var high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return wide > 1 && high > 2.5;
}

function pictures(frame, wrong) {
  var page = frame.contentDocument;
  var shown = Array.from(page.querySelectorAll('svg[role=img]')).filter(function (svg) {
    return svg.getBoundingClientRect().width > 0;
  });
  if (shown.length !== Number(frame.dataset.pictures)) {
    wrong('shows ' + shown.length + ' pictures and not ' + frame.dataset.pictures);
  }
  shown.forEach(function (svg) {
    var label = svg.getAttribute('aria-label') || '';
    var box = svg.getBoundingClientRect();
    if (label.length < 20) wrong('a picture without alternative text');
    if (box.height < 40) wrong('a flat picture: ' + label);
    var scale = box.width / svg.viewBox.baseVal.width;
    var texts = Array.from(svg.querySelectorAll('text'));
    var boxes = texts.map(function (text) { return text.getBoundingClientRect(); });
    texts.forEach(function (text, i) {
      var where = ' ("' + text.textContent + '" in: ' + label.slice(0, 60) + ')';
      var size = parseFloat(frame.contentWindow.getComputedStyle(text).fontSize) * scale;
      if (size < 9) wrong('letters of ' + size.toFixed(1) + ' px' + where);
      if (boxes[i].left < box.left - 1 || boxes[i].right > box.right + 1 || boxes[i].bottom > box.bottom + 1 || boxes[i].top < box.top - 1) {
        wrong('text outside its picture' + where);
      }
      for (var j = 0; j < i; j++) {
        if (overlap(boxes[i], boxes[j])) wrong('text on text: "' + texts[j].textContent + '"' + where);
      }
    });
  });
}

function width(frame, wrong) {
  var root = frame.contentDocument.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong('is ' + root.scrollWidth + ' px wide in ' + root.clientWidth);
}

// Presses every download button and reads what would have been saved. Nothing here waits: the browser prints the
// page as soon as its load event is over.
function downloads(frame, wrong) {
  var view = frame.contentWindow;
  var files = [];
  view.Blob = function (parts) { files.push(parts.join('')); };
  view.URL.createObjectURL = function () { return 'about:blank#'; };
  view.HTMLAnchorElement.prototype.click = function () {};
  var buttons = Array.from(frame.contentDocument.querySelectorAll('button[data-table]'));
  buttons.forEach(function (button) {
    if (button.hidden) wrong('the script did not run: ' + button.dataset.table);
    button.click();
  });
  if (files.length !== buttons.length) wrong(files.length + ' files from ' + buttons.length + ' buttons');
  files.forEach(function (file, k) {
    var lines = file.split('\r\n');
    var rows = frame.contentDocument.getElementById(buttons[k].dataset.table).rows.length;
    var head = frame.dataset.kind === 'run' ? /^(arm|from),[a-z0-9_,]+$/ : /^'?[^=+@-]/;
    if (!head.test(lines[0])) wrong('a CSV begins with ' + lines[0]);
    if (lines.length !== rows + 1) wrong('a CSV of ' + lines.length + ' lines from ' + rows + ' rows');
    // A number may begin with a minus.
    var run = function (line) { return /^"?[=+@-]/.test(line) && !/^-([0-9.]|Inf)/.test(line); };
    if (lines.some(run)) wrong('a CSV with a cell that a spreadsheet would run');
  });
}

window.addEventListener('load', function () {
  var faults = [];
  var frames = Array.from(document.querySelectorAll('iframe'));
  frames.forEach(function (frame) {
    var wrong = function (text) { faults.push(frame.name + ': ' + text); };
    try {
      pictures(frame, wrong);
      width(frame, wrong);
      frame.contentDocument.querySelectorAll('details').forEach(function (d) { d.open = true; });
      width(frame, wrong);
      downloads(frame, wrong);
    } catch (error) {
      wrong('' + error);
    }
  });
  document.getElementById('verdict').textContent =
    'looked at ' + frames.length + ' pages; faults: ' + faults.length + '\n' + faults.slice(0, 40).join('\n');
});
