from odoo import fields, models
from odoo.tools import SQL, Query

# What is divided by what.
_RATIOS = {
    "meetings_per_client:avg": ("meetings", "clients"),
    "clients_per_sale:avg": ("clients", "sales"),
    "meetings_per_sale:avg": ("meetings", "sales"),
}


class CrmLadderRatio(models.Model):
    """Meetings, clients and sales of a period: one row for each, and how many make one.

    A meeting is one that was logged, a sale a deal that was won. A client is an opportunity that
    came into work: by the first contact on which a dated next step was agreed, or by the first
    stage of negotiations or closing it stood on, whichever was earlier. Each counts once, for the
    manager of that moment.
    """

    _name = "crm.ladder.ratio"
    _inherit = "crm.lead.report.mixin"
    _description = "Meetings, Clients, Sales"
    _auto = False
    _rec_name = "lead_id"
    _order = "date desc, id desc"

    fact = fields.Selection(
        [("meeting", "Meeting"), ("client", "Came into Work"), ("sale", "Sale")],
        "What Happened",
        readonly=True,
    )
    date = fields.Datetime("When", readonly=True)
    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday, in the company's time zone."
    )
    meetings = fields.Integer(readonly=True, help="Meetings and visits that were logged.")
    clients = fields.Integer(
        readonly=True,
        help="Opportunities that came into work: a dated next step was agreed for the first time, "
        "or negotiations began.",
    )
    sales = fields.Integer(readonly=True, help="Deals won.")
    meetings_per_client = fields.Float(
        "Meetings per Client",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="So many meetings made one client; in every total the sums are divided.",
    )
    clients_per_sale = fields.Float(
        "Clients per Sale",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="So many clients made one sale; in every total the sums are divided.",
    )
    meetings_per_sale = fields.Float(
        "Meetings per Sale",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="So many meetings made one sale; in every total the sums are divided.",
    )

    _depends = {
        "crm.contact.log": ["date", "kind", "lead_id", "progress", "progress_date", "state"],
        "crm.lead": ["lead_class", "source_id", "won_status"],
        "crm.lead.stage.history": ["lead_id", "entered_at", "stage_id", "user_id"],
        "crm.stage": ["work_block"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT fact.*,
                   (fact.fact = 'meeting')::int AS meetings,
                   (fact.fact = 'client')::int AS clients,
                   (fact.fact = 'sale')::int AS sales,
                   NULL::float8 AS meetings_per_client,
                   NULL::float8 AS clients_per_sale,
                   NULL::float8 AS meetings_per_sale
              FROM (%s UNION ALL %s UNION ALL %s) fact
            """,
            self._meetings(),
            self._clients(),
            self._sales(),
        )

    def _meetings(self):
        return SQL(
            """
            SELECT %s
              FROM crm_contact_log log
         LEFT JOIN crm_lead lead ON lead.id = log.lead_id
             WHERE log.state = 'done'
               AND log.kind IN ('meeting', 'visit')
            """,
            self._log_columns("meeting", 0),
        )

    def _clients(self):
        """The earliest contact or stay that brought an opportunity into work."""
        return SQL(
            """
            (
                SELECT DISTINCT ON (begun.lead_id) begun.*
                  FROM (
                        SELECT %(log_columns)s
                          FROM crm_contact_log log
                          JOIN crm_lead lead ON lead.id = log.lead_id
                         WHERE log.state = 'done'
                           AND (
                               log.progress <> '' AND log.progress_date IS NOT NULL
                               OR log.next_step_date IS NOT NULL
                           )
                     UNION ALL
                        SELECT %(stay_columns)s
                          FROM crm_lead_stage_history stay
                          JOIN crm_lead lead ON lead.id = stay.lead_id
                          JOIN crm_stage stage ON stage.id = stay.stage_id
                         WHERE (stage.work_block > '1' OR stage.is_won)
                           AND stay.is_skipped IS NOT TRUE
                       ) begun
              ORDER BY begun.lead_id, begun.date, begun.id
            )
            """,
            log_columns=self._log_columns("client", 1),
            stay_columns=self._stay_columns("client", 2),
        )

    def _sales(self):
        return SQL(
            """
            SELECT %s
              FROM (%s) deal
              JOIN crm_lead_stage_history stay ON stay.id = deal.stay_id
              JOIN crm_lead lead ON lead.id = stay.lead_id
            """,
            self._stay_columns("sale", 3),
            self.env["crm.deal.cycle"]._won_deals_sql(),
        )

    def _log_columns(self, fact, number):
        return SQL(
            """
            log.id::int8 * 4 + %s AS id, log.lead_id, log.user_id, log.team_id, log.sales_role,
            log.grade, log.stage_id, log.company_id, lead.lead_class, lead.source_id,
            lead.campaign_id, lead.country_id, log.date, log.week_start, %s AS fact
            """,
            number,
            fact,
        )

    def _stay_columns(self, fact, number):
        return SQL(
            """
            stay.id::int8 * 4 + %s AS id, stay.lead_id, stay.user_id, stay.team_id,
            stay.sales_role, stay.grade, stay.stage_id, stay.company_id, lead.lead_class,
            lead.source_id, lead.campaign_id, lead.country_id, stay.entered_at, stay.week_start,
            %s AS fact
            """,
            number,
            fact,
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        many, one = (
            self._field_to_sql(self._table, name, query) for name in _RATIOS[aggregate_spec]
        )
        return SQL("SUM(%s)::float8 / NULLIF(SUM(%s), 0)", many, one)
