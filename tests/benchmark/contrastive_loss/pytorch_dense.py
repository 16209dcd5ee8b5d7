"""The peer of contrastive_loss: forward and gradient of the dense symmetric InfoNCE in PyTorch eager.

Answers each line on the standard input with the milliseconds of one step and, in MiB, how far the peak of resident
memory has risen above what the process held before its first step.
"""
import argparse
import resource
import sys
import time

import torch
from torch.nn.functional import cross_entropy, normalize


def resident_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


parser = argparse.ArgumentParser()
parser.add_argument("--pairs", type=int, default=8192)
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(1)
image = normalize(torch.randn(options.pairs, options.width)).requires_grad_()
text = normalize(torch.randn(options.pairs, options.width)).requires_grad_()
scale = torch.tensor(2.6592, requires_grad=True)
labels = torch.arange(options.pairs)


def step():
    for leaf in (image, text, scale):
        leaf.grad = None
    logits = scale.exp() * image @ text.t()
    loss = (cross_entropy(logits, labels) + cross_entropy(logits.t(), labels)) / 2
    loss.backward()


before = resident_mib()
for _ in sys.stdin:
    begin = time.perf_counter()
    step()
    spent = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(spent * 1e3, peak - before, flush=True)
