from contextlib import contextmanager

from odoo import api, models

# Quotations whose discount is brought up to date when one of these changes.
_ORDERED = {"order_line", "partner_id"}


class SaleOrder(models.Model):
    """Orders of contact persons use the cards that their organisation holds by right.

    Odoo knows the cards of the very contact that orders. The class is named as the one of
    ``sale_loyalty``, one method of which is private to that name.
    """

    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._use_cards()
        return orders

    def write(self, vals):
        result = super().write(vals)
        if not _ORDERED.isdisjoint(vals):
            self._use_cards()
        return result

    def action_confirm(self):
        # The card may have been withdrawn since the quotation was made.
        self._use_cards()
        return super().action_confirm()

    def _use_cards(self):
        """Bring the discounts of members' quotations up to date."""
        if self.env.context.get("uses_cards"):
            return
        # The discount is the client's right, whoever it is that saves the quotation.
        for order in self.sudo():
            if order._is_quotation() and order.order_line and order._concerns_cards():
                order._update_programs_and_rewards()

    def _is_quotation(self):
        return self.state in ("draft", "sent")

    def _concerns_cards(self):
        """Whether the client holds a card by right, or a card by right was used here."""
        used = self.coupon_point_ids.coupon_id | self.order_line.coupon_id
        return any(card.is_by_right for card in used) or bool(self._cards_by_right())

    def _cards_by_right(self):
        """The cards that the client of this order holds by right."""
        return self.env["loyalty.card"]._by_right_of(self.partner_id, self._card_companies())

    def _card_companies(self):
        """Ids of the companies whose programs count for this order, as they do in Odoo."""
        company = self.company_id.sudo()
        return tuple((company | company.parent_id).ids)

    def _update_programs_and_rewards(self):
        self.ensure_one()
        order = self.with_context(uses_cards=True)
        cards = order._cards_by_right()
        if order._is_quotation():
            order._drop_other_cards(cards)
        with order._as_own(cards):
            result = super(SaleOrder, order)._update_programs_and_rewards()
        if order._is_quotation():
            order._claim_discounts(cards)
        return result

    def _drop_other_cards(self, cards):
        """Take out what came by cards that were withdrawn, or that are another client's."""
        points = self.coupon_point_ids.sudo()
        used = points.coupon_id | self.order_line.sudo().coupon_id
        gone = used.filtered("is_by_right") - cards.sudo()
        if gone:
            self.order_line.filtered(lambda line: line.coupon_id in gone).unlink()
            points.filtered(lambda point: point.coupon_id in gone).unlink()

    @contextmanager
    def _as_own(self, cards):
        """Let cards of the organisation be the orderer's own, in the cache alone.

        Odoo drops points from an order whose card belongs to somebody else than the orderer.
        """
        partner = cards._fields["partner_id"]
        cards.flush_recordset(["partner_id"])
        partner._update_cache(cards, self.partner_id.id)
        try:
            yield
        finally:
            cards.invalidate_recordset(["partner_id"], flush=False)

    def _claim_discounts(self, cards):
        """Put the discounts into the order that come by themselves."""
        valid = cards & self.coupon_point_ids.coupon_id
        for card in valid.filtered(lambda card: card.program_id.is_automatic):
            rewards = self._get_claimable_rewards(forced_coupons=card)
            for reward in rewards.get(card, ()):
                if reward.reward_type == "discount":
                    self._apply_program_reward(reward, card)

    def __try_apply_program(self, program, coupon, status):
        """Points of a program by right go to the card of the organisation, or to nobody."""
        if program.is_by_right and not coupon:
            coupon = self._cards_by_right().filtered(lambda card: card.program_id == program)
            if not coupon and not self._has_own_card(program):
                return {"error": self.env._("The client holds no card of this program.")}
        return super().__try_apply_program(program, coupon, status)

    def _has_own_card(self, program):
        """Whether the orderer was given a card by hand."""
        cards = self.env["loyalty.card"].sudo()
        return bool(
            cards.search_count(
                [("partner_id", "=", self.partner_id.id), ("program_id", "=", program.id)], limit=1
            )
        )
