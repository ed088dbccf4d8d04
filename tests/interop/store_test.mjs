#!/usr/bin/env node
// store_test.mjs: DuckDB must read every column of the store's Parquet files back, bit for bit, and the metadata as docs/store.md tells it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

const INT32 = 1, INT64 = 2, FLOAT = 4, BYTE_ARRAY = 6;
const scratch = process.env.TEST_TMP, build = process.env.XINLIAN_BUILD;
const tables = join(build, "tests", "interop", "interop-tables");

const instance = await DuckDBInstance.create(":memory:");
const duck = await instance.connect();
await duck.run(readFileSync(new URL("../../docs/store.sql", import.meta.url), "utf8"));
let number = 0, failed = 0;
function report(problem, what) {
  console.log(`${problem ? "not ok" : "ok"} ${++number} - ${what}`);
  if (problem) { failed++; console.log(`# ${String(problem).replaceAll("\n", "\n# ")}`); }
}

/** What interop-tables says must be found: name, type, and the raw values of every column. */
function expectedColumns(path) {
  const data = readFileSync(path), columns = [];
  for (let at = 0; at < data.length;) {
    const length = data.readUInt32LE(at), name = data.toString("utf8", at + 4, at + 4 + length);
    at += 4 + length;
    const type = data.readUInt32LE(at), rows = Number(data.readBigUInt64LE(at + 4));
    at += 12;
    const start = at;
    const values = [];
    if (type === BYTE_ARRAY) {
      for (let i = 0; i < rows; i++) {
        const bytes = data.readUInt32LE(at);
        values.push(data.subarray(at + 4, at + 4 + bytes));
        at += 4 + bytes;
      }
    } else {
      at += rows * (type === INT64 ? 8 : 4);
    }
    columns.push({ name, type, rows, values, raw: data.subarray(start, at) });
  }
  return columns;
}

/** A typed array's bits at one place; of the chunk's own memory, for a number of JavaScript forgets which not-a-number it was. */
function rawBytes(vector, type, count) {
  const items = vector.items, size = type === INT64 ? 8 : 4;
  return Buffer.from(items.buffer, items.byteOffset, count * size);
}

async function differs(parquet, columns) {
  const result = await duck.run(`SELECT * FROM read_parquet('${parquet}')`);
  const names = result.columnNames(), types = result.columnTypes().map(String);
  if (names.length !== columns.length) return `${names.length} columns instead of ${columns.length}`;
  const wanted = { [INT32]: ["INTEGER"], [INT64]: ["BIGINT"], [FLOAT]: ["FLOAT"], [BYTE_ARRAY]: ["VARCHAR", "BLOB"] };
  for (let c = 0; c < columns.length; c++) {
    if (names[c] !== columns[c].name) return `column ${c} is called ${names[c]} instead of ${columns[c].name}`;
    if (!wanted[columns[c].type].includes(types[c]) || (types[c] === "BLOB") !== (names[c] === "marks"))
      return `column ${names[c]} is ${types[c]}`;
  }
  let row = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; row += chunk.rowCount, chunk = await result.fetchChunk()) {
    for (let c = 0; c < columns.length; c++) {
      const { type, raw, values, name } = columns[c], vector = chunk.getColumnVector(c), size = type === INT64 ? 8 : 4;
      for (let i = 0; i < chunk.rowCount; i++)
        if (vector.getItem(i) === null) return `row ${row + i} of ${name} is NULL`;
      if (type === BYTE_ARRAY) {
        for (let i = 0; i < chunk.rowCount; i++) {
          const found = vector.getItem(i), bytes = typeof found === "string" ? Buffer.from(found) : Buffer.from(found.bytes);
          if (!bytes.equals(values[row + i])) return `row ${row + i} of ${name} is ${bytes} instead of ${values[row + i]}`;
        }
      } else if (!rawBytes(vector, type, chunk.rowCount).equals(raw.subarray(row * size, (row + chunk.rowCount) * size))) {
        return `${name} differs within rows ${row} to ${row + chunk.rowCount}`;
      }
    }
  }
  return row === columns[0].rows ? "" : `${row} rows instead of ${columns[0].rows}`;
}

/** The rules of docs/store.md for a text of the metadata. */
function tsv(text) {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no end");
  const unescape = (field) => field.replace(/\\(.)/g, (_, c) => ({ t: "\t", n: "\n", "\\": "\\" })[c]);
  const [names, ...rows] = lines.map((line) => line.split("\t").map(unescape));
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}

function floatBits(text) {
  const view = new DataView(new ArrayBuffer(4));
  if (text.startsWith("nan:")) return parseInt(text.slice(4), 16);
  if (text === "nan") return 0x7fc00000;
  view.setFloat32(0, text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text));
  return view.getUint32(0);
}

async function metadataDiffers(parquet, expected) {
  const result = await duck.runAndReadAll(`SELECT key, value FROM parquet_kv_metadata('${parquet}')`);
  const metadata = {};
  for (const [key, value] of result.getRows()) metadata[Buffer.from(key.bytes).toString()] = Buffer.from(value.bytes).toString();
  const file = Object.fromEntries(tsv(metadata["xinlian.file"]).map(({ field, value }) => [field, value]));
  for (const [field, value] of Object.entries(expected.file))
    if (file[field] !== value) return `${field} is ${file[field]} instead of ${value}`;
  const tests = tsv(metadata["xinlian.tests"]), columns = tsv(metadata["xinlian.columns"]);
  if (tests.length !== expected.tests.length) return `${tests.length} tests instead of ${expected.tests.length}`;
  for (const [i, test] of expected.tests.entries()) {
    for (const field of ["number", "name", "units"])
      if (tests[i][field] !== String(test[field])) return `${field} of test ${i} is ${tests[i][field]} instead of ${test[field]}`;
    for (const field of ["low", "high", "low_spec", "high_spec"])
      if (floatBits(tests[i][field]) !== test[field]) return `${field} of test ${i} is ${tests[i][field]}`;
  }
  const unlike = await macrosDiffer(parquet, expected);
  if (unlike) return unlike;
  for (const [i, test] of expected.column_tests.entries())
    if (columns[i].test !== String(test)) return `column ${i} belongs to test ${columns[i].test} instead of ${test}`;
  return statisticsDiffer(parquet, tsv(metadata["xinlian.statistics"]), columns);
}

/** The macros of docs/store.sql say the same as the tables did. */
async function macrosDiffer(parquet, expected) {
  const tests = (await duck.runAndReadAll(`SELECT test, number, name, units, low, high FROM xinlian_tests('${parquet}') ORDER BY test`)).getRows();
  if (tests.length !== expected.tests.length) return `xinlian_tests finds ${tests.length} tests instead of ${expected.tests.length}`;
  const bits = (value) => { const view = new DataView(new ArrayBuffer(4)); view.setFloat32(0, value); return view.getUint32(0); };
  const isNan = (pattern) => (pattern & 0x7fffffff) > 0x7f800000;
  for (const [i, [test, number, name, units, low, high]] of tests.entries()) {
    const { number: n, name: m, units: u, low: l, high: h } = expected.tests[i];
    if (Number(test) !== i || Number(number) !== n || name !== m || units !== u) return `xinlian_tests says ${[test, number, name, units]}`;
    for (const [found, pattern] of [[low, l], [high, h]])
      if (found === null ? !isNan(pattern) : bits(found) !== pattern) return `xinlian_tests says limit ${found} of test ${i}`;
  }
  const columns = (await duck.runAndReadAll(`SELECT count(*), sum(n) FROM xinlian_statistics('${parquet}')`)).getRows()[0];
  if (Number(columns[0]) !== expected.column_tests.length) return `xinlian_statistics finds ${columns[0]} columns`;
  const said = (await duck.runAndReadAll(`SELECT said['lot'], said['product'] FROM xinlian_file('${parquet}')`)).getRows();
  if (said.length !== 1 || said[0][0] !== expected.file.lot || said[0][1] !== expected.file.product) return `xinlian_file says ${said}`;
  return "";
}

/** Count, least and greatest as DuckDB itself computes them; mean and deviation to nearly all digits. */
async function statisticsDiffer(parquet, statistics, columns) {
  for (let c = 0; c < Math.min(columns.length, 60); c++) {
    const x = `"${columns[c].name.replaceAll('"', '""')}"`;
    const result = await duck.runAndReadAll(`SELECT count(*), min(v), max(v), avg(v::DOUBLE), var_pop(v::DOUBLE) * count(*)
      FROM (SELECT ${x} AS v FROM read_parquet('${parquet}') WHERE isfinite(${x}) AND abs(${x}) < 1e30)`);
    const [n, least, most, mean, m2] = result.getRows()[0], s = statistics[c];
    if (Math.abs(Number(s.minimum)) >= 1e30 || Math.abs(Number(s.maximum)) >= 1e30 || s.minimum === "inf") continue; // squares of those overflow in DuckDB
    if (String(n) !== s.n) return `${x} has ${s.n} values instead of ${n}`;
    if (Number(s.n) === 0) continue;
    if (Math.fround(Number(s.minimum)) !== least || Math.fround(Number(s.maximum)) !== most) return `${x} is ${s.minimum} to ${s.maximum}`;
    const scale = Math.max(Math.abs(least), Math.abs(most));
    if (Math.abs(Number(s.mean) - mean) > 1e-12 * scale) return `${x} has mean ${s.mean} instead of ${mean}`;
    if (Math.abs(Number(s.m2) - m2) > 1e-9 * Math.max(m2, scale * scale * 1e-6)) return `${x} has m2 ${s.m2} instead of ${m2}`;
  }
  return "";
}

async function compare(folder, label) {
  const parquets = readdirSync(folder).filter((name) => name.endsWith(".parquet")).sort();
  if (parquets.length === 0) report("no table was written", label);
  for (const name of parquets) {
    const base = join(folder, name.replace(/\.parquet$/, ""));
    let problem;
    try { problem = (await differs(`${base}.parquet`, expectedColumns(`${base}.columns`))); } catch (error) { problem = error; }
    report(problem, `${label} ${name}: every column, bit for bit`);
    try { problem = await metadataDiffers(`${base}.parquet`, JSON.parse(readFileSync(`${base}.json`, "utf8"))); } catch (error) { problem = error; }
    report(problem, `${label} ${name}: metadata`);
  }
}

function write(folder, files) {
  mkdirSync(folder);
  const made = spawnSync(tables, [folder, ...files], { encoding: "utf8" });
  if (made.status !== 0) { report(`${made.error ?? ""}${made.stderr}`, `tables are written to ${folder}`); return false; }
  return true;
}

const random = join(scratch, "random"), real = join(scratch, "real");
if (write(random, [])) await compare(random, "random");
const data = process.env.XINLIAN_DATA && join(process.env.XINLIAN_DATA, "stdf");
const files = data && existsSync(data) ? readdirSync(data).filter((name) => /\.(std|stdf)(\.(gz|bz2|xz))?$/i.test(name)).map((name) => join(data, name)) : [];
if (files.length === 0) console.log(`ok ${++number} - real files # SKIP there are none here`);
else if (write(real, files)) await compare(real, "real");
console.log(`1..${number}`);
process.exit(failed ? 1 : 0);
