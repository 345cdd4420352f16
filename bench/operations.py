"""What is measured, as users, imports and other addons do it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice


@dataclass(frozen=True)
class Operation:
    """Something done to leads in one transaction.

    :param size: to how many leads at once
    :param times: in how many transactions
    :param leads: how many existing leads it needs
    :param goal: how many times what stock Odoo takes it may take
    :param more_queries: how many queries more than stock Odoo it may send, None for any number
    """

    title: str
    run: Callable
    size: int
    times: int
    leads: int
    goal: float = 1.05
    more_queries: int | None = None

    def small(self):
        """The same on few leads: to fill the caches."""
        return replace(self, size=2, leads=min(self.leads, 2), times=2)


class Supply:
    """Leads in the first stage; each is given out once."""

    def __init__(self, ids):
        self._ids = iter(ids)

    def take(self, count):
        ids = list(islice(self._ids, count))
        if len(ids) < count:
            raise SystemExit("Too few leads for all operations: give --leads a larger number.")
        return ids


def _move(env, ids, _size):
    leads = env["crm.lead"].browse(ids)
    first, second = env["crm.stage"].search([("team_ids", "=", False)], limit=2)
    leads.write({"stage_id": second.id})


def _move_untracked(env, ids, size):
    _move(env(context={"tracking_disable": True}), ids, size)


def _create(env, _ids, size):
    env["crm.lead"].create(
        [
            {
                "name": "New Business",
                "type": "opportunity",
                "partner_name": "A Company",
                "contact_name": "A Client",
                "email_from": f"new{number}@example.com",
                "phone": "+32 475 12 34 56",
                "expected_revenue": 1000,
                "user_id": env.uid,
            }
            for number in range(size)
        ]
    )


def _lose(env, ids, _size):
    reason = env["crm.lost.reason"].search([], limit=1)
    env["crm.lead"].browse(ids).action_set_lost(lost_reason_id=reason.id)


ALL = (
    Operation("a stage move, one by one", _move, 1, 200, 1, more_queries=2),
    Operation("1,000 moves in one write", _move, 1000, 2, 1000),
    Operation("the same, tracking off", _move_untracked, 1000, 5, 1000, goal=1.5),
    Operation("creating 1,000 leads", _create, 1000, 2, 0),
    Operation("losing 200 leads", _lose, 200, 3, 200),
)
