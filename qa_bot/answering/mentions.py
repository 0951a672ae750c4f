"""What a conversation is about: its content words, names, and the phrases around chosen words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa_bot.dates import MONTHS, WEEKDAYS
from qa_bot.stopwords import POSSESSIVE, is_stop_word, stem

QUESTION_WORDS = frozenset(
    "who whom whose what which when where why how many much long old far".split()
)

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
# "the full" before "brigade": what stands before a noun, and up to two words between them.
_BEFORE_NOUN = re.compile(
    r"\b(?:the|an?|his|her|its|their|this|that|these|those|some|any|many|which|whose|several|most"
    r"|all|\d+)\s+((?:[^\W\d_-]+ ){0,2})$",
    re.IGNORECASE,
)
_DETERMINER = re.compile(
    r"(?P<subject>\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\s+)?"
    r"\b(?:the|an?|his|her|its|their|this|that|these|those|some|any)\s+",
    re.IGNORECASE,
)
_BEFORE_THING = re.compile(r"\b(?:the|an?|in|at|near|to)\s$", re.IGNORECASE)
_BEFORE_PLACE = re.compile(
    r"\b(?:in|at|near|into|inside|outside|from|to)\s(?:the\s)?$", re.IGNORECASE
)
_AFTER_THING = re.compile(r"-[a-z]+ed\b|-(?:based|led|born|made)\b")  # "Iran-backed"
_TITLES = (
    "president|minister|secretary|chancellor|premier|senator|sen|governor|gov|ambassador|mayor|"
    "judge|justice|leader|chairman|chairwoman|director|commander|general|gen|colonel|col|captain|"
    "sergeant|king|queen|prince|princess|pope|ayatollah|sheikh|professor|prof|doctor|dr|mr|mrs|ms"
)
_TITLED = re.compile(rf"\b(?i:{_TITLES})\b\.? [A-Z]")  # "Defense Secretary Mark Esper"
_BEFORE_PERSON = re.compile(rf"\b(?i:{_TITLES})\b[.,]? (?:[A-Z][\w.-]* ){{0,2}}$")
_AFTER_PERSON = re.compile(
    r",? (?:who|himself|herself|tweeted|smiled|resigned|was (?:born|asked|married|educated)"
    r"|grew up|married)\b"
)
_ROLES = frozenset(
    "man woman boy girl person guy lady husband wife father mother son daughter brother sister "
    "leader president minister secretary chancellor premier senator governor ambassador mayor "
    "judge director commander general colonel captain sergeant king queen prince princess pope "
    "professor doctor nurse teacher student author writer artist painter architect engineer "
    "contractor driver pilot sailor soldier guard officer owner manager chairman chairwoman "
    "founder builder baker farmer fisherman lawyer victim suspect winner spokesman spokeswoman "
    "reporter journalist scientist researcher singer actor actress player coach".split()
)
_SEVERAL = frozenset("people men women children police troops couple".split())
_GROUPS = frozenset(
    "group militia team company firm family government army force military party crowd band club "
    "council committee board union department ministry office organization organisation agency "
    "brigade division battalion regime staff crew public audience".split()
)
_TIMES = frozenset(name.lower() for name in MONTHS + WEEKDAYS)
_JOINING = ("", " ", " of ", " of the ", " de ", " van ", " von ")  # between two words of a name
_PAST_VERB = re.compile(
    r"[a-z]{2,}ed|sent|built|made|held|shot|led|said|told|took|left|gave|went|came|got|won|lost"
    r"|began|fell|found|brought|paid|met|ran|saw|wrote|put|set"
)
_REACH = 40  # characters before a word in which those of its phrase are looked for


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a text that may belong to a query: its offsets, and its stem."""

    start: int
    end: int
    stem: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of text that mentions somebody or something."""

    start: int
    end: int
    stems: frozenset[str]
    score: float  # the highest of its words' chances
    is_name: bool
    is_noun: bool  # a name, or a phrase with an article or the like before it


def terms(text: str) -> Iterator[Term]:
    """Yield the content words and the question words of a text."""
    for found in _WORD.finditer(text):
        word = found[0].lower()
        if word in QUESTION_WORDS or not is_stop_word(found[0]):
            yield Term(found.start(), found.end(), stem(word))


def referents(text: str, chances: Mapping[Term, float]) -> list[Mention]:
    """Return what chosen terms of a text are about, likeliest first, each thing once.

    ``chances`` holds the chosen terms only. A name with one of them is taken whole. "Esper" is
    the same as "Mark Esper": the longest form stands for both, and the latest of equally long ones.
    """
    kept: list[Mention] = []
    for one in sorted(_mentions(text, chances), key=lambda m: (-len(m.stems), -m.start)):
        same = next((at for at, other in enumerate(kept) if one.stems <= other.stems), None)
        if same is None:
            kept.append(one)
        else:
            kept[same] = replace(kept[same], score=max(kept[same].score, one.score))
    return sorted(kept, key=lambda one: -one.score)


def noun_phrases(text: str) -> list[tuple[int, int]]:
    """Return the offsets of a question's names and of the nouns after "the" and the like.

    They are in order, without the article.
    """
    names = [place for place in find_names(text) if place[0] > 0 or " " in text[slice(*place)]]
    found = list(names)
    for begun in _DETERMINER.finditer(text):
        words = list(_word_run(text, begun.end()))
        if begun["subject"]:  # "did the guard leave": a verb follows
            words = words[:1]
        if words and not any(start < words[-1] and begun.end() < end for start, end in names):
            found.append((begun.end(), words[-1]))
    return sorted(found)


def _word_run(text: str, start: int) -> Iterator[int]:
    """Yield the end of each word in a run of content words with nothing between them."""
    at = start
    for word in _WORD.finditer(text, start):
        if text[at : word.start()] not in ("", " ") or is_stop_word(word[0]):
            return
        at = word.end()
        yield at


def is_named_thing(text: str, name: str) -> bool:
    """Whether a name is not a person's.

    Such a name mostly follows "the", "in" and the like, is part of a word such as "Iran-backed",
    or has digits.
    """
    return (
        _mostly_follows(_BEFORE_THING, text, name)
        or any(map(str.isdigit, name))
        or any(_AFTER_THING.match(text, found.end()) for found in _places(text, name))
    )


def is_time(name: str) -> bool:
    """Whether a name is a day or a month, perhaps with a number: "Tuesday", "May 3rd"."""
    words = [word for word in _WORD.findall(name) if not word[0].isdigit()]
    return words != [] and all(word.lower() in _TIMES for word in words)


def is_role(phrase: str) -> bool:
    """Whether a phrase names a person by what they are: "the old driver"."""
    return phrase.lower().split()[-1] in _ROLES


def is_plural(phrase: str) -> bool:
    """Whether a common noun is plural, judged by its last word."""
    word = phrase.lower().split()[-1]
    return word in _SEVERAL or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def is_group(phrase: str) -> bool:
    """Whether a phrase is a collective noun, for which "it" and "they" both stand."""
    return phrase.lower().split()[-1] in _GROUPS


def is_place(text: str, name: str) -> bool:
    """Whether a name mostly follows "in", "at", "from" and the like."""
    return _mostly_follows(_BEFORE_PLACE, text, name)


def is_person(text: str, name: str) -> bool:
    """Whether a name has a title somewhere in a text, or does what only people do."""
    last = name.split()[-1]
    return _TITLED.search(name) is not None or any(
        _BEFORE_PERSON.search(text[max(found.start() - _REACH, 0) : found.start()])
        or _AFTER_PERSON.match(text, found.end())
        for found in _places(text, last)
    )


def _places(text: str, name: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a name as whole words: "Iran", but not in "Iranian"."""
    return re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)


def _mostly_follows(pattern: re.Pattern[str], text: str, name: str) -> bool:
    places = [found.start() for found in _places(text, name)]
    found = sum(pattern.search(text[max(at - _REACH, 0) : at]) is not None for at in places)
    return 2 * found > len(places)


def _mentions(text: str, chances: Mapping[Term, float]) -> Iterator[Mention]:
    """Yield the names that hold a chosen term, and the runs of the other chosen terms."""
    every = list(terms(text))
    free = [term for term in chances if text[term.start : term.end].lower() not in QUESTION_WORDS]
    for start, end in find_names(text):
        name = [term for term in every if start <= term.start and term.end <= end]
        free = [term for term in free if term not in name]
        scores = [chances[term] for term in name if term in chances]
        if scores:
            end -= 2 * (POSSESSIVE.search(text[start:end]) is not None)
            stems = frozenset(term.stem for term in name)
            yield Mention(start, end, stems, max(scores), is_name=True, is_noun=True)
    runs: list[list[Term]] = []
    for term in free:
        last = runs[-1][-1] if runs else None
        adjacent = last is not None and text[last.end : term.start] == " "
        if last is not None and adjacent and not any(_is_verb(text, t) for t in (last, term)):
            runs[-1].append(term)
        else:
            runs.append([term])
    yield from (_phrase(text, run, max(chances[term] for term in run)) for run in runs)


def _is_verb(text: str, term: Term) -> bool:
    """Whether a word looks like a verb in the past tense."""
    return _PAST_VERB.fullmatch(text[term.start : term.end]) is not None


def _phrase(text: str, run: Sequence[Term], score: float) -> Mention:
    """Return a mention of a run of words, with the adjectives before it."""
    start, end = run[0].start, run[-1].end
    before = _BEFORE_NOUN.search(text[max(start - _REACH, 0) : start])
    if before is not None and not any(map(is_stop_word, before[1].split())):
        start -= len(before[1])
    end -= 2 * (POSSESSIVE.search(text[start:end]) is not None)
    stems = frozenset(term.stem for term in run)
    return Mention(start, end, stems, score, is_name=False, is_noun=before is not None)


def find_names(text: str) -> list[tuple[int, int]]:
    """Return the offsets of the capitalised names: "U.S. Embassy", "82nd Airborne Division"."""
    found: list[tuple[int, int]] = []
    last = ""
    for word in _WORD.finditer(text):
        initial = len(word[0]) == 1 and text[word.end() : word.end() + 1] == "."
        if not (word[0][0].isupper() or _ORDINAL.fullmatch(word[0])):
            continue
        if not initial and (is_stop_word(word[0]) or word[0].lower() in QUESTION_WORDS):
            continue
        end = word.end() + initial  # with its full stop
        if found and _joins(last, text[found[-1][1] : word.start()]):
            found[-1] = found[-1][0], end
        else:
            found.append((word.start(), end))
        last = word[0]
    return found


def _joins(last: str, between: str) -> bool:
    """Whether a capitalised word continues the name before it, given the text between them."""
    return between in _JOINING and POSSESSIVE.search(last) is None
