#!/usr/bin/python3
# readme_test.py: The READMEs show real output: every `$ command` of a console block is run, and what follows it must be what it prints.
#
# tests/readme_test.py             checks
# tests/readme_test.py --update    writes the real output into the READMEs
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
XINLIAN = pathlib.Path(os.environ.get("XINLIAN", ROOT / "build/src/main/xinlian")).resolve()


def output_of(command, language, folder):
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "LANG": language, "COLUMNS": "120", "HOME": str(folder)}
    done = subprocess.run(shlex.split(command), cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


def real(text, language, folder):
    def block(match):
        lines = []
        for line in match.group(1).splitlines():
            if line.startswith("$ "):
                lines += [line, *output_of(line[2:], language, folder).rstrip("\n").splitlines()]
        return "```console\n" + "".join(line.rstrip() + "\n" for line in lines if line is not None) + "```\n"

    return re.sub(r"```console\n(.*?)```\n", block, text, flags=re.S)


def main():
    update = "--update" in sys.argv
    failed = 0
    pages = [("README.md", "C.UTF-8"), ("README.zh-CN.md", "zh_CN.UTF-8")]
    print(f"1..{len(pages)}")
    for number, (name, language) in enumerate(pages, 1):
        page = ROOT / name
        text = page.read_text()
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(XINLIAN, pathlib.Path(folder) / "xinlian")
            shown = real(text, language, folder)
        if update:
            page.write_text(shown)
        elif shown != text:
            failed += 1
            print(f"not ok {number} - {name} shows what the commands print")
            for a, b in zip(text.splitlines(), shown.splitlines()):
                if a != b:
                    print(f"# shown: {a}\n# real:  {b}")
                    break
            continue
        print(f"ok {number} - {name} shows what the commands print")
    return failed != 0


sys.exit(main())
