from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import matching

# So many comparable clients for each member: more are not nearer, fewer are one client's luck.
_COUNT = 3


class CrmLoyaltyComparable(models.Model):
    """A client that was like a member on the day this joined, but held no card.

    Chosen on that day, before anything of what followed was known: the same category, revenue of
    the last 12 months in the same band. They stay comparable when they join later: to leave them
    out then would flatter the members.
    """

    _name = "crm.loyalty.comparable"
    _description = "Client Comparable to a Member"

    membership_id = fields.Many2one(
        "crm.loyalty.membership", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade", index=True
    )

    @api.model
    def _choose(self, memberships):
        """Choose comparable clients for those who just joined."""
        values = []
        for (company, program), joined in memberships.grouped(
            lambda each: (each.company_id, each.program_id)
        ).items():
            others = self._others(company, program, set(joined.mapped("category")))
            found = matching.nearest(
                [(each.id, each.category, each.revenue) for each in joined], others, _COUNT
            )
            values += [
                {"membership_id": membership_id, "partner_id": partner_id}
                for membership_id, partner_ids in found.items()
                for partner_id in partner_ids
            ]
        self.create(values)

    def _others(self, company, program, categories):
        """``(partner id, category, revenue)`` of clients that hold no card of a program."""
        self.env["crm.client"].flush_model()
        self.env["crm.loyalty.membership"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT client.partner_id, client.category, COALESCE(client.revenue, 0)
                  FROM crm_client client
                 WHERE client.company_id = %s
                   AND client.category = ANY(%s)
                   AND NOT EXISTS (
                        SELECT FROM crm_loyalty_membership member
                         WHERE member.partner_id = client.partner_id
                           AND member.program_id = %s
                           AND member.left_on IS NULL
                   )
                """,
                company.id,
                [category for category in categories if category],
                program.id,
            )
        )
