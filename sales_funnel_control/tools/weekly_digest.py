"""What the weekly e-mails say: cut from the payload of a review, for who is to read it."""

from collections import Counter

# So many reasons of refusals are told.
_CAUSES = 5
# So many managers a transition shows, those furthest below target first.
_SHOWN = 8
_SUMS = ("opening", "entered", "exited", "closing", "new_clients", "won", "won_amount", "refused")


def for_head(review):
    """The e-mail to the head of sales.

    :param dict review: what ``crm.weekly.review.get_review`` gives
    :return: ``totals`` of the team; ``transitions`` with a bar per manager, ``lines`` (the
        managers) and ``decisions``
    """
    return {
        "totals": _totals(review),
        "transitions": [_compared(review, row) for row in review["transitions"]],
        "lines": review["lines"],
        "causes": causes(review["lines"])[:_CAUSES],
        "decisions": review["decisions"],
    }


def for_manager(review, line_ids, user_id):
    """The e-mail to a manager: the own lines, and the team's totals without names.

    :param list line_ids: lines of the manager
    :param int user_id: the manager; names are no proof, two may be called the same
    """
    mine = [line for line in review["lines"] if line["id"] in line_ids]
    return {
        "totals": _totals(review),
        "transitions": [_own(mine, row) for row in review["transitions"]],
        "lines": mine,
        "causes": causes(mine)[:_CAUSES],
        "decisions": [
            row for row in review["decisions"] if row["is_on_team"] or row["user_id"] == user_id
        ],
    }


def causes(lines):
    """Refusals of managers by reason.

    :return: list of ``(reason, number)``, the commonest first
    """
    counts = Counter()
    for line in lines:
        for row in line["refusals"]:
            counts[row["reason"]] += row["number"]
    return sorted(counts.items(), key=lambda cause: (-cause[1], cause[0] or ""))


def segments(rate, target):
    """A bar of table cells, which every mail program can draw.

    :return: list of ``(width, is_filled, ends_at_target)``, widths in per cent, 100 together
    """
    rate = min(max(round(rate or 0), 0), 100)
    edge = None if target is False else min(max(round(target), 0), 100)
    ends = sorted({place for place in (rate, edge, 100) if place})
    return [
        (end - begin, end <= rate, end == edge)
        for begin, end in zip([0, *ends], ends, strict=False)
    ]


def _totals(review):
    return {name: sum(line[name] for line in review["lines"]) for name in _SUMS}


def _compared(review, team):
    """A transition with everybody's bar."""
    bars = []
    for line in review["lines"]:
        for row in line["transitions"]:
            if _same(row, team) and row["rate"] is not False:
                bars.append(_bar(line["manager"], row))
    bars.sort(key=lambda bar: bar["gap"])
    return {**_bar("", team), "name": team["name"], "bars": bars[:_SHOWN], "more": bars[_SHOWN:]}


def _own(mine, team):
    """A transition with the own bar; the team's is beside it."""
    bars = [
        _bar("", row)
        for line in mine
        for row in line["transitions"]
        if _same(row, team) and row["rate"] is not False
    ]
    return {**_bar("", team), "name": team["name"], "bars": bars, "more": []}


def _same(row, team):
    return (row["stage_id"], row["name"]) == (team["stage_id"], team["name"])


def _bar(name, row):
    rate, target = row["rate"], row["target"]
    return {
        "manager": name,
        "rate": rate,
        "target": target,
        "entered": row["entered"],
        "verdict": row["verdict"],
        "gap": 0 if rate is False or target is False else rate - target,
        "segments": segments(rate, target),
    }
