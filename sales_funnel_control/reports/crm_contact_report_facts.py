from odoo import fields, models
from odoo.tools import SQL

from ..models.crm_contact_norm import COUNTED
from .crm_contact_report import ALL, MEASURES


class CrmContactReport(models.Model):
    """The facts the report adds up: norms, contacts, and what the ledger knows they led to."""

    _inherit = "crm.contact.report"

    def _fact(self, source, is_anchor=False, **columns):
        """One part: every column that ``columns`` does not name is empty.

        :param SQL source: all from FROM on
        :param bool is_anchor: whether the fact alone makes a row
        """
        shape = {
            "company_id": "int",
            "user_id": "int",
            "week_start": "date",
            "kind": "varchar",
            "norm_team_id": "int",
            "norm_role": "varchar",
            "norm_grade": "varchar",
            "log_team_id": "int",
            "log_role": "varchar",
            "log_grade": "varchar",
            "days_normal": "numeric",
            "days_present": "numeric",
            "lead_id": "int",
            **dict.fromkeys(MEASURES, "numeric"),
        }
        return SQL(
            "SELECT %s AS is_anchor, %s %s",
            is_anchor,
            SQL(", ").join(
                SQL(
                    "(%s)::%s AS %s",
                    columns.get(name, SQL("NULL")),
                    SQL(kind),
                    SQL.identifier(name),
                )
                for name, kind in shape.items()
            ),
            source,
        )

    def _columns(self, alias, *names):
        return {name: SQL.identifier(alias, name) for name in names}

    def _norms(self):
        return self._fact(
            SQL("FROM crm_contact_norm_week week %s", self._until_now("week")),
            is_anchor=True,
            **self._norm_columns(),
            **self._columns("week", "kind", "days_normal", "days_present", "norm"),
        )

    def _all_weeks(self):
        return self._fact(
            SQL("FROM crm_contact_norm_week week %s", self._until_now("week")),
            is_anchor=True,
            kind=SQL("%s", ALL),
            **self._norm_columns(),
            **self._columns("week", "days_normal", "days_present"),
        )

    def _norm_columns(self):
        return {
            **self._columns("week", "company_id", "user_id", "week_start"),
            "norm_team_id": SQL("week.team_id"),
            "norm_role": SQL("week.sales_role"),
            "norm_grade": SQL("week.grade"),
        }

    def _until_now(self, alias):
        """The next week's norms are there already, but not in the report."""
        this_week = self.env["crm.lead.stage.history"]._week_sql(
            SQL("%s::timestamp", fields.Datetime.now()), SQL("company.funnel_tz")
        )
        return SQL(
            "JOIN res_company company ON company.id = %(alias)s.company_id"
            " WHERE %(alias)s.week_start <= %(this_week)s",
            alias=SQL.identifier(alias),
            this_week=this_week,
        )

    def _log_columns(self):
        return {
            **self._columns("log", "company_id", "user_id", "week_start"),
            "log_team_id": SQL("log.team_id"),
            "log_role": SQL("log.sales_role"),
            "log_grade": SQL("log.grade"),
        }

    def _by_kind(self):
        """A contact stands in each kind it counts towards, and is measured once."""
        pairs = SQL(", ").join(
            SQL("(%s, %s)", kind, counts_as)
            for kind, counting in COUNTED.items()
            for counts_as in counting
        )
        measured = {
            "effective_calls": ("effective_call", ("effective_call",)),
            "held_meetings": ("meeting", ("held_meeting", "productive_meeting")),
            "productive_meetings": ("productive_meeting", ("productive_meeting",)),
            "warm_contacts": ("warm_contact", ("warm_contact",)),
            "visits": ("visit", ("visit",)),
        }
        return self._fact(
            SQL(
                "FROM crm_contact_log log JOIN (VALUES %s) AS counting(kind, counts_as)"
                " ON counting.counts_as = log.counts_as WHERE log.state = 'done'",
                pairs,
            ),
            is_anchor=True,
            **self._log_columns(),
            kind=SQL("counting.kind"),
            counted=SQL("1"),
            **{
                name: SQL("(counting.kind = %s AND log.counts_as IN %s)::int", kind, counts_as)
                for name, (kind, counts_as) in measured.items()
            },
        )

    def _logged(self):
        return self._fact(
            SQL("FROM crm_contact_log log WHERE log.state = 'done'"),
            is_anchor=True,
            **self._log_columns(),
            kind=SQL("%s", ALL),
            lead_id=SQL("log.lead_id"),
            contacts=SQL("1"),
            counting_contacts=SQL("(log.counts_as IS NOT NULL)::int"),
        )

    def _won(self):
        """Deals that are won, for who won them, as the win rates have them."""
        return self._fact(
            SQL(
                """
                FROM crm_lead_stage_history stay
               WHERE %s
                """,
                self.env["crm.lead.stage.history"]._is_win_sql(SQL("stay")),
            ),
            **self._columns("stay", "company_id", "user_id", "week_start"),
            kind=SQL("%s", ALL),
            deals_won=SQL("1"),
        )

    def _moved(self):
        """Stages left by advancing, for who had the client there; a jump is one move.

        Who comes back from a stage off the way, that leads into no other, has come no further.
        """
        left_in = self.env["crm.lead.stage.history"]._week_sql(
            SQL("stay.left_at"), SQL("company.funnel_tz")
        )
        return self._fact(
            SQL(
                """
                FROM crm_lead_stage_history stay
                JOIN res_company company ON company.id = stay.company_id
               WHERE stay.exit = 'advanced'
                 AND stay.origin <> 'skipped'
                 AND stay.next_stage_id IS NOT NULL
                """
            ),
            **self._columns("stay", "company_id", "user_id"),
            week_start=left_in,
            kind=SQL("%s", ALL),
            stage_moves=SQL("1"),
        )
