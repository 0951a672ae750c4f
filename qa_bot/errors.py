"""Every exception a person may see. Each message says what happened and what mends it."""


class QABotError(Exception):
    """Base of the errors the command line and the page show; a caller's mistake is a ValueError."""


class ArticleError(QABotError):
    """A file or folder cannot be read as an article; the message names it."""


class IndexNotFoundError(QABotError):
    """There is no index where one was expected."""


class IndexMismatchError(QABotError):
    """An index was built with another model, format or settings, or its files were altered."""


class ModelError(QABotError):
    """A model is not on this machine, or its weights are not the expected ones."""


class MissingExtraError(QABotError):
    """What was asked for needs packages of an extra that is not installed; the message names it."""


class StoreError(QABotError):
    """A server that keeps an index is not there, is too slow, or refuses."""
