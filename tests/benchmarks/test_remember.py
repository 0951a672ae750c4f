"""A text is embedded once for each combination of settings that changes its vector."""

import numpy as np

from benchmarks.remember import remembering


class Counter:
    """Embeds a text as its length, and records the calls."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def encode(
        self,
        inputs: list[str],
        prompt: str = "",
        batch_size: int = 32,
        show_progress_bar: bool = True,
        convert_to_tensor: bool = False,
    ) -> np.ndarray:
        self.asked.append(inputs)
        return np.array([[len(prompt + text)] for text in inputs])


def test_only_what_is_new_is_embedded() -> None:
    model = Counter()
    encode = remembering(Counter.encode)
    assert encode(model, ["a", "bb", "a"]).tolist() == [[1], [2], [1]]
    assert encode(model, "bb", batch_size=9, show_progress_bar=False).tolist() == [2]
    assert encode(model, inputs=["ccc", "bb"], prompt="").tolist() == [[3], [2]]
    assert model.asked == [["a", "bb"], ["ccc"]]


def test_another_prompt_makes_another_vector() -> None:
    model = Counter()
    encode = remembering(Counter.encode)
    found = [encode(model, "a", prompt=prompt).tolist() for prompt in ("", "query: ", "")]
    assert found == [[1], [8], [1]]
    assert model.asked == [["a"], ["a"]]


def test_nothing_and_tensors_are_asked_as_they_are() -> None:
    model = Counter()
    encode = remembering(Counter.encode)
    assert encode(model, []).tolist() == []
    for _ in range(2):
        encode(model, ["a"], convert_to_tensor=True)
    assert model.asked == [[], ["a"], ["a"]]
