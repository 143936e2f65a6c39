/* Shipped models to play with on explore.html, and the paths through an LSTM. Plain
   JavaScript; the numbers are in explore_data.js, which the site's build writes. */
"use strict";

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

/* a W + b, for a row a and a matrix by rows. */
function affine(a, matrix, bias) {
  const sum = bias.slice();
  a.forEach((value, i) => matrix[i].forEach((weight, j) => { sum[j] += value * weight; }));
  return sum;
}

/* One step of a GRU whose reset gate comes after the product: z, r, h side by side. */
function gruStep(x, h, { W, U, b, d }) {
  const n = h.length, a = affine(x, W, b), m = affine(h, U, d);
  return h.map((before, k) => {
    const z = sigmoid(a[k] + m[k]);
    const r = sigmoid(a[n + k] + m[n + k]);
    const candidate = Math.tanh(a[2 * n + k] + r * m[2 * n + k]);
    return z * before + (1 - z) * candidate;
  });
}

/* Probabilities of the classes after reading rows: softmax(h_T V + c). */
function classify(rows, model) {
  let h = new Array(model.U.length).fill(0);
  rows.forEach((x) => { h = gruStep(x, h, model); });
  const o = affine(h, model.V, model.c), top = Math.max(...o);
  const e = o.map((one) => Math.exp(one - top)), total = e.reduce((p, q) => p + q, 0);
  return e.map((one) => one / total);
}

/* All paths by which h_t of an LSTM depends on W_f, each a list of values "c3", "f3", …. */
function paths(step) {
  const parents = (kind, t) => {
    if (kind === "h") return [["c", t], ["o", t]];
    if (kind === "c") return [["f", t], ["c", t - 1], ["i", t], ["g", t]];
    return kind === "f" ? [["W", t], ["h", t - 1]] : [["h", t - 1]];
  };
  const walk = (kind, t) => {
    if (kind === "W") return [[`W${t}`]];
    if (t === 0) return [];
    return parents(kind, t).flatMap(([k, s]) => walk(k, s)).map((rest) => [`${kind}${t}`, ...rest]);
  };
  return walk("h", step);
}

/* How the paths through c_3 go on: through c_2 and c_1, through c_2 only, past c_2. */
function kindOf(path, step) {
  if (path[1] !== `c${step}`) return "gate";
  const before = path.includes(`c${step - 1}`);
  if (!before) return "past";
  return step > 2 && path.includes(`c${step - 2}`) ? "both" : "one";
}

if (typeof module !== "undefined") module.exports = { classify, paths, kindOf };

if (typeof document !== "undefined") {
  const NS = "http://www.w3.org/2000/svg";
  const put = (parent, tag, attributes, text) => {
    const made = document.createElementNS(NS, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  };

  /* Gates over a text: a column a character, a row a unit. */
  const showGates = (root) => {
    const { text, gates } = EXPLORE_DATA.gates;
    const svg = root.querySelector("svg"), CELL = 17, ROWS = 24, TOP = 26;
    const names = { i: "input gate i", f: "forget gate f", o: "output gate o" };
    const letters = [...text].map((one) => ({ "\n": "↵", " ": "␣" }[one] || one));
    svg.setAttribute("viewBox", `0 0 ${letters.length * CELL + 4} ${TOP + ROWS * 9 + 4}`);
    svg.style.minWidth = "560px";
    const update = (at) => {
      const chosen = root.querySelector("[name=gate]").value;
      svg.replaceChildren();
      letters.forEach((letter, t) => {
        put(svg, "text", { x: 2 + (t + 0.5) * CELL, y: 16, "text-anchor": "middle", class: t === at ? "letter chosen" : "letter" }, letter);
        gates[chosen].slice(0, ROWS).forEach((row, k) => {
          const bar = put(svg, "rect", { x: 2 + t * CELL, y: TOP + k * 9, width: CELL - 1, height: 8, class: "open", "fill-opacity": row[t] / 100 });
          bar.dataset.step = t;
        });
      });
      if (at === undefined) return "";
      const open = gates[chosen].map((row) => row[at] / 100);
      const mean = open.reduce((p, q) => p + q, 0) / open.length;
      const wide = open.filter((one) => one > 0.9).length, shut = open.filter((one) => one < 0.1).length;
      return `At “${letters[at]}” (character ${at + 1}): ${names[chosen]}, mean ${mean.toFixed(2)}; ${wide} of ${open.length} units above 0.9, ${shut} below 0.1.`;
    };
    const say = (at) => { root.querySelector("output").textContent = update(at) || "Point at a column."; };
    const point = (event) => { if (event.target.dataset && event.target.dataset.step !== undefined) say(Number(event.target.dataset.step)); };
    svg.addEventListener("pointerover", point);
    svg.addEventListener("click", point);
    root.addEventListener("input", () => say());
    say();
  };

  /* The paths from h_t to W_f, one after the other, over the graph. */
  const showPaths = (root) => {
    const svg = root.querySelector("svg");
    const words = { both: "through the two memories before", one: "through the memory before only", past: "past the memory before", gate: "through the output gate" };
    const ROW = { W: 0, c: 1, f: 2, i: 3, g: 4, o: 5, h: 6 };
    let number = 0;
    const update = () => {
      const step = Number(root.querySelector("[name=step]").value);
      const kind = root.querySelector("[name=kind]").value;
      root.querySelector("[data-value=step]").textContent = step;
      const all = paths(step);
      const listed = all.filter((one) => kind === "all" || kindOf(one, step) === kind);
      number = listed.length ? (number + listed.length) % listed.length : 0;
      const path = listed[number] || [];
      const x = (t) => 30 + (t - 1) * 150, y = (k) => 26 + ROW[k] * 38;
      const place = (one) => {
        const k = one[0], t = Number(one.slice(1));
        return [x(t) + ({ c: 62, h: 62 }[k] || 0), y(k)];
      };
      const edge = (from, to, style) => {
        const [a, b] = place(from), [c, d] = place(to);
        put(svg, "line", { x1: a, y1: b, x2: c, y2: d, class: style });
      };
      svg.setAttribute("viewBox", `0 0 ${Math.max(1, step) * 150 + 40} 290`);
      svg.style.minWidth = `${step * 130}px`;
      svg.replaceChildren();
      const nodes = [];
      for (let t = 1; t <= step; t++) {
        ["c", "f", "i", "g", "o", "h", "W"].forEach((k) => nodes.push(`${k}${t}`));
        edge(`c${t}`, `h${t}`, "thin"); edge(`o${t}`, `h${t}`, "thin"); edge(`W${t}`, `f${t}`, "thin");
        ["f", "i", "g"].forEach((k) => edge(`${k}${t}`, `c${t}`, "thin"));
        if (t > 1) { edge(`c${t - 1}`, `c${t}`, "thin"); ["f", "i", "g", "o"].forEach((k) => edge(`h${t - 1}`, `${k}${t}`, "thin")); }
      }
      path.slice(1).forEach((one, k) => edge(one, path[k], "way"));
      nodes.forEach((one) => {
        const [a, b] = place(one), on = path.includes(one);
        put(svg, "circle", { cx: a, cy: b, r: 14, class: on ? "node chosen" : "node" });
        put(svg, "text", { x: a, y: b + 4, "text-anchor": "middle" }, one[0] === "W" ? "W_f" : one.replace(/\d/, (d) => "₀₁₂₃₄"[d]));
      });
      const counts = ["both", "one", "past", "gate"].map((k) => [k, all.filter((one) => kindOf(one, step) === k).length]);
      root.querySelector("output").textContent =
        `${all.length} paths from h${"₀₁₂₃₄"[step]} to W_f: ${counts.filter(([, n]) => n).map(([k, n]) => `${n} ${words[k]}`).join(", ")}. ` +
        (path.length ? `Path ${number + 1} of ${listed.length}: ${path.join(" ← ").replace(/W\d/, "W_f")}.` : "None of this kind.");
    };
    root.addEventListener("input", () => { number = 0; update(); });
    root.addEventListener("click", (event) => {
      const move = { next: 1, back: -1 }[event.target.name];
      if (move) { number += move; update(); }
    });
    update();
  };

  /* A grid to draw on, and what the model says of it. */
  const showDigits = (root) => {
    const SIZE = 8, CELL = 30, svg = root.querySelector("svg.pad"), bars = root.querySelector("svg.bars");
    const rows = Array.from({ length: SIZE }, () => new Array(SIZE).fill(0));
    const THREE = ["00111100", "00000110", "00000110", "00011100", "00000110", "00000110", "00000110", "00111100"];
    let drawing = false;
    const update = () => {
      svg.replaceChildren();
      rows.forEach((row, i) => row.forEach((ink, j) => {
        const box = put(svg, "rect", { x: j * CELL + 1, y: i * CELL + 1, width: CELL - 2, height: CELL - 2, class: "pixel" });
        put(svg, "rect", { x: j * CELL + 1, y: i * CELL + 1, width: CELL - 2, height: CELL - 2, class: "ink", "fill-opacity": ink });
        box.dataset.place = `${i},${j}`;
      }));
      bars.replaceChildren();
      const empty = rows.every((row) => row.every((ink) => ink === 0));
      const said = classify(rows, EXPLORE_DATA.digits);
      const best = said.indexOf(Math.max(...said));
      said.forEach((p, k) => {
        put(bars, "text", { x: 4, y: 18 + k * 24 }, k);
        put(bars, "rect", { x: 22, y: 5 + k * 24, width: empty ? 0 : 180 * p, height: 16, class: k === best ? "bar best" : "bar" });
        if (!empty) put(bars, "text", { x: 28 + 180 * p, y: 18 + k * 24, class: "small" }, p.toFixed(2));
      });
      root.querySelector("output").textContent = empty ? "Draw a digit." : `The model says ${best}, with probability ${said[best].toFixed(2)}.`;
    };
    const ink = (event) => {
      const box = svg.getBoundingClientRect();
      const j = Math.floor(((event.clientX - box.left) / box.width) * SIZE), i = Math.floor(((event.clientY - box.top) / box.height) * SIZE);
      if (i < 0 || j < 0 || i >= SIZE || j >= SIZE) return;
      rows[i][j] = 1;
      // A pen leaves a little on its neighbours, as in the scanned digits.
      [[0, 1], [1, 0], [0, -1], [-1, 0]].forEach(([a, b]) => {
        if (rows[i + a] && rows[i + a][j + b] !== undefined) rows[i + a][j + b] = Math.max(rows[i + a][j + b], 0.25);
      });
      update();
    };
    svg.addEventListener("pointerdown", (event) => { drawing = true; ink(event); event.preventDefault(); });
    svg.addEventListener("pointermove", (event) => { if (drawing) ink(event); });
    document.addEventListener("pointerup", () => { drawing = false; });
    root.addEventListener("click", (event) => {
      if (event.target.name === "clear") rows.forEach((row) => row.fill(0));
      else if (event.target.name === "three") THREE.forEach((line, i) => [...line].forEach((one, j) => { rows[i][j] = Number(one); }));
      else return;
      update();
    });
    THREE.forEach((line, i) => [...line].forEach((one, j) => { rows[i][j] = Number(one); }));
    update();
  };

  document.querySelectorAll("[data-explore=gates]").forEach(showGates);
  document.querySelectorAll("[data-explore=paths]").forEach(showPaths);
  document.querySelectorAll("[data-explore=digits]").forEach(showDigits);
}
