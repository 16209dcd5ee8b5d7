#!/usr/bin/env python3
"""Does Athanor compute what PyTorch computes? Ten training steps of each benchmark model from the same weights and data.

  parity.py PARITY_DUMP [--models mlp vit clip gpt] [--steps 10]     (with a Python that has torch and numpy)
Repeats in double precision what parity_dump did in single and compares the loss of every step, the norm of the
gradients, and every gradient of the first step by name. Exit status 1 when one differs by more than 1e-4 of the
largest number of its tensor, or when one and two threads do not give the same bits.
"""
import argparse
import filecmp
import pathlib
import subprocess
import sys
import tempfile

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "models"))
import models  # noqa: E402

BATCH = {"mlp": 192, "vit": 4, "clip": 48, "gpt": 1}
LIMIT = 1e-4


def compare_gradients(directory, trained):
    """The worst relative difference over all gradients, and whose it is."""
    errors = {}
    for path, parameter, _, _ in trained:
        dims = list(parameter.shape)
        if len(dims) == 4:
            dims = [dims[0], dims[2], dims[3], dims[1]]
        ours = models.from_athanor(models.array(directory, path + ".grad", "f32", dims), parameter).double()
        largest = parameter.grad.abs().max().clamp(min=1e-12)
        errors[path] = ((ours - parameter.grad).abs().max() / largest).item()
    name = max(errors, key=errors.get)
    return errors[name], name


def check(dump, name, steps):
    with tempfile.TemporaryDirectory() as directory:
        return check_in(pathlib.Path(directory), dump, name, steps)


def check_in(directory, dump, name, steps):
    for threads in (1, 2):
        command = [dump, name, str(directory / str(threads)), str(steps), str(BATCH[name]), str(threads)]
        subprocess.run(command, check=True)
    written = sorted(path.name for path in (directory / "1").iterdir())
    _, different, missing = filecmp.cmpfiles(directory / "1", directory / "2", written, shallow=False)
    directory /= "2"
    model, inputs, trained = models.load(name, directory, torch.float64)
    optimizer = models.optimizer_of(trained)
    worst_loss = worst_norm = 0.0
    for step, line in enumerate((directory / "losses.txt").read_text().splitlines()):
        ours_loss, ours_norm = (float(word) for word in line.split())
        loss = model(*inputs)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if step == 0:
            gradient_error, gradient_name = compare_gradients(directory, trained)
        norm = torch.nn.utils.clip_grad_norm_([p for _, p, _, _ in trained], 1.0).item()
        optimizer.step()
        worst_loss = max(worst_loss, abs(ours_loss - loss.item()) / abs(loss.item()))
        worst_norm = max(worst_norm, abs(ours_norm - norm) / norm)
    good = worst_loss < LIMIT and gradient_error < LIMIT and not different and not missing
    threads = "same bits" if not different and not missing else f"{len(different + missing)} files differ"
    print(f"{name:5} {steps} losses within {worst_loss:.1e} (last {loss.item():.5f}), norms within {worst_norm:.1e}; "
          f"{len(trained)} gradients within {gradient_error:.1e} (worst {gradient_name}); 1 and 2 threads: {threads}{'' if good else ' FAILED'}",
          flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dump")
    parser.add_argument("--models", nargs="+", default=list(BATCH), choices=list(BATCH))
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    print(f"parity with PyTorch {torch.__version__} in f64, relative differences, at most {LIMIT:.0e}")
    sys.exit(0 if all([check(options.dump, name, options.steps) for name in options.models]) else 1)


if __name__ == "__main__":
    main()
