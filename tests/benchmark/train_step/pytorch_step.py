"""The starter's model in PyTorch eager, spoken to as train_step is: lines "steps N" in, milliseconds per step out.

Pictures run in the channels_last layout, which is the quicker one for PyTorch here.
"""
import argparse
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY, TOKENS, CONCEPTS, PX = 1024, 12, 285, 32


class ChannelNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, mask=None):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, tokens, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class TwoTower(nn.Module):
    def __init__(self):
        super().__init__()
        stages, channels = [], 3
        for width in (32, 64, 128, 192):
            stages += [nn.Conv2d(channels, width, 3, padding=1), nn.MaxPool2d(2), ChannelNorm(width), nn.GELU()]
            channels = width
        self.stem = nn.Sequential(*stages)
        self.image_positions = nn.Parameter(torch.randn(4, 192) * 0.02)
        self.image_block, self.image_norm, self.image_head = Block(192, 4, 384), nn.LayerNorm(192), nn.Linear(192, 128)
        self.words = nn.Embedding(VOCABULARY, 128)
        self.text_positions = nn.Parameter(torch.randn(TOKENS, 128) * 0.02)
        self.text_block, self.text_norm, self.text_head = Block(128, 4, 256), nn.LayerNorm(128), nn.Linear(128, 128)
        self.logit_scale = nn.Parameter(torch.tensor(1.6))

    def image(self, images):
        tokens = self.stem(images).permute(0, 2, 3, 1).flatten(1, 2) + self.image_positions
        pooled = self.image_norm(self.image_block(tokens)).mean(1)
        return F.normalize(self.image_head(pooled), dim=-1)

    def text(self, ids, lengths):
        keep = torch.arange(TOKENS)[None] < lengths[:, None]
        hidden = self.text_norm(self.text_block(self.words(ids) + self.text_positions, keep[:, None, None]))
        pooled = (hidden * keep[..., None]).sum(1) / lengths[:, None]
        return F.normalize(self.text_head(pooled), dim=-1)


def contrastive_loss(images, texts, logit_scale, concepts):
    logits = images @ texts.T * logit_scale.exp().clamp(max=100)
    same = (concepts[:, None] == concepts[None]).float()
    target = same / same.sum(1, keepdim=True)
    rows = -(target * F.log_softmax(logits, 1)).sum(1).mean()
    columns = -(target * F.log_softmax(logits.T, 1)).sum(1).mean()
    return (rows + columns) / 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(7)
    model = TwoTower().to(memory_format=torch.channels_last)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, 1e-3, betas=(0.9, 0.98), weight_decay=0.05)
    images = (torch.rand(options.batch, 3, PX, PX) * 2 - 1).contiguous(memory_format=torch.channels_last)
    lengths = torch.randint(1, TOKENS + 1, (options.batch,))
    ids = torch.randint(1, VOCABULARY, (options.batch, TOKENS)) * (torch.arange(TOKENS)[None] < lengths[:, None])
    concepts = torch.randint(0, CONCEPTS, (options.batch,))

    def step():
        loss = contrastive_loss(model.image(images), model.text(ids, lengths), model.logit_scale, concepts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return loss.item()

    print("parameters", sum(p.numel() for p in parameters), flush=True)
    for line in sys.stdin:
        steps = int(line.split()[1])
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        print((time.perf_counter() - begin) * 1e3 / steps, flush=True)


if __name__ == "__main__":
    main()
