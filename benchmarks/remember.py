"""Cache embeddings: peers embed the same texts again for each size and each scope.

Only for what is not timed. All peers have the same model, so they share what is remembered.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

_HARMLESS = frozenset({"batch_size", "show_progress_bar"})  # options that do not change a vector


def embed_once() -> None:
    """Make every SentenceTransformer of this process cache its vectors."""
    from sentence_transformers import SentenceTransformer

    SentenceTransformer.encode = remembering(  # type: ignore[method-assign]
        SentenceTransformer.encode
    )


def remembering(encode: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function like ``SentenceTransformer.encode``, with a cache."""
    known: dict[tuple[str, str], Any] = {}
    signature = inspect.signature(encode)

    def remembered(model: Any, *args: Any, **options: Any) -> Any:
        call = signature.bind(model, *args, **options)
        call.apply_defaults()
        _, texts, *_ = call.arguments.values()
        asked = [texts] if isinstance(texts, str) else list(texts)
        if not asked or call.arguments.get("convert_to_tensor"):
            return encode(model, *args, **options)
        setting = repr([it for it in list(call.arguments.items())[2:] if it[0] not in _HARMLESS])
        new = [text for text in dict.fromkeys(asked) if (setting, text) not in known]
        if new:
            call.arguments["inputs"] = new
            vectors = encode(*call.args, **call.kwargs)
            known.update(zip(((setting, text) for text in new), vectors, strict=True))
        found = np.stack([known[setting, text] for text in asked])
        return found[0] if isinstance(texts, str) else found

    return remembered
