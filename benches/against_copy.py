"""Measures drgdip against a plain copy of the columns that grouping needs.

The plain copy reads the columns with pyarrow's C++ reader on all cores and writes two of them back,
zstd. Both are whole processes, run in turn, so that what else the machine does hits both alike.
Quote the ratio, not the seconds.

    pip install pyarrow
    cargo build --release
    target/release/drgdip synth --cases 10000000 --seed 1 -o month/claims.parquet
    python benches/against_copy.py target/release/drgdip month/claims.parquet
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

COLUMNS = [
    "case_id", "sex", "age_years", "age_days", "birth_weight_g", "stay_days", "icu_hours",
    "ventilator_hours", "discharge_way", "department", "principal_diagnosis", "other_diagnoses",
    "main_procedure", "other_procedures", "new_tech",
]
COPY = """
import sys, pyarrow.parquet as pq
source, target, columns = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
names = pq.read_schema(source).names
table = pq.read_table(source, columns=[c for c in columns if c in names], use_threads=True)
pq.write_table(table.select(["case_id", "principal_diagnosis"]), target, compression="zstd")
"""


def run(command):
    """Seconds, CPU seconds and peak resident MiB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command[0]} failed: {errors.decode()}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("drgdip")
    parser.add_argument("claims")
    parser.add_argument("--plan", default="chs-drg-1.1")
    parser.add_argument("--policy", default="example-2026")
    parser.add_argument("--inputs", help="settlement inputs; measures settle too")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=pathlib.Path(options.claims).parent) as folder:
        copy = [options.claims, f"{folder}/copy.parquet", ",".join(COLUMNS)]
        group = [options.drgdip, "--quiet", "group", options.claims, "--plan", options.plan]
        commands = {
            "plain copy": [sys.executable, "-c", COPY, *copy],
            "group": [*group, "-o", f"{folder}/grouped.parquet"],
            "group, one thread": [*group, "--threads", "1", "-o", f"{folder}/one.parquet"],
        }
        if options.inputs:
            commands["settle"] = [
                options.drgdip, "--quiet", "settle", "--policy", options.policy, "--inputs",
                options.inputs, options.claims, "-o", f"{folder}/settled",
            ]
        results = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                results[name].append(run(command))
        base = statistics.median(seconds for seconds, _, _ in results["plain copy"])
        print(f"{'':26} {'seconds':>8} {'CPU s':>8} {'MiB':>7} {'of copy':>8}")
        for name, runs in results.items():
            seconds, cpu, memory = (statistics.median(values) for values in zip(*runs))
            print(f"{name:26} {seconds:8.2f} {cpu:8.2f} {memory:7.0f} {seconds / base:8.2f}")


if __name__ == "__main__":
    main()
