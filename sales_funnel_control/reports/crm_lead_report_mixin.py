from odoo import api, models


class CrmLeadReportMixin(models.AbstractModel):
    """A report over the ledger, one opportunity behind each row."""

    _name = "crm.lead.report.mixin"
    _description = "Report over the Ledger"

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        return super()._search(domain, *args, **kwargs)

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
