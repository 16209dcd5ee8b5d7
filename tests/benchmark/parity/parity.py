#!/usr/bin/env python3
"""Does Athanor compute what PyTorch computes? One training step of two_tower from the same weights and batch.

  parity.py PARITY_DUMP [DIRECTORY]      (run with a Python that has torch and numpy)
Repeats in double precision what parity_dump wrote and compares the loss, the gradient of every parameter by name, the
norm, and every parameter after one clipped AdamW step. Exit status 1 when one differs by more than rounding.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

STAGES, BATCH, PX, TOKENS = 4, 48, 32, 12


def read_parameters(directory):
    values, gradients, after, decays = {}, {}, {}, {}
    for line in (directory / "shapes.txt").read_text().splitlines():
        path, decay, *dims = line.split()
        dims = [int(dim) for dim in dims]

        def load(suffix):
            return torch.tensor(np.fromfile(directory / (path + suffix), np.float32).astype(np.float64)).view(dims)

        values[path] = load(".f32").requires_grad_()
        gradients[path], after[path], decays[path] = load(".grad.f32"), load(".after.f32"), decay == "1"
    return values, gradients, after, decays


def block(w, name, x, heads, mask=None):
    def linear(part, h):
        return F.linear(h, w[f"{name}.{part}.weight"], w[f"{name}.{part}.bias"])

    def norm(part, h):
        return F.layer_norm(h, h.shape[-1:], w[f"{name}.{part}.gain"], w[f"{name}.{part}.bias"])

    batch, tokens, width = x.shape
    q, k, v = linear("attention.qkv", norm("norm1", x)).view(batch, tokens, 3, heads, -1).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-1, -2) * (width // heads) ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None], -torch.inf)
    x = x + linear("attention.out", (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, width))
    return x + linear("mlp.down", F.gelu(linear("mlp.up", norm("norm2", x))))


def image_tower(w, images):
    x = images.permute(0, 3, 1, 2)
    for stage in range(STAGES):
        name = f"image_tower.stem.{stage}"
        x = F.conv2d(x, w[name + ".conv.weight"].permute(0, 3, 1, 2), w[name + ".conv.bias"], padding=1)
        x = F.max_pool2d(x, 2).permute(0, 2, 3, 1)
        x = F.gelu(F.layer_norm(x, x.shape[-1:], w[name + ".norm.gain"], w[name + ".norm.bias"])).permute(0, 3, 1, 2)
    x = x.permute(0, 2, 3, 1).flatten(1, 2) + w["image_tower.positions.weight"]
    x = block(w, "image_tower.blocks.0", x, 4)
    x = F.layer_norm(x, x.shape[-1:], w["image_tower.norm.gain"], w["image_tower.norm.bias"]).mean(1)
    return F.normalize(F.linear(x, w["image_tower.head.weight"], w["image_tower.head.bias"]), dim=-1)


def text_tower(w, ids, lengths):
    keep = torch.arange(TOKENS)[None] < lengths[:, None]
    x = w["text_tower.words.weight"][ids] + w["text_tower.positions.weight"]
    x = block(w, "text_tower.blocks.0", x, 4, keep)
    x = F.layer_norm(x, x.shape[-1:], w["text_tower.norm.gain"], w["text_tower.norm.bias"])
    x = (x * keep[..., None]).sum(1) / lengths[:, None]
    return F.normalize(F.linear(x, w["text_tower.head.weight"], w["text_tower.head.bias"]), dim=-1)


def loss_of(w, directory):
    def integers(name):
        return torch.tensor(np.fromfile(directory / name, np.int32).astype(np.int64))

    images = torch.tensor(np.fromfile(directory / "images.f32", np.float32).astype(np.float64)).view(BATCH, PX, PX, 3)
    texts = text_tower(w, integers("ids.i32").view(BATCH, TOKENS), integers("lengths.i32"))
    logits = image_tower(w, images) @ texts.T * w["logit_scale"].exp().clamp(max=100)
    concepts = integers("concepts.i32")
    same = (concepts[:, None] == concepts[None]).double()
    target = same / same.sum(1, keepdim=True)
    rows = -(target * F.log_softmax(logits, 1)).sum(1).mean()
    columns = -(target * F.log_softmax(logits.T, 1)).sum(1).mean()
    return (rows + columns) / 2


def worst(ours, theirs):
    """The largest difference, relative to the largest number of the tensor, by name."""
    errors = {p: ((ours[p] - theirs[p]).abs().max() / theirs[p].abs().max().clamp(min=1e-12)).item() for p in ours}
    name = max(errors, key=errors.get)
    return errors[name], name


def main():
    directory = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp())
    subprocess.run([sys.argv[1], str(directory)], check=True)
    w, gradients, after, decays = read_parameters(directory)
    loss = loss_of(w, directory)
    loss.backward()
    ours_loss, ours_norm = (float(word) for word in (directory / "result.txt").read_text().split())
    gradient_error, gradient_name = worst(gradients, {p: t.grad for p, t in w.items()})
    norm = torch.nn.utils.clip_grad_norm_(w.values(), 0.5).item()
    groups = [{"params": [t for p, t in w.items() if decays[p]], "weight_decay": 0.05},
              {"params": [t for p, t in w.items() if not decays[p] and p != "logit_scale"], "weight_decay": 0},
              {"params": [w["logit_scale"]], "weight_decay": 0, "lr": 1e-2}]
    before = {p: t.detach().clone() for p, t in w.items()}
    torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98)).step()
    # Where a gradient is nearly 0 the first step of Adam is its sign, which rounding may turn: count, do not measure.
    off = sum(((after[p] - t.detach()).abs() > 2e-5).sum().item() for p, t in w.items())
    total = sum(t.numel() for t in w.values())
    moved = sum(((t.detach() - before[p]).abs() > 2e-5).sum().item() for p, t in w.items())
    print(f"loss       Athanor {ours_loss:.7f}   PyTorch (f64) {loss.item():.7f}")
    print(f"norm       Athanor {ours_norm:.7f}   PyTorch (f64) {norm:.7f}")
    print(f"gradients  {len(gradients)} tensors, worst relative difference {gradient_error:.2e} in {gradient_name}")
    print(f"AdamW      {off} of {total} parameters differ by more than 2e-5 after a step that moved {moved}")
    good = abs(ours_loss - loss.item()) < 1e-5 and abs(ours_norm - norm) < 1e-4 * norm
    sys.exit(0 if good and gradient_error < 1e-4 and off < 1e-3 * total else 1)


if __name__ == "__main__":
    main()
