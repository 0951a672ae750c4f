"""The default embedder in NumPy gives the vectors of sentence-transformers, and needs no torch."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from qa_bot.models.embedder import (
    DEFAULT_FINGERPRINT,
    Embedder,
    default_folder,
    fingerprint,
    load_embedder,
    load_sentence_transformer,
)
from qa_bot.models.minilm import MiniLM


@pytest.fixture(scope="module")
def whole() -> Embedder:
    return load_sentence_transformer(str(default_folder()))


def cosines(one: Embedder, other: Embedder, texts: list[str]) -> list[float]:
    first, second = (np.asarray(model.encode_query(texts)) for model in (one, other))
    return [
        float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        for a, b in zip(first, second, strict=True)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "question",
    [
        "Who is the Defense Secretary?",
        "",
        "?",
        "Wer hat die Brücke über den Öresund gebaut?",
        "橋を設計したのは誰ですか",
        "why " * 400,
        "naïve café ☕ e\u0301 \u200b \x00",
    ],
)
def test_a_question_has_the_vector_of_the_whole_model(question: str, whole: Embedder) -> None:
    assert cosines(load_embedder(), whole, [question]) == pytest.approx([1.0], abs=1e-5)


@pytest.mark.slow
@given(st.text(max_size=60))
@settings(deadline=None, max_examples=30)
def test_any_text_has_it(text: str) -> None:
    text = text.encode(errors="replace").decode()
    assume(not any(mark in text for mark in ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]")))
    model = load_embedder()
    assert isinstance(model, MiniLM)
    assert cosines(model, model._full_model, [text]) == pytest.approx([1.0], abs=1e-5)


def test_marks_of_the_tokenizer_are_words_in_a_question() -> None:
    model = load_embedder()
    inside, without = model.encode_query(["Is [SEP] a mark?", "Is a mark?"])
    assert float(inside @ without) < 0.99


@pytest.mark.slow
def test_the_fingerprint_is_that_of_the_whole_model(whole: Embedder) -> None:
    assert fingerprint(load_embedder()) == DEFAULT_FINGERPRINT == fingerprint(whole)


@pytest.mark.slow
def test_an_answer_needs_neither_torch_nor_sentence_transformers() -> None:
    script = (
        "import sys, qa_bot; print(qa_bot.answer('Who is the Defense Secretary?').found);"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'gradio')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["True", "[]"], done.stderr


def test_numpy_has_its_threads_back_after_many_questions_at_once() -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    model, before = load_embedder(), threads()
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda text: model.encode_query([text]), ["who?", "where is it?"] * 8)
        )
    assert threads() == before != []
    for number, vectors in enumerate(found):
        assert np.array_equal(vectors, found[number % 2])
