from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, Query

from ..models.crm_contact_norm import COUNTED, NORM_KINDS

# The row of a manager's week that holds what is not counted by kind.
ALL = "all"
KINDS = [*NORM_KINDS, (ALL, "All Contacts")]

# Each rate: what is summed, what that is divided by, and times what.
_RATES = {
    "fulfilment:avg": ("counted", "norm", 100),
    "contacts_per_deal:avg": ("counting_contacts", "deals_won", 1),
    "leads_per_deal:avg": ("leads_contacted", "deals_won", 1),
    "contacts_per_move:avg": ("counting_contacts", "stage_moves", 1),
}
MEASURES = (
    "counted",
    "norm",
    "contacts",
    "counting_contacts",
    "effective_calls",
    "held_meetings",
    "productive_meetings",
    "warm_contacts",
    "visits",
    "deals_won",
    "stage_moves",
)


class CrmContactReport(models.Model):
    """Contacts against norms: one row per manager, week and kind, and one for all kinds.

    Weeks with a norm are there without contacts, too, and contacts without a norm. What contacts
    led to is counted only in weeks in which the manager has either. Ratios are summed numerators
    over summed denominators on every level.
    """

    _name = "crm.contact.report"
    _inherit = ["crm.manager.report.mixin", "crm.ledger.reader"]
    _description = "Contacts Against Norms"
    _auto = False
    _order = "week_start desc, user_id, kind, id"
    _rec_name = "user_id"

    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday, in the company's time zone."
    )
    kind = fields.Selection(
        KINDS,
        "Contacts of Kind",
        readonly=True,
        help="A productive meeting counts as a meeting, too, and so does a visit.",
    )
    days_normal = fields.Float(
        "Working Days", digits=(16, 2), readonly=True, aggregator=None, exportable=False
    )
    days_present = fields.Float(digits=(16, 2), readonly=True, aggregator=None, exportable=False)
    has_norm = fields.Boolean(readonly=True, help="The manager owes contacts of this kind.")
    counted = fields.Integer(
        "Towards the Norm", readonly=True, help="Contacts that count towards a norm there is."
    )
    norm = fields.Float(
        digits=(16, 1),
        readonly=True,
        help="What was owed: the weekly norm, less for public holidays and time off.",
    )
    fulfilment = fields.Float(
        "Fulfilment, %",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Contacts towards the norm ÷ norm, times 100; in every total the sums are divided.",
    )
    contacts = fields.Integer("Contacts Logged", readonly=True)
    counting_contacts = fields.Integer(
        "Contacts That Count",
        readonly=True,
        help="Logged contacts that count as anything: a call, a meeting, a visit, a warm contact.",
    )
    effective_calls = fields.Integer(readonly=True)
    held_meetings = fields.Integer(readonly=True, help="Productive ones among them.")
    productive_meetings = fields.Integer(readonly=True)
    warm_contacts = fields.Integer(readonly=True)
    visits = fields.Integer(readonly=True)
    leads_contacted = fields.Integer(
        "Deals Contacted", readonly=True, help="Different deals contacted in the week."
    )
    deals_won = fields.Integer(
        readonly=True, help="Deals the manager won in the week, as in the win rates."
    )
    stage_moves = fields.Integer(
        readonly=True, help="Deals of the manager that advanced to a later stage in the week."
    )
    contacts_per_deal = fields.Float(
        "Contacts per Deal Won",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Contacts that count ÷ deals won.",
    )
    leads_per_deal = fields.Float(
        "Deals Contacted per Deal Won",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Deals contacted ÷ deals won. A deal counts in each week it was contacted in.",
    )
    contacts_per_move = fields.Float(
        "Contacts per Stage Move",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Contacts that count ÷ deals that advanced.",
    )

    _depends = {
        "crm.contact.log": [
            "company_id",
            "user_id",
            "lead_id",
            "week_start",
            "team_id",
            "sales_role",
            "grade",
            "counts_as",
            "state",
        ],
        "crm.contact.norm.week": ["user_id", "week_start", "kind", "norm"],
        "crm.lead.stage.history": ["user_id", "week_start", "exit", "left_at"],
        "crm.stage": ["is_won"],
        "res.company": ["funnel_tz"],
    }

    @property
    def _table_query(self):
        """Facts side by side, added up by manager, week and kind.

        The keys are grouped by, so that PostgreSQL applies a filter on them to each part.
        """
        return SQL(
            """
            SELECT %(id)s AS id, company_id, user_id, week_start, kind,
                   COALESCE(MAX(norm_team_id), MAX(log_team_id)) AS team_id,
                   COALESCE(MAX(norm_role), MAX(log_role)) AS sales_role,
                   COALESCE(MAX(norm_grade), MAX(log_grade)) AS grade,
                   MAX(days_normal) AS days_normal,
                   MAX(days_present) AS days_present,
                   MAX(norm) IS NOT NULL AS has_norm,
                   CASE WHEN MAX(norm) IS NOT NULL THEN SUM(counted) ELSE 0 END AS counted,
                   100.0 * SUM(counted) / NULLIF(SUM(norm), 0) AS fulfilment,
                   %(sums)s,
                   COUNT(DISTINCT lead_id) AS leads_contacted,
                   NULL::float AS contacts_per_deal,
                   NULL::float AS leads_per_deal,
                   NULL::float AS contacts_per_move
              FROM (%(facts)s) fact
          GROUP BY company_id, user_id, week_start, kind
            HAVING BOOL_OR(is_anchor)
            """,
            id=self._id_sql(),
            sums=SQL(", ").join(
                SQL("COALESCE(SUM(%(name)s), 0) AS %(name)s", name=SQL.identifier(name))
                for name in MEASURES
                if name != "counted"
            ),
            facts=SQL(" UNION ALL ").join(
                [self._norms(), self._all_weeks(), self._by_kind(), self._logged()]
                + [self._won(), self._moved()]
            ),
        )

    def _id_sql(self):
        """A number of manager, company, week and kind: the same each time, whatever is asked."""
        kinds = SQL("ARRAY[%s]", SQL(", ").join(SQL("%s", kind) for kind, _label in KINDS))
        return SQL(
            """
            ((user_id::bigint * 4096 + company_id) * 8192 + (week_start - '2000-01-03') / 7) * 8
            + array_position(%s, kind::text)
            """,
            kinds,
        )

    # -- reading ------------------------------------------------------------------------------

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATES:
            return super()._read_group_select(aggregate_spec, query)
        above, below, factor = _RATES[aggregate_spec]
        return SQL(
            "%s::float * SUM(%s) / NULLIF(SUM(%s), 0)",
            factor,
            self._field_to_sql(self._table, above, query),
            self._field_to_sql(self._table, below, query),
        )

    def action_open_contacts(self):
        """Open the contacts behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contacts"),
            "res_model": "crm.contact.log",
            "view_mode": "list,form",
            "domain": list(
                Domain("state", "=", "done") & Domain.OR(row._contacts_domain() for row in self)
            ),
        }

    def _contacts_domain(self):
        domain = Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("user_id", "=", self.user_id.id),
                ("week_start", "=", fields.Date.to_string(self.week_start)),
            ]
        )
        if self.kind != ALL:
            domain &= Domain("counts_as", "in", list(COUNTED.get(self.kind, ())))
        return domain
