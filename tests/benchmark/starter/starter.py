#!/usr/bin/env python3
"""The starter experiment as it ships, three seeds: what it reaches on the unseen style, how long it takes, and what
`athanor-run plan` had said before. Ends with 1 when a must is missed.

  starter.py BIN_FOLDER HOME [SEEDS]      HOME holds the prepared data set
"""
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECIPE = ROOT / "experiments/starter.toml"


def told(command, home):
    return json.loads(subprocess.run(command, env={**os.environ, "ATHANOR_HOME": str(home)}, check=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout)


def one_seed(runner, home, seed, folder):
    choice = ["--set", f"run.seed={seed}"]
    plan = told([runner, "plan", RECIPE, *choice, "--json"], home)
    run = folder / f"seed-{seed}"
    begin = time.perf_counter()
    told([runner, "train", RECIPE, *choice, "--run-dir", run, "--json"], home)
    seconds = time.perf_counter() - begin
    judged = told([runner, "eval", run, "--json"], home)
    shown = subprocess.run([runner, "show", run, "--events"], env={**os.environ, "ATHANOR_HOME": str(home)},
                           check=True, stdout=subprocess.PIPE, text=True).stdout
    events = [json.loads(line) for line in shown.splitlines()]
    return {"seed": seed, "seconds": seconds, "metrics": judged["metrics"], "plan": plan, "events": events}


def events_of(result, name):
    return [row for row in result["events"] if row["event"] == name]


def missed(result):
    """Each must that this seed misses, in words."""
    first = first_loss(result)
    checked = events_of(result, "prediction_checked")[-1]
    metrics = result["metrics"]
    held = {
        "180 s": result["seconds"] <= 180,
        "R@1 of 0.20": metrics["t2i_r1"] >= 0.20,
        "R@10 of 0.50": metrics["t2i_r10"] >= 0.50,
        "first loss within 2 % of ln 128": abs(first / math.log(128) - 1) <= 0.02,
        "forecast of the time within 25 %": abs(result["plan"]["seconds_to_finish"] / result["seconds"] - 1) <= 0.25,
        "forecast of the memory within 10 %":
            abs(checked["predicted_peak_bytes"] / checked["measured_peak_bytes"] - 1) <= 0.10,
    }
    return [f"seed {result['seed']} misses: {what}" for what, holds in held.items() if not holds]


def first_loss(result):
    return next(value for row in events_of(result, "metric_samples") for key, value in row["values"].items()
                if key == "train/loss")


def main():
    programs, home = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    seeds = [int(word) for word in sys.argv[3].split(",")] if len(sys.argv) > 3 else [1, 2, 3]
    print(f"starter experiment, {os.cpu_count()} cores   (must: <= 180 s, R@1 >= 0.20, R@10 >= 0.50, first loss within 2 % of"
          " ln 128; forecast within 25 % of the time and 10 % of the memory)")
    with tempfile.TemporaryDirectory() as name:
        results = [one_seed(programs / "athanor-run", home, seed, pathlib.Path(name)) for seed in seeds]
    for result in results:
        first = first_loss(result)
        checked = events_of(result, "prediction_checked")[-1]
        m = result["metrics"]
        print(f"  seed {result['seed']}: {result['seconds']:6.1f} s (forecast {result['plan']['seconds_to_finish']:.1f} s, "
              f"{100 * (result['plan']['seconds_to_finish'] / result['seconds'] - 1):+.0f} %)   memory "
              f"{checked['measured_peak_bytes'] / 2**20:.0f} MiB (forecast {100 * (checked['predicted_peak_bytes'] / checked['measured_peak_bytes'] - 1):+.1f} %)"
              f"   first loss {first:.3f} ({100 * (first / math.log(128) - 1):+.1f} %)   t2i R@1 {m['t2i_r1']:.3f} R@10 {m['t2i_r10']:.3f}"
              f"   i2t R@1 {m['i2t_r1']:.3f} R@10 {m['i2t_r10']:.3f}")
    for key in ("t2i_r1", "t2i_r10"):
        print(f"  {key}: lowest {min(r['metrics'][key] for r in results):.3f}, median {statistics.median(r['metrics'][key] for r in results):.3f}")
    faults = [fault for result in results for fault in missed(result)]
    for fault in faults:
        print(f"  {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
