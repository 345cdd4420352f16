"""People who click all day, on stock Odoo or with our addon, and remember what was acknowledged."""

import random
import time
from collections import defaultdict

from json2 import Refused

# Odoo gives up on a transaction after five tries; the caller then has to try again.
USUAL = (
    "psycopg2.errors.SerializationFailure",
    "psycopg2.errors.DeadlockDetected",
    "psycopg2.errors.LockNotAvailable",
)
# How often each is done; what stock Odoo has not is left out there.
STOCK_CLICKS = ("move",) * 4 + ("move_shared", "create", "lose", "pipeline", "pipeline")
OUR_CLICKS = ("contact", "contact", "board")
# Seconds between two clicks.
PAUSE = (0.5, 2.5)
WORDS = "Three weeks. My warehouse is empty in one."
COLUMNS = {
    "domain": [["type", "=", "opportunity"]],
    "groupby": ["stage_id"],
    "aggregates": ["expected_revenue:sum"],
    "auto_unfold": True,
    "unfold_read_specification": {"name": {}, "stage_id": {}, "user_id": {}, "tag_ids": {}},
    "unfold_read_default_limit": 40,
}


class Person:
    """Clicks as one of many.

    ``way`` is, of each client of their own, the stages it was acknowledged to be in, one after
    the other; ``refused`` the clients acknowledged to be lost, ``contacts`` the contacts'
    ids; ``seconds`` how long each click took; ``errors`` what should not have happened, and
    ``unsure`` the clients of whom nobody was told how that click ended.
    """

    def __init__(self, client, world, place, has_addon):
        self.client = client
        self.world = world
        self.me = world["people"][place]
        self.has_addon = has_addon
        self.chance = random.Random(place)
        self.way = {lead: [world["stages"][0]] for lead in self.me["leads"]}
        self.open = list(self.way)
        self.refused = set()
        self.contacts = []
        self.seconds = defaultdict(list)
        self.given_up = 0
        self.errors = []
        self.unsure = set()
        self.at_work = None

    def forget_times(self):
        """Begin to take the time."""
        self.seconds.clear()

    def work(self, until):
        """Click until the clock (monotonic) says so."""
        clicks = STOCK_CLICKS + OUR_CLICKS
        time.sleep(self.chance.uniform(0, PAUSE[1]))
        while time.monotonic() < until:
            # With or without the addon, people think of the same.
            name = self.chance.choice(clicks)
            if self.has_addon or name not in OUR_CLICKS:
                self.click(name)
            time.sleep(self.chance.uniform(*PAUSE))

    def click(self, name):
        begin = time.monotonic()
        try:
            getattr(self, name)()
            self.seconds[name].append(time.monotonic() - begin)
        except Refused as refused:
            if refused.name in USUAL:
                self.given_up += 1
            else:
                self.fail(f"{name}: {refused}")
        except Exception as error:
            self.fail(f"{name}: {error!r}")

    def fail(self, error):
        self.errors.append(error)
        self.unsure.add(self.at_work)

    def move(self):
        lead = self.at_work = self.chance.choice(self.open)
        stage = self.chance.choice([s for s in self.world["stages"] if s != self.way[lead][-1]])
        self.client.call("crm.lead", "write", ids=[lead], vals={"stage_id": stage})
        self.way[lead].append(stage)

    def move_shared(self):
        vals = {"stage_id": self.chance.choice(self.world["stages"])}
        lead = self.chance.choice(self.world["leads"])
        self.client.call("crm.lead", "write", ids=[lead], vals=vals)

    def create(self):
        stage = self.world["stages"][0]
        vals = {"name": "New", "type": "opportunity", "team_id": self.world["team"]}
        vals |= {"user_id": self.me["user"], "stage_id": stage}
        [lead] = self.client.call("crm.lead", "create", vals_list=[vals])
        self.way[lead] = [stage]
        self.open.append(lead)

    def lose(self):
        if len(self.open) < 2:
            return self.create()
        lead = self.at_work = self.chance.choice(self.open)
        vals = {"lead_ids": [lead], "lost_reason_id": self.world["reason"]}
        if self.has_addon:
            vals["words"] = WORDS
        wizard = self.client.call("crm.lead.lost", "create", vals_list=[vals])
        self.client.call("crm.lead.lost", "action_lost_reason_apply", ids=wizard)
        self.open.remove(lead)
        self.refused.add(lead)
        return None

    def pipeline(self):
        self.client.call("crm.lead", "web_read_group", **COLUMNS)

    def contact(self):
        vals = {"kind": "outgoing_call", "lead_id": self.chance.choice(self.open)}
        self.contacts += self.client.call("crm.contact.log", "create", vals_list=[vals])

    def board(self):
        self.client.call("crm.control.board", "get_board", team_id=self.world["team"], weeks=13)
