"""Argument types shared by the training commands."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

import torch


def folder_with(*names: str, hint: str) -> Callable[[str], Path]:
    """Return an argument type: a folder with these files; ``hint`` says where to get them."""

    def folder(argument: str) -> Path:
        for name in names:
            if not (Path(argument) / name).is_file():
                raise ArgumentTypeError(f"there is no {Path(argument) / name}: {hint}")
        return Path(argument)

    return folder


def device(argument: str) -> torch.device:
    """Return the device named by an argument, if this machine has it."""
    try:
        torch.empty(0, device=argument)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ArgumentTypeError(f"{argument} cannot be used here: {reason}") from error
    return torch.device(argument)


def default_device() -> str:
    """Return cuda if there is a GPU, else cpu."""
    return "cuda" if torch.cuda.is_available() else "cpu"
