from functools import lru_cache
from typing import NamedTuple

import pytz

from odoo import api, models
from odoo.tools import SQL, ormcache

_MEMORY_LIMIT = 50_000


class Circumstances(NamedTuple):
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

    def _circumstances(self, keys):
        """Role and grade of the manager in the team, and the company the stay belongs to.

        :param keys: ``(team id, user id, the lead's own company id)``, each of them or None
        :return: :class:`Circumstances` by key
        """
        company_id = self.env.company.id
        found = self._remembered(
            "circumstances", [(*key, company_id) for key in keys], self._circumstances_sql
        )
        return {key[:3]: Circumstances(*values) for key, values in found.items()}

    def _circumstances_sql(self, keys):
        teams, users, companies, _fallbacks = map(list, zip(*keys, strict=True))
        return SQL(
            """
            SELECT lead.place, member.sales_role, member.grade, company.id, company.currency_id,
                   company.funnel_tz
              FROM unnest(%s::int[], %s::int[], %s::int[])
                   WITH ORDINALITY AS lead(team_id, user_id, company_id, place)
                   %s
            """,
            teams,
            users,
            companies,
            self._snapshot_joins(SQL("lead.team_id"), SQL("lead.user_id")),
        )

    def _targets_in_force(self, keys):
        """Target rates (per cent) of transitions on a day, None where there is none.

        :param keys: ``(id of the stage entered, team id, role, user id, date)``
        :return: the target by key
        """
        found = self._remembered("target", keys, self._targets_sql)
        return {key: target_rate for key, (target_rate,) in found.items()}

    def _targets_sql(self, keys):
        return SQL(
            """
            SELECT transition.place, %s
              FROM unnest(%s::int[], %s::int[], %s::varchar[], %s::int[], %s::date[])
                   WITH ORDINALITY AS transition(
                       stage_id, team_id, sales_role, user_id, date, place
                   )
            """,
            self._target_sql(
                stage=SQL("transition.stage_id"),
                team=SQL("transition.team_id"),
                role=SQL("transition.sales_role"),
                user=SQL("transition.user_id"),
                date=SQL("transition.date"),
            ),
            *map(list, zip(*keys, strict=True)),
        )

    def _remembered(self, kind, keys, statement):
        """Answers by key; those not known yet are asked with one ``statement`` for all.

        :param statement: gives the SQL for a list of keys; its rows begin with the key's place
        """
        memory = self._memory()
        unknown = [key for key in dict.fromkeys(keys) if (kind, key) not in memory]
        if unknown:
            if len(memory) > _MEMORY_LIMIT:
                self._forget_circumstances()
                return self._remembered(kind, keys, statement)
            self._flush_circumstances()
            for place, *values in self.env.execute_query(statement(unknown)):
                memory[kind, unknown[place - 1]] = values
        return {key: memory[kind, key] for key in keys}

    @api.model
    @ormcache()
    def _memory(self):
        """A dictionary that lasts until the registry's caches are cleared, in all processes."""
        return {}

    def _flush_circumstances(self):
        for name in ("crm.stage", "crm.stage.target", "crm.team", "crm.team.member"):
            self.env[name].flush_model()
        self.env["res.company"].flush_model(["funnel_tz", "currency_id"])
        self.env["res.users"].flush_model(["company_id"])

    @api.model
    def _forget_circumstances(self):
        self.env.registry.clear_cache()
