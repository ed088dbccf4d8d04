/* report.js: what moves in a lot's report: the large map with its tooltip, the table of tests. Embedded into the page; the page
 * reads well without it. */
"use strict";
(() => {
    const $ = (id) => document.getElementById(id);
    const data = JSON.parse($("data").textContent);
    const words = data.words;
    const NONE = 255;

    /* ---- Maps ---- */

    /* "r": runs of (count, value) bytes; "p": plain bytes. One byte a cell: an index into the kind's legend. */
    const unpack = (text, cells) => {
        const raw = Uint8Array.from(atob(text.slice(1)), (c) => c.charCodeAt(0));
        if (text[0] === "p") return raw;
        const out = new Uint8Array(cells).fill(NONE);
        for (let i = 0, at = 0; i + 1 < raw.length; at += raw[i], i += 2) out.fill(raw[i + 1], at, at + raw[i]);
        return out;
    };
    const grid = (wafer, kind) => {
        wafer.grids = wafer.grids || {};
        if (!wafer.grids[kind] && wafer.maps[kind]) wafer.grids[kind] = unpack(wafer.maps[kind], wafer.columns * wafer.rows);
        return wafer.grids[kind];
    };
    const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

    function setUpMaps() {
        const canvas = $("map"), tip = $("tip"), picker = $("kind"), legend = $("legend");
        const state = { wafer: 0, kind: picker.value, only: null, cursor: null };
        let place = null;
        const wafer = () => data.wafers[state.wafer];
        const kindOf = (w) => (w.maps[state.kind] ? state.kind : Object.keys(w.maps)[0]);

        function draw() {
            const w = wafer(), kind = kindOf(w), cells = grid(w, kind), entries = data.kinds[kind].legend;
            const wide = canvas.parentElement.clientWidth, ratio = Math.min(window.devicePixelRatio || 1, 3);
            const axis = 34, reachX = w.disc ? w.radius * 1.03 : (w.columns * w.aspect) / 2, reachY = w.disc ? w.radius * 1.03 : w.rows / 2;
            const size = Math.min((wide - axis - 6) / (2 * reachX), Math.max(320, window.innerHeight - 180) / (2 * reachY), 64);
            const high = Math.ceil(2 * reachY * size) + axis + 8;
            canvas.width = Math.round(wide * ratio);
            canvas.height = Math.round(high * ratio);
            canvas.style.aspectRatio = wide + " / " + high; /* on paper it is scaled, never squeezed */
            const g = canvas.getContext("2d");
            g.scale(ratio, ratio);
            const dieH = size, dieW = size * w.aspect, cx = axis + (wide - axis - 6) / 2, cy = 4 + reachY * size;
            place = { left: cx - (w.columns * dieW) / 2, top: cy - (w.rows * dieH) / 2, dieW, dieH };
            if (w.disc) {
                const r = w.radius * 1.025 * size, angle = { R: 0, D: Math.PI / 2, L: Math.PI, U: -Math.PI / 2 }[w.notch], cut = 0.035;
                g.beginPath();
                if (angle === undefined) g.arc(cx, cy, r, 0, 7);
                else {
                    g.arc(cx, cy, r, angle + cut, angle + 2 * Math.PI - cut);
                    g.lineTo(cx + Math.cos(angle) * r * 0.965, cy + Math.sin(angle) * r * 0.965);
                    g.closePath();
                }
                g.fillStyle = css("--disc");
                g.fill();
                g.strokeStyle = css("--rim");
                g.lineWidth = 1.2;
                g.stroke();
            }
            const gap = Math.min(dieW, dieH) >= 4 ? 1 : 0;
            for (let i = 0; i < cells.length; i++) {
                if (cells[i] === NONE) continue;
                const x = place.left + (i % w.columns) * dieW, y = place.top + Math.floor(i / w.columns) * dieH;
                g.globalAlpha = state.only === null || state.only === cells[i] ? 1 : 0.15;
                g.fillStyle = entries[cells[i]].colour;
                g.fillRect(x, y, dieW - gap + (gap ? 0 : 0.5), dieH - gap + (gap ? 0 : 0.5));
            }
            g.globalAlpha = 1;
            drawAxes(g, w, cx, cy, reachX * size, reachY * size);
            if (state.cursor !== null) {
                g.strokeStyle = css("--ink");
                g.lineWidth = 2;
                g.strokeRect(place.left + (state.cursor % w.columns) * dieW - 1, place.top + Math.floor(state.cursor / w.columns) * dieH - 1, dieW + 1, dieH + 1);
            }
            canvas.setAttribute("aria-label", w.name + ", " + data.kinds[kind].name);
        }

        function drawAxes(g, w, cx, cy, reachX, reachY) {
            const step = (count, room, least) => {
                let s = 1;
                for (let i = 0; (room / count) * s < least; i++) s = i % 3 === 1 ? (s / 2) * 5 : s * 2;
                return s;
            };
            g.fillStyle = css("--soft");
            g.font = "11px system-ui, sans-serif";
            g.textAlign = "center";
            g.textBaseline = "top";
            const [c0, cs, r0, rs] = w.exchanged ? [w.y, w.stepY, w.x, w.stepX] : [w.x, w.stepX, w.y, w.stepY];
            const bottom = Math.round(cy + reachY + 3), left = Math.round(cx - reachX - 5);
            const across = step(w.columns, w.columns * place.dieW, 30), down = step(w.rows, w.rows * place.dieH, 20);
            for (let i = 0; i < w.columns; i++) if ((c0 + i * cs) % across === 0) g.fillText(c0 + i * cs, place.left + (i + 0.5) * place.dieW, bottom);
            g.textAlign = "right";
            g.textBaseline = "middle";
            for (let i = 0; i < w.rows; i++) if ((r0 + i * rs) % down === 0) g.fillText(r0 + i * rs, left, place.top + (i + 0.5) * place.dieH);
            g.font = "600 11px system-ui, sans-serif";
            g.textAlign = "center";
            g.fillText(cs > 0 ? (w.exchanged ? "Y" : "X") + " →" : "← " + (w.exchanged ? "Y" : "X"), cx, bottom + 20);
            g.textAlign = "left";
            g.fillText((w.exchanged ? "X " : "Y ") + (rs > 0 ? "↓" : "↑"), 0, 8);
        }

        function fillLegend() {
            const w = wafer(), kind = kindOf(w), cells = grid(w, kind), entries = data.kinds[kind].legend;
            const counts = new Array(256).fill(0);
            cells.forEach((c) => counts[c]++);
            const dice = cells.length - counts[NONE];
            legend.textContent = "";
            entries.forEach((entry, index) => {
                if (!counts[index]) return;
                const row = legend.insertRow(), head = document.createElement("th"), button = document.createElement("button"), swatch = document.createElement("i");
                head.scope = "row";
                swatch.className = "swatch";
                swatch.style.background = entry.colour;
                button.append(swatch, entry.name);
                button.setAttribute("aria-pressed", state.only === index);
                button.onclick = () => {
                    state.only = state.only === index ? null : index;
                    fillLegend();
                    draw();
                };
                head.append(button);
                row.append(head);
                row.className = state.only !== null && state.only !== index ? "off" : "";
                for (const text of [counts[index], ((100 * counts[index]) / dice).toFixed(2) + " %"]) {
                    const cell = row.insertCell();
                    cell.className = "n";
                    cell.textContent = text;
                }
            });
        }

        function describe(cell) {
            const w = wafer(), c = cell % w.columns, r = Math.floor(cell / w.columns);
            const x = w.x + w.stepX * (w.exchanged ? r : c), y = w.y + w.stepY * (w.exchanged ? c : r);
            const lines = ["X " + x + "  Y " + y];
            for (const kind of Object.keys(w.maps)) {
                const entry = data.kinds[kind].legend[grid(w, kind)[cell]];
                if (entry) lines.push(data.kinds[kind].name + ": " + entry.name);
            }
            return lines.join("\n");
        }

        function point(cell) {
            const w = wafer();
            state.cursor = cell;
            tip.textContent = "";
            if (cell !== null) {
                tip.textContent = describe(cell);
                const x = place.left + ((cell % w.columns) + 1) * place.dieW, y = place.top + (Math.floor(cell / w.columns) + 1) * place.dieH;
                const wide = canvas.parentElement.clientWidth;
                tip.style.left = Math.max(0, x + tip.offsetWidth + 8 > wide ? x - tip.offsetWidth - place.dieW - 8 : x + 6) + "px";
                tip.style.top = y + 4 + "px";
            }
            draw();
        }

        function hit(event) {
            const w = wafer(), box = canvas.getBoundingClientRect();
            const c = Math.floor((event.clientX - box.left - place.left) / place.dieW), r = Math.floor((event.clientY - box.top - place.top) / place.dieH);
            if (c < 0 || r < 0 || c >= w.columns || r >= w.rows) return null;
            const cell = r * w.columns + c;
            return grid(w, kindOf(w))[cell] === NONE ? null : cell;
        }
        canvas.onpointermove = canvas.onpointerdown = (event) => {
            const cell = hit(event);
            if (cell !== state.cursor) point(cell);
        };
        canvas.onpointerleave = (event) => event.pointerType === "mouse" && point(null);
        canvas.onblur = () => point(null);
        canvas.onkeydown = (event) => {
            const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
            if (event.key === "Escape") return point(null);
            if (!move) return;
            event.preventDefault();
            const w = wafer(), cells = grid(w, kindOf(w));
            if (state.cursor === null) {
                const middle = Math.floor(w.rows / 2) * w.columns + Math.floor(w.columns / 2);
                return point(cells[middle] !== NONE ? middle : cells.findIndex((c) => c !== NONE));
            }
            let c = state.cursor % w.columns, r = Math.floor(state.cursor / w.columns);
            for (;;) {
                c += move[0];
                r += move[1];
                if (c < 0 || r < 0 || c >= w.columns || r >= w.rows) return;
                if (cells[r * w.columns + c] !== NONE) return point(r * w.columns + c);
            }
        };

        /* The small maps take the chosen kind too. */
        function paintGallery() {
            const small = document.createElement("canvas"), g = small.getContext("2d");
            document.querySelectorAll(".gallery button").forEach((button, index) => {
                const w = data.wafers[index], kind = kindOf(w), cells = grid(w, kind), entries = data.kinds[kind].legend;
                small.width = w.columns;
                small.height = w.rows;
                const image = g.createImageData(w.columns, w.rows);
                cells.forEach((c, i) => {
                    if (c === NONE) return;
                    const rgb = parseInt(entries[c].colour.slice(1), 16);
                    image.data.set([rgb >> 16, (rgb >> 8) & 255, rgb & 255, 255], 4 * i);
                });
                g.putImageData(image, 0, 0);
                button.querySelector("image").setAttribute("href", small.toDataURL());
            });
        }

        function show() {
            document.querySelectorAll(".gallery button").forEach((button, index) => button.setAttribute("aria-pressed", index === state.wafer));
            $("shown").textContent = wafer().name;
            state.cursor = null;
            tip.textContent = "";
            fillLegend();
            draw();
        }
        document.querySelectorAll(".gallery button").forEach((button, index) => {
            button.onclick = () => {
                state.wafer = index;
                state.only = null;
                show();
                if (window.innerWidth <= 800) canvas.scrollIntoView({ block: "center" });
            };
        });
        picker.onchange = () => {
            state.kind = picker.value;
            state.only = null;
            paintGallery();
            show();
        };
        window.addEventListener("resize", () => draw());
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
        window.addEventListener("beforeprint", () => draw());
        show();
    }
    if ($("map") && data.wafers.length) setUpMaps();

    /* ---- Tests ---- */

    function setUpTests() {
        const table = $("tests"), body = table.tBodies[0], search = $("search"), failing = $("failing"), count = $("found");
        const rows = Array.from(body.rows);
        const value = (row, column) => {
            const text = row.cells[column].textContent, number = parseFloat(text);
            return { text, number: Number.isNaN(number) ? null : number };
        };
        function sort(column, down, named) {
            const keyed = rows.map((row) => ({ row, key: value(row, column) }));
            keyed.sort((a, b) => {
                if (named) return a.key.text.localeCompare(b.key.text, undefined, { numeric: true }) * (down ? -1 : 1);
                if (a.key.number === null || b.key.number === null) return (a.key.number === null) - (b.key.number === null);
                return (a.key.number - b.key.number) * (down ? -1 : 1);
            });
            body.append(...keyed.map((k) => k.row));
        }
        table.querySelectorAll("thead th").forEach((head, column) => {
            const button = head.querySelector("button");
            if (!button) return;
            button.onclick = () => {
                const down = head.getAttribute("aria-sort") === "ascending";
                table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
                head.setAttribute("aria-sort", down ? "descending" : "ascending");
                sort(column, down, head.dataset.named !== undefined);
            };
        });
        function filter() {
            const wanted = search.value.trim().toLowerCase();
            let shown = 0;
            for (const row of rows) {
                const text = (row.cells[0].textContent + " " + row.cells[1].textContent).toLowerCase();
                row.hidden = !text.includes(wanted) || (failing.checked && row.dataset.fails === "0");
                shown += !row.hidden;
            }
            count.textContent = words.found.replace("{1}", shown).replace("{2}", rows.length);
        }
        search.oninput = failing.onchange = filter;
        filter();

        const dialog = $("histogram");
        body.addEventListener("click", (event) => {
            const button = event.target.closest("button.show");
            if (!button || !dialog.showModal) return;
            const row = button.closest("tr"), picture = dialog.querySelector(".picture"), ends = dialog.querySelector(".ends");
            dialog.querySelector("h2").textContent = row.cells[0].textContent + " " + row.cells[1].textContent;
            picture.textContent = "";
            const svg = button.querySelector("svg").cloneNode(true);
            picture.append(svg);
            ends.textContent = "";
            for (const text of (svg.dataset.ends || "").split("|")) ends.append(Object.assign(document.createElement("span"), { textContent: text }));
            const facts = dialog.querySelector(".facts");
            facts.textContent = "";
            const heads = table.tHead.rows[0].cells;
            for (let i = 3; i < row.cells.length; i++) {
                const box = document.createElement("div");
                box.append(Object.assign(document.createElement("dt"), { textContent: heads[i].textContent }), Object.assign(document.createElement("dd"), { textContent: row.cells[i].textContent }));
                facts.append(box);
            }
            dialog.showModal();
        });
    }
    if ($("tests")) setUpTests();

    /* On a phone the details of the yield wait to be asked for; paper shows them. */
    const details = Array.from(document.querySelectorAll("#yield details[open]"));
    if (window.innerWidth <= 800) details.forEach((d) => (d.open = false));
    window.addEventListener("beforeprint", () => details.forEach((d) => (d.open = true)));
})();
