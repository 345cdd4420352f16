"""What a contact with a client counts as towards the norms.

Most of it can be said of a contact alone (:func:`judge`). Calls are limited besides: one for each
decision maker and day, and five decision makers of an organisation in a calendar year
(:func:`allot`).
"""

import re
from datetime import timedelta
from typing import NamedTuple

DECISION_MAKERS = 5
PROGRESS_WITHIN = timedelta(days=31)
_CALLS = ("outgoing_call", "incoming_call")
_NAME = re.compile(r"[^\W\d_]{2,}")


class Contact(NamedTuple):
    """A contact, as far as the rules ask; what is said of the person held at the time."""

    kind: str
    day: object
    is_in_person: bool = True
    has_person: bool = True
    is_decision_maker: bool = False
    has_full_name: bool = False
    has_position: bool = False
    has_deal: bool = True
    is_questionnaire_complete: bool = False
    is_client: bool = False
    is_interested: bool = False
    progress: str | None = None
    progress_date: object = None


class Verdict(NamedTuple):
    """What a contact counts as, None for nothing; and what it lacks for that, or for more."""

    counts_as: str | None
    note: str | None = None


class Call(NamedTuple):
    """An effective call as far as it can be said of the call alone."""

    id: int
    person: int
    day: object


def is_full_name(name):
    """Whether a name has a first and a last name: initials are not enough.

    >>> is_full_name("Anna Petrova"), is_full_name("A. Petrova"), is_full_name("Petrova")
    (True, False, False)
    >>> is_full_name("Анна-Мария"), is_full_name("Ян Ли"), is_full_name(None)
    (False, True, False)
    """
    return sum(bool(_NAME.search(word)) for word in (name or "").split()) >= 2


def judge(contact):
    """What a contact counts as, looked at alone.

    :param Contact contact:
    :rtype: Verdict

    >>> from datetime import date
    >>> met = Contact("meeting", date(2026, 3, 2), is_decision_maker=True,
    ...               is_questionnaire_complete=True, is_interested=True,
    ...               progress="Survey on site", progress_date=date(2026, 4, 2))
    >>> judge(met)
    Verdict(counts_as='productive_meeting', note=None)
    >>> judge(met._replace(progress_date=date(2026, 4, 3)))
    Verdict(counts_as='held_meeting', note='progress_too_late')
    >>> judge(met._replace(kind="visit"))
    Verdict(counts_as=None, note='not_client')
    """
    if contact.kind == "material":
        return Verdict(None, "material")
    if not contact.is_in_person:
        return Verdict(None, "not_in_person")
    if contact.kind in ("visit", "warm_contact"):
        return Verdict(contact.kind) if contact.is_client else Verdict(None, "not_client")
    gap = _gap(contact)
    if gap:
        return Verdict(None, gap)
    if contact.kind in _CALLS:
        return Verdict("effective_call")
    gap = _progress_gap(contact)
    return Verdict("held_meeting" if gap else "productive_meeting", gap)


def _gap(contact):
    """What a call or a meeting lacks to count at all."""
    rules = [
        (contact.has_person, "no_person"),
        (contact.is_decision_maker, "not_decision_maker"),
    ]
    if contact.kind in _CALLS:
        rules += [
            (contact.has_full_name, "no_full_name"),
            (contact.has_position, "no_position"),
        ]
    else:
        rules += [
            (contact.has_deal, "no_deal"),
            (contact.is_questionnaire_complete, "questionnaire"),
        ]
    return next((note for is_kept, note in rules if not is_kept), None)


def _progress_gap(contact):
    """What a meeting that was held lacks to be productive."""
    if not contact.is_interested:
        return "not_interested"
    if not contact.progress or not contact.progress_date:
        return "no_progress"
    if contact.progress_date < contact.day:
        return "progress_past"
    if contact.progress_date - contact.day > PROGRESS_WITHIN:
        return "progress_too_late"
    return None


def allot(calls):
    """Which calls count, of those with one organisation in one year.

    :param calls: :class:`Call`, the earliest first
    :return: by id of the call: the number of the decision maker's place among the organisation's
        five, or what stands against it
    :rtype: dict[int, int | str]

    >>> allot([Call(1, 7, "Mon"), Call(2, 7, "Mon"), Call(3, 7, "Tue"), Call(4, 8, "Tue")])
    {1: 1, 2: 'same_day', 3: 1, 4: 2}
    >>> allot([Call(person, person, "Mon") for person in range(1, 7)])[6]
    'too_many_people'
    """
    places, days, result = {}, set(), {}
    for call in calls:
        if call.person not in places and len(places) == DECISION_MAKERS:
            result[call.id] = "too_many_people"
        elif (call.person, call.day) in days:
            result[call.id] = "same_day"
        else:
            days.add((call.person, call.day))
            result[call.id] = places.setdefault(call.person, len(places) + 1)
    return result
