#!/usr/bin/env python3
"""How fast points become durable and ready to be drawn: ours, MLflow's and TensorBoard's, taking turns.

  peers.py HISTORY [--python PYTHON_WITH_PEERS] [--points 40000] [--rounds 5]
HISTORY is the benchmark program of that name. Each takes as many points, of eight metrics a step, all the way:
  Athanor      events appended to a flushed journal, and that taken into the history
  MLflow       log_batch of 1000 points, which is its most, into SQLite and into files
  TensorBoard  an event file written and closed, and that loaded by EventAccumulator, which keeps it in memory
What PYTHON_WITH_PEERS lacks of mlflow and tensorboard is named and left out. Prints medians, and medians of the ratios
of each round.
"""
import argparse
import json
import logging
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

METRICS = 8
BATCH = 1000


def points_of(count):
    draw = random.Random(7)
    return [(f"train/metric_{i % METRICS}", draw.gauss(0, 1), i // METRICS) for i in range(count)]


def mlflow_turn(uri, artifacts, points):
    import mlflow
    from mlflow.entities import Metric
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    client = mlflow.MlflowClient(tracking_uri=uri)
    run = client.create_run(client.create_experiment("points", artifact_location=artifacts)).info.run_id
    client.log_batch(run, [Metric("warm_up", 0.0, 0, 0)])
    begin = time.perf_counter()
    for at in range(0, len(points), BATCH):
        client.log_batch(run, [Metric(name, value, 1_700_000_000_000 + step, step)
                               for name, value, step in points[at:at + BATCH]])
    seconds = time.perf_counter() - begin
    kept = len(client.get_metric_history(run, "train/metric_3"))
    assert kept == len(points) // METRICS, f"MLflow kept {kept}"
    return [seconds]


def tensorboard_turn(folder, points):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    begin = time.perf_counter()
    writer = EventFileWriter(folder)
    for name, value, step in points:
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
        writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=summary))
    writer.close()
    written = time.perf_counter()
    loaded = EventAccumulator(folder, size_guidance={"scalars": 0})
    loaded.Reload()
    kept = len(loaded.Scalars("train/metric_3"))
    seconds = [written - begin, time.perf_counter() - written]
    assert kept == len(points) // METRICS, f"TensorBoard kept {kept}"
    return seconds


def serve(name, count):
    """In the interpreter that has the peers: one turn."""
    points = points_of(count)
    with tempfile.TemporaryDirectory(prefix="athanor-points-") as folder:
        place = pathlib.Path(folder)
        artifacts = (place / "artifacts").as_uri()
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # later versions ask for it
        try:
            if name == "MLflow, SQLite":
                seconds = mlflow_turn(f"sqlite:///{folder}/mlflow.db", artifacts, points)
            elif name == "MLflow, files":
                seconds = mlflow_turn((place / "mlruns").as_uri(), artifacts, points)
            else:
                seconds = tensorboard_turn(folder, points)
        except ImportError as error:
            print(json.dumps({"missing": str(error)}))
            return
    print(json.dumps({"seconds": seconds}))


PEERS = ("MLflow, SQLite", "MLflow, files", "TensorBoard")


def ask(python, name, points):
    done = subprocess.run([python, __file__, "--serve", name, "--points", str(points)], capture_output=True, text=True)
    if done.returncode != 0:
        return {"missing": (done.stderr.strip().splitlines() or ["it failed"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--points", type=int, default=40000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve")
    options = parser.parse_args()
    points = options.points // BATCH * BATCH  # both a multiple of the batch and of the metrics
    if options.serve:
        return serve(options.serve, points)
    if not options.program:
        parser.error("which program?")

    ours = []
    seen = {name: [] for name in PEERS}
    missing = {}
    for _ in range(options.rounds):
        own = subprocess.run([options.program, "--turn", "--samples", str(points)], check=True, capture_output=True,
                             text=True).stdout
        ours.append([float(word) for word in own.split()])
        for name in PEERS:
            if name in missing:
                continue
            answer = ask(options.python, name, points)
            if "missing" in answer:
                missing[name] = answer["missing"]
            else:
                seen[name].append(answer["seconds"])

    def row(name, turns):
        rate = points / statistics.median(sum(turn) for turn in turns)
        parts = " + ".join(f"{statistics.median(part) * 1e3:.0f}" for part in zip(*turns))
        ratios = [sum(theirs) / sum(mine) for theirs, mine in zip(turns, ours)]
        print(f"  {name:16}{rate / 1e3:12.1f}{statistics.median(ratios):14.1f}   ({min(ratios):.1f} to "
              f"{max(ratios):.1f}; {parts} ms)")

    print(f"{points} points, durable and readable    k points/s   time / ours")
    row("Athanor", ours)
    for name in PEERS:
        if name in missing:
            print(f"  {name:16}  not measured: {missing[name]}")
        else:
            row(name, seen[name])


if __name__ == "__main__":
    main()
