"""A teacher's states as a linear function of the reader's: learned besides what it answers.

Token for token they say more than the answer does (Jiao et al., "TinyBERT: Distilling BERT for
Natural Language Understanding", 2020). The function is of use in training alone.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

RIDGE = 10.0  # added to the squares of a fit, of tens of thousands of tokens
LEAST = 0.02  # deviation of a feature: one that hardly varies says little, and would be blown up


class Projection(nn.Linear):
    """From a reader's states to its teacher's, each feature with mean 0 and deviation 1."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int, mean: Tensor, deviation: Tensor) -> None:
        """Begin at random; ``mean`` and ``deviation`` are of the teacher's features."""
        super().__init__(features, len(mean))
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation.clamp(min=LEAST))

    def standardized(self, taught: Tensor) -> Tensor:
        """Return a teacher's states, ``(tokens, features)``, as they are to be foretold."""
        return (taught.float() - self.mean.float()) / self.deviation.float()

    def loss(self, states: Tensor, taught: Sequence[Tensor]) -> Tensor:
        """Return the sum over texts of the mean squared error over their tokens and features.

        ``states`` are the reader's, ``(n, tokens, features)``; ``taught`` has a teacher's for the
        tokens of each text, without padding.
        """
        foretold: Tensor = self(states).float()
        total = foretold.new_zeros(())
        for mine, theirs in zip(foretold, taught, strict=True):
            wanted = self.standardized(theirs.to(mine.device))
            total = total + (mine[: len(wanted)] - wanted).square().mean()
        return total


def fitted(states: Tensor, taught: Tensor) -> Projection:
    """Return the projection with the least squares (ridge) over tokens: ``(n, features)`` each.

    From a random one the reader would be pulled about until it is learned.
    """
    projection = Projection(states.shape[1], taught.float().mean(0), taught.float().std(0))
    ones = pad(states, (0, 1), value=1.0).double()
    squares = ones.T @ ones + RIDGE * torch.eye(ones.shape[1], dtype=torch.float64)
    wanted = projection.standardized(taught).double()
    solved = torch.linalg.solve(squares, ones.T @ wanted).float()
    with torch.no_grad():
        projection.weight.copy_(solved[:-1].T)
        projection.bias.copy_(solved[-1])
    return projection
