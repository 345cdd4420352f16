from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmClientScoreRule(models.Model):
    """Points for clients of a kind: their sum makes the rating, where the company has it so."""

    _name = "crm.client.score.rule"
    _inherit = "crm.domain.rule.mixin"
    _description = "Client Score Rule"
    _rule_model = "crm.client"
    # What follows from the score itself.
    _rule_follows = {
        *("rating", "score", "category", "category_since"),
        *("client_rating", "client_category"),
    }

    domain = fields.Char(
        "Clients",
        help="Which clients get the points. Everything known of the client can be asked for, its "
        "contact (Client) included: segment, country, tags, revenue, purchases.",
    )
    points = fields.Integer(
        required=True,
        default=10,
        aggregator=None,
        help="Added to the client's score; negative points are taken off.",
    )
    company_id = fields.Many2one(help="Leave empty for the clients of all companies.")

    @api.model
    def _scores_sql(self, company, client_ids):
        """``id`` and ``score`` of clients that fit a rule of a company."""
        rules = self.sudo().search([("company_id", "in", [False, company.id])])._readable()
        clients = self.env["crm.client"].sudo().with_context(active_test=False)
        given = [
            clients._search(Domain("id", "in", list(client_ids)) & rule._condition()).select(
                SQL("crm_client.id"), SQL("%s AS points", rule.points)
            )
            for rule in rules
        ]
        given = given or [SQL("SELECT NULL::int AS id, 0 AS points WHERE FALSE")]
        return SQL(
            "SELECT id, SUM(points)::int AS score FROM (%s) given GROUP BY id",
            SQL(" UNION ALL ").join(given),
        )
