from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

# What a rule cannot ask for: it follows from the score itself.
_FOLLOWS = {"rating", "score", "category", "category_since", "client_rating", "client_category"}


class CrmClientScoreRule(models.Model):
    """Points for clients of a kind: their sum makes the rating, where the company has it so."""

    _name = "crm.client.score.rule"
    _description = "Client Score Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    domain = fields.Char(
        "Clients",
        default="[]",
        required=True,
        help="Which clients get the points. Everything known of the client can be asked for, its "
        "contact (Client) included: segment, country, tags, revenue, purchases.",
    )
    points = fields.Integer(
        required=True,
        default=10,
        aggregator=None,
        help="Added to the client's score; negative points are taken off.",
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        index="btree_not_null",
        help="Leave empty for the clients of all companies.",
    )

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            try:
                domain = rule._client_domain()
                self.env["crm.client"].sudo().search(domain, limit=1)
                self._check_readable(domain)
            except Exception as error:
                # Whatever a domain can be wrong in, it is the user who can put it right.
                raise ValidationError(
                    self.env._(
                        "The condition of the rule “%(rule)s” cannot be read: %(error)s "
                        "Build it anew with the editor of the field.",
                        rule=rule.name,
                        error=error,
                    )
                ) from error
            asked = {
                name
                for condition in domain.iter_conditions()
                for name in condition.field_expr.split(".")
            }
            if not _FOLLOWS.isdisjoint(asked):
                raise ValidationError(
                    self.env._(
                        "The rule “%(rule)s” asks for what follows from the score itself. "
                        "Choose what makes a client valuable instead.",
                        rule=rule.name,
                    )
                )

    def _check_readable(self, domain):
        """Nobody learns from a score what they may not read.

        :raise AccessError: for a field that the present user may not read
        """
        for condition in domain.iter_conditions():
            # Constraints are checked with all rights.
            model = self.env["crm.client"].with_user(self.env.user)
            for name in condition.field_expr.split("."):
                field = model._fields.get(name)
                if field is None:
                    break
                model._check_field_access(field, "read")
                model = model.env[field.comodel_name] if field.relational else model

    def _client_domain(self):
        self.ensure_one()
        return Domain(literal_eval(self.domain or "[]"))

    @api.model
    def _scores_sql(self, company, client_ids):
        """``id`` and ``score`` of clients that fit a rule of a company."""
        rules = self.sudo().search([("company_id", "in", [False, company.id])])
        clients = self.env["crm.client"].sudo().with_context(active_test=False)
        given = [
            clients._search(Domain("id", "in", list(client_ids)) & rule._client_domain()).select(
                SQL("crm_client.id"), SQL("%s AS points", rule.points)
            )
            for rule in rules
        ]
        given = given or [SQL("SELECT NULL::int AS id, 0 AS points WHERE FALSE")]
        return SQL(
            "SELECT id, SUM(points)::int AS score FROM (%s) given GROUP BY id",
            SQL(" UNION ALL ").join(given),
        )
