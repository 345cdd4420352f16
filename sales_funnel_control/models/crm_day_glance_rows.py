from collections import Counter, defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

from .crm_contact_norm import COUNTED

_DAY = timedelta(days=1)


class CrmDayGlance(models.AbstractModel):
    """What the figures of a day count: the same rows for the number and for the list behind it."""

    _inherit = "crm.day.glance"

    def _day_facts(self, request, domain):
        """Figures of the day by manager.

        :param Domain domain: of which rows, by ``user_id`` and ``company_id``
        :return: ``{user id or False: {figure: number}}``; ``kinds`` counts contacts by kind
        """
        facts = defaultdict(dict)
        for figure in request.figures:
            if figure == "to_come":
                counts = self._meetings_by_user(request, domain)
            elif figure == "won_amount":
                counts = self._amounts(request, domain)
            else:
                model, rows = self._figure_rows(request, figure, domain)
                counts = {
                    user.id: count
                    for user, count in self.env[model]._read_group(rows, ["user_id"], ["__count"])
                }
            for user_id, count in counts.items():
                facts[user_id][figure] = count
        if "contacts" in request.figures:
            model, rows = self._figure_rows(request, "contacts", domain)
            for user, kind, count in self.env[model]._read_group(
                rows, ["user_id", "kind"], ["__count"]
            ):
                facts[user.id].setdefault("kinds", {})[kind] = count
        return facts

    @staticmethod
    def _summed(rows):
        """The sums of several managers."""
        total, kinds = Counter(), Counter()
        for values in rows:
            numbers = dict(values)
            kinds.update(numbers.pop("kinds", {}))
            total.update(numbers)
        return {**total, "kinds": kinds}

    def _figure_rows(self, request, figure, domain):
        """``(model, domain)`` of what a figure counts."""
        if figure == "to_come":
            return "calendar.event", Domain("id", "in", self._meetings(request, domain).ids)
        find = {
            "contacts": self._contact_rows,
            "counting": self._contact_rows,
            "meetings": self._contact_rows,
            "new_clients": self._stay_rows,
            "moves": self._stay_rows,
            "refusals": self._refusal_rows,
            "won": self._won_rows,
            "won_amount": self._won_rows,
            "overdue": self._overdue_rows,
        }[figure]
        model, rows = find(request, figure)
        return model, rows & domain

    def _contact_rows(self, request, figure):
        rows = (
            Domain("team_id", "=", request.team.id)
            & Domain("day", "=", request.day)
            & Domain("state", "=", "done")
        )
        if figure == "counting":
            rows &= Domain("counts_as", "!=", False)
        elif figure == "meetings":
            rows &= Domain("counts_as", "in", list(COUNTED["meeting"]))
        return "crm.contact.log", rows

    def _stay_rows(self, request, figure):
        if figure == "new_clients":
            rows = self._within(request, "entered_at") & Domain("origin", "=", "created")
        else:
            rows = (
                self._within(request, "left_at")
                & Domain("exit", "=", "advanced")
                & Domain("origin", "!=", "skipped")
                # Who comes back from a stage off the way has come no further by that.
                & Domain("next_stage_id", "!=", False)
            )
        return "crm.lead.stage.history", rows

    def _refusal_rows(self, request, _figure):
        rows = self._within(request, "refused_at") & (
            Domain("lost_reason_id", "=", False)
            | Domain("lost_reason_id.is_spam_or_duplicate", "=", False)
        )
        return "crm.lead.refusal", rows

    def _won_rows(self, request, _figure):
        return "crm.outcome.report", self._within(request, "closed_at") & Domain(
            "outcome", "=", "won"
        )

    def _overdue_rows(self, request, _figure):
        """Deals in work of the reader's companies: a deal's is that of its present stay."""
        present = Domain("left_at", "=", False) & Domain("company_id", "in", self.env.companies.ids)
        return "crm.lead", (
            Domain("team_id", "=", request.team.id)
            & Domain("type", "=", "opportunity")
            & Domain("next_step_state", "=", "overdue")
            & Domain("stage_history_ids", "any", present)
        )

    def _within(self, request, field):
        """Of the team, at a moment of the day."""
        board = self.env["crm.control.board"].with_company(request.company)
        return board._period_domain(request, field, request.day, request.day)

    def _amounts(self, request, domain):
        """What the deals won on the day are worth, as expected when they were won."""
        model, rows = self._figure_rows(request, "won", domain)
        won = self.env[model].search(rows)
        groups = self.env["crm.lead.stage.history"]._read_group(
            [("id", "in", won.ids)], ["user_id"], ["amount:sum"]
        )
        return {user.id: amount or 0 for user, amount in groups}

    # -- the calendar -------------------------------------------------------------------------

    def _meetings_by_user(self, request, domain):
        counts = Counter()
        users = self._meeting_users(request, domain)
        for meeting in self._meetings(request, domain).sudo():
            counts.update((meeting._contact_managers() & users).ids)
        return counts

    def _meetings(self, request, domain):
        """Meetings with clients of the day that have not begun, of the managers asked for.

        Who leads the team sees that they are planned, though the calendar is somebody else's.
        """
        users = self._meeting_users(request, domain)
        board = self.env["crm.control.board"].with_company(request.company)
        meetings = (
            self.env["calendar.event"]
            .sudo()
            .with_context(active_test=True)
            .search(
                [
                    (
                        "start",
                        ">=",
                        max(fields.Datetime.now(), board._midnight(request, request.day)),
                    ),
                    ("start", "<", board._midnight(request, request.day + _DAY)),
                    "|",
                    ("partner_ids", "in", users.partner_id.ids),
                    ("user_id", "in", users.ids),
                ]
            )
        )
        return meetings.filtered(
            lambda meeting: (
                meeting._is_with_client()
                and meeting._contact_managers() & users
                and meeting._contact_lead().team_id in (request.team, request.team.browse())
            )
        ).with_env(self.env)

    def _meeting_users(self, request, domain):
        """Members of the team under a domain on ``user_id``; their companies are the team's."""
        members = request.team.sudo().member_ids
        wanted = domain.map_conditions(
            lambda condition: (
                Domain("id", condition.operator, condition.value)
                if condition.field_expr == "user_id"
                else Domain.TRUE
            )
        )
        return members.filtered_domain(wanted)
