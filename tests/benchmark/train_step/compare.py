#!/usr/bin/env python3
"""Training steps, Athanor against PyTorch: both sides take turns in one run, from the same weights and data.

  compare.py TRAIN_STEP PYTHON_WITH_TORCH [--models mlp vit clip gpt] [--peers eager compile] [--rounds 7]
             [--milliseconds 600] [--threads 2] [--batch N] [--clock wall|cpu]
One line per model and peer: the median milliseconds per step of each side, the median of the ratios of neighbouring
turns (above 1: Athanor is quicker) with its range, and the highest resident memory of both processes, whole and
without what was resident before the model was made. Then the geometric means. --clock cpu counts processor time: with
one thread it hardly depends on what else the machine does.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

MODELS = ("mlp", "vit", "clip", "gpt")


class Side:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.parameters = int(self.process.stdout.readline().split()[1])

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def processor_ms(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")

    def milliseconds(self, steps, clock="wall"):
        before = self.processor_ms()
        wall = float(self.ask(f"steps {steps}"))
        return wall if clock == "wall" else (self.processor_ms() - before) / steps

    def memory_mib(self):
        highest, before = (int(word) / 1024 for word in self.ask("memory").split())
        return highest, highest - before

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(options, name, peer):
    script = pathlib.Path(__file__).with_name("pytorch_step.py")
    with tempfile.TemporaryDirectory() as directory:
        return take_turns(options, name, peer, script, directory)


def take_turns(options, name, peer, script, directory):
    common = ["--model", name, "--threads", str(options.threads)]
    batch = ["--batch", str(options.batch)] if options.batch else []
    ours = Side([options.train_step, *common, *batch, "--dump", directory])
    theirs = Side([options.python, str(script), *common, "--from", directory, "--peer", peer])
    if ours.parameters != theirs.parameters:
        raise SystemExit(f"not the same model: {ours.parameters} and {theirs.parameters} parameters")
    warm = [side.milliseconds(3) for side in (ours, theirs) for _ in range(2)]
    steps = max(1, round(options.milliseconds / max(warm[1], 1)))
    ours_ms, theirs_ms = [], []
    for _ in range(options.rounds):
        ours_ms.append(ours.milliseconds(steps, options.clock))
        theirs_ms.append(theirs.milliseconds(steps, options.clock))
    memory = ours.memory_mib(), theirs.memory_mib()
    ratios = [t / o for o, t in zip(ours_ms, theirs_ms)]
    ours.close()
    theirs.close()
    return statistics.median(ours_ms), statistics.median(theirs_ms), ratios, memory, ours.parameters


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train_step")
    parser.add_argument("python")
    parser.add_argument("--models", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--peers", nargs="+", default=("eager", "compile"), choices=("eager", "compile"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--milliseconds", type=float, default=600, help="of one turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    options = parser.parse_args()
    print(f"training step, {options.threads} threads, {options.clock} time, {options.rounds} turns each, load {os.getloadavg()[0]:.1f}")
    print("model  peer     parameters  Athanor ms  PyTorch ms  ratio (range)          "
          "memory MiB: whole, ratio; of the model, ratio")
    for peer in options.peers:
        speed, whole, own = [], [], []
        for name in options.models:
            ours_ms, theirs_ms, ratios, (ours, theirs), parameters = compare(options, name, peer)
            speed.append(statistics.median(ratios))
            whole.append(ours[0] / theirs[0])
            own.append(ours[1] / theirs[1])
            print(f"{name:5}  {peer:7} {parameters:11,} {ours_ms:11.1f} {theirs_ms:11.1f}  {speed[-1]:5.2f} "
                  f"({min(ratios):.2f} to {max(ratios):.2f})   {ours[0]:7.0f} {theirs[0]:7.0f} {whole[-1]:5.2f}   "
                  f"{ours[1]:7.0f} {theirs[1]:7.0f} {own[-1]:5.2f}", flush=True)
        mean = statistics.geometric_mean
        print(f"geometric mean against {peer}: speed {mean(speed):.2f}, whole memory {mean(whole):.2f}, "
              f"memory of the model {mean(own):.2f}", flush=True)


if __name__ == "__main__":
    main()
