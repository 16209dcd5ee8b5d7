#!/usr/bin/env python3
"""Lets TensorBoard, MLflow and Weights & Biases write runs, imports them, and compares every value.

Needs: pip install tensorboard mlflow-skinny sqlalchemy alembic wandb. Not part of ctest.
Usage: check_peers.py path/to/bin/athanor-agent
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

STEPS = 500


def value(step):
    return 1 / (step + 1)


def write_tensorboard(folder):
    from tensorboard.summary import Writer

    writer = Writer(str(folder / "run"))
    for step in range(STEPS):
        writer.add_scalar("loss", value(step), step)
    writer.close()


def write_mlflow(uri):
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("pairs")
    with mlflow.start_run(run_name="base"):
        mlflow.log_params({"lr": 0.001, "opt": "adam w"})
        mlflow.set_tag("team", "vision")
        for step in range(STEPS):
            mlflow.log_metric("loss", value(step), step=step)
        mlflow.log_metric("odd", math.nan, step=1)


def write_wandb(folder):
    import wandb

    run = wandb.init(project="pairs", name="base", tags=["abl"], config={"lr": 0.001, "opt": {"name": "adam"}}, mode="offline", dir=str(folder))
    for step in range(STEPS):
        run.log({"loss": value(step), "val": {"r1": step * 2}})
    run.log({"odd": math.nan})
    run.finish()


def imported(agent, home, path):
    environment = dict(os.environ, ATHANOR_HOME=str(home))
    said = subprocess.run([agent, "import", str(path), "--json"], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    runs = json.loads(said.stdout)["runs"]
    assert runs and not any(run["lost"] for run in runs), runs
    out = home / "out.json"
    subprocess.run([agent, "export", str(runs[0]["run"]), "--to", str(out)], env=environment, check=True, capture_output=True)
    return runs[0]["what"], json.loads(out.read_text())["runs"][0]


def main():
    agent = os.path.abspath(sys.argv[1])
    os.environ.update(WANDB_SILENT="true", MLFLOW_ALLOW_FILE_STORE="1")
    root = pathlib.Path(tempfile.mkdtemp(prefix="athanor-peers-"))
    home = root / "home"
    single = {"tensorboard"}  # precision: its scalars are floats
    for name, write in {
        "tensorboard": write_tensorboard,
        "mlflow folder": lambda folder: write_mlflow((folder / "mlruns").as_uri()),
        "mlflow database": lambda folder: write_mlflow(f"sqlite:///{folder}/mlflow.db"),
        "wandb": write_wandb,
    }.items():
        folder = root / name.replace(" ", "-")
        folder.mkdir()
        write(folder)
        what, run = imported(agent, home, folder)
        loss = run["metrics"]["loss"]
        assert what == "added" and len(loss) == STEPS, (name, what, len(loss))
        for step, (told_step, _, told) in enumerate(loss):
            tolerance = 1e-7 if name in single else 0
            assert told_step == step and abs(told - value(step)) <= tolerance, (name, step, told)
        if name not in single:
            assert run["settings"]["imported.lr"] == 0.001 and run["tags"], run["settings"]
            assert run["metrics"]["odd"][0][2] == "NaN" and run["status"] == "finished"
        what, _ = imported(agent, home, folder)
        assert what == "unchanged", (name, what)
        print(f"{name}: {STEPS} samples, the same")
    subprocess.run([agent, "quit"], env=dict(os.environ, ATHANOR_HOME=str(home)), capture_output=True)


main()
