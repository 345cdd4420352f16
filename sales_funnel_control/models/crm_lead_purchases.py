from odoo import models


class CrmLeadStageHistory(models.Model):
    """A deal won is a purchase at once, where the company has it so."""

    _inherit = "crm.lead.stage.history"

    def _apply(self, differences, reconstructed=False):
        changes = super()._apply(differences, reconstructed)
        won_ids = self.env["crm.stage"]._won_stage_ids()
        lead_ids = [
            difference.lead_id
            for difference in differences
            if difference.lead.stage_id in won_ids
            or (difference.stay and difference.stay.stage_id in won_ids)
        ]
        self.env["crm.lead"].sudo().browse(lead_ids)._note_purchases()
        return changes


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def _note_purchases(self):
        """Bring the clients of deals that were won, or are no longer, up to date."""
        for company, deals in self.grouped(lambda lead: lead._deal_company()).items():
            if company.client_purchases == "deals":
                self.env["crm.client"]._note_for_refresh(
                    deals.partner_id.commercial_partner_id.ids, company
                )
