from odoo import fields, models
from odoo.tools import SQL, Query

from ..models.crm_program_member import MEMBER_STATES
from ..models.utm_campaign import PROGRAM_KINDS

# Ratios, as the sums they divide.
_RATIOS = {
    "answer_rate:avg": (100, "answered", "invited"),
    "cost_per_answer:avg": (1, "cost", "answered"),
    "cost_per_sale:avg": (1, "cost", "sales"),
    "return_rate:avg": (1, "revenue", "cost"),
}


class CrmProgramReport(models.Model):
    """Special programs: one row for each participant who was invited."""

    _name = "crm.program.report"
    _inherit = "crm.client.report.mixin"
    _description = "Result of Special Programs"
    _auto = False
    _rec_name = "partner_id"
    _order = "invited_on desc, id desc"

    campaign_id = fields.Many2one("utm.campaign", "Program", readonly=True)
    program_kind = fields.Selection(PROGRAM_KINDS, "Kind", readonly=True)
    responsible_id = fields.Many2one("res.users", readonly=True)
    state = fields.Selection(MEMBER_STATES, "Status", readonly=True)
    invited_on = fields.Date(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    invited = fields.Integer(readonly=True)
    answered = fields.Integer(readonly=True, help="Said yes or no.")
    interested = fields.Integer(readonly=True, help="Interested, or came.")
    came = fields.Integer(readonly=True)
    bought = fields.Integer("Clients Who Bought", readonly=True)
    sales = fields.Integer(
        readonly=True, help="Days on which clients bought in the program, see Sold in the Program."
    )
    revenue = fields.Monetary(
        "Sold in the Program",
        readonly=True,
        help="Untaxed purchases that carry the program, or came from its opportunities.",
    )
    revenue_after = fields.Monetary(
        "All Purchases Afterwards",
        readonly=True,
        help="Everything the invited bought in the days to watch, the program's sales among it: "
        "no proof that the program brought it.",
    )
    cost = fields.Monetary(
        readonly=True, help="The program's cost, in equal shares of those invited."
    )
    answer_rate = fields.Float(
        "Answered, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Answered ÷ invited, times 100; in every total the sums are divided.",
    )
    cost_per_answer = fields.Float(
        readonly=True, aggregator="avg", exportable=False, help="Cost ÷ answers."
    )
    cost_per_sale = fields.Float(
        readonly=True, aggregator="avg", exportable=False, help="Cost ÷ sales of the program."
    )
    return_rate = fields.Float(
        "Return",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Sold in the program ÷ cost: at 1 it brought in what it cost.",
    )

    _depends = {
        "crm.client": ["category", "rating"],
        "crm.lead": ["campaign_id"],
        "crm.program.member": [
            "answered_on",
            "campaign_id",
            "company_id",
            "invited_on",
            "lead_id",
            "partner_id",
            "sales_role",
            "state",
            "team_id",
            "user_id",
        ],
        "res.company": ["client_purchases", "currency_id", "funnel_tz"],
        "res.partner": ["commercial_partner_id", "country_id", "industry_id", "state_id"],
        "sale.order": [
            "amount_untaxed",
            "campaign_id",
            "company_id",
            "currency_rate",
            "date_order",
            "opportunity_id",
            "partner_id",
            "state",
        ],
        "utm.campaign": ["cost", "effect_days", "program_kind", "user_id"],
    }

    @property
    def _table_query(self):
        members = self.env["crm.program.member"]
        facts = [members._facts_sql(company) for company in self.env.companies.sudo()]
        return SQL(
            """
            SELECT member.id, member.campaign_id, member.company_id, member.partner_id,
                   member.user_id, member.team_id, member.sales_role, member.state,
                   member.invited_on, partner.country_id, partner.state_id AS state_id,
                   partner.industry_id, client.category, client.rating,
                   program.program_kind, program.user_id AS responsible_id, company.currency_id,
                   fact.invited, fact.answered, fact.interested, fact.came, fact.bought,
                   fact.sales, fact.revenue, fact.revenue_after, fact.cost,
                   100.0 * fact.answered AS answer_rate,
                   fact.cost / NULLIF(fact.answered, 0) AS cost_per_answer,
                   fact.cost / NULLIF(fact.sales, 0) AS cost_per_sale,
                   fact.revenue / NULLIF(fact.cost, 0) AS return_rate
              FROM (%s) fact
              JOIN crm_program_member member ON member.id = fact.id
              JOIN utm_campaign program ON program.id = member.campaign_id
              JOIN res_partner partner ON partner.id = member.partner_id
              JOIN res_company company ON company.id = member.company_id
         LEFT JOIN crm_client client
                ON client.partner_id = member.partner_id AND client.company_id = member.company_id
            """,
            SQL(" UNION ALL ").join(facts),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        factor, part, whole = _RATIOS[aggregate_spec]
        return SQL(
            "%s * SUM(%s)::numeric / NULLIF(SUM(%s), 0)",
            factor,
            self._field_to_sql(self._table, part, query),
            self._field_to_sql(self._table, whole, query),
        )

    def action_open_members(self):
        """Open the participants behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Participants"),
            "res_model": "crm.program.member",
            "view_mode": "list,form",
            "domain": [("id", "in", self.ids)],
        }
