"""A benchmark model in PyTorch, spoken to as train_step is: "steps N" in, milliseconds per step out; "memory" in, KiB
of the highest resident memory and of what was resident before the model was made out.

  pytorch_step.py --model mlp|vit|clip|gpt --from DIRECTORY [--threads 2] [--peer eager|compile]
DIRECTORY holds the weights and the data that train_step --dump wrote.
"""
import argparse
import pathlib
import sys
import time

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "models"))
import models  # noqa: E402


def status_kib(name):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=list(models.MODELS), default="clip")
    parser.add_argument("--from", dest="directory", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", choices=("eager", "compile"), default="eager")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    resident_before = status_kib("VmRSS")
    model, inputs, trained = models.load(options.model, options.directory)
    parameters = [parameter for _, parameter, _, _ in trained]
    optimizer = models.optimizer_of(trained)
    loss_of = torch.compile(model) if options.peer == "compile" else model

    def step():
        loss = loss_of(*inputs)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return loss.item()

    print("parameters", sum(p.numel() for p in parameters), flush=True)
    for line in sys.stdin:
        if line.startswith("memory"):
            print(status_kib("VmHWM"), resident_before, flush=True)
            continue
        steps = int(line.split()[1])
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        print((time.perf_counter() - begin) * 1e3 / steps, flush=True)


if __name__ == "__main__":
    main()
