from odoo import fields, models

from ..models.crm_lead_stage_history import LEAD_CLASSES


class CrmLeadReportMixin(models.AbstractModel):
    """A report over the ledger, one opportunity behind each row."""

    _name = "crm.lead.report.mixin"
    _inherit = ["crm.manager.report.mixin", "crm.ledger.reader"]
    _description = "Report over the Ledger"

    lead_id = fields.Many2one("crm.lead", "Opportunity", readonly=True)
    stage_id = fields.Many2one("crm.stage", readonly=True)
    lead_class = fields.Selection(LEAD_CLASSES, readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)

    def action_open_leads(self):
        """Open the opportunities behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Opportunities"),
            "res_model": "crm.lead",
            "view_mode": "list,kanban,form",
            "domain": [("id", "in", self.lead_id.ids)],
            "context": {"active_test": False},
        }
