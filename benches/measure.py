"""Measures group, check and settle at several sizes and numbers of threads, in one command.

Makes the claims that are not there yet, runs each command as a whole process in turn with the plain
copy of `against_copy.py`, and prints a table for `benches/README.md`. Quote the ratios.

    pip install pyarrow
    cargo build --release
    python benches/measure.py target/release/drgdip --folder month
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from against_copy import COLUMNS, COPY, run


def powers_of_two(most):
    """1, 2, 4 and so on, and the most itself."""
    threads = [1 << power for power in range(most.bit_length()) if 1 << power < most]
    return [*threads, most]


def claims_of(drgdip, folder, cases):
    """A file of so many generated claims, and the inputs that fit it."""
    claims = folder / f"claims-{cases}.parquet"
    if not claims.exists():
        print(f"making {cases:,} claims", file=sys.stderr)
        command = [drgdip, "--quiet", "synth", "--cases", str(cases), "--seed", "1"]
        subprocess.run([*command, "-o", str(claims)], check=True)
    return str(claims), str(folder / f"claims-{cases}-inputs")


def commands_of(options, claims, inputs, out):
    """By name, the command and how many threads it has; the plain copy uses all cores."""
    head = [options.drgdip, "--quiet"]
    copy = [sys.executable, "-c", COPY, claims, f"{out}/copy.parquet", ",".join(COLUMNS)]
    yield ("plain copy", None), copy
    for threads in options.threads:
        count = ["--threads", str(threads)]
        group = ["group", claims, "--plan", options.plan, "-o", f"{out}/grouped.parquet"]
        check = ["check", claims, "--plan", options.plan, "-o", f"{out}/checked"]
        settle = ["settle", "--policy", options.policy, "--inputs", inputs, claims]
        yield ("group", threads), [*head, *group, *count]
        yield ("check", threads), [*head, *check, *count]
        yield ("settle", threads), [*head, *settle, "-o", f"{out}/settled", *count]


def measure(options, cases):
    """Prints the table of one size."""
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    claims, inputs = claims_of(options.drgdip, folder, cases)
    results = {}
    with tempfile.TemporaryDirectory(dir=folder) as out:
        for _ in range(options.runs):
            for name, command in commands_of(options, claims, inputs, out):
                results.setdefault(name, []).append(run(command))
    medians = {
        name: tuple(statistics.median(values) for values in zip(*runs))
        for name, runs in results.items()
    }
    base = medians[("plain copy", None)][0]
    print(f"\n{cases:,} claims, medians of {options.runs} runs, {os.cpu_count()} cores:\n")
    print("| | threads | seconds | CPU s | peak MiB | of the plain copy | of one thread | claims/s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for (name, threads), (seconds, cpu, memory) in medians.items():
        one = medians.get((name, 1))
        speedup = f"{one[0] / seconds:.2f}" if one else ""
        print(
            f"| `{name}` | {threads or 'all'} | {seconds:.2f} | {cpu:.2f} | {memory:.0f} "
            f"| {seconds / base:.2f} | {speedup} | {cases / seconds:,.0f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("drgdip", help="the command to measure")
    parser.add_argument("--folder", default="month", help="where claims are kept between runs")
    parser.add_argument("--cases", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--threads", type=int, nargs="+", default=powers_of_two(os.cpu_count()))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--plan", default="chs-drg-1.1")
    parser.add_argument("--policy", default="example-2026")
    options = parser.parse_args()
    for cases in options.cases:
        measure(options, cases)


if __name__ == "__main__":
    main()
