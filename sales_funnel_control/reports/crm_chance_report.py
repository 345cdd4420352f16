from odoo import fields, models
from odoo.tools import SQL, Query

_STEP_DAYS = 7
_LAST_DAY = 364


class CrmChanceReport(models.Model):
    """Chance by age: a row for every week that a decided deal stood on a stage.

    Of the deals that came to an age on a stage, the share that was won. Which deals tell of which
    age is said at ``crm.lead._lives_sql``.
    """

    _name = "crm.chance.report"
    _inherit = "crm.lead.report.mixin"
    _description = "Chance by Age"
    _auto = False
    _rec_name = "lead_id"
    _order = "stage_id, age, id"

    age = fields.Integer(
        "Days on the Stage",
        readonly=True,
        aggregator=None,
        help="Deals that stood on the stage for as many days or longer.",
    )
    entered_at = fields.Datetime("Entered the Stage", readonly=True)
    decided = fields.Integer(
        "Deals Decided", readonly=True, help="Deals that came to this age and are won or lost."
    )
    won = fields.Integer("Deals Won", readonly=True)
    chance = fields.Float(
        "Chance, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Won, of those that came to this age and are decided.",
    )

    _depends = {
        "crm.deal.cycle": ["is_sufficient", "normal_days"],
        "crm.lead": ["active", "lost_reason_id", "team_id", "won_status"],
        "crm.lead.stage.history": ["days", "entered_at", "lead_id", "stage_id", "team_id"],
        "crm.lost.reason": ["is_spam_or_duplicate"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT stay.id::int8 * 64 + age.day / %(step)s AS id,
                   stay.lead_id, stay.user_id, stay.team_id, stay.sales_role, stay.grade,
                   stay.stage_id, stay.company_id, stay.lead_class, stay.source_id,
                   stay.campaign_id, stay.country_id, stay.entered_at,
                   age.day AS age,
                   1 AS decided,
                   life.is_won::int AS won,
                   100.0 * life.is_won::int AS chance
              FROM (%(lives)s) life
              JOIN crm_lead_stage_history stay ON stay.id = life.stay_id
        CROSS JOIN LATERAL generate_series(
                       0, LEAST(life.telling_until, %(last)s), %(step)s
                   ) AS age(day)
            """,
            step=_STEP_DAYS,
            last=_LAST_DAY,
            lives=self.env["crm.lead"]._lives_sql(fields.Date.context_today(self)),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec != "chance:avg":
            return super()._read_group_select(aggregate_spec, query)
        won, decided = (self._field_to_sql(self._table, name, query) for name in ("won", "decided"))
        return SQL("100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", won, decided)
