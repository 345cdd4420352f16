from odoo import api, models


class CrmLedgerReader(models.AbstractModel):
    """What is read of, or beside, the ledger: it has caught up with the leads before."""

    _name = "crm.ledger.reader"
    _description = "Reader of the Ledger"

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        return super()._search(domain, *args, **kwargs)
