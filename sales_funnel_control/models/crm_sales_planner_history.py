from collections import defaultdict
from datetime import timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import date_utils, ormcache

from ..tools import working_time
from .crm_control_board_tally import Entries

# So many weeks back contacts per stage move are counted, and so many moves it takes to trust them.
_EFFORT_WEEKS = 13
_EFFORT_MOVES = 20
_AVERAGE_MONTHS = 12


class CrmSalesPlanner(models.AbstractModel):
    """What the plan takes from the past: rates, deals won, contacts per stage move."""

    _inherit = "crm.sales.planner"

    def _chain(self, request):
        """The stages of the team's funnel in their order, each with the rate into it.

        Actual rates are those of the control board: thirteen weeks, mature entries. For a manager
        with too few of them for a verdict, the team's count.
        """
        board = self.env["crm.control.board"]
        asked = board._board_request({"team_id": request.team.id})
        minimum = board._rules().minimum
        counts, _team_counts = board._figures(asked)
        own, whole_team = defaultdict(Entries), defaultdict(Entries)
        for count in counts:
            whole_team[count.next_stage_id].add(count, asked.mature_only)
            if count.user_id == request.user.id:
                own[count.next_stage_id].add(count, asked.mature_only)
        totals = defaultdict(Entries, whole_team)
        totals.update(
            {
                stage_id: entries
                for stage_id, entries in own.items()
                if request.user and entries.shown(True).entered >= minimum
            }
        )
        transitions = [t for t in board._transitions(asked, totals) if not t["is_former"]]
        if not transitions:
            return []
        stages = self.env["crm.stage"].browse([t["id"] for t in transitions])
        targets = stages._targets_in_force(request.team.id)
        first = {
            "id": transitions[0]["from_id"],
            "name": transitions[0]["from_name"],
            "is_first": True,
            "target_rate": False,
            "actual_rate": False,
            "entered": 0,
            "what_if": False,
            "rate": False,
        }
        return [first] + [
            self._transition(request, each, targets[each["id"]] or False) for each in transitions
        ]

    def _transition(self, request, transition, target):
        actual = transition["rate"] if transition["entered"] else False
        order = (target, actual) if request.basis == "target" else (actual, target)
        what_if = request.what_if.get(transition["id"], False)
        rate = next((rate for rate in (what_if, *order) if rate is not False), False)
        return {
            "id": transition["id"],
            "name": transition["name"],
            "is_first": False,
            "target_rate": target,
            "actual_rate": actual,
            "entered": transition["entered"],
            "what_if": what_if,
            "rate": rate,
        }

    # -- deals won ----------------------------------------------------------------------------

    def _won(self, request):
        """``(number, amount)`` of the deals won in the period so far."""
        board = self.env["crm.control.board"]
        end = board._midnight(request, request.date_to + timedelta(days=1))
        domain = Domain("closed_at", ">=", board._midnight(request, request.date_from))
        domain &= Domain("closed_at", "<", end)
        if request.user:
            domain &= Domain("user_id", "=", request.user.id)
        number, amount, _average = self._deals_won(request, domain)
        return number, amount

    def _average_deal(self, request):
        """Average of the deals the team won in the last 12 months, 0 without any.

        Deals without an amount say nothing about it. Determined once a day; but where there is
        none yet, the first deal won counts at once.
        """
        return self._average_of_the_day(request) or self._average_now(request)

    @ormcache("request.team.id", "request.company.id", "request.company._funnel_today()")
    def _average_of_the_day(self, request):
        return self._average_now(request)

    def _average_now(self, request):
        since = date_utils.subtract(request.company._funnel_today(), months=_AVERAGE_MONTHS)
        domain = Domain("closed_at", ">=", self.env["crm.control.board"]._midnight(request, since))
        return round(self._deals_won(request, domain)[2], 2)

    def _deals_won(self, request, domain):
        """``(number, amount, average of those with an amount)``, as the win rates count them."""
        domain &= Domain(
            [
                ("outcome", "=", "won"),
                ("team_id", "=", request.team.id),
                ("company_id", "=", request.company.id),
                # A deal is won on such a stage: from there the database need not look further.
                ("stage_id", "in", list(self.env["crm.stage"]._won_stage_ids())),
            ]
        )
        wins = self.env["crm.outcome.report"].sudo().search(domain)
        # What the deals were worth when they were won, see ``crm.day.glance._amounts``.
        ((amount, priced),) = (
            self.env["crm.lead.stage.history"]
            .sudo()
            ._read_group(
                [("id", "in", wins.ids), ("amount", ">", 0)], [], ["amount:sum", "__count"]
            )
        )
        return len(wins), amount or 0.0, amount / priced if priced else 0.0

    # -- contacts -----------------------------------------------------------------------------

    def _effort(self, request):
        """Meetings and calls per stage move, of the team's last weeks, else of the settings."""
        call_kind = self._call_kind(request.team)
        meetings, calls, moves = self._past_effort(request, call_kind)
        if moves < _EFFORT_MOVES or not (meetings or calls):
            return {
                "meetings": request.company.plan_meetings_per_move,
                "calls": request.company.plan_calls_per_move,
                "moves": 0,
                "call_kind": call_kind,
            }
        return {
            "meetings": meetings / moves,
            "calls": calls / moves,
            "moves": moves,
            "call_kind": call_kind,
        }

    @ormcache(
        "request.team.id", "request.company.id", "request.company._funnel_today()", "call_kind"
    )
    def _past_effort(self, request, call_kind):
        """``(meetings, calls, stage moves)`` of the last whole weeks, determined once a day."""
        monday = working_time.monday(request.company._funnel_today())
        ((held, visits, calls, moves),) = (
            self.env["crm.contact.report"]
            .sudo()
            ._read_group(
                [
                    ("team_id", "=", request.team.id),
                    ("company_id", "=", request.company.id),
                    ("week_start", ">=", monday - timedelta(weeks=_EFFORT_WEEKS)),
                    ("week_start", "<", monday),
                ],
                [],
                ["held_meetings:sum", "visits:sum", f"{call_kind}s:sum", "stage_moves:sum"],
            )
        )
        return (held or 0) + (visits or 0), calls or 0, moves or 0

    def _call_kind(self, team):
        """What calls of a team are: farmers talk to existing clients, in warm contacts."""
        return "warm_contact" if team.funnel_kind == "proactive" else "effective_call"
