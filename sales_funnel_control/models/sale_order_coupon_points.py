from odoo import models


class SaleOrderCouponPoints(models.Model):
    """Whoever may cancel an order takes its points back, also from a member's card."""

    _inherit = "sale.order.coupon.points"

    def unlink(self):
        orders = self.order_id
        if not self.env.su and orders and orders.has_access("write"):
            return super(SaleOrderCouponPoints, self.sudo()).unlink()
        return super().unlink()
