#!/usr/bin/env python3
"""contrastive_loss over many pairs: the tiles against the dense form, ours and PyTorch's, taking turns in one run.

  compare.py CONTRASTIVE_LOSS PYTHON_WITH_TORCH [--pairs 8192] [--width 256] [--rounds 7] [--threads 2]
Prints median milliseconds of forward and gradient, the medians of ratios of neighbouring turns, and the extra memory.
"""
import argparse
import os
import pathlib
import statistics
import subprocess


def start(command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return [float(word) for word in process.stdout.readline().split()]


def ratio(name, ours, theirs, must):
    ratios = [b / a for a, b in zip(ours, theirs)]
    print(f"  {name:34} {statistics.median(ratios):6.2f}   ({min(ratios):.2f} to {max(ratios):.2f}, must {must})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("python")
    parser.add_argument("--pairs", type=int, default=8192)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    sizes = ["--pairs", str(options.pairs), "--width", str(options.width), "--threads", str(options.threads)]
    own = start([options.program, *sizes])
    peer = start([options.python, str(pathlib.Path(__file__).with_name("pytorch_dense.py")), *sizes])
    tiled_bytes, dense_bytes = (int(word) for word in own.stdout.readline().split()[1:])
    for line in ("tiled", "dense", "sigmoid"):
        ask(own, line)
    ask(peer, "step")
    turns = {"tiled": [], "dense": [], "sigmoid": [], "peer": []}
    for _ in range(options.rounds):
        for kind in ("tiled", "dense", "sigmoid"):
            turns[kind].append(ask(own, kind))
        turns["peer"].append(ask(peer, "step"))
    wall = {kind: [turn[0] for turn in values] for kind, values in turns.items()}
    print(f"contrastive loss, {options.pairs} pairs of width {options.width}, forward and gradient, "
          f"{options.threads} threads, load {os.getloadavg()[0]:.1f}")
    for kind, name in (("tiled", "Athanor, tiles"), ("dense", "Athanor, dense"), ("peer", "PyTorch eager, dense"),
                       ("sigmoid", "Athanor, sigmoid in tiles")):
        print(f"  {name:28} {statistics.median(wall[kind]):8.0f} ms")
    ratio("time, own dense / tiles", wall["tiled"], wall["dense"], "1.00")
    ratio("time, PyTorch dense / tiles", wall["tiled"], wall["peer"], "1.00")
    processor = {kind: [turn[1] for turn in turns[kind]] for kind in ("tiled", "dense")}
    ratio("processor time, own dense / tiles", processor["tiled"], processor["dense"], "1.00")
    mib = tiled_bytes / 2**20
    peer_mib = turns["peer"][-1][1]
    print(f"  extra memory {mib:.1f} MiB: {100 * tiled_bytes / dense_bytes:.2f} % of own dense, "
          f"{100 * mib / peer_mib:.2f} % of PyTorch's {peer_mib:.0f} MiB (must 10 %)")
    for process in (own, peer):
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
