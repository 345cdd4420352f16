from odoo import api, fields, models


class LoyaltyCard(models.Model):
    """Cards that clients hold by right: one per organisation and program."""

    _inherit = "loyalty.card"

    is_by_right = fields.Boolean(
        "By Right",
        readonly=True,
        copy=False,
        help="Issued by the rule of the program to an organisation: orders of its contact persons "
        "use it, and it is withdrawn by the same rule.",
    )

    _by_right_uniq = models.UniqueIndex(
        "(partner_id, program_id) WHERE is_by_right",
        "A client holds one card by right of a program.",
    )

    @api.model
    def _by_right_of(self, partner, company_ids):
        """The valid cards by right of the organisation that a contact belongs to.

        :param tuple company_ids: ids of the companies whose programs count
        :return: cards, as the user sees them
        """
        program_ids = self.env["loyalty.program"]._by_right_ids(company_ids)
        if not program_ids or not partner.commercial_partner_id.id:
            return self.browse()
        cards = self.sudo().with_context(active_test=True)
        cards = cards.search(
            [
                ("is_by_right", "=", True),
                ("partner_id", "=", partner.commercial_partner_id.id),
                ("program_id", "in", program_ids),
            ]
        )
        return cards.with_env(self.env)

    def _in_words(self):
        """The card, its points and what it gives, as a salesperson tells the client."""
        self.ensure_one()
        program = self.program_id
        values = {"program": program.name, "code": self.code, "gives": program._gives()}
        if program._has_points_to_save():
            return self.env._(
                "%(program)s %(code)s: %(points)s. %(gives)s",
                points=self.points_display.strip(),
                **values,
            )
        return self.env._("%(program)s %(code)s: %(gives)s", **values)
