from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmClientConsumption(models.Model):
    """How much a client buys in a year of what we sell, from whomever, as far as we know.

    For all we sell, or for a product group. A new finding is a new row: the latest one counts.
    """

    _name = "crm.client.consumption"
    _description = "Consumption of a Client"
    _order = "known_on DESC, id DESC"
    _rec_name = "client_id"

    client_id = fields.Many2one("crm.client", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one(related="client_id.partner_id", string="Organisation")
    company_id = fields.Many2one(
        related="client_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(related="client_id.user_id", string="Manager in Charge")
    category_id = fields.Many2one(
        "product.category",
        "Product Group",
        ondelete="restrict",
        help="Empty: all that we sell.",
    )
    amount = fields.Monetary(
        "Consumption a Year",
        required=True,
        help="What the client spends on it in a year, untaxed, with us and with others.",
    )
    known_on = fields.Date(
        required=True, default=lambda self: self.env.company._funnel_today(), copy=False
    )
    source = fields.Char(help="How we know: who said so, or from what it was reckoned.")
    competitor_id = fields.Many2one(
        "crm.competitor",
        "Buys Mostly from",
        index="btree_not_null",
        ondelete="restrict",
        help="The largest of the other suppliers.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "Write how much the client consumes in a year: more than nothing."
    )

    @api.constrains("client_id", "category_id")
    def _check_groups_apart(self):
        """A group within a group would count twice."""
        for client, known in self.client_id.sudo().consumption_ids.grouped("client_id").items():
            groups = known.category_id
            for group in groups:
                inner = groups.filtered(
                    lambda other, group=group: (
                        other != group and other.parent_path.startswith(group.parent_path)
                    )
                )[:1]
                if inner:
                    raise ValidationError(
                        self.env._(
                            "The consumption of %(client)s is known for %(group)s, of which "
                            "%(inner)s is a part: it would count twice. Write one or the other.",
                            client=client.partner_id.display_name,
                            group=group.display_name,
                            inner=inner.display_name,
                        )
                    )

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if "client_id" in vals:
            # Findings are not moved to clients whom one may not write them for.
            self.check_access("write")
        return result
