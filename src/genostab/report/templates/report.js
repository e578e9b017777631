"use strict";
(() => {
  const source = document.getElementById("genome-data");
  const still = document.querySelector("svg.genome");
  if (!source || !still) return;
  const track = JSON.parse(source.textContent);
  const frame = document.getElementById("genome-frame");
  const canvas = frame.querySelector("canvas");
  const bar = document.getElementById("genome-tools");
  const picker = bar.querySelector("select");
  const tip = frame.querySelector(".tip");
  const paint = canvas.getContext("2d");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const lengths = track.chroms.map((chrom) => chrom[1]);
  const offsets = [];
  let total = 0;
  for (const length of lengths) { offsets.push(total); total += length; }
  const bins = unpack(track.bins);
  const snps = track.snps.map(unpack);
  const hasSnps = snps.some((set) => set.at.length > 0);
  const pad = { left: 52, right: 84, top: 26, bottom: 30 };
  const shortest = 200000;
  let view = null;

  function bytes(text) {
    const raw = atob(text);
    const out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return new DataView(out.buffer);
  }

  function unpack(packed) {
    const position = bytes(packed.position);
    const value = bytes(packed.value);
    const n = position.byteLength / 2;
    const at = new Float64Array(n);
    const v = new Float32Array(n);
    let i = 0;
    packed.per_chrom.forEach((count, chrom) => {
      for (let k = 0; k < count; k++, i++) {
        at[i] = offsets[chrom] + (position.getUint16(2 * i, true) / 65535) * lengths[chrom];
        v[i] = value.getInt16(2 * i, true) / 10000;
      }
    });
    return { at, v };
  }

  function firstAtOrAfter(at, where) {
    let low = 0, high = at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at[middle] < where) low = middle + 1; else high = middle;
    }
    return low;
  }

  function chromAt(where) {
    let i = offsets.length - 1;
    while (i > 0 && offsets[i] > where) i--;
    return i;
  }

  function place(where) {
    const i = chromAt(where);
    const megabases = (where - offsets[i]) / 1e6;
    return track.chroms[i][0] + ":" + megabases.toFixed(2) + " Mb";
  }

  function callsAt(where) {
    return track.calls.filter((c) => where >= offsets[c[0]] + c[1] && where <= offsets[c[0]] + c[2]).map((c) => c[4]);
  }

  // The static figure: from pixels of the viewBox to genome positions.
  const box = still.viewBox.baseVal;
  const left = Number(still.dataset.left), right = Number(still.dataset.right), gap = Number(still.dataset.gap);
  const perBase = (box.width - left - right - gap * (lengths.length - 1)) / total;

  function genomeAt(event) {
    const edge = still.getBoundingClientRect();
    const x = ((event.clientX - edge.left) / edge.width) * box.width;
    let start = left;
    for (let i = 0; i < lengths.length; i++) {
      const width = lengths[i] * perBase;
      if (x < start + width + gap || i === lengths.length - 1) {
        return offsets[i] + Math.min(Math.max((x - start) / perBase, 0), lengths[i] - 1);
      }
      start += width + gap;
    }
    return 0;
  }

  function show(a, b) {
    const width = Math.min(Math.max(b - a, shortest), total);
    const middle = (a + b) / 2;
    const from = Math.min(Math.max(middle - width / 2, 0), total - width);
    if (width >= total) { reset(); return; }
    view = [from, from + width];
    frame.classList.add("zoomed");
    const i = chromAt(from);
    const whole = Math.abs(from - offsets[i]) < 1 && Math.abs(width - lengths[i]) < 1;
    picker.value = whole ? String(i) : "part";
    draw();
  }

  function reset() {
    view = null;
    frame.classList.remove("zoomed");
    picker.value = "all";
    hideTip();
  }

  function hideTip() { tip.hidden = true; }

  function showTip(event, lines) {
    tip.textContent = lines.join("\n");
    tip.hidden = false;
    const edge = frame.getBoundingClientRect();
    const x = event.clientX - edge.left, y = event.clientY - edge.top;
    tip.style.left = Math.min(Math.max(x + 14, 0), edge.width - tip.offsetWidth - 4) + "px";
    tip.style.top = Math.max(y - tip.offsetHeight - 12, 0) + "px";
  }

  function panels() {
    const width = canvas.clientWidth, height = canvas.clientHeight;
    const bottom = height - pad.bottom;
    const split = hasSnps ? pad.top + (bottom - pad.top) * 0.68 : bottom;
    return {
      width, height, bottom, split,
      x: (where) => pad.left + ((where - view[0]) / (view[1] - view[0])) * (width - pad.left - pad.right),
      back: (px) => view[0] + ((px - pad.left) / (width - pad.left - pad.right)) * (view[1] - view[0]),
      y: (ratio) => pad.top + ((track.limit - Math.min(Math.max(ratio, -track.limit), track.limit)) / (2 * track.limit)) * (split - pad.top),
      baf: (share) => split + 12 + (1 - share) * (bottom - split - 12),
    };
  }

  function draw() {
    if (!view) return;
    const dots = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * dots);
    canvas.height = Math.round(canvas.clientHeight * dots);
    paint.setTransform(dots, 0, 0, dots, 0, 0);
    const p = panels();
    paint.clearRect(0, 0, p.width, p.height);
    paint.font = "11px " + getComputedStyle(frame).fontFamily;
    drawGrid(p);
    paint.save();
    paint.beginPath();
    paint.rect(pad.left, pad.top - 22, p.width - pad.left - pad.right, p.height);
    paint.clip();
    drawCalls(p);
    drawDots(p, bins, p.y, colour("--bin"));
    snps.forEach((set, i) => drawDots(p, set, p.baf, colour(["--bin", "--gain", "--loss"][i])));
    drawSegments(p);
    drawPositions(p);
    paint.restore();
  }

  function drawGrid(p) {
    paint.lineWidth = 1;
    paint.textBaseline = "middle";
    const levels = [-2, -1, -0.5, 0, 0.5, 1, 2].filter((v) => Math.abs(v) <= track.limit);
    const rows = levels.map((v) => [p.y(v), String(v).replace("-", "\u2212"), v === 0]);
    if (hasSnps) for (const v of [0, 0.5, 1]) rows.push([p.baf(v), String(v), false]);
    for (const [y, text, zero] of rows) {
      paint.strokeStyle = colour(zero ? "--muted" : "--line");
      paint.beginPath();
      paint.moveTo(pad.left, y);
      paint.lineTo(p.width - pad.right, y);
      paint.stroke();
      paint.fillStyle = colour("--muted");
      paint.textAlign = "right";
      paint.fillText(text, pad.left - 7, y);
    }
    paint.textAlign = "left";
    for (const [value, text] of track.guides) {
      if (Math.abs(value) <= track.limit) paint.fillText(text, p.width - pad.right + 8, p.y(value));
    }
  }

  function drawPositions(p) {
    const aim = (view[1] - view[0]) / 8;
    const power = Math.pow(10, Math.floor(Math.log10(aim)));
    const step = power * ([1, 2, 5, 10].find((m) => m * power >= aim) || 10);
    paint.textAlign = "center";
    paint.textBaseline = "alphabetic";
    for (let i = chromAt(view[0]); i < offsets.length && offsets[i] < view[1]; i++) {
      const edge = p.x(offsets[i]);
      paint.strokeStyle = colour("--muted");
      paint.beginPath();
      paint.moveTo(edge, pad.top);
      paint.lineTo(edge, p.bottom);
      paint.stroke();
      const from = Math.max(offsets[i], view[0]), to = Math.min(offsets[i] + lengths[i], view[1]);
      paint.fillStyle = colour("--ink");
      paint.fillText(track.chroms[i][0], p.x((from + to) / 2), p.height - 3);
      paint.fillStyle = colour("--muted");
      for (let at = Math.ceil((from - offsets[i]) / step) * step; at <= to - offsets[i]; at += step) {
        const decimals = Math.max(0, -Math.floor(Math.log10(step / 1e6)));
        const text = (at / 1e6).toFixed(decimals) + " Mb";
        const half = paint.measureText(text).width / 2, x = p.x(offsets[i] + at);
        if (x - half > pad.left - 20 && x + half < p.width - pad.right) paint.fillText(text, Math.max(x, pad.left + half), p.bottom + 13);
      }
    }
  }

  function drawCalls(p) {
    for (const [chrom, start, end, kind, label] of track.calls) {
      const a = offsets[chrom] + start, b = offsets[chrom] + end;
      if (b < view[0] || a > view[1]) continue;
      const x1 = Math.max(p.x(a), pad.left), x2 = Math.min(Math.max(p.x(b), x1 + 2), p.width - pad.right);
      paint.globalAlpha = 0.16;
      paint.fillStyle = colour("--" + kind);
      paint.fillRect(x1, pad.top, x2 - x1, p.bottom - pad.top);
      paint.globalAlpha = 1;
      const half = paint.measureText(label).width / 2 + 2;
      const middle = Math.min(Math.max((x1 + x2) / 2, pad.left + half), p.width - pad.right - half);
      paint.textAlign = "center";
      paint.textBaseline = "alphabetic";
      paint.fillText(label, middle, pad.top - 8);
    }
  }

  function drawDots(p, marks, scale, tint) {
    const first = firstAtOrAfter(marks.at, view[0]), last = firstAtOrAfter(marks.at, view[1]);
    const size = last - first < 1500 ? 3 : last - first < 6000 ? 2.2 : 1.5;
    paint.fillStyle = tint;
    paint.globalAlpha = last - first < 1500 ? 0.85 : 0.5;
    for (let i = first; i < last; i++) {
      paint.fillRect(p.x(marks.at[i]) - size / 2, scale(marks.v[i]) - size / 2, size, size);
    }
    paint.globalAlpha = 1;
  }

  function drawSegments(p) {
    paint.strokeStyle = colour("--segment");
    paint.lineWidth = 2.5;
    paint.beginPath();
    for (const [chrom, start, end, mean] of track.segments) {
      const a = offsets[chrom] + start, b = offsets[chrom] + end;
      if (b < view[0] || a > view[1]) continue;
      paint.moveTo(p.x(a), p.y(mean));
      paint.lineTo(Math.max(p.x(b), p.x(a) + 2), p.y(mean));
    }
    paint.stroke();
  }

  function zoom(factor, where) {
    const [a, b] = view || [0, total];
    const centre = where === undefined ? (a + b) / 2 : where;
    show(centre - (centre - a) * factor, centre + (b - centre) * factor);
  }

  function move(share) {
    if (!view) return;
    const by = (view[1] - view[0]) * share;
    show(view[0] + by, view[1] + by);
  }

  function nearest(where, reach) {
    let best = -1;
    const first = firstAtOrAfter(bins.at, where - reach), last = firstAtOrAfter(bins.at, where + reach);
    for (let i = first; i < last; i++) {
      if (best < 0 || Math.abs(bins.at[i] - where) < Math.abs(bins.at[best] - where)) best = i;
    }
    return best;
  }

  function describe(where, reach) {
    const lines = [place(where)];
    const i = nearest(where, reach);
    if (i >= 0) {
      const name = track.group > 1 ? "median of " + track.group + " bins" : "bin";
      lines.push(name + " at " + place(bins.at[i]).split(":")[1] + ": log2 " + bins.v[i].toFixed(3).replace("-", "\u2212"));
    }
    for (const [chrom, start, end, mean] of track.segments) {
      if (where >= offsets[chrom] + start && where < offsets[chrom] + end) {
        lines.push("segment: log2 " + mean.toFixed(3).replace("-", "\u2212"));
      }
    }
    return lines.concat(callsAt(where));
  }

  let dragFrom = null;
  still.addEventListener("pointerdown", (event) => { dragFrom = genomeAt(event); event.preventDefault(); });
  still.addEventListener("pointermove", (event) => {
    const where = genomeAt(event);
    const lines = describe(where, 2 / perBase);
    if (dragFrom !== null) lines.unshift("zoom: " + place(Math.min(dragFrom, where)) + " \u2013 " + place(Math.max(dragFrom, where)));
    showTip(event, lines);
  });
  still.addEventListener("pointerleave", () => { dragFrom = null; hideTip(); });
  still.addEventListener("pointerup", (event) => {
    if (dragFrom === null) return;
    const to = genomeAt(event), from = dragFrom;
    dragFrom = null;
    hideTip();
    const i = chromAt(to);
    if (Math.abs(to - from) * perBase < 4) show(offsets[i], offsets[i] + lengths[i]);
    else show(Math.min(from, to), Math.max(from, to));
    canvas.focus({ preventScroll: true });
  });

  let grabbed = null;
  canvas.addEventListener("pointerdown", (event) => {
    grabbed = { x: event.clientX, view: view };
    canvas.setPointerCapture(event.pointerId);
    hideTip();
  });
  canvas.addEventListener("pointermove", (event) => {
    const p = panels();
    const perPixel = (view[1] - view[0]) / (p.width - pad.left - pad.right);
    if (grabbed) {
      const by = (grabbed.x - event.clientX) * perPixel;
      show(grabbed.view[0] + by, grabbed.view[1] + by);
    } else {
      const where = p.back(event.clientX - canvas.getBoundingClientRect().left);
      if (where >= view[0] && where < view[1]) showTip(event, describe(where, 8 * perPixel)); else hideTip();
    }
  });
  canvas.addEventListener("pointerup", () => { grabbed = null; });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, panels().back(event.clientX - canvas.getBoundingClientRect().left));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), Escape: reset }[event.key];
    if (act) { act(); event.preventDefault(); }
  });

  for (let i = 0; i < track.chroms.length; i++) picker.add(new Option(track.chroms[i][0], String(i)));
  const part = new Option("Part of the genome", "part");
  part.hidden = true;
  picker.add(part);
  picker.addEventListener("change", () => {
    const i = Number(picker.value);
    if (picker.value === "all") reset(); else show(offsets[i], offsets[i] + lengths[i]);
  });
  const acts = { in: () => zoom(0.5), out: () => zoom(2) };
  for (const button of bar.querySelectorAll("button")) button.addEventListener("click", acts[button.dataset.act]);
  for (const link of document.querySelectorAll("a[data-region]")) {
    link.addEventListener("click", () => {
      const [chrom, start, end] = link.dataset.region.split(" ").map(Number);
      const i = Math.max(chrom, 0), room = Math.max((end - start) * 0.6, 1e6);
      show(Math.max(offsets[i] + start - room, offsets[i]), Math.min(offsets[i] + end + room, offsets[i] + lengths[i]));
    });
  }
  window.addEventListener("resize", draw);
  frame.classList.add("live");
  bar.hidden = false;
})();
