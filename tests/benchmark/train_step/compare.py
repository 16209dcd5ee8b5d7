#!/usr/bin/env python3
"""Training step of the starter's model, Athanor against PyTorch eager: the two take turns in one run.

  compare.py TRAIN_STEP PYTHON_WITH_TORCH [--rounds 9] [--steps 6] [--threads 2]
Prints the median milliseconds per step of each, and the median of the ratios of neighbouring turns (above 1: Athanor
is quicker) with its range.
"""
import argparse
import pathlib
import statistics
import subprocess


class Side:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.parameters = int(self.process.stdout.readline().split()[1])

    def milliseconds(self, steps):
        self.process.stdin.write(f"steps {steps}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train_step")
    parser.add_argument("python")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    peer_script = pathlib.Path(__file__).with_name("pytorch_step.py")
    threads = ["--threads", str(options.threads)]
    ours = Side([options.train_step, *threads])
    peer = Side([options.python, str(peer_script), *threads])
    if ours.parameters != peer.parameters:
        raise SystemExit(f"not the same model: {ours.parameters} and {peer.parameters} parameters")
    for side in (ours, peer):
        side.milliseconds(5)
    ours_ms, peer_ms = [], []
    for _ in range(options.rounds):
        ours_ms.append(ours.milliseconds(options.steps))
        peer_ms.append(peer.milliseconds(options.steps))
    ratios = [p / o for o, p in zip(ours_ms, peer_ms)]
    print(f"training step, {ours.parameters} parameters, batch 128, {options.threads} threads")
    print(f"  Athanor        {statistics.median(ours_ms):8.1f} ms")
    print(f"  PyTorch eager  {statistics.median(peer_ms):8.1f} ms")
    print(f"  ratio          {statistics.median(ratios):8.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")
    ours.close()
    peer.close()


if __name__ == "__main__":
    main()
