from odoo import api, fields, models

from .crm_client_signal import OPEN_STATES

_SALES = "sales_team.group_sale_salesman"


class ResPartner(models.Model):
    """Open signals of the client."""

    _inherit = "res.partner"

    signal_count = fields.Integer(
        "Signals",
        compute="_compute_signal_count",
        groups=_SALES,
        help="Open signals of this client: overdue purchase, falling or growing volume, new need.",
    )

    @api.depends_context("company", "uid")
    def _compute_signal_count(self):
        counts = dict(
            self.env["crm.client.signal"]._read_group(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("state", "in", OPEN_STATES),
                    ("company_id", "=", self.env.company.id),
                ],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.signal_count = counts.get(partner.commercial_partner_id._origin, 0)

    def action_open_signals(self):
        """Open the signals of the client."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_client_signal_action"
        )
        action["domain"] = [("partner_id", "=", self.commercial_partner_id.id)]
        action["context"] = {}
        return action
