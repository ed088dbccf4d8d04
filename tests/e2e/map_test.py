#!/usr/bin/python3
# map_test.py: maps by the command: the grid against the list of parts, whichever way the wafer is turned; pictures that other readers open.  (sanitized too)
import json, os, struct, subprocess, sys, xml.etree.ElementTree, zlib

XINLIAN, WORK = os.environ["XINLIAN"], os.environ["TEST_TMP"]
number = 0


def ok(good, what, why=""):
    global number
    number += 1
    print(("ok" if good else "not ok") + " %d - %s" % (number, what))
    if not good:
        print("# " + str(why)[:2000].replace("\n", "\n# "))


def run(*arguments):
    done = subprocess.run([XINLIAN, "stdf", *arguments], capture_output=True, timeout=300, env=dict(os.environ, LANG="C.UTF-8"))
    if done.returncode != 0:
        print("Bail out! %s: %s" % (" ".join(arguments), done.stderr.decode()))
        sys.exit(1)
    return done.stdout


def maps(lot, *arguments):
    return json.loads(run("map", lot, "--json", *arguments))["maps"]


def cells(grid):
    """{(x, y): value} of a map's grid, by its own coordinates."""
    found = {}
    for row, values in enumerate(grid["values"]):
        for column, value in enumerate(values):
            if value is not None:
                pair = grid["column_coordinates"][column], grid["row_coordinates"][row]
                found[pair[::-1] if grid["columns_are"] == "y" else pair] = value
    return found


def turned(rows, rotate, mirror):
    """The picture itself, mirrored and then turned clockwise."""
    rows = [row[::-1] for row in rows] if mirror else rows
    for _ in range(rotate // 90):
        rows = [list(row) for row in zip(*rows[::-1])]
    return rows


def png_size(data):
    """Width and height; every chunk's checksum and the pixels' compression are checked."""
    at, pixels, size = 8, b"", None
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(data):
        (length,) = struct.unpack(">I", data[at:at + 4])
        chunk = data[at + 4:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(chunk)
        if chunk[:4] == b"IHDR":
            size = struct.unpack(">II", chunk[4:12])
        if chunk[:4] == b"IDAT":
            pixels += chunk[4:]
        at += 12 + length
    assert len(zlib.decompress(pixels)) > size[0] * size[1]
    return size


def main():
    lot = os.path.join(WORK, "lot.stdf")
    run("simulate", "--seed", "11", "--wafers", "2", "--parts", "250", "--tests", "12", "--sites", "4", "--retest", "0.6", "--every-record", "-o", lot)
    parts = json.loads(run("parts", lot, "--json"))["lots"][0]["parts"]
    hard = maps(lot)
    ok(len(hard) == 2, "a map for each wafer", len(hard))
    for which in hard:
        wanted = {(p["x"], p["y"]): p["hard_bin"] for p in parts if p["wafer"] == which["wafer"]}
        ok(cells(which["map"]) == wanted, "%s: the grid says what the parts say" % which["wafer"], "%d, %d" % (len(cells(which["map"])), len(wanted)))
        counts = {e["value"]: e["count"] for e in which["map"]["legend"]}
        ok(counts == {b: list(wanted.values()).count(b) for b in set(wanted.values())}, "%s: the legend counts them" % which["wafer"], counts)
    for kind, value in [("soft", "soft_bin"), ("pass", "passed"), ("site", "site"), ("runs", "runs"), ("touch", "touch")]:
        grid = cells(maps(lot, "--kind", kind)[1]["map"])
        ok(grid == {(p["x"], p["y"]): p[value] for p in parts if p["wafer"] == hard[1]["wafer"]}, "kind %s" % kind)
    stack = cells(maps(lot, "--kind", "stack")[0]["map"])
    ok(stack == {(x, y): sum(not p["passed"] for p in parts if (p["x"], p["y"]) == (x, y)) for x, y in stack}, "the stack counts fails")
    straight = hard[0]["map"]["values"]
    for rotate in [0, 90, 180, 270]:
        for mirror in [False, True]:
            seen = maps(lot, "--rotate", str(rotate), *(["--mirror"] if mirror else []))[0]["map"]
            ok(seen["values"] == turned(straight, rotate, mirror) and cells(seen) == cells(hard[0]["map"]), "turned by %d%s" % (rotate, ", mirrored" if mirror else ""))
    wafer = hard[0]["wafer"]
    for kind in ["hard", "site", "stack"]:
        for language in ["en", "zh_CN"]:
            name = os.path.join(WORK, "%s-%s" % (kind, language))
            for ending in [".png", ".svg"]:
                run("map", lot, "--kind", kind, "--only-wafer", wafer, "--lang", language, "--width", "640", "-o", name + ending)
            ok(png_size(open(name + ".png", "rb").read())[0] == 640, "%s, %s: a sound PNG" % (kind, language))
            root = xml.etree.ElementTree.parse(name + ".svg").getroot()
            ok(root.tag.endswith("svg") and len(list(root.iter())) > 200, "%s, %s: a sound SVG" % (kind, language))
    text = run("map", lot, "--only-wafer", wafer, "--width", "100").decode()
    lines = [line.split() for line in text.splitlines()]
    for entry in hard[0]["map"]["legend"]:
        ok(any(entry["name"] in line and str(entry["count"]) in line for line in lines), "in the terminal bin %d has its count" % entry["value"], text)
    print("1..%d" % number)


main()
