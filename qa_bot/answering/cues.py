"""Cues in the wording of a question: whether it needs the conversation, and what it asks for."""

import re
from functools import cached_property

from qa_bot.stopwords import is_stop_word

_ARTICLE_WORDS = (
    "article",
    "text",
    "document",
    "page",
    "story",
    "report",
    "paper",
    "piece",
    "news item",
)
_ARTICLE = rf"(?:{'|'.join(_ARTICLE_WORDS)})"
_ASKS_DATE = re.compile(
    rf"\bwhen (?:was|is|did) (?:this|(?:this|the) {_ARTICLE})\b.*"
    r"\b(?:written|published|posted|dated|released|from|come out|appear)\b"
    rf"|\b(?:date|year|day) (?:of|on) (?:this|the) {_ARTICLE}\b"
    rf"|\b(?:date|day|year) (?:was|is|does) (?:this|the|this {_ARTICLE}|the {_ARTICLE}) .*"
    r"\b(?:written|published|posted|dated|released|from|have|carry)\b"
    r"|\bpublication date\b|\bdate (?:written|published|of publication)\b"
    rf"|\bhow old is (?:this|the) {_ARTICLE}\b",
    re.IGNORECASE,
)


_OF_A_PERSON = frozenset("he she him her his hers".split())
_OF_SEVERAL = frozenset("they them their theirs thier these those".split())
_OWNING = frozenset("his hers its their theirs thier".split())  # "thier" is often typed
_POINTS = frozenset("this that these those".split())  # "that" stands for a thing, "that force" not
# Cues are looked for in the start of a question: in a page of text that would take minutes.
READ_CHARS = 500
_FEW = 3  # words: "Why not?", "How many more?"
_LONG_SUBJECT = 5  # words; what is longer is a question of its own

_PRONOUN = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|thier|theirs|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)
_OF_A_THING = frozenset("it this that".split())
# A pronoun at the end, after one of these, stands for what was said or done: "Who said that?"
_OF_A_CLAUSE = re.compile(
    r"\b(?:say|says|said|saying|tell|tells|told|claims?|claimed|reports?|reported|announced?"
    r"|den(?:y|ies|ied)|admit(?:s|ted)?|confirm(?:s|ed)?|mean|means|meant|knows?|knew|thinks?"
    r"|thought|believed?|explain(?:s|ed)?|do|does|did|done|doing)\s+$",
    re.IGNORECASE,
)
_NEXT_WORD = re.compile(r"\s+([^\W_]+)")
_LAST_WORD = re.compile(r"([^\W_]+)[\s,]*$")
_CONNECTIVE = re.compile(r"^\s*(?:(?:and|but|or|so|ok|okay|what about|how about)\b[\s,]*)+", re.I)
# "What else?", "How many more?": asked after something else was said.
_ALIKE = re.compile(
    r"\b(?:else|others?|another|(?:how many|how much|any|will|are|were|there) more|such|same)\b",
    re.I,
)
_DEFINING = re.compile(r"^\s*(?:what|who) (?:is|are) [^\W_]+\W*$", re.I)  # "What is anemia?"
_BEING = frozenset("is are was were be been".split())
# "Is it true that", "why was it hard to": it stands for what follows.
_AHEAD = re.compile(
    r"\s+(?:(?:is|was)\s+)?(?:not\s+)?(?:so\s+|very\s+)?(?:true|false|possible|impossible|known|clear"
    r"|certain|likely|necessary|important|legal|illegal|safe|dangerous|right|wrong|good|bad|better"
    r"|best|common|normal|hard|easy|difficult|fair|said|reported|believed|thought|claimed|expected)"
    r"\s+(?:that|to|if|whether|for|when)\b",
    re.IGNORECASE,
)
# Words after a "that" that opens a clause: "groups that are", "say that the".
_OPENED = frozenset(
    "the a an is are was were has have had do does did can could will would may might must should "
    "he she it they there".split()
)
_OF_ARTICLE = re.compile(rf"\bthis {_ARTICLE}\b", re.I)
# A second clause in the same sentence: "What is X and why is it important?", "If X, is it bad?"
_SECOND = re.compile(
    r"\band (?:(?:why|how|when|where|who|what|which|is|are|was|were|do|does|did|can)\b.*)?$"
    r"|(?<=^if\s)(?P<told>.*,).*$",
    re.IGNORECASE,
)
# "When did that happen?", "On what day was that?": the event of the last question.
_OF_EVENT = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|then)\W+)*(?P<asking>(?:(?:on|in|at|since|during|by|until)\s+)?"
    r"(?:when|where|why|how|how long|(?:what|which)\s+(?:day|date|week|month|year|time|place)))"
    r"(?:\s+exactly)?\s+(?:"
    r"(?:did|does|do|has|had|will|would|could)\s+(?:all\s+)?(?:of\s+)?(?:that|this|it)\s+"
    r"(?:happen(?:ed)?|occur(?:red)?|come about|t(?:ake|aken|ook) place|beg[aiu]n|start(?:ed)?"
    r"|end(?:ed)?)"
    r"|(?:is|was)\s+(?:that|this))\W*$",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\s[A-Z][\w'-]*")  # not the question's first word

_AUXILIARY = (
    r"(?:is|are|was|were|am|be|been|do|does|did|has|have|had|can|could|will|would|shall|should|may"
    r"|might|must)"
)
_NO = r"(?:n['’]t| not)?"
_ASKING_WORD = r"(?:who|whom|whose|what|when|where|why|which|how)"
_WHETHER = re.compile(
    rf"^\s*(?:{_AUXILIARY}{_NO}\s+[^\W\d]|whether\b)"
    rf"|,\s*(?:right|correct|true|{_AUXILIARY}{_NO}\s+(?:it|he|she|they|there|we|you))\W*$",
    re.IGNORECASE,
)
# "Is it red or blue?", "Can you say who?", "Will Smith was born when?" ask for more than yes or no.
_MORE_THAN_WHETHER = re.compile(
    rf"\bor\s+(?!not\b)"
    rf"|\b(?:tell|say|know|known|clear|explain|mention|state|remember|show|specify|give|list)\b"
    rf".*\b{_ASKING_WORD}\b"
    r"|\b(?:tell|give|show|list)\s+(?:me|us)\b"
    rf"|\b{_ASKING_WORD}\W*$",
    re.IGNORECASE,
)
# "Why?", "How come?", "How many?", "By whom?": a question word alone.
_BARE = re.compile(
    r"^\s*((?:(?:since|until|by|for|from|to|with|at|in|on)\s+)?"
    r"(?:who|whom|what|when|where|why|which|how)"
    r"(?:\s+(?:not|so|come|else|many|much|long|often|exactly|for|from|to|with))*)\W*$",
    re.IGNORECASE,
)
# "From which base?", "How many soldiers?", "Which militia?": a question word and a noun, no verb.
_FRAGMENT = re.compile(
    r"^\s*((?:(?:from|to|in|at|on|by|for|with|of|under|near|against|since|until|during)\s+"
    r"(?:which|what|whose|how\s+many|how\s+much)|(?:which|whose|how\s+many))"
    r"(?:\s+[a-z][\w-]*){1,3})\W*$",
    re.IGNORECASE,
)
_VERB_OR_MORE = re.compile(rf"\b(?:{_AUXILIARY}|more|others?|else)\b|\w{{3,}}ed\b", re.I)
# "What about the contractor?", "And them?", "And in Syria?": another subject for what was asked.
_NEW_SUBJECT = re.compile(
    r"^\s*(?:(?:and|but|so|ok|okay)\b[\s,]*)*(?:what|how)\s+about\s+(.+?)\W*$"
    r"|^\s*(?:and|but)\b[\s,]*(.+?)\W*$",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(r"(?:in|on|at|to|from|of|by|for|with|against|near|about)\s+", re.I)
# "Was it on TV?", "Will that be enough?": the subject may be what was just said.
_SUBJECT = re.compile(rf"^\s*{_AUXILIARY}{_NO}\s+(?:it|this|that|these|those|they)\b", re.I)
# "Who decided this?": so may the object.
_OBJECT = re.compile(r"\b(?:this|that)\W*$", re.I)
_THING = re.compile(r"\s*(?:what|which)\b", re.I)
_WHO = re.compile(r"\s*who(?:m)?\b", re.I)
_SAYING = re.compile(
    r"\s*what\b.*\b(?:say|says|said|tell|told|tweet(?:ed)?|claim(?:ed)?|announced?|reply|replied"
    r"|promised?|threaten(?:ed)?|warn(?:ed)?|happen(?:s|ed)?)\b"
    r"|\s*what\s+(?:did|does|do|has|have|had)\b.*\b(?:do|done)\b",
    re.I,
)
# "Will more follow?", "How many more?": of what was just counted.
_MORE = re.compile(
    rf"\b(?:{_AUXILIARY}|there|any|even|how many)\s+(?:any\s+)?(more|others?)\b"
    rf"(?=\W*$|\s+(?:{_AUXILIARY}|to|in|on|follow|come|coming|arrive|die|died|sent|expected)\b)",
    re.I,
)


class Cues:
    """The cues of a question, each worked out once, from its first READ_CHARS characters."""

    def __init__(self, question: str) -> None:
        self.question = question
        self._head = question[:READ_CHARS]

    @cached_property
    def without_connective(self) -> str:
        """The question without the "and", "what about" and the like that it begins with."""
        return _CONNECTIVE.sub("", self.question)

    @cached_property
    def pronouns(self) -> tuple[re.Match[str], ...]:
        """The words that stand for a thing of the past: not the "that" of "that force"."""
        if self.asks_of_event:
            return ()
        return tuple(
            found
            for found in self._back_references
            if found[0].lower() != "then"
            and not (found[0].lower() in _POINTS and before_noun(found))
            and not _of_a_clause(found)
        )

    @cached_property
    def context(self) -> str:
        """Which of CONTEXT_CUES shows that the question needs the conversation.

        "pronoun": it has a word for a thing of the past, or for all that happened; none of the 114
        questions in followups-dev.jsonl.gz that stand alone does. "hint": it has a pronoun before a
        noun, begins with "and", or has few words. "none": it has neither.
        """
        if self.pronouns or self.asks_of_event:
            return "pronoun"
        few = len(self._head.split()) <= _FEW and _DEFINING.match(self._head) is None
        connected = any(found.search(self._head) for found in (_CONNECTIVE, _ALIKE))
        return "hint" if self._back_references or connected or few else "none"

    @cached_property
    def asks_of_event(self) -> bool:
        """Whether the question is about the last one's event: "When did that happen?"."""
        return _OF_EVENT.search(self._head) is not None

    @cached_property
    def continues(self) -> str:
        """What the question asks of what was asked last, or "" for another question.

        That is "Why" of "And why?", "When" of "When did that happen?" and all of "From which
        base?".
        """
        event = _OF_EVENT.search(self._head)
        if event is not None:
            return event["asking"]
        found = _BARE.search(self._rest) or _FRAGMENT.search(self._rest)
        if found is None or (found.re is _FRAGMENT and _VERB_OR_MORE.search(found[1])):
            return ""
        return found[1]

    @cached_property
    def new_subject(self) -> str:
        """What the question puts in place of the last subject: "Syria" of "And in Syria?".

        A preposition stays with it. "" where the question does no such thing.
        """
        found = _NEW_SUBJECT.search(self._head)
        subject = "" if found is None else next(filter(None, found.groups()), "")
        words = _PREPOSITION.sub("", subject, count=1).split()
        asks = re.search(rf"\b(?:(?i:{_ASKING_WORD})|{_AUXILIARY})\b", subject)
        return subject if 0 < len(words) <= _LONG_SUBJECT and asks is None else ""

    @property
    def points_at_article(self) -> bool:
        """Whether the question is about "this article", and about nothing else that was said."""
        return _OF_ARTICLE.search(self._head) is not None and not self.pronouns

    @property
    def says_nothing_alone(self) -> bool:
        """Whether the question has no word to search for: "Why?", "On what day was that?"."""
        return self.asks_of_event or _BARE.search(self._rest) is not None

    @property
    def asks_reason(self) -> bool:
        """Whether the question asks for the reason of what was answered last: "And why?"."""
        return self.continues.lower().startswith(("why", "how come"))

    @property
    def may_mean_all(self) -> bool:
        """Whether a pronoun may stand for all that was just said: "Was it on TV?"."""
        return any(found.search(self._head) for found in (_SUBJECT, _OBJECT))

    @property
    def asks_for_thing(self) -> bool:
        """Whether a thing answers the question: "What did he order?"."""
        return _THING.match(self._rest) is not None

    @property
    def asks_who(self) -> bool:
        """Whether a person, or a group of people, answers the question."""
        return _WHO.match(self._rest) is not None

    @property
    def asks_what_was_said(self) -> bool:
        """Whether what somebody said or did answers it: "What did he say to Trump?"."""
        return _SAYING.match(self._rest) is not None

    @property
    def asks_whether(self) -> bool:
        """Whether yes or no answers the question."""
        more = _MORE_THAN_WHETHER.search(self._rest)
        return _WHETHER.search(self._rest) is not None and more is None

    @property
    def asks_when_written(self) -> bool:
        """Whether the question asks for the date of the article itself."""
        return _ASKS_DATE.search(self._head) is not None

    def more_of(self, counted: str) -> str:
        """Return the question with what was counted: "Will more soldiers follow?".

        "" where the question does not ask for more of it.
        """
        found = _MORE.search(self.question, 0, READ_CHARS)
        if found is None or not counted:
            return ""
        return f"{self.question[: found.start(1)]}more {counted}{self.question[found.end(1) :]}"

    @cached_property
    def _rest(self) -> str:
        return _CONNECTIVE.sub("", self._head)

    @cached_property
    def _back_references(self) -> list[re.Match[str]]:
        """The words that point at the past, before a noun or alone."""
        return [found for found in _PRONOUN.finditer(self._head) if not _points_elsewhere(found)]


def starts_with_preposition(text: str) -> bool:
    """Whether a phrase begins with a preposition: "in Syria"."""
    return _PREPOSITION.match(text) is not None


def stands_for_thing(pronoun: re.Match[str]) -> bool:
    """Whether a pronoun may stand for what answered the last question."""
    return pronoun[0].lower() in _OF_A_THING or kind_of(pronoun) == "several"


def kind_of(pronoun: re.Match[str]) -> str:
    """Return what a pronoun stands for: a "person", "several", a "place" or a "thing"."""
    word = pronoun[0].lower()
    if word == "there":
        return "place"
    return "person" if word in _OF_A_PERSON else "several" if word in _OF_SEVERAL else "thing"


def owns(pronoun: re.Match[str]) -> bool:
    """Whether a pronoun says whose something is: "her name", but not "who paid her"."""
    word = pronoun[0].lower()
    return word in _OWNING or (word == "her" and before_noun(pronoun))


def before_noun(pronoun: re.Match[str]) -> bool:
    """Whether a content word follows a pronoun: "that force", "her name"."""
    following = _next_word(pronoun)
    return following != "" and not is_stop_word(following)


def _of_a_clause(pronoun: re.Match[str]) -> bool:
    """Whether a pronoun stands for what was said or done: "Where did he say that?"."""
    return (
        pronoun[0].lower() in _OF_A_THING
        and _OF_A_CLAUSE.search(_before(pronoun)) is not None
        and _next_word(pronoun) == ""
    )


def _points_elsewhere(pronoun: re.Match[str]) -> bool:
    """Whether a pronoun refers to nothing, to the article, or to words of the same question."""
    word, following = pronoun[0].lower(), _next_word(pronoun).lower()
    before = _before(pronoun)
    last = _LAST_WORD.search(before)
    preceding = "" if last is None else last[1].lower()
    if word == "there":  # "Is there a reason", but "Who was there?"
        return following in _BEING or (preceding in _BEING and following != "")
    if word == "that" and following in _OPENED:
        return preceding != "" and not is_stop_word(preceding)
    if word in _POINTS:
        return following in _ARTICLE_WORDS
    if word == "it" and _AHEAD.match(pronoun.string, pronoun.end()):
        return True
    second = _SECOND.search(before)
    told = "" if second is None else second["told"] or before[: second.start()]
    if not all(map(is_stop_word, told.split())):
        return True  # "What is anemia and why is it dangerous?"
    one = owns(pronoun) and before_noun(pronoun) and word not in _OF_SEVERAL
    return one and _NAMED.search(before) is not None  # "What did Lund do for her career?"


def _next_word(pronoun: re.Match[str]) -> str:
    following = _NEXT_WORD.match(pronoun.string, pronoun.end())
    return "" if following is None else following[1]


def _before(pronoun: re.Match[str]) -> str:
    return pronoun.string[: pronoun.start()]
