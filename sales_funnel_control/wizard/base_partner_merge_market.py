from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Keep what is known of the market: no client stands in the base of a company twice."""
        clients = self.env["crm.client"].sudo()
        kept = clients.search([("partner_id", "=", dst_partner.id)]).grouped("company_id")
        for client in clients.search([("partner_id", "in", src_partners.ids)]):
            if client.company_id in kept:
                client.consumption_ids.client_id = kept[client.company_id]
                client.price_level_ids.client_id = kept[client.company_id]
                client.unlink()
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)
