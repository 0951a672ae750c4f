"""A training run: it learns from labels and a teacher, and resumes after it was killed."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from qa_bot.errors import ModelError
from tests.helpers.training_fakes import conversations, small_model, trained_items
from training import train
from training.batches import Draws, Step, pack_questions
from training.examples import Example
from training.losses import teacher_losses
from training.mixture import Mixture
from training.model import SpanModel, load_model, new_tokenizer

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
TOKENIZER = new_tokenizer()
TOKENS = 800  # of a batch
STEPS = 70  # to learn


class Killed(Exception):
    """Simulates a kill."""


class KilledRun(train.Run):
    """A run that is saved after one step and killed after a later one."""

    def __init__(self, *args: object, saved: int, killed: int) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.saved, self.killed = saved, killed

    def _take(self, step: Step) -> None:
        super()._take(step)
        if self.step == self.saved:
            self.save()
        if self.step == self.killed:
            raise Killed


def draws(part: int = TOKENS) -> Draws:
    mixture = Mixture(*trained_items(), seed=1)
    return Draws(mixture, conversations(), TOKENIZER, tokens=TOKENS, part=part, questions=24)


def settings(steps: int, rate: float = 3e-3, seed: int = 1) -> train.Settings:
    return train.Settings("teacher", steps, rate, TOKENS, seed)


def run(folder: Path, steps: int, model: SpanModel, teacher: SpanModel | None = None) -> train.Run:
    return train.Run(folder, model, draws(), settings(steps), CPU, teacher)


def logged(folder: Path, name: str) -> list[float]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def last_third_to_first(losses: list[float]) -> float:
    """Return the mean of the last third of some losses over that of the first."""
    third = len(losses) // 3
    return sum(losses[-third:]) / sum(losses[:third])


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Use one thread: small models are slower with several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def every_step_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "LOG_SECONDS", -1)


@pytest.fixture(scope="module")
def teacher_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("teacher")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "LOG_SECONDS", -1)
        run(folder, STEPS, small_model(seed=1, relative=True)).train()
    yield folder


def test_a_teacher_learns(teacher_folder: Path) -> None:
    for name in ("own", "shared", "terms"):
        assert last_third_to_first(logged(teacher_folder, name)) < 0.8, name


@pytest.mark.usefixtures("every_step_is_logged")
def test_a_student_learns_from_labels_and_teacher(teacher_folder: Path, tmp_path: Path) -> None:
    teacher = load_model(teacher_folder / "checkpoint.pt")
    weights = {name: weight.clone() for name, weight in teacher.state_dict().items()}
    run(tmp_path, STEPS, small_model(seed=2), teacher).train()
    for name in ("own", "shared", "terms", "taught_terms", "divergence", "shared_divergence"):
        assert last_third_to_first(logged(tmp_path, name)) < 0.9, name
    assert all(torch.equal(weights[name], weight) for name, weight in teacher.state_dict().items())
    # The averaged weights, which are what ships, agree with the teacher too.
    batch = pack_questions(TOKENIZER, [(Example("Who met 7?", "Jade met iris here.", ()),)])
    read = batch.ids, batch.types, batch.mask
    student = load_model(tmp_path / "checkpoint.pt")
    with torch.no_grad():
        taught = teacher(*read)
        before, after = (
            teacher_losses(model(*read), taught, batch)["divergence"].item()
            for model in (small_model(seed=2).eval(), student)
        )
    assert after < before / 2


def test_a_killed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(whole, 12, small_model(seed=3, dropout=0.1)).train()
    broken.mkdir()
    killed = KilledRun(
        broken, small_model(seed=3, dropout=0.1), draws(), settings(12), CPU, saved=5, killed=8
    )
    with pytest.raises(Killed):
        killed.train()
    resumed = run(broken, 12, small_model(seed=4, dropout=0.1))
    assert resumed.step == 5
    draw, at = resumed.position
    assert draw > 0 and 0 < at < len(pickle.loads(draws()[draw]))  # in the midst of a draw
    resumed.train()
    states = [torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (whole, broken)]
    assert [state["step"] for state in states] == [12, 12]
    assert states[0]["position"] == states[1]["position"]
    for kind in ("model", "weights"):
        for name, weight in states[0][kind].items():
            assert torch.allclose(weight, states[1][kind][name], atol=1e-6), name
    assert not torch.equal(states[0]["model"]["head.weight"], states[0]["weights"]["head.weight"])


def test_batches_are_the_same_from_other_processes(tmp_path: Path) -> None:
    weights = []
    for workers in (0, 2):
        folder = tmp_path / str(workers)
        run(folder, 4, small_model(seed=1)).train(workers)
        weights.append(torch.load(folder / "checkpoint.pt", weights_only=True)["weights"])
    assert all(torch.allclose(weight, weights[1][name]) for name, weight in weights[0].items())


def test_a_batch_read_in_parts_is_the_same_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "MASKED", 0.0)
    gradients = []
    for part in (TOKENS, TOKENS // 3):
        made = train.Run(tmp_path, small_model(seed=1), draws(part), settings(3), CPU)
        made._take(next(made._steps(workers=0)))
        averages = [state["exp_avg"] for state in made.optimizer.state.values()]  # after one step
        gradients.append(torch.cat([average.flatten() for average in averages]))
    assert gradients[0].norm() > 0.01
    assert torch.allclose(gradients[0], gradients[1], atol=1e-6)


def test_a_run_is_not_continued_with_other_settings(tmp_path: Path) -> None:
    run(tmp_path, 2, small_model(seed=1)).train()
    with pytest.raises(ModelError, match=r"'steps': 2.*or another --run"):
        run(tmp_path, 3, small_model(seed=1))


def test_losses_that_are_no_numbers_end_a_run(tmp_path: Path) -> None:
    model = small_model(seed=1)
    model.head.weight.data[0, 0] = float("nan")
    with pytest.raises(ModelError, match=r"not finite at step 2.*lower --rate"):
        run(tmp_path, 2, model).train()
    assert not (tmp_path / "checkpoint.pt").exists()


def test_the_rate_rises_and_falls() -> None:
    rate = train.Settings("student", 1000, 2e-4, 2000, 1).rate_at
    assert [rate(30), rate(60), rate(530)] == pytest.approx([1e-4, 2e-4, 1e-4])
    assert rate(0) == pytest.approx(2e-4 * train.LEAST_RATE)
    assert rate(0) <= rate(999) < 1e-6


def test_averaged_weights_follow_those_of_the_steps(tmp_path: Path) -> None:
    made = run(tmp_path, 2, small_model(seed=1))
    first = made.model.head.bias.detach().clone()
    steps = made._steps(workers=0)
    expected = first
    for number in (1, 2):
        made._take(next(steps))
        kept = (1 + number) / (10 + number)
        expected = kept * expected + (1 - kept) * made.model.head.bias.detach()
        assert torch.allclose(made.averaged.head.bias, expected, atol=1e-8)
    assert not torch.equal(first, expected)


def test_the_relative_positions_of_a_teacher_stay(tmp_path: Path) -> None:
    made = run(tmp_path, 2, small_model(seed=1, relative=True))
    before = made.model.state_dict()["relative.weight"].clone()
    made.train()
    assert torch.equal(made.model.state_dict()["relative.weight"], before)
