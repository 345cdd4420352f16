from odoo import api, models
from odoo.tools import SQL


class CrmProgramMember(models.Model):
    """What a special program brought, participant by participant."""

    _inherit = "crm.program.member"

    @api.model
    def _flush_for_facts(self):
        """Bring to the database what :meth:`_facts_sql` reads."""
        self.env["crm.client"]._flush_for_purchases()
        self.env["sale.order"].flush_model(["campaign_id", "opportunity_id"])
        self.env["crm.lead"].flush_model(["campaign_id"])
        self.env["utm.campaign"].flush_model(["cost", "effect_days"])
        self.flush_model()

    @api.model
    def _facts_sql(self, company):
        """Figures of those invited to a company's programs, one row each.

        Columns: ``id``, ``invited``, ``answered``, ``interested``, ``came`` and ``bought`` (0 or
        1), ``sales`` (days on which the client bought in the program), ``revenue`` of these,
        ``revenue_after`` (all purchases of the days to watch) and ``cost``, the participant's
        share of the program's cost.

        A purchase is of the program where it carries the program, or else came from the
        participant's opportunity, so that none counts for two programs.
        """
        mine = SQL("buyer.commercial_partner_id = member.partner_id")
        client = self.env["crm.client"]
        return SQL(
            """
            SELECT member.id,
                   1 AS invited,
                   (member.state IN ('answered', 'came', 'declined'))::int AS answered,
                   (member.state IN ('answered', 'came'))::int AS interested,
                   (member.state = 'came')::int AS came,
                   (sold.sales > 0)::int AS bought,
                   sold.sales,
                   sold.revenue,
                   after.revenue AS revenue_after,
                   COALESCE(program.cost, 0) / invited.members AS cost
              FROM crm_program_member member
              JOIN utm_campaign program ON program.id = member.campaign_id
              JOIN (
                SELECT campaign_id, COUNT(*) AS members
                  FROM crm_program_member
                 WHERE invited_on IS NOT NULL
              GROUP BY campaign_id
                   ) invited ON invited.campaign_id = member.campaign_id
CROSS JOIN LATERAL (
                SELECT COUNT(DISTINCT day) AS sales, COALESCE(SUM(amount), 0) AS revenue
                  FROM (%(of_program)s) purchase
                   ) sold
CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(amount), 0) AS revenue
                  FROM (%(of_client)s) purchase
                 WHERE day BETWEEN member.invited_on
                               AND member.invited_on + program.effect_days
                   ) after
             WHERE member.company_id = %(company)s
               AND member.invited_on IS NOT NULL
            """,
            of_program=client._purchases_sql(
                company, SQL("%s AND %s", mine, self._of_program_sql(company))
            ),
            of_client=client._purchases_sql(company, mine),
            company=company.id,
        )

    def _of_program_sql(self, company):
        """Whether a purchase belongs to the program of the alias ``member``."""
        if company.client_purchases == "deals":
            return SQL("COALESCE(deal.campaign_id = member.campaign_id, deal.id = member.lead_id)")
        return SQL(
            "COALESCE(sold.campaign_id = member.campaign_id, sold.opportunity_id = member.lead_id)"
        )

    @api.model
    def _results_of(self, campaigns):
        """Figures of programs, of the participants that the user may see.

        :return: dict of sums, see :meth:`_facts_sql`, by campaign
        """
        self._flush_for_facts()
        found = {}
        for company, theirs in campaigns.grouped("company_id").items():
            visible = self._search([("campaign_id", "in", theirs.ids)])
            rows = self.env.execute_query_dict(
                SQL(
                    """
                    SELECT member.campaign_id, SUM(fact.invited) AS invited,
                           SUM(fact.answered) AS answered, SUM(fact.interested) AS interested,
                           SUM(fact.came) AS came, SUM(fact.bought) AS bought,
                           SUM(fact.sales) AS sales, SUM(fact.revenue) AS revenue,
                           SUM(fact.revenue_after) AS revenue_after, SUM(fact.cost) AS cost
                      FROM (%s) fact
                      JOIN crm_program_member member ON member.id = fact.id
                     WHERE member.id IN %s
                  GROUP BY member.campaign_id
                    """,
                    self._facts_sql(company.sudo()),
                    visible.subselect(),
                )
            )
            found.update({row.pop("campaign_id"): row for row in rows})
        return {campaign: found[campaign.id] for campaign in campaigns if campaign.id in found}
