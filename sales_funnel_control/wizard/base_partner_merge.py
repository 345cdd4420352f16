from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Count the contacts of the persons and organisations merged anew.

        Odoo deletes rows that a rule of the database lets exist once only: the calls with both
        persons on one day would be such rows.
        """
        logs = self.env["crm.contact.log"].sudo()
        logs = logs.search(
            ["|", ("contact_id", "in", partner_ids), ("organisation_id", "in", partner_ids)]
        )
        logs._without_counts()
        Client = self.env["crm.client"].sudo()
        companies = Client.search([("partner_id", "in", partner_ids)]).company_id
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        logs.invalidate_recordset()
        logs = logs.exists()
        for person, theirs in logs.grouped("contact_id").items():
            if person:
                theirs.person_key = person.id
        logs._count()
        # Odoo moved the clients and orders in SQL: what they are together has to be seen anew.
        self.env.registry.clear_cache()
        Client.invalidate_model()
        organisations = self.env["res.partner"].sudo().browse(partner_ids).exists()
        for company in companies:
            Client._note_for_refresh(organisations.commercial_partner_id.ids, company)
        return result

    def _update_values(self, src_partners, dst_partner):
        """Whoever merges duplicates of a client keeps its farmer and its place on the blacklist."""
        listed = next((p for p in src_partners.sudo() if p.is_sales_blacklisted), None)
        if listed and not dst_partner.is_sales_blacklisted:
            names = ("sales_blacklist_reason", "sales_blacklisted_on")
            dst_partner.sudo().write(
                {
                    "is_sales_blacklisted": True,
                    "sales_blacklisted_by_id": listed.sales_blacklisted_by_id.id,
                    **{name: listed[name] for name in names},
                }
            )
        known = next((p for p in src_partners.sudo() if p.farmer_id), None)
        if known and not dst_partner.sudo().farmer_id:
            dst_partner.sudo().write(
                {
                    "farmer_id": known.farmer_id.id,
                    "won_by_id": known.won_by_id.id,
                    "handed_over_on": known.handed_over_on,
                }
            )
        # Nobody asked the client: what is known of the check moves with the data.
        checked = next((p for p in src_partners.sudo() if p.verified_on), None)
        if checked and not dst_partner.sudo().verified_on:
            dst_partner.sudo()._mark_verified(checked.verified_on, checked.verified_by_id)
        return super()._update_values(
            src_partners, dst_partner.with_context(contact_data_follow=True)
        )
