"""Writes cost_quantiles.csv beside this file; see README.md for the model. Needs only Python 3.8."""

import math
import pathlib
from statistics import NormalDist

STEPS = 1024
SCALE = 65536
LOW_SHARE, HIGH_SHARE = 0.03, 0.03
CORE_SIGMA = 0.28


def factor(p):
    """The cost at quantile p, as a multiple of the core's median."""
    if p < LOW_SHARE:
        return 0.08 + (0.40 - 0.08) * p / LOW_SHARE
    if p > 1 - HIGH_SHARE:
        return min(2.2 * (HIGH_SHARE / (1 - p)) ** 0.55, 15.0)
    core = (p - LOW_SHARE) / (1 - LOW_SHARE - HIGH_SHARE)
    core = min(max(core, 0.003), 0.997)
    return math.exp(CORE_SIGMA * NormalDist().inv_cdf(core))


points = [factor(min(max(k / STEPS, 1 / 8192), 1 - 1 / 8192)) for k in range(STEPS + 1)]
points = sorted(points)
mean = sum((a + b) / 2 for a, b in zip(points, points[1:])) / STEPS
rows = [f"{k},{round(x / mean * SCALE)}" for k, x in enumerate(points)]
target = pathlib.Path(__file__).with_name("cost_quantiles.csv")
target.write_text("\n".join(["quantile_1024,factor_65536", *rows]) + "\n")
