from functools import lru_cache
from typing import NamedTuple

import pytz

from odoo import api, models
from odoo.tools import SQL, ormcache


class _Circumstances(NamedTuple):
    """What a stay keeps of the manager's membership and of the company."""

    sales_role: str | None
    grade: str | None
    company_id: int
    currency_id: int
    funnel_tz: str


@lru_cache(maxsize=1024)
def local_date(moment, zone):
    """The date of a moment (naive UTC) in a time zone."""
    return moment.replace(tzinfo=pytz.utc).astimezone(pytz.timezone(zone)).date()


class CrmLeadStageHistory(models.Model):
    """What the ledger asks anew with every move although it hardly ever changes.

    The answers are the shared pieces of SQL, evaluated once and remembered until a model they
    read is written.
    """

    _inherit = "crm.lead.stage.history"

    @api.model
    @ormcache("team_id", "user_id", "company_id", "self.env.company.id")
    def _circumstances(self, team_id, user_id, company_id):
        """Role and grade of the manager in the team, and the company the stay belongs to.

        :param company_id: the lead's own company, if it has one
        :rtype: _Circumstances
        """
        self._flush_circumstances()
        [row] = self.env.execute_query(
            SQL(
                """
                SELECT member.sales_role, member.grade, company.id, company.currency_id,
                       company.funnel_tz
                  FROM (SELECT %s::int AS company_id) lead
                       %s
                """,
                company_id,
                self._snapshot_joins(SQL("%s::int", team_id), SQL("%s::int", user_id)),
            )
        )
        return _Circumstances(*row)

    @api.model
    @ormcache("stage_id", "team_id", "sales_role", "user_id", "date")
    def _target_in_force(self, stage_id, team_id, sales_role, user_id, date):
        """Target rate (per cent) of the transition into a stage on a day, None without one."""
        if not stage_id:
            return None
        self._flush_circumstances()
        [[target_rate]] = self.env.execute_query(
            SQL(
                "SELECT %s",
                self._target_sql(
                    stage=SQL("%s::int", stage_id),
                    team=SQL("%s::int", team_id),
                    role=SQL("%s::varchar", sales_role),
                    user=SQL("%s::int", user_id),
                    date=SQL("%s::date", date),
                ),
            )
        )
        return target_rate

    def _flush_circumstances(self):
        for name in ("crm.stage", "crm.stage.target", "crm.team", "crm.team.member"):
            self.env[name].flush_model()
        self.env["res.company"].flush_model(["funnel_tz", "currency_id"])
        self.env["res.users"].flush_model(["company_id"])

    @api.model
    def _forget_circumstances(self):
        self.env.registry.clear_cache()
