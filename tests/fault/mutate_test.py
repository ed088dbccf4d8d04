#!/usr/bin/python3
# mutate_test.py: random damage to real and simulated files ends in an answer or findings: ten thousand cases, a million in ./test long.
import bz2
import concurrent.futures
import glob
import gzip
import lzma
import os
import pathlib
import re
import subprocess
import zipfile

TMP = pathlib.Path(os.environ["TEST_TMP"])
MUTATE = pathlib.Path(os.environ["XINLIAN_BUILD"]) / "tests/fault/mutate"
CASES = 1_000_000 if os.environ.get("XINLIAN_LONG") else 10_000
MEMORY_MB = 1500


def simulated():
    kinds = {
        "plain": ["--wafers", "1"],
        "final": ["--wafers", "0", "--big-endian"],
        "full": ["--every-record", "--scan", "2", "--pin-tests", "2", "--pins", "8"],
        "broken": ["--every-record", "--break", "zeros,length,padding,orphans,counts,text,flags"],
    }
    for name, options in kinds.items():
        path = TMP / f"{name}.stdf"
        subprocess.run([os.environ["XINLIAN"], "stdf", "simulate", "--parts", "40", "--tests", "20", *options, "-o", str(path)], check=True,
                       capture_output=True)
        yield str(path)
        packed = TMP / (name + ".packed")
        if name == "broken":
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
                out.write(path, "lot.stdf")
        else:
            packed.write_bytes({"plain": gzip, "final": bz2, "full": lzma}[name].compress(path.read_bytes()))
        yield str(packed)


def real():
    files = sorted(glob.glob(os.path.join(os.environ.get("XINLIAN_DATA", "nowhere"), "stdf", "**", "*.st*"), recursive=True))
    files += sorted(glob.glob(os.path.join(os.environ.get("XINLIAN_DATA", "nowhere"), "stdf", "*.std")))
    return [f for f in dict.fromkeys(files) if os.path.getsize(f) > 100]


def run(number, name, files):
    if not files:
        print(f"ok {number} - {name} # SKIP the real files are not here")
        return
    workers = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda seed: subprocess.run([MUTATE, str(CASES // 2 // workers), str(seed), *files], capture_output=True,
                                                         text=True), range(1, workers + 1)))
    for seed, d in enumerate(done, 1):
        peak = re.search(r"peak memory (\d+) MB", d.stdout)
        if d.returncode != 0 or not peak or int(peak.group(1)) > MEMORY_MB:
            print(f"not ok {number} - {name}")
            for line in (d.stderr + d.stdout).splitlines()[-8:]:
                print(f"# seed {seed}: {line}")
            return
    print(f"ok {number} - {name}")


print("1..2")
run(1, f"{CASES // 2} times damaged, simulated files end in an answer or findings", list(simulated()))
run(2, f"{CASES // 2} times damaged, real files end in an answer or findings", real())
