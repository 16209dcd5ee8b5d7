#!/usr/bin/env python3
"""Writes reference.json and embeddings.safetensors beside itself: what sentence-transformers makes of sentences.py.

make.py MODEL_FOLDER, with the packages sentence-transformers, tokenizers and safetensors installed. The folder is what
installer/fetch-minilm unpacks. Needs no network.
"""
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import safetensors.numpy
import sentence_transformers
import tokenizers

from sentences import SENTENCES

here = Path(__file__).parent
folder = sys.argv[1]
model = sentence_transformers.SentenceTransformer(folder, device="cpu")
longest = model.max_seq_length

tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(longest)

rows = []
for text in SENTENCES:
    ids = tokenizer.encode(text).ids
    theirs = model.tokenize([text])["input_ids"][0].tolist()
    if ids != theirs:
        sys.exit(f"the two libraries differ on {text!r}:\n{ids}\n{theirs}")
    rows.append({"text": text, "ids": ids})

embeddings = model.encode(SENTENCES, batch_size=1, convert_to_numpy=True, normalize_embeddings=True)
# How every code point between two letters is cleaned and cut, as one digest.
digest = hashlib.sha256()
for point in range(0x110000):
    if 0xD800 <= point <= 0xDFFF:
        continue
    clean = tokenizer.normalizer.normalize_str(f"a{chr(point)}b")
    words = [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(clean)]
    digest.update(f"{point:x} {chr(1).join(words)}\n".encode())

document = {
    "made_by": {
        "sentence-transformers": sentence_transformers.__version__,
        "tokenizers": tokenizers.__version__,
    },
    "max_tokens": longest,
    "code_points_sha256": digest.hexdigest(),
    "rows": rows,
}
with open(here / "reference.json", "w", encoding="utf-8") as out:
    out.write(json.dumps(document, ensure_ascii=True).replace('{"text"', '\n{"text"') + "\n")
safetensors.numpy.save_file({"embeddings": embeddings.astype("float16")}, here / "embeddings.safetensors")
print(len(rows), "rows,", embeddings.shape)
