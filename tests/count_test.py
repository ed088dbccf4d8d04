#!/usr/bin/python3
# count_test.py: the counting behind "N passed, N failed, N skipped": no way of going wrong may count as passed.
import os, re

source = open(os.path.join("tools", "test"), encoding="utf-8").read()
runner = {"__file__": os.path.abspath("tools/test"), "__name__": "runner"}
exec(compile(re.sub(r"\ntry:\n    main\(\).*", "\n", source, flags=re.S), "tools/test", "exec"), runner)

CASES = [
    ("all good", 0, "1..2\nok 1 - a\nok 2 - b\n", (2, 0, 0)),
    ("one bad", 1, "1..2\nok 1 - a\nnot ok 2 - b\n# 0x1 != 0x2\n", (1, 1, 0)),
    ("a skip as cmocka says it", 0, "1..2\nno file\nnot ok 1 # SKIP a\nok 2 - b\n", (1, 0, 1)),
    ("a skip as TAP says it", 0, "1..2\nok 1 - a # SKIP no file\nok 2 - b\n", (1, 0, 1)),
    ("dies half way", -11, "1..3\nok 1 - a\n", (1, 2, 0)),
    ("dies before anything", -6, "1..3\n", (0, 3, 0)),
    ("ends badly after all passed", 1, "1..1\nok 1 - a\n==1==ERROR: LeakSanitizer\n", (1, 1, 0)),
    ("stops before its plan without a word", 0, "1..2\nok 1 - a\n", (1, 1, 0)),
    ("the plan at the end", 0, "ok 1 - a\nok 2 - b\n1..2\n", (2, 0, 0)),
    ("no TAP, good", 0, "fine\n", (1, 0, 0)),
    ("no TAP, bad", 3, "oh\n", (0, 1, 0)),
    ("no TAP, skipped", 77, "no compiler\n", (0, 0, 1)),
    ("says nothing, good", 0, "", (1, 0, 0)),
    ("an empty plan", 0, "1..0\n", (0, 0, 0)),
    ("all skipped", 0, "1..0 # SKIP no browser here\n", (0, 0, 1)),
    ("an empty plan that ends badly", 1, "1..0\n", (0, 1, 0)),
]
print("1..%d" % (len(CASES) + 2))
bad = 0
for number, (name, code, output, wanted) in enumerate(CASES, 1):
    before = dict(runner["totals"])
    runner["count_tap"](name, code, output)
    got = tuple(runner["totals"][k] - before[k] for k in ("passed", "failed", "skipped"))
    bad += got != wanted
    print("%sok %d - %s" % ("" if got == wanted else "not ", number, name))
    if got != wanted:
        print("# wanted %s, got %s" % (wanted, got))

code, output = runner["run"](["/bin/sh", "-c", "echo begun; sleep 60"], 1)
print("%sok %d - what hangs is stopped" % ("" if code == 124 and "begun" in output else "not ", len(CASES) + 1))
code, output = runner["run"](["/bin/sh", "-c", "kill -SEGV $$"], 10)
print("%sok %d - a crash is no success" % ("" if code != 0 else "not ", len(CASES) + 2))
raise SystemExit(1 if bad else 0)
