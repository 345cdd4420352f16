"""The figure: what workbook, print and e-mail all draw, from the board or from a review."""

from typing import NamedTuple

# So many managers are drawn beside each other; more cannot be told apart.
DRAWN = 8
COLORS = (
    "#1F77B4",
    "#E8871E",
    "#2B8A57",
    "#C23B3B",
    "#7A5BB0",
    "#8C6248",
    "#D070B0",
    "#5F6A72",
)


class Transition(NamedTuple):
    """A group of bars; ``target`` and ``rate`` of the whole team are per cent, or False."""

    key: object
    name: str
    target: float | bool
    rate: float | bool


class Manager(NamedTuple):
    """A bar in every group; ``path`` as the board has it, or False."""

    key: object
    name: str
    path: float | bool


class Figure(NamedTuple):
    """``cells``: the payload's row of a manager and a transition, by their keys."""

    transitions: list
    managers: list
    cells: dict

    def rate(self, manager, transition):
        """The rate of a bar, per cent, or False."""
        return self.cells.get((manager.key, transition.key), {}).get("rate", False)

    @property
    def groups(self):
        """The managers, so many at a time as one picture can show."""
        return [
            self.managers[place : place + DRAWN] for place in range(0, len(self.managers), DRAWN)
        ]


def of_board(board):
    """The figure of ``crm.control.board.get_board``.

    :rtype: Figure
    """
    return Figure(
        [
            Transition(row["id"], row["name"], row["target"], row["rate"])
            for row in board["transitions"]
        ],
        [Manager(row["key"], row["name"], row["path_rate"]) for row in board["managers"]],
        {(cell["key"], cell["transition"]): cell for cell in board["cells"]},
    )


def of_review(review):
    """The figure of ``crm.weekly.review.get_review``.

    A stage that was deleted since has only its name left.

    :rtype: Figure
    """
    transitions = {}
    for row in review["transitions"]:
        transitions[transition_key(row)] = Transition(
            transition_key(row), row["name"], row["target"], row["rate"]
        )
    cells = {}
    for line in review["lines"]:
        for row in line["transitions"]:
            key = transition_key(row)
            transitions.setdefault(key, Transition(key, row["name"], row["target"], False))
            cells[line["id"], key] = row
    return Figure(
        list(transitions.values()),
        [
            Manager(line["id"], line["manager"] or "", False)
            for line in review["lines"]
            if line["transitions"]
        ],
        cells,
    )


def transition_key(row):
    """What tells a review's transitions apart."""
    return row["stage_id"] or row["name"]
