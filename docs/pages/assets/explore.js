/* Powers and Viterbi, to play with on explore.html. Plain JavaScript; nothing is loaded. */
"use strict";

/* What is left of a gradient after k steps through one factor. */
function powers(factor, steps) {
  return Array.from({ length: steps + 1 }, (_, k) => Math.pow(factor, k));
}

/* Viterbi's algorithm with everything that it looks at on its way.
   start[i], move[i][j], show[i][x] are probabilities; seen holds symbols from 0 on.
   Returns {candidates[t][j][i], best[t][j], from[t][j], path[t], probability}. */
function viterbi(start, move, show, seen) {
  const states = start.map((_, i) => i);
  const candidates = [], best = [], from = [];
  seen.forEach((x, t) => {
    const row = states.map((j) =>
      t === 0 ? [start[j] * show[j][x]] : states.map((i) => best[t - 1][i] * move[i][j] * show[j][x])
    );
    candidates.push(row);
    best.push(row.map((one) => Math.max(...one)));
    from.push(row.map((one) => one.indexOf(Math.max(...one))));
  });
  const path = [];
  if (seen.length) {
    const last = best[seen.length - 1];
    path[seen.length - 1] = last.indexOf(Math.max(...last));
    for (let t = seen.length - 1; t > 0; t--) path[t - 1] = from[t][path[t]];
  }
  return { candidates, best, from, path, probability: seen.length ? Math.max(...best[seen.length - 1]) : 1 };
}

if (typeof module !== "undefined") module.exports = { powers, viterbi };

if (typeof document !== "undefined") {
  const SVG = "http://www.w3.org/2000/svg";

  const draw = (parent, tag, attributes, text) => {
    const made = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  };

  /* 0.0123, 1.2 · 10⁻⁶; in little room 1.2e-6. */
  const number = (value, little = false) => {
    if (value === 0 || (value >= 0.001 && value < 10000)) return String(Number(value.toPrecision(3)));
    const [digits, power] = value.toExponential(1).replace("+", "").split("e");
    if (little) return `${digits}e${power}`;
    const high = power.replace(/./g, (one) => (one === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[one]));
    return (digits === "1.0" ? "" : `${digits} · `) + `10${high}`;
  };

  /* w^k beside f^k. */
  const showPowers = (root) => {
    const STEPS = 60, WIDTH = 640, HEIGHT = 260, LEFT = 52, BOTTOM = 30;
    const svg = root.querySelector("svg");
    const read = (name) => Number(root.querySelector(`[name=${name}]`).value);
    const update = () => {
      const w = read("w"), f = read("f"), lag = read("lag");
      const logarithmic = root.querySelector("[name=log]").checked;
      svg.replaceChildren();
      const top = logarithmic ? 6 : 2, low = logarithmic ? -6 : 0;
      const x = (k) => LEFT + (k / STEPS) * (WIDTH - LEFT - 8);
      const y = (value) => {
        const at = logarithmic ? Math.log10(Math.max(value, 1e-30)) : value;
        const inside = Math.min(Math.max(at, low), top);
        return 8 + ((top - inside) / (top - low)) * (HEIGHT - BOTTOM - 8);
      };
      for (let k = 0; k <= STEPS; k += 10) {
        draw(svg, "text", { x: x(k), y: HEIGHT - 10, "text-anchor": "middle" }, k);
      }
      const ticks = logarithmic ? [1e-6, 1e-4, 0.01, 1, 100, 1e4, 1e6] : [0, 0.5, 1, 1.5, 2];
      ticks.forEach((tick) => {
        draw(svg, "line", { x1: LEFT, x2: WIDTH - 8, y1: y(tick), y2: y(tick), class: tick === 1 ? "one" : "grid" });
        draw(svg, "text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, number(tick));
      });
      draw(svg, "line", { x1: x(lag), x2: x(lag), y1: 8, y2: HEIGHT - BOTTOM, class: "lag" });
      [[w, "w"], [f, "f"]].forEach(([factor, name]) => {
        const points = powers(factor, STEPS).map((value, k) => `${x(k)},${y(value)}`);
        draw(svg, "polyline", { points: points.join(" "), class: `curve ${name}` });
        const shown = Math.min(Math.max(y(Math.pow(factor, STEPS)), 20), HEIGHT - BOTTOM);
        draw(svg, "text", { x: WIDTH - 12, y: shown - 6, "text-anchor": "end" }, `${name}ᵏ`);
        draw(svg, "circle", { cx: x(lag), cy: y(Math.pow(factor, lag)), r: 4, class: `dot ${name}` });
      });
      ["w", "f", "lag"].forEach((name) => {
        root.querySelector(`[data-value=${name}]`).textContent = read(name);
      });
      const word = (value) => (value < 0.01 ? "vanished" : value > 100 ? "exploded" : "still there");
      root.querySelector("output").textContent =
        `After ${lag} steps: wᵏ = ${number(Math.pow(w, lag))} (${word(Math.pow(w, lag))}), ` +
        `fᵏ = ${number(Math.pow(f, lag))} (${word(Math.pow(f, lag))}).`;
    };
    root.addEventListener("input", update);
    update();
  };

  /* The trellis of a casino with two dice. */
  const showViterbi = (root) => {
    const NAMES = ["fair", "loaded"];
    const svg = root.querySelector("svg");
    let step = 0;
    const given = () => {
      const read = (name) => Number(root.querySelector(`[name=${name}]`).value);
      const six = read("six"), stay = read("stay");
      const seen = (root.querySelector("[name=throws]").value.match(/[1-6]/g) || []).slice(0, 14).map((one) => one - 1);
      const show = [Array(6).fill(1 / 6), [...Array(5).fill((1 - six) / 5), six]];
      return { seen, six, stay, found: viterbi([0.5, 0.5], [[stay, 1 - stay], [1 - stay, stay]], show, seen) };
    };
    const update = () => {
      const { seen, six, stay, found } = given();
      root.querySelector("[data-value=six]").textContent = six;
      root.querySelector("[data-value=stay]").textContent = stay;
      step = Math.min(step, seen.length + 1);
      const done = step > seen.length;
      const gap = 84, width = Math.max(seen.length, 1) * gap + 76;
      svg.setAttribute("viewBox", `0 0 ${width} 210`);
      svg.style.minWidth = `${Math.min(width, 560)}px`;
      svg.replaceChildren();
      const x = (t) => 112 + t * gap, y = (i) => 60 + i * 84;
      NAMES.forEach((name, i) => draw(svg, "text", { x: 6, y: y(i) + 4 }, name));
      draw(svg, "text", { x: 6, y: 200 }, "thrown");
      seen.forEach((symbol, t) => {
        draw(svg, "text", { x: x(t), y: 200, "text-anchor": "middle", class: t < step ? "seen" : "later" }, symbol + 1);
        NAMES.forEach((_, j) => {
          if (t > 0 && t < step) {
            NAMES.forEach((_, i) => {
              const kept = found.from[t][j] === i;
              const chosen = done && found.path[t] === j && found.path[t - 1] === i;
              draw(svg, "line", { x1: x(t - 1) + 24, y1: y(i), x2: x(t) - 24, y2: y(j), class: chosen ? "chosen" : kept ? "kept" : "dropped" });
            });
          }
        });
        NAMES.forEach((_, j) => {
          const chosen = done && found.path[t] === j;
          draw(svg, "rect", { x: x(t) - 24, y: y(j) - 15, width: 48, height: 30, rx: 5, class: chosen ? "node chosen" : t < step ? "node" : "node later" });
          if (t < step) draw(svg, "text", { x: x(t), y: y(j) + 4, "text-anchor": "middle", class: "small" }, number(found.best[t][j], true));
        });
      });
      const t = step - 1;
      root.querySelector("output").textContent =
        !seen.length ? "Throw the die: type numbers from 1 to 6."
        : step === 0 ? "Press “next”: each box will hold the probability of the best path that ends there."
        : done ? `Read backwards from the larger box at the end: ${found.path.map((i) => NAMES[i]).join(", ")}. Probability ${number(found.probability)}.`
        : NAMES.map((name, j) => {
            const terms = found.candidates[t][j].map((one) => number(one));
            return terms.length === 1 ? `${name}: ${terms[0]}` : `${name}: the larger of ${terms[0]} (from fair) and ${terms[1]} (from loaded)`;
          }).join("; ") + ".";
      root.querySelector("[name=back]").disabled = step === 0;
      root.querySelector("[name=next]").disabled = done || !seen.length;
    };
    root.addEventListener("input", (event) => { if (event.target.name === "throws") step = 0; update(); });
    root.addEventListener("click", (event) => {
      const move = { next: 1, back: -1 }[event.target.name];
      if (event.target.name === "all") step = Infinity;
      if (move) step = Math.max(0, step + move);
      if (move || event.target.name === "all") update();
    });
    update();
  };

  document.querySelectorAll("[data-explore=powers]").forEach(showPowers);
  document.querySelectorAll("[data-explore=viterbi]").forEach(showViterbi);
}
