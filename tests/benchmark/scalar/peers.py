#!/usr/bin/env python3
"""What telling one scalar costs in trackers of the Python world, per call, in one table with ours.

  peers.py SCALAR [--python PYTHON_WITH_PEERS] [--calls 20000] [--slow-calls 500] [--rounds 5]
SCALAR is the benchmark program of that name. The peers, those of mlflow, tensorboardX and torch.utils.tensorboard that
PYTHON_WITH_PEERS has, run between its rounds. MLflow commits every call; TensorBoard's writers queue it, and lose what
was not flushed when their process is killed.
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

SHARES = (0.5, 0.99, 0.999)


def percentiles(call, calls):
    spent = []
    for i in range(calls):
        value = random.gauss(0, 1)
        begin = time.perf_counter_ns()
        call(value, i)
        spent.append(time.perf_counter_ns() - begin)
    spent.sort()
    return [spent[int((calls - 1) * share)] for share in SHARES]


def mlflow_calls(folder, uri):
    import mlflow
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(uri)
    mlflow.create_experiment("scalar", artifact_location=str(folder / "artifacts"))
    mlflow.set_experiment("scalar")
    run = mlflow.start_run()
    return lambda value, step: mlflow.log_metric("train/loss", value, step), mlflow.end_run, run


def make_peer(name, folder):
    """The call, and what ends it."""
    if name == "MLflow log_metric, sqlite":
        return mlflow_calls(folder, f"sqlite:///{folder}/mlflow.db")[:2]
    if name == "MLflow log_metric, files":
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # later versions ask for it
        return mlflow_calls(folder, (folder / "mlruns").as_uri())[:2]
    if name == "tensorboardX add_scalar":
        from tensorboardX import SummaryWriter
    else:
        from torch.utils.tensorboard import SummaryWriter
    writer = SummaryWriter(str(folder))
    return lambda value, step: writer.add_scalar("train/loss", value, step), writer.close


PEERS = ("MLflow log_metric, sqlite", "MLflow log_metric, files", "tensorboardX add_scalar",
         "torch.utils.tensorboard add_scalar")


def serve(name, calls):
    """In the interpreter that has the peers: one round."""
    with tempfile.TemporaryDirectory(prefix="athanor-scalar-") as folder:
        try:
            call, end = make_peer(name, pathlib.Path(folder))
        except ImportError as error:
            print(json.dumps({"missing": str(error)}))
            return
        for i in range(20):
            call(random.random(), i)
        out = percentiles(call, calls)
        end()
        print(json.dumps({"ns": out}))


def ask(python, name, calls):
    done = subprocess.run([python, __file__, "--serve", name, "--calls", str(calls)], capture_output=True, text=True)
    if done.returncode != 0:
        return {"missing": (done.stderr.strip().splitlines() or ["it failed"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--calls", type=int, default=20000)
    parser.add_argument("--slow-calls", type=int, default=500, help="of MLflow, which takes milliseconds each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve")
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve, options.calls)
    if not options.program:
        parser.error("which program?")

    seen = {name: [] for name in PEERS}
    missing = {}
    ours = []
    for _ in range(options.rounds):
        own = subprocess.run([options.program, "--rounds", "1"], check=True, capture_output=True, text=True).stdout
        line = next(line for line in own.splitlines() if line.startswith("  journal  "))
        ours.append([float(word) for word in line.split()[2:]])  # without the mean
        for name in PEERS:
            if name in missing:
                continue
            answer = ask(options.python, name, options.slow_calls if "MLflow" in name else options.calls)
            if "missing" in answer:
                missing[name] = answer["missing"]
            else:
                seen[name].append(answer["ns"])

    def row(name, rounds, compared):
        middle = [statistics.median(column) for column in zip(*rounds)]
        ratio = statistics.median(theirs[0] / mine[0] for theirs, mine in zip(rounds, ours)) if compared else 1
        print(f"  {name:36}" + "".join(f"{value / 1e3:12.3f}" for value in middle) + f"{ratio:12.0f}")

    print("one scalar a call, us                        p50         p99       p99.9   p50 / ours")
    row("Athanor journal", ours, False)
    for name in PEERS:
        if name in missing:
            print(f"  {name:36}  not measured: {missing[name]}")
        else:
            row(name, seen[name], True)


if __name__ == "__main__":
    main()
