"""The exceptions that a user may see. Each message says what happened and how to mend it."""


class QABotError(Exception):
    """Base of the errors that the command line and the page show.

    A caller's mistake is a ValueError or a TypeError.
    """


class ArticleError(QABotError):
    """A file or folder cannot be read as a document; the message names it."""


class IndexNotFoundError(QABotError):
    """There is no index in the given place."""


class IndexMismatchError(QABotError):
    """An index was built with another model, format or settings, or its files were altered."""


class ModelError(QABotError):
    """A model is not on this machine, or its weights are not the expected ones."""


class MissingExtraError(QABotError):
    """The packages of an extra are needed but not installed; the message names the extra."""


class StoreError(QABotError):
    """A server that stores an index cannot be reached, is too slow, or refuses a request."""
