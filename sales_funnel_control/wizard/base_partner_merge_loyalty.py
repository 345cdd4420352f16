from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """The cards of clients that are merged become one, with the points of all."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        self._merge_cards(src_partners.sudo(), dst_partner.sudo())
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _merge_cards(self, src_partners, dst_partner):
        """A client holds one card by right of a program, whichever of the duplicates had it."""
        cards = self.env["loyalty.card"].sudo().with_context(active_test=False)
        cards = cards.search(
            [("is_by_right", "=", True), ("partner_id", "in", (src_partners | dst_partner).ids)]
        )
        memberships = self.env["crm.loyalty.membership"].sudo()
        memberships = memberships.search(
            [("card_id", "in", cards.ids), ("left_on", "=", False)], order="joined_on, id"
        )
        for theirs in cards.grouped("program_id").values():
            if len(theirs) > 1:
                self._join_cards(theirs, memberships, dst_partner)

    def _join_cards(self, cards, memberships, dst_partner):
        """Keep the card of the client that remains, or the first."""
        kept = cards.filtered(lambda card: card.partner_id == dst_partner) or cards[0]
        others = (cards - kept).with_context(tracking_disable=True)
        held = memberships.filtered(lambda member: member.card_id in cards)
        first = held.filtered(lambda member: member.partner_id == dst_partner)[:1] or held[:1]
        (held - first)._leave("merged")
        if first.partner_id != dst_partner:
            first.partner_id = dst_partner
            first._give_pricelist()
        first.card_id = kept
        kept.with_context(tracking_disable=True).write(
            {
                "points": sum(cards.mapped("points")),
                "active": any(cards.mapped("active")) or bool(held),
            }
        )
        others.write({"points": 0, "active": False, "is_by_right": False})
        self.env.flush_all()
