"""A GGUF model says how probable texts are: a process of its own, in an environment of its own.

    python model_scores.py FILE.gguf

Lines of JSON in: `before`, and `after`, which begins at a place where tokens do. Lines out: the
`logprobs` of the tokens of `after`, and whether the model writes just these, and a line break
then, when it always takes the likeliest (`exact`). It is run by `likelihood.py`.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    given = {"gguf_file": path.name}
    tokens = transformers.AutoTokenizer.from_pretrained(path.parent, **given)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, dtype=torch.bfloat16, **given
    )
    window = model.config.max_position_embeddings
    print(json.dumps({"window": window}), flush=True)

    def ids(text: str) -> list[int]:
        return list(tokens(text, add_special_tokens=False)["input_ids"])

    for asked in sys.stdin:
        question = json.loads(asked)
        after = ids(question["after"])
        every = [*(ids(question["before"]) or [tokens.bos_token_id]), *after][-window:]
        with torch.inference_mode():
            kept = model(torch.tensor([every]), logits_to_keep=len(after) + 1).logits[0]
            known = kept.float().log_softmax(-1)
        likeliest = known.argmax(-1).tolist()
        answer = {
            "logprobs": [known[i, token].item() for i, token in enumerate(after)],
            "exact": likeliest[:-1] == after
            and tokens.decode([likeliest[-1]]).startswith(("\n", "\r")),
            "tokens": len(every),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
