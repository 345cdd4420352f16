"""Every public method of ours is called from outside with what nobody should send.

The methods are found by looking, so that a new one is tried without anyone thinking of it. More
calls a method: ``SFC_FUZZ_EXAMPLES=200``.
"""

import inspect
import json
import os
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from odoo import models
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from .fuzzing import played
from .owned_rows import ADDON, MARK, OWNERS, RUNS, SHARED, OwnedRows

EXAMPLES = int(os.environ.get("SFC_FUZZ_EXAMPLES", "2"))
HOME_MARKS = tuple(f"Of {owner}" for owner in OWNERS if owner != "other_company")
# Whose words each caller may not read.
FOREIGN_WORDS = {"salesperson": (MARK,), "portal": (MARK, *HOME_MARKS), "other_manager": HOME_MARKS}
FOREIGN_OWNERS = {
    "salesperson": ("other_company",),
    "portal": OWNERS,
    "other_manager": tuple(owner for owner in OWNERS if owner != "other_company"),
}
# Odoo's own methods, which ours extend, fail in the same way on what is no mail.
AS_ODOO = {("crm.lead", "message_new")}
# Derived anew for all teams when a stage they share changes; here it stands beside its lead's way.
DERIVED = ("crm.lead.stage.history",)
NUMBERS = [0, -1, 1, 7, 2**31 - 1, 2**31, 10**30, -(10**30), 0.5, 1e308]
NUMBERS += [float("nan"), float("inf"), -float("inf")]
DATES = [
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-13-01",
    "2026-01-05",
    "2026-01-05 25:00:00",
]
TEXTS = ["", " ", "x" * 5000, "' OR 1=1; --", "<script>alert(1)</script>", "=1+1", "%s %(a)s {0}"]
TEXTS += [
    "\ud800",
    "a\x00b",
    "\u202e\u0301",
    "hunter",
    "meeting",
    "true",
    "None",
    "[]",
    "__class__",
]
SHAPES = [
    None,
    True,
    False,
    [],
    [[]],
    {},
    {"id": 1},
    [1, "a", None],
    [None],
    ["id", "=", 1],
    {"": []},
]
VALUES = st.sampled_from([*NUMBERS, *DATES, *TEXTS, *SHAPES])


def our_methods(env):
    """``(model, method)`` of all that can be called from outside and is written by us."""
    for name, model in sorted(env.registry.items()):
        own = [
            vars(part)
            for part in model.mro()
            if part.__module__.startswith(f"odoo.addons.{ADDON}.")
        ]
        for method in sorted({key for members in own for key in members}):
            function = getattr(model, method)
            if (
                not method.startswith("_")
                and inspect.isfunction(function)
                and not hasattr(models.BaseModel, method)
                and (name, method) not in AS_ODOO
                and not any(
                    getattr(vars(part).get(method), "_api_private", False) for part in model.mro()
                )
            ):
                yield name, method


def our_fault(error):
    """The line of ours that let ``error`` through; empty when it is said well, or is Odoo's own.

    Too many or too few records for a method of one record, and arguments that do not fit, are
    answered by Odoo in the same way for its own methods.
    """
    data = error.get("data", {})
    if data.get("name", "").startswith(("odoo.exceptions.", "werkzeug.exceptions.", "odoo.http.")):
        return ""
    trace = data.get("debug", "")
    lines = [line.strip() for line in trace.splitlines()]
    ours = [line for line in lines if f"/{ADDON}/" in line]
    if not ours or "Expected singleton" in trace:
        return ""
    return f"{ours[-1].partition(ADDON)[2]} → {lines[-1][:150]}"


@tagged("post_install", "-at_install")
class TestFuzzMethods(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owned = OwnedRows(cls.env).fill()
        cls.env.flush_all()

    def call(self, model, method, arguments, keywords):
        """The answer of the web client's own way to call methods."""
        body = {
            "id": 0,
            "jsonrpc": "2.0",
            "method": "call",
            "params": {"model": model, "method": method, "args": arguments, "kwargs": keywords},
        }
        return self.opener.post(
            f"{self.base_url()}/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(body),
            headers={"Content-Type": "application/json"},
            timeout=60,
        )

    def faults_of(self, answer, foreign_words):
        """What is wrong with an answer, in words."""
        if answer.status_code >= 500:
            yield f"status {answer.status_code}"
            return
        reply = answer.json()
        error = reply.get("error", {})
        if fault := our_fault(error):
            yield fault
        shown = json.dumps(reply.get("result", ""), ensure_ascii=False)
        shown += error.get("data", {}).get("message", "")
        yield from (f"foreign word “{word}”" for word in foreign_words if word in shown)

    def foreign_rows(self, reader):
        """The rows that are none of the reader's business, as they stand in the tables."""
        self.env.flush_all()
        return {
            (name, owner): self.env.execute_query(
                SQL(
                    "SELECT row::text FROM %s row WHERE id = %s",
                    SQL.identifier(self.env[name]._table),
                    row.id,
                )
            )
            for name, owner, row in self.owned.owned()
            if row._auto
            and name not in (*SHARED, *RUNS, *DERIVED)
            and owner in FOREIGN_OWNERS[reader]
        }

    def some_ids(self, model):
        """Ids of nobody's, of each owner's, and of none."""
        if self.env[model]._abstract:
            return st.just([])
        owned = {owner: self.owned.rows.get((model, owner)) for owner in OWNERS}
        owned = {
            owner: rows if rows is not None else self.owned.things[owner].get(model)
            for owner, rows in owned.items()
        }
        ids = [rows.id for rows in owned.values() if rows]
        return st.sampled_from([[], [2**31 - 1], [0], ids, *([one] for one in ids)])

    def fuzz(self, reader, model, method, faults):
        """Call one method ``EXAMPLES`` times, and note what went wrong."""
        function = getattr(self.env.registry[model], method)
        names = [*inspect.signature(function).parameters][1:]
        is_model = getattr(function, "_api_model", False)
        keywords = st.fixed_dictionaries(dict.fromkeys(names, VALUES))
        if names:
            keywords |= st.dictionaries(st.sampled_from(names), VALUES)

        @played(EXAMPLES)
        @given(self.some_ids(model), keywords)
        def play(ids, values):
            answer = self.call(model, method, [] if is_model else [ids], values)
            about = (reader, f"{model}.{method}", repr(ids)[:40], repr(values)[:150])
            for fault in self.faults_of(answer, FOREIGN_WORDS[reader]):
                faults[fault].add(about)

        play()

    def check(self, reader):
        login = self.owned.people[reader].login
        self.authenticate(login, login)
        faults = defaultdict(set)
        methods = [*our_methods(self.env)]
        before = self.foreign_rows(reader)
        self.assertIn(("crm.control.board", "get_board"), methods)
        with mute_logger("odoo.http", "odoo.sql_db", "odoo.addons.base.models.ir_rule"):
            for model, method in methods:
                self.fuzz(reader, model, method, faults)
                before, former = self.foreign_rows(reader), before
                for key in former:
                    if former[key] != before[key]:
                        change = (*key, f"{former[key]} → {before[key]}")
                        faults["foreign row changed"].add((reader, f"{model}.{method}", *change))
        said = [f"{fault}\n    {sorted(calls)[0]}" for fault, calls in sorted(faults.items())]
        self.assertFalse(said, "\n".join(["", *said]))

    def test_salesperson(self):
        self.check("salesperson")

    def test_portal(self):
        self.check("portal")

    def test_other_companys_manager(self):
        self.check("other_manager")

    def test_routes(self):
        """Our pages, with words that they do not know."""
        login = self.owned.people["salesperson"].login
        self.authenticate(login, login)
        faults = []
        board = "/sales_funnel_control/workbook/board"
        review = "/sales_funnel_control/workbook/review"
        foreign = self.owned.rows["crm.weekly.review", "other_company"].id
        addresses = [f"{review}/{n}" for n in (0, 2**31 - 1, 10**30, foreign, "a", -1)]
        addresses += ["/rate/nobody/5"]
        report = "/report/html/sales_funnel_control.report_weekly_review"
        addresses += [f"{report}/{n}" for n in (0, 2**31 - 1, foreign)]
        for name in ("team", "weeks", "from", "to", "role", "adjust", "age", "compare", "other"):
            for value in (-1, 10**30, "nan", *DATES[:3], "%00", "%ED%A0%80", "'", "=1", "x" * 999):
                addresses.append(f"{board}?{name}={value}")
        with mute_logger("odoo.http", "odoo.sql_db", "odoo.addons.base.models.ir_rule"):
            for address in addresses:
                answer = self.url_open(address, timeout=60)
                if answer.status_code >= 500 or "Traceback" in answer.text or MARK in answer.text:
                    faults.append(f"{answer.status_code} {address[:90]}")
        self.assertFalse(faults, "\n".join(["", *faults]))
