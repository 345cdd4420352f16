from odoo import api, models

# What of an order makes a purchase, or another one.
_PURCHASE_FIELDS = {"state", "partner_id", "date_order", "company_id"}


class SaleOrder(models.Model):
    """Orders tell at once what a client has become."""

    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders.filtered(lambda order: order.state == "sale")._note_purchases()
        return orders

    def write(self, vals):
        is_purchase = not _PURCHASE_FIELDS.isdisjoint(vals)
        before = self._purchase_keys() if is_purchase else set()
        result = super().write(vals)
        if is_purchase:
            self._note_purchases(before)
        return result

    def _compute_amounts(self):
        """A purchase whose lines change is another one."""
        result = super()._compute_amounts()
        known = self.filtered(lambda order: isinstance(order.id, int))
        known._note_purchases()
        return result

    def _purchase_keys(self):
        """Whose purchases the orders are, as far as they are confirmed: ``(partner, company)``."""
        return {
            (order.partner_id.commercial_partner_id.id, order.company_id)
            for order in self
            if order.state == "sale"
        }

    def _note_purchases(self, before=()):
        """Bring the clients up to date once, at the end of the transaction.

        :param before: keys of :meth:`_purchase_keys` before a change
        """
        Client = self.env["crm.client"]
        for partner_id, company in self._purchase_keys() | set(before):
            Client._note_for_refresh([partner_id], company)
