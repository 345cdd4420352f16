from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

PRICE_LEVELS = [
    ("below", "Below the Market"),
    ("at", "At the Market"),
    ("above", "Above the Market"),
]
_MARKET = 100


class CrmPriceLevel(models.Model):
    """Our price beside the market's: for a client, a product group, or both.

    A new finding is a new row: the latest one counts.
    """

    _name = "crm.price.level"
    _description = "Price Against the Market"
    _order = "known_on DESC, id DESC"
    _rec_name = "level"

    client_id = fields.Many2one(
        "crm.client", ondelete="cascade", index="btree_not_null", help="Empty: for all clients."
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        required=True,
        index=True,
    )
    user_id = fields.Many2one(related="client_id.user_id", string="Manager in Charge")
    category_id = fields.Many2one(
        "product.category", "Product Group", ondelete="restrict", help="Empty: all that we sell."
    )
    price_index = fields.Float(
        "Our Price, Market = 100",
        digits=(16, 1),
        aggregator="avg",
        help="110 means ten per cent dearer than the market. Leave it empty where only the level "
        "is known.",
    )
    level = fields.Selection(
        PRICE_LEVELS,
        "Our Price Is",
        compute="_compute_level",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    known_on = fields.Date(
        required=True, default=lambda self: self.env.company._funnel_today(), copy=False
    )
    source = fields.Char(help="How we know: an offer seen, a price list, who said so.")

    _index_positive = models.Constraint(
        "CHECK (price_index >= 0)", "A price is not below nothing: 100 is the market's."
    )

    _has_subject = models.Constraint(
        "CHECK (client_id IS NOT NULL OR category_id IS NOT NULL)",
        "Choose the client or the product group the price level is for.",
    )

    @api.depends("client_id")
    def _compute_company_id(self):
        for price in self:
            price.company_id = price.client_id.company_id or price.company_id or self.env.company

    @api.depends("price_index")
    def _compute_level(self):
        for price in self:
            if price.price_index:
                price.level = self._level_of(price.price_index)
            else:
                price.level = price.level or False

    @staticmethod
    def _level_of(index):
        side = float_compare(index, _MARKET, precision_digits=1)
        return {-1: "below", 0: "at", 1: "above"}[side]

    @api.constrains("price_index", "level")
    def _check_level(self):
        for price in self:
            if price.price_index and price.level != self._level_of(price.price_index):
                raise ValidationError(
                    self.env._(
                        "With the market at 100, a price of %(index)s is not “%(level)s”: "
                        "change the level or the figure.",
                        index=round(price.price_index, 1),
                        level=dict(self._fields["level"]._description_selection(self.env))[
                            price.level
                        ],
                    )
                )

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if "client_id" in vals:
            # Findings are not moved to clients whom one may not write them for.
            self.check_access("write")
        return result
