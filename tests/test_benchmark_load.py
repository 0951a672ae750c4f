"""The load benchmark in small: 8 people and 8 programs at once, with fakes."""

from test_uploads import MILL, operator

from benchmarks.load import PEOPLE, article, at_once, call, open_libraries, resident, served, visit

NAMES = PEOPLE[:8]


def test_people_at_once_get_their_own_answers() -> None:
    bot = operator(MILL)
    libraries = open_libraries(bot, NAMES)
    texts = [[document.text for document in library.own] for library in libraries]
    assert texts == [[article(name)] for name in NAMES]
    visits = at_once(range(8), lambda n: visit(libraries[n], NAMES[n]), "ask")
    assert [(seen.right, seen.foreign) for seen in visits] == [(True, 0)] * 8
    assert visit(libraries[0], NAMES[1]).right is False
    for library in libraries:
        library.close()
    assert [library.documents for library in libraries] == [(MILL,)] * 8
    assert bot.documents == (MILL,)


def test_programs_at_once_get_the_answers_to_their_questions() -> None:
    bot = operator(MILL)
    questions = [f"Who built the mill of {name}" for name in NAMES]
    with served(bot) as url:
        answers = at_once(questions, lambda question: call(url, question), "call")
    assert answers == [bot.answer(question).to_dict() for question in questions]


def test_people_have_names_of_their_own() -> None:
    assert len(set(PEOPLE)) == 64
    assert resident() > 10
