"""The benchmark models in PyTorch, as a user of PyTorch would write them, under Athanor's names.

load(name, directory) reads what `dump` of models.h wrote: weights, one batch, and how each parameter is trained.
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask=None):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=self.causal)
        return self.out(mixed.transpose(1, 2).reshape(batch, tokens, width))


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Block(nn.Module):
    def __init__(self, width, heads, hidden, causal=False):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mlp = Attention(width, heads, causal), FeedForward(width, hidden)

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(784 if i == 0 else 1024, 1024) for i in range(4)])
        self.head = nn.Linear(1024, 10)

    def forward(self, x, classes):
        for layer in self.layers:
            x = F.gelu(layer(x))
        return F.cross_entropy(self.head(x), classes)


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 192, 8, stride=8)
        self.positions = nn.Embedding(64, 192)
        self.blocks = nn.ModuleList([Block(192, 3, 768) for _ in range(12)])
        self.norm, self.head = nn.LayerNorm(192), nn.Linear(192, 100)

    def forward(self, images, classes):
        x = self.patches(images).flatten(2).transpose(1, 2) + self.positions.weight
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x).mean(1)), classes)


class Stage(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, width, 3, padding=1), nn.LayerNorm(width)

    def forward(self, x):
        x = F.max_pool2d(self.conv(x), 2)
        return F.gelu(self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class ImageTower(nn.Module):
    def __init__(self):
        super().__init__()
        widths = (32, 64, 128, 192)
        self.stem = nn.ModuleList([Stage(c, w) for c, w in zip((3, *widths), widths)])
        self.positions, self.blocks = nn.Embedding(4, 192), nn.ModuleList([Block(192, 4, 384)])
        self.norm, self.head = nn.LayerNorm(192), nn.Linear(192, 128)

    def forward(self, x):
        for stage in self.stem:
            x = stage(x)
        x = self.blocks[0](x.permute(0, 2, 3, 1).flatten(1, 2) + self.positions.weight)
        return F.normalize(self.head(self.norm(x).mean(1)), dim=-1)


class TextTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(1024, 128), nn.Embedding(12, 128)
        self.blocks, self.norm = nn.ModuleList([Block(128, 4, 256)]), nn.LayerNorm(128)
        self.head = nn.Linear(128, 128)

    def forward(self, ids, lengths):
        keep = torch.arange(12)[None] < lengths[:, None]
        x = self.norm(self.blocks[0](self.words(ids) + self.positions.weight, keep[:, None, None]))
        return F.normalize(self.head((x * keep[..., None]).sum(1) / lengths[:, None]), dim=-1)


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        self.image_tower, self.text_tower = ImageTower(), TextTower()
        self.logit_scale = nn.Parameter(torch.zeros(1))

    def forward(self, images, ids, lengths, concepts):
        logits = self.image_tower(images) @ self.text_tower(ids, lengths).T * self.logit_scale.exp().clamp(max=100)
        same = (concepts[:, None] == concepts[None]).to(logits.dtype)
        target = same / same.sum(1, keepdim=True)
        rows = -(target * F.log_softmax(logits, 1)).sum(1).mean()
        columns = -(target * F.log_softmax(logits.T, 1)).sum(1).mean()
        return (rows + columns) / 2


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(4096, 256), nn.Embedding(256, 256)
        self.blocks = nn.ModuleList([Block(256, 4, 1024, causal=True) for _ in range(6)])
        self.norm = nn.LayerNorm(256)

    def forward(self, ids, next):
        x = self.words(ids) + self.positions.weight
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.words.weight)
        return F.cross_entropy(logits.flatten(0, 1), next.flatten())


MODELS = {"mlp": Mlp, "vit": Vit, "clip": Clip, "gpt": Gpt}


def names_of(model):
    """Athanor's path of every parameter: what scales a normalised value is a gain."""
    norms = {path for path, module in model.named_modules() if isinstance(module, nn.LayerNorm)}
    for path, parameter in model.named_parameters():
        module, _, last = path.rpartition(".")
        yield (module + ".gain" if module in norms and last == "weight" else path), parameter


def array(directory, name, kind, dims):
    return torch.from_numpy(np.fromfile(directory / f"{name}.{kind}", np.float32 if kind == "f32" else np.int32)).view(dims)


def from_athanor(values, like):
    """A convolution's weight is [out, height, width, in] in Athanor."""
    return values.permute(0, 3, 1, 2) if like.dim() == 4 else values


def load(name, directory, dtype=torch.float32):
    """The model, its inputs in order, and (path, parameter, decays, rate) of every parameter."""
    directory = pathlib.Path(directory)
    model = MODELS[name]().to(dtype)
    parameters = dict(names_of(model))
    trained = []
    for line in (directory / "shapes.txt").read_text().splitlines():
        path, decays, rate, *dims = line.split()
        parameter = parameters.pop(path)
        values = from_athanor(array(directory, path, "f32", [int(d) for d in dims]), parameter)
        assert values.shape == parameter.shape, path
        parameter.data.copy_(values)
        trained.append((path, parameter, decays == "1", float(rate)))
    assert not parameters, f"not in Athanor: {list(parameters)}"
    model = model.to(memory_format=torch.channels_last)
    inputs = []
    for line in (directory / "inputs.txt").read_text().splitlines():
        name, *dims = line.split()
        kind = "f32" if (directory / f"{name}.f32").exists() else "i32"
        values = array(directory, name, kind, [int(d) for d in dims])
        values = values.to(dtype) if kind == "f32" else values.long()
        # Channels last is the quicker layout for PyTorch here, and is how the pictures lie already.
        inputs.append(values.permute(0, 3, 1, 2) if values.dim() == 4 else values)
    return model, inputs, trained


def optimizer_of(trained, learning_rate=1e-3):
    groups = {}
    for _, parameter, decays, rate in trained:
        group = {"params": [], "weight_decay": 0.05 if decays else 0.0, "lr": learning_rate * rate}
        groups.setdefault((decays, rate), group)["params"].append(parameter)
    return torch.optim.AdamW(list(groups.values()), learning_rate, betas=(0.9, 0.98))
