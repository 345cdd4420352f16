from array import array
from bisect import bisect_right
from collections import Counter
from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, ormcache

from ..tools import forecast

# Deals won longer ago say little about how long deals take today.
_TIMES_DAYS = 730
_DAY = timedelta(days=1)


class CrmSalesPlanner(models.AbstractModel):
    """What the deals in work will bring within the period."""

    _inherit = "crm.sales.planner"

    def _pipeline_domain(self, team, company):
        """Deals in work of a team."""
        stages = self.env["crm.stage"]._funnel(team.id).steps.values()
        return Domain(
            [
                ("type", "=", "opportunity"),
                ("active", "=", True),
                ("won_status", "=", "pending"),
                ("team_id", "=", team.id),
                ("company_id", "in", [False, company.id]),
                ("stage_id", "in", [step.stage_id for step in stages if not step.is_won]),
            ]
        )

    def _chances(self, leads):
        """How many deals like each lead were won: ``{lead id: Chance(won, total)}``."""
        return leads._chances()

    def _plan_pipeline(self, request, average_deal):
        """The forecast, and the clients in work by stage (``standing``)."""
        domain = self._pipeline_domain(request.team, request.company)
        if request.user:
            domain &= Domain("user_id", "=", request.user.id)
        leads = self.env["crm.lead"].sudo().search(domain, order="id")
        leads.fetch(["stage_id", "expected_revenue"])
        chances = self._chances(leads)
        timely = self._timely_shares(request, leads)
        found = forecast.forecast(
            forecast.Deal(
                chances[lead.id].won * timely[lead.id],
                chances[lead.id].total,
                lead.expected_revenue or average_deal,
                lead.stage_id.id,
            )
            for lead in leads
        )
        return {
            "clients": len(leads),
            "number": found.number._asdict(),
            "amount": found.amount._asdict(),
            "unknown": found.unknown,
            "standing": Counter(lead.stage_id.id for lead in leads),
        }

    def _timely_shares(self, request, leads):
        """Of deals that were won from where each lead stands, how many within the period: 0 to 1.

        Deals of the last two years that took longer from this stage than the lead has stood there
        by now are asked how many of them were won between the first and the last day of the period.
        """
        today = request.company._funnel_today()
        begin = max((request.date_from - today).days, 0)
        end = max((request.date_to - today).days + 1, 0)
        times, ages = self._times_to_win(request), self._ages(leads)
        shares = {}
        for lead in leads:
            days = times.get(lead.stage_id.id, [])
            age = ages.get(lead.id, 0.0)
            longer = len(days) - bisect_right(days, age)
            within = bisect_right(days, age + end) - bisect_right(days, age + begin)
            # Without a deal that took so long, nobody can say when it will be won.
            shares[lead.id] = within / longer if longer else float(begin == 0 < end)
        return shares

    @ormcache("request.team.id", "request.company.id", "request.company._funnel_today()")
    def _times_to_win(self, request):
        """Days from the first entry into each stage to the win, in order, by stage id.

        Determined once a day, as are the chances.
        """
        ledger = self.env["crm.lead.stage.history"].sudo()
        ledger._catch_up()
        ledger._interpret()
        since = self.env["crm.control.board"]._midnight(
            request, request.company._funnel_today() - _TIMES_DAYS * _DAY
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT stay.stage_id,
                       ARRAY_AGG(
                           EXTRACT(EPOCH FROM win.entered_at - stay.entered_at)::float8 / 86400
                           ORDER BY win.entered_at - stay.entered_at
                       )
                  FROM crm_lead_stage_history win
                  JOIN crm_lead_stage_history stay
                    ON stay.lead_id = win.lead_id
                   AND stay.is_cohort
                   AND stay.team_id = win.team_id
                   AND stay.entered_at <= win.entered_at
                 WHERE win.team_id = %(team)s
                   AND win.company_id = %(company)s
                   AND win.entered_at >= %(since)s
                   AND %(is_win)s
              GROUP BY stay.stage_id
                """,
                team=request.team.id,
                company=request.company.id,
                since=since,
                is_win=ledger._is_win_sql(SQL("win")),
            )
        )
        return {stage_id: array("d", days) for stage_id, days in rows}

    def _ages(self, leads):
        """Days each lead has stood on its stage by now, by lead id."""
        now = fields.Datetime.now()
        stays = (
            self.env["crm.lead.stage.history"]
            .sudo()
            .search_fetch(
                [("lead_id", "in", leads.ids), ("left_at", "=", False)], ["lead_id", "entered_at"]
            )
        )
        return {stay.lead_id.id: (now - stay.entered_at) / _DAY for stay in stays}
