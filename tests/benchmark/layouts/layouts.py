#!/usr/bin/env python3
"""What is predicted of a step's time and of memory, against runs of 41 layouts of two ranks: replicas with each way to
share the state and each format, pipelines by each schedule, tensor ranks. As many ranks as small machines have cores:
more of them would tell of the cores they share. Ends with 1 when a must is missed.

  layouts.py BIN_FOLDER HOME [STEPS]      HOME holds the prepared data set
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECIPE = ROOT / "experiments/starter.toml"
TIME, MEMORY = 0.15, 0.05


def layouts():
    for micro_batches in (2, 4, 8):
        for shard in ("none", "optimizer", "gradients", "parameters"):
            yield {"data": 2, "micro_batches": micro_batches, "shard": shard}
    for gradient_format in ("bf16", "fp8", "int8"):
        yield {"data": 2, "micro_batches": 2, "gradient_format": gradient_format}
    for schedule in ("gpipe", "1f1b", "interleaved", "zb-h1", "zb-h2", "zb-v", "v-half", "v-min", "search"):
        for micro_batches in (4, 8):
            yield {"pipeline": 2, "schedule": schedule, "micro_batches": micro_batches}
    for sequence in ("true", "false"):
        for micro_batches in (1, 2, 4, 8):
            yield {"tensor": 2, "sequence": sequence, "micro_batches": micro_batches}


def run(runner, home, layout, steps, folder):
    """What the run itself said of the prediction when it had ended: shares of time and memory that it was off by."""
    choice = {f"parallel.{field}": value for field, value in layout.items()}
    choice |= {"train.steps": steps, "train.threads": 1, "eval.every_steps": 0, "checkpoint.every_steps": 0}
    command = [runner, "train", RECIPE, "--run-dir", folder, "--json"]
    for field, value in choice.items():
        command += ["--set", f"{field}={value}"]
    environment = {**os.environ, "ATHANOR_HOME": str(home)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = subprocess.run([runner, "show", folder, "--events"], env=environment, check=True, stdout=subprocess.PIPE,
                           text=True).stdout
    events = [json.loads(line) for line in shown.splitlines()]
    checked = [event for event in events if event["event"] == "prediction_checked"][-1]
    time = checked["measured_steps_per_second"] / checked["predicted_steps_per_second"] - 1
    return time, checked["predicted_peak_bytes"] / checked["measured_peak_bytes"] - 1


def main():
    runner, home = pathlib.Path(sys.argv[1]).resolve() / "athanor-run", pathlib.Path(sys.argv[2]).resolve()
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    print(f"layouts of two ranks, {steps} steps of the starter experiment each   (must: step time within 15 %, memory of the"
          " whole process within 5 %; aims 7 and 2)")
    times, memories = [], []
    with tempfile.TemporaryDirectory() as name:
        for number, layout in enumerate(layouts()):
            time, memory = run(runner, home, layout, steps, pathlib.Path(name) / str(number))
            times.append(abs(time))
            memories.append(abs(memory))
            words = " ".join(f"{field}={value}" for field, value in layout.items())
            print(f"  {words:<54} step time {100 * time:+6.1f} %   memory {100 * memory:+5.1f} %", flush=True)
    missed = 0
    for what, off, must in (("step time", times, TIME), ("memory", memories, MEMORY)):
        outside = sum(each > must for each in off)
        missed += outside
        print(f"  {what}: median {100 * statistics.median(off):.1f} %, worst {100 * max(off):.1f} %, {outside} of {len(off)}"
              f" outside {100 * must:.0f} %")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
