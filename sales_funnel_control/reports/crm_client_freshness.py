from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.query import Query

_RATIOS = ("freshness_rate:avg", "norm_gap:avg", "stale_rate:avg")


class CrmClientFreshness(models.Model):
    """How much of the client base is verified: one row for each client in the base.

    Blacklisted clients are out of it, lost ones where the company says so. Ratios are summed
    numerators over summed denominators on every level.
    """

    _name = "crm.client.freshness"
    _inherit = "crm.client.report.mixin"
    _description = "Verified Client Base"
    _auto = False
    _order = "unverified_since, id"
    _rec_name = "partner_id"

    verified_on = fields.Date("Verified on", readonly=True)
    unverified_since = fields.Date(
        readonly=True,
        help="The last check of the contact data, else the day the contact was created.",
    )
    clients = fields.Integer(readonly=True)
    verified = fields.Integer(
        readonly=True, help="Clients verified within the period of the company's norm."
    )
    stale = fields.Integer(
        readonly=True, help="Clients that nobody verified for longer than the settings allow."
    )
    never_verified = fields.Integer(readonly=True, help="Clients that were never verified.")
    freshness_rate = fields.Float(
        "Verified, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Verified ÷ clients, times 100; in every total the sums are divided.",
    )
    stale_rate = fields.Float(
        "Stale, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Stale ÷ clients, times 100; in every total the sums are divided.",
    )
    norm_rate = fields.Float(
        "Norm, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Share of the base that is to be verified in the period of the norm.",
    )
    norm_gap = fields.Float(
        "Gap, points",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Verified minus norm, in percentage points.",
    )

    _depends = {
        "crm.client": [
            "partner_id",
            "company_id",
            "user_id",
            "team_id",
            "sales_role",
            "category",
            "rating",
            "verified_on",
            "unverified_since",
        ],
        "res.partner": ["country_id", "state_id", "industry_id"],
    }

    @property
    def _table_query(self):
        return SQL("SELECT %s FROM %s WHERE %s", self._select(), self._from(), self._where())

    def _select(self):
        return SQL(
            """
            client.id, client.partner_id, client.company_id, client.user_id, client.team_id,
            client.sales_role, client.category, client.rating, client.verified_on,
            client.unverified_since, partner.country_id, partner.state_id, partner.industry_id,
            1 AS clients,
            COALESCE(client.verified_on > rules.since, FALSE)::int AS verified,
            COALESCE(client.unverified_since <= rules.stale_on, FALSE)::int AS stale,
            (client.verified_on IS NULL)::int AS never_verified,
            100.0 * COALESCE(client.verified_on > rules.since, FALSE)::int AS freshness_rate,
            100.0 * COALESCE(client.unverified_since <= rules.stale_on, FALSE)::int AS stale_rate,
            rules.norm AS norm_rate,
            100.0 * COALESCE(client.verified_on > rules.since, FALSE)::int - rules.norm
                AS norm_gap
            """
        )

    def _from(self):
        """Clients of the present companies, each with the rules of its company."""
        companies = self.env.companies
        rules = [company.sudo()._freshness_rules() for company in companies]
        return SQL(
            """
            crm_client client
            JOIN res_partner partner ON partner.id = client.partner_id
            JOIN unnest(
                    %s::int[], %s::date[], %s::date[], %s::float[], %s::bool[]
                 ) AS rules(company_id, since, stale_on, norm, with_lost)
              ON rules.company_id = client.company_id
            """,
            companies.ids,
            [rule.since for rule in rules],
            [rule.stale_on for rule in rules],
            [rule.norm for rule in rules],
            [rule.with_lost for rule in rules],
        )

    def _where(self):
        return SQL(
            "client.category <> 'blacklisted' AND (rules.with_lost OR client.category <> 'lost')"
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATIOS:
            return super()._read_group_select(aggregate_spec, query)
        counted = "stale" if aggregate_spec.startswith("stale") else "verified"
        share = SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, counted, query),
            self._field_to_sql(self._table, "clients", query),
        )
        if aggregate_spec == "norm_gap:avg":
            return SQL("%s - AVG(%s)", share, self._field_to_sql(self._table, "norm_rate", query))
        return share
