"""Our own adapter works like the peers'; a peer that is not installed raises ImportError."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.peers import OURS, PEERS, load, model_folder
from qa_bot.datatypes import Document

HARBOUR = Document("The harbour master is Anna Berg. She counts boats.", "Harbour")
LIGHTS = Document("The lighthouse was built in 1871. It is white.", "Lights")


@pytest.mark.slow
def test_ours_answers_with_quotes_and_opens_what_it_saved(tmp_path: Path) -> None:
    peer = load(OURS)
    peer.build([HARBOUR, LIGHTS])
    assert len(peer) == 2
    found = peer.search("When was the lighthouse built?", 3)
    assert (found[0].text, found[0].document) == ("The lighthouse was built in 1871.", LIGHTS.id)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert len(peer.search("When was the lighthouse built?", 1)) == 1
    peer.save(tmp_path / "index")
    again = load(OURS)
    again.open(tmp_path / "index")
    assert again.search("When was the lighthouse built?", 3) == found


def test_nothing_is_refused_so_that_a_threshold_can_be_laid() -> None:
    peer = load(OURS)
    peer.build([HARBOUR])
    (found, *_) = peer.search("What does a ticket to the moon cost?", 3)
    assert found.score is not None
    assert found.score < 0.3


@pytest.mark.parametrize("name", [name for name in PEERS if name != OURS])
def test_a_peer_is_there_or_raises_import_error(name: str) -> None:
    entry = PEERS[name]
    module = {"llamaindex": "llama_index", "langchain": "langchain_community"}
    if find_spec(module.get(entry.module, entry.module)) is not None:
        peer = load(name)
        peer.build([HARBOUR, LIGHTS])
        assert peer.search("When was the lighthouse built?", 3)[0].document == LIGHTS.id
    else:
        with pytest.raises(ImportError):
            load(name)
    assert os.environ["HAYSTACK_TELEMETRY_ENABLED"] == "False"


def test_the_weights_are_those_of_the_package() -> None:
    assert (Path(model_folder()) / "model.safetensors").is_file()
