#!/usr/bin/env python3
"""What a checkpoint costs the starter experiment's steps, beside what it takes to write: the time a save holds the steps
up, and the steps during which one is being written against the others. Ends with 1 when a must is missed.

  checkpoint.py BIN_FOLDER HOME [EVERY]     HOME holds the prepared data set; a checkpoint every EVERY steps
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
MUST_MS, MUST_SHARE = 50, 0.01


def events_of_run(runner, home, every, run):
    environment = {**os.environ, "ATHANOR_HOME": str(home)}
    subprocess.run([runner, "train", ROOT / "experiments/starter.toml", "--set", f"checkpoint.every_steps={every}", "--set",
                    "train.steps=200", "--set", "eval.every_steps=1000", "--run-dir", run, "--json"],
                   env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = subprocess.run([runner, "show", run, "--events"], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in shown.stdout.splitlines()]


def main():
    programs, home = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory(dir=home) as folder:
        events = events_of_run(programs / "athanor-run", home, every, pathlib.Path(folder) / "run")
    written = [row for row in events if row["event"] == "checkpoint_written"]
    saves = [(row["end_ns"] - row["begin_ns"]) / 1e6
             for row in events if row["event"] == "span" and row["kind"] == "checkpoint"]
    stalls = saves[:-1]  # the last one is waited for
    steps = {row["step"]: row["values"]["train/step_ms"]
             for row in events if row["event"] == "metric_samples" and "train/step_ms" in row["values"]}
    beside = [ms for step, ms in steps.items() if step > every and step % every == 1]
    others = [ms for step, ms in steps.items() if step > every and step % every not in (1, 2)]
    step_ms, writes = statistics.median(others), [1e3 * row["seconds"] for row in written]
    worst, limit = max(stalls), max(MUST_MS, MUST_SHARE * step_ms)
    print(f"checkpoints of the starter, every {every} steps, {written[0]['bytes'] / 2**20:.1f} MiB each   "
          f"(must: a save holds the steps up for <= {MUST_MS} ms or 1 % of a step; aim 10 ms)")
    print(f"  stall:   median {statistics.median(stalls):.1f} ms, longest {worst:.1f} ms of {len(stalls)} saves "
          f"({100 * statistics.median(stalls) / step_ms:.1f} % of a step of {step_ms:.1f} ms)")
    print(f"  written: median {statistics.median(writes):.1f} ms, longest {max(writes):.1f} ms; "
          f"a save stalls for {statistics.median(stalls) / statistics.median(writes):.3f} of it")
    print(f"  step beside a write: median {statistics.median(beside):.1f} ms ({100 * (statistics.median(beside) / step_ms - 1):+.1f} %)")
    if worst > limit:
        print(f"  misses: a save held the steps up for {worst:.1f} ms")
    return 1 if worst > limit else 0


if __name__ == "__main__":
    sys.exit(main())
