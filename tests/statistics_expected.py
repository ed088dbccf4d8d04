#!/usr/bin/python3
# statistics_expected.py: writes the exact statistics of some samples.
"""Writes src/engine/wafer/statistics_expected.h: what the statistics of some samples are, by exact rational arithmetic.

Run it from the root after changing a sample: tests/statistics_expected.py > src/engine/wafer/statistics_expected.h
Samples are numbers of a linear congruential generator, exact as float, made again by the test. Sample i of n goes to wafer i % 3.
"""
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60

# name, n, base, modulus, exponent (value = (base + r % modulus) * 2^exponent), low and high limit as fractions of 1 (exact as float)
SAMPLES = [
    ("even spread", 1000, 0, 1000, 0, Fraction(-100), Fraction(1100)),
    ("large offset, small noise", 5001, 16000000, 16, -4, Fraction(999999), Fraction(1000002)),
    ("at the edge of float", 4096, 16777200, 8, 0, None, Fraction(16777300)),
    ("one value again and again", 777, 12345, 1, -10, Fraction(0), Fraction(100)),
    ("a single value", 1, 77, 1, -3, Fraction(0), Fraction(100)),
    ("two values", 2, 0, 1000, 0, Fraction(0), None),
    ("three values", 3, 0, 1000, 0, Fraction(0), Fraction(1000)),
    ("four values", 4, -500, 1000, -5, None, None),
    ("around zero", 2047, -500000, 1000000, -30, Fraction(-1, 1024), Fraction(1, 2048)),
    ("tiny", 3000, 1, 100000, -140, Fraction(0), Fraction(1)),
    ("huge", 3000, -50000, 100000, 100, None, Fraction(2) ** 120),
    ("two levels", 9999, 0, 2, 0, Fraction(0), Fraction(1)),
    ("many", 300000, 8000000, 4096, -3, Fraction(1000000), Fraction(1000512)),
]
SKEWED = [("skewed", 3001), ("many magnitudes", 2500)]


def numbers(seed, n):
    state = seed
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def root(fraction):
    return (Decimal(fraction.numerator) / Decimal(fraction.denominator)).sqrt()


def ratio(fraction, root_value):
    return (Decimal(fraction.numerator) / Decimal(fraction.denominator)) / root_value


def hexed(value):
    return "NAN" if value is None else float(value).hex()


def quantile(ordered, q):
    at = (len(ordered) - 1) * q
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def describe(name, kind, base, modulus, exponent, low, high, integers, unit):
    """`integers` times `unit` are the values."""
    n = len(integers)
    total = sum(integers)
    mean = Fraction(total, n)
    # Sums of powers around the mean, as integers around n * mean.
    shifted = [n * v - total for v in integers]
    m2, m3, m4 = (Fraction(sum(v**k for v in shifted), n ** (k)) for k in (2, 3, 4))
    wafers = [integers[i::3] for i in range(3) if integers[i::3]]
    within = sum(Fraction(len(w) * sum(v * v for v in w) - sum(w) ** 2, len(w)) for w in wafers)
    freedom = sum(len(w) - 1 for w in wafers)
    sd = root(m2 / (n - 1)) if n > 1 else None
    sd_within = root(within / freedom) if freedom else None
    skew = kurt = None
    if n > 2 and m2:
        skew = ratio(m3 / n, root((m2 / n) ** 3)) * root(Fraction(n * (n - 1))) / (n - 2)
    if n > 3 and m2:
        kurt = Fraction(n - 1, (n - 2) * (n - 3)) * ((n + 1) * (n * m4 / m2**2 - 3) + 6)
    value = mean * unit

    def cap(s):
        if not s:
            return None, None
        s = s * (Decimal(unit.numerator) / Decimal(unit.denominator))
        sides = [x for x in ((high - value) / 3 if high is not None else None, (value - low) / 3 if low is not None else None) if x is not None]
        both = ratio((high - low) / 6, s) if low is not None and high is not None else None
        return both, ratio(min(sides), s) if sides else None

    scale = Decimal(unit.numerator) / Decimal(unit.denominator)
    cp, cpk = cap(sd_within)
    pp, ppk = cap(sd)
    ordered = sorted(integers)
    quantiles = [quantile(ordered, q) * unit for q in (Fraction(1, 100), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(99, 100))]
    columns = [value, sd if sd is None else sd * scale, sd_within if sd_within is None else sd_within * scale, ordered[0] * unit, *quantiles, ordered[-1] * unit,
               (quantiles[3] - quantiles[1]) * 100 / 135, skew, kurt, cp, cpk, pp, ppk]
    print(f'    {{"{name}", {kind}, {n}, {base}, {modulus}, {exponent}, {hexed(low)}, {hexed(high)},')
    print("     {" + ", ".join(hexed(c) for c in columns) + "}},")


def main():
    print("/* statistics_expected.h: statistics of samples by exact rational arithmetic. Written by tests/statistics_expected.py. */")
    print("#pragma once\n\n/* clang-format off */")
    print("enum sample_kind { SAMPLE_PLAIN, SAMPLE_SKEWED, SAMPLE_MAGNITUDES };")
    print("/* mean, sd, sd_within, minimum, p01, q1, median, q3, p99, maximum, robust_sigma, skewness, kurtosis, cp, cpk, pp, ppk */")
    print("static const struct sample { const char *name; enum sample_kind kind; unsigned n; int base, modulus, exponent; double low, high, expected[17]; } samples[] = {")
    for seed, (name, n, base, modulus, exponent, low, high) in enumerate(SAMPLES, 1):
        describe(name, "SAMPLE_PLAIN", base, modulus, exponent, low, high, [base + r % modulus for r in numbers(seed, n)], Fraction(2) ** exponent)
    seed = len(SAMPLES) + 1
    describe(SKEWED[0][0], "SAMPLE_SKEWED", 0, 4000, 0, Fraction(0), Fraction(2) ** 23, [(r % 4000) ** 2 for r in numbers(seed, SKEWED[0][1])], Fraction(1))
    describe(SKEWED[1][0], "SAMPLE_MAGNITUDES", 0, 60, 0, None, Fraction(2) ** 40,
             [(r // 64 % 1048576 - 524288) << (r % 60) for r in numbers(seed + 1, SKEWED[1][1])], Fraction(1, 2**60))
    print("};\n/* clang-format on */")


main()
