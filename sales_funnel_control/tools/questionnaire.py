"""When a question of the needs questionnaire is answered.

A checkbox is answered either way: left empty it says no. A number of 0 is what a field shows that
nobody filled in, and counts as unanswered. Options that were taken out of a question answer it no
more.
"""


def questions(definition):
    """Those parts of a definition that can be left unanswered.

    >>> questions([{"name": "a", "type": "separator"}, {"name": "b", "type": "char"}])
    [{'name': 'b', 'type': 'char'}]
    """
    return [
        question
        for question in definition or ()
        if question["type"] not in ("separator", "boolean")
    ]


def is_answered(question, value):
    """Whether ``value`` answers the question.

    >>> is_answered({"type": "char"}, "  "), is_answered({"type": "integer"}, 0)
    (False, False)
    >>> is_answered({"type": "selection", "selection": [["a", "A"]]}, "b")
    False
    """
    if isinstance(value, str):
        value = value.strip()
    if not value:
        return False
    if question["type"] == "selection":
        return value in {option[0] for option in question.get("selection") or ()}
    if question["type"] == "tags":
        return bool(set(value) & {tag[0] for tag in question.get("tags") or ()})
    return True


def gaps(definition, answers):
    """Questions of the definition that the answers leave open.

    :param dict answers: value by the question's name

    >>> [question["name"] for question in gaps([{"name": "a", "type": "char"}], {})]
    ['a']
    """
    answers = answers or {}
    return [
        question
        for question in questions(definition)
        if not is_answered(question, answers.get(question["name"]))
    ]
